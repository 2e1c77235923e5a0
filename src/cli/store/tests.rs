//! What `heirloom store` says about good and damaged directories.

use std::fs;

use super::*;
use crate::id::{ClusterName, Epoch, ImageId};
use crate::protocol::{ImageKind, Tombstone};
use crate::store::{Identity, RecordHeader};

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn cluster() -> ClusterName {
    "home".parse().expect("a name")
}

fn keep(store: &Store, byte: u8) {
    let header = RecordHeader {
        cluster: cluster(),
        image: ImageId::from_bytes([byte; 16]),
        user: "alice".parse().expect("a name"),
        file: "a.png".to_owned(),
        kind: ImageKind::Png,
        created_ms: 1,
        epoch: Epoch(1),
    };
    let mut pending = store.begin(header, 1000).expect("begun");
    pending.write(&[7; 1000]).expect("written");
    pending.commit().expect("kept");
}

/// Three images and a delete of node 1, in a folder of data.
fn furnished() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a directory");
    let identity = Identity {
        cluster: cluster(),
        node: node(1),
    };
    let directory = DataDirectory::open(&folder.path().join("node-1"), identity).expect("opened");
    let store = Store::open(directory).expect("opened");
    (1..=3).for_each(|byte| keep(&store, byte));
    let tombstone = Tombstone {
        image: ImageId::from_bytes([9; 16]),
        user: "alice".parse().expect("a name"),
        deleted_ms: 1,
    };
    store.bury(&tombstone).expect("buried");
    (folder, store)
}

fn file(folder: &Path, byte: u8) -> PathBuf {
    let name = ImageId::from_bytes([byte; 16]);
    folder.join(format!("node-1/shelves/0000/{name}.record"))
}

fn text(folder: &Path) -> String {
    let path = folder.join("node-1");
    let verified = verify(&path, |_| {}).expect("verified");
    as_text(node(1), &verified)
}

#[test]
fn a_directory_is_verified_while_its_node_runs_and_when_it_does_not() {
    let (folder, store) = furnished();
    let whole = "Node 1: 3 images (2.9 KiB) and 1 delete whole\n";
    assert_eq!(
        text(folder.path()),
        format!("{whole}  the index was not compared: the node runs\n")
    );
    drop(store);
    assert_eq!(text(folder.path()), whole);
}

#[test]
fn every_file_that_is_not_what_was_written_is_told() {
    let (folder, store) = furnished();
    drop(store);
    let folder = folder.path();
    let bytes = fs::read(file(folder, 1)).expect("readable");
    let mut flipped = bytes.clone();
    flipped[400] ^= 1;
    fs::write(file(folder, 1), flipped).expect("written");
    let second = fs::read(file(folder, 2)).expect("readable");
    fs::write(file(folder, 2), &second[..500]).expect("written");
    fs::write(file(folder, 4), "").expect("written");
    fs::write(file(folder, 5), &bytes).expect("written");
    fs::create_dir(folder.join("node-1/shelves/0001")).expect("created");
    let again = file(folder, 3).to_string_lossy().replace("/0000/", "/0001/");
    fs::copy(file(folder, 3), again).expect("copied");
    let text = text(folder);
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.rsplit_once(".record ").map_or(line, |(_, end)| end))
        .collect();
    assert_eq!(
        lines,
        [
            "Node 1: 1 image (1000 B) and 1 delete whole, 5 files not:",
            "is damaged: its digest is not the one it says",
            "is cut short",
            "stands on two shelves",
            "is empty",
            "is of image 01010101010101010101010101010101, not of the image it is named after",
            "  the index is wrong about 3 files; the node's next start mends it",
        ]
    );
}

#[test]
fn an_index_that_is_missing_or_no_index_is_told_and_left_alone() {
    let (folder, store) = furnished();
    drop(store);
    let index = folder.path().join("node-1/index.redb");
    fs::write(&index, "garbage").expect("written");
    assert!(text(folder.path()).contains("the index cannot be used"));
    assert_eq!(fs::read(&index).expect("readable"), b"garbage");
    fs::remove_file(&index).expect("removed");
    assert!(text(folder.path()).contains("there is no index"));
    assert!(!index.exists());
}

#[test]
fn json_says_the_same() {
    let (folder, store) = furnished();
    drop(store);
    fs::write(file(folder.path(), 1), "").expect("written");
    let path = folder.path().join("node-1");
    let verified = verify(&path, |_| {}).expect("verified");
    let line = as_json(node(1), &path, &verified);
    assert_eq!(line["images"], 2);
    assert_eq!(line["bytes"], 2000);
    assert_eq!(line["index"], "agrees");
    assert_eq!(line["problems"][0]["problem"], "is empty");
    assert_eq!(line["problems"][0]["image"], "01010101010101010101010101010101");
}

#[test]
fn a_rebuild_takes_what_can_be_read_and_needs_the_directory_for_itself() {
    let (folder, store) = furnished();
    let path = folder.path().join("node-1");
    assert_eq!(rebuild_one(node(1), &path).expect("said"), Exit::Failed, "in use");
    drop(store);
    fs::remove_file(path.join("index.redb")).expect("removed");
    assert_eq!(rebuild_one(node(1), &path).expect("said"), Exit::Done);
    assert_eq!(
        text(folder.path()),
        "Node 1: 3 images (2.9 KiB) and 1 delete whole\n"
    );
    fs::write(file(folder.path(), 1), "").expect("written");
    assert_eq!(
        rebuild_one(node(1), &path).expect("said"),
        Exit::Failed,
        "one is damaged"
    );
}

#[test]
fn nodes_that_keep_nothing_are_told_apart_from_those_that_do() {
    let (folder, store) = furnished();
    drop(store);
    fs::create_dir(folder.path().join("node-7")).expect("created");
    fs::create_dir(folder.path().join("notes")).expect("created");
    let all = directories(folder.path(), &[]).expect("one");
    assert_eq!(all, [(node(1), folder.path().join("node-1"))]);
    assert_eq!(directories(folder.path(), &[node(7)]).expect("named").len(), 1);
    assert_eq!(
        verify_one(node(7), &folder.path().join("node-7"), false).expect("said"),
        Exit::Failed
    );
    directories(&folder.path().join("notes"), &[]).expect_err("nothing there");
}

#[test]
fn a_node_whose_images_are_gone_is_told_and_fails() {
    let (folder, store) = furnished();
    fs::remove_dir_all(folder.path().join("node-1/shelves")).expect("removed");
    let path = folder.path().join("node-1");
    let check = || {
        let all = directories(folder.path(), &[]).expect("one");
        assert_eq!(all, [(node(1), path.clone())]);
        let error = verify(&path, |_| {}).expect_err("nothing there").to_string();
        assert!(
            error.contains("shelves, is missing; start the node anew"),
            "{error}"
        );
        assert_eq!(verify_one(node(1), &path, true).expect("said"), Exit::Failed);
    };
    check();
    // The same once the node does not run any more.
    drop(store);
    check();
}
