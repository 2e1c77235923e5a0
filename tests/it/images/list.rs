//! Lists: what users see, however much it is, and what nobody else does.

use std::fs;

use heirloom::encryption::{Cipher, IV_BYTES, Key};
use heirloom::id::{Epoch, ImageId, NodeId};
use heirloom::protocol::ImageKind;
use heirloom::store::{DataDirectory, Identity, RecordHeader, RecordWriter, Store};

use super::{FAST, cluster_of_three, done, fails, ids, listed, names, upload};
use crate::harness::{Program, TestCluster, image_of, told};

/// The name of a cluster that is given none.
const CLUSTER: &str = "heirloom";

/// More images than fit on two shelves, and forty pages of a list.
const MANY: u64 = 10_000;

#[test]
fn images_of_three_nodes_are_listed_downloaded_and_deleted() {
    let cluster = cluster_of_three();
    let contents: Vec<Vec<u8>> = (0..3).map(|salt| image_of(300_000 + salt, salt as u64)).collect();
    let uploaded: Vec<String> = (0..3)
        .map(|index| upload(&cluster, "alice", &format!("photo {index}.png"), &contents[index]))
        .collect();
    for _ in 0..3 {
        // Each of the three is asked once.
        let images = listed(&cluster, "alice", &[]);
        assert_eq!(names(&images), ["photo 2.png", "photo 1.png", "photo 0.png"]);
        assert!(images.iter().all(|image| image["kind"] == "png"));
        assert_eq!(images[0]["nodes"], serde_json::json!([1, 2, 3]));
        assert_eq!(images[2]["bytes"], 300_000);
    }
    for (index, content) in contents.iter().enumerate() {
        let name = format!("photo {index}.png");
        fs::remove_file(cluster.path().join(&name)).expect("it was there");
        done(&cluster, "alice", &["download", &name]);
        assert!(fs::read(cluster.path().join(&name)).expect("saved") == *content);
    }
    let output = done(&cluster, "alice", &["delete", "photo 1.png", &uploaded[2]]);
    assert!(
        told(&output).contains("marked on 3 of 3 nodes"),
        "{}",
        told(&output)
    );
    for _ in 0..3 {
        assert_eq!(names(&listed(&cluster, "alice", &[])), ["photo 0.png"]);
        fails(
            &cluster,
            &["download", &uploaded[1]],
            1,
            &format!(
                "no image \"{}\" of alice; `heirloom list --user alice`",
                uploaded[1]
            ),
        );
    }
    // A delete that is repeated has been done.
    for _ in 0..3 {
        done(&cluster, "alice", &["delete", &uploaded[1]]);
    }
}

#[test]
fn users_see_nothing_of_each_other() {
    let cluster = cluster_of_three();
    let of_alice = upload(&cluster, "alice", "same.png", &image_of(3_000, 1));
    let of_bob = upload(&cluster, "bob", "same.png", &image_of(4_000, 2));
    assert_eq!(ids(&listed(&cluster, "alice", &["same"])), [of_alice.as_str()]);
    assert_eq!(ids(&listed(&cluster, "bob", &[])), [of_bob.as_str()]);
    fails(
        &cluster,
        &["download", &of_bob, "--output", "x.png"],
        1,
        "no image",
    );
    fails(&cluster, &["delete", &of_bob], 1, "no image");
    assert!(!cluster.path().join("x.png").exists());
    done(&cluster, "alice", &["delete", "same.png"]);
    fails(
        &cluster,
        &["delete", "same.png"],
        1,
        "no image \"same.png\" of alice",
    );
    assert_eq!(listed(&cluster, "bob", &[]).len(), 1);
    // What alice has deleted is no more to bob than what never was.
    let output = cluster.heirloom(&["delete", &of_alice, "--user", "bob"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn a_session_lists_downloads_and_deletes_in_the_words_of_an_upload() {
    let cluster = cluster_of_three();
    let image = upload(&cluster, "alice", "my photo.png", &image_of(3_000, 1));
    let mut client = Program::start(cluster.command(env!("CARGO_BIN_EXE_client")).arg("alice"));
    client.type_line("list");
    let mark = client.out.wait_for(0, "my photo.png");
    let lines = client.out.from(0);
    let said = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(said("Broadcasting request to 3 servers..."), "{lines:?}");
    assert!(said("  ✓ Leader (server 3) processed request"), "{lines:?}");
    assert!(said("→ listed by server "), "{lines:?}");
    client.type_line("download \"my photo.png\" \"other name.png\"");
    let mark = client.out.wait_for(mark, "Image saved to: other name.png");
    assert_eq!(
        fs::read(cluster.path().join("other name.png")).expect("saved"),
        image_of(3_000, 1)
    );
    client.type_line(&format!("download {}", &image[..8]));
    let mark = client.out.wait_for(mark, "✗ ./my photo.png exists already");
    client.type_line(&format!("delete {image} none.png"));
    let mark = client.out.wait_for(mark, "marked on 3 of 3 nodes");
    let mark = client.out.wait_for(mark, "✗ no image \"none.png\" of alice");
    client.type_line("list photo");
    client.out.wait_for(mark, "No image of alice matches \"photo\"");
    client.type_line("quit");
    assert!(client.wait().success());
}

/// The id of one of many images: spread over the catalogue, and no two with the same beginning.
fn id_of(number: u64) -> ImageId {
    let mut rng = fastrand::Rng::with_seed(number);
    ImageId::from_bytes(rng.u128(..).to_be_bytes())
}

fn plain_of(number: u64) -> Vec<u8> {
    image_of(100, number)
}

/// Writes the record of an image of alice's, as a node keeps it.
fn record(number: u64) -> Vec<u8> {
    let (alice, image) = ("alice".parse().expect("a name"), id_of(number));
    let mut body = [image.as_bytes().as_slice(), &plain_of(number)].concat();
    Cipher::new(&Key::of_user(&alice), image).apply(&mut body[IV_BYTES..]);
    let header = RecordHeader {
        cluster: CLUSTER.parse().expect("a name"),
        image,
        user: alice,
        file: format!("{number}.png"),
        kind: ImageKind::Png,
        created_ms: 1_700_000_000_000 + number,
        epoch: Epoch(1),
    };
    let mut record = RecordWriter::new(Vec::new(), &header).expect("memory takes it");
    record.write(&body).expect("memory takes it");
    record.finish().expect("memory takes it")
}

/// Puts images on the shelves of a node that does not run.
fn fill(cluster: &TestCluster, node: u16, images: u64) {
    let directory = cluster.path().join(format!("data/node-{node}"));
    let identity = Identity {
        cluster: CLUSTER.parse().expect("a name"),
        node: NodeId::new(node).expect("not zero"),
    };
    drop(Store::open(DataDirectory::open(&directory, identity).expect("a new directory")).expect("opens"));
    for number in 0..images {
        let shelf = directory.join(format!("shelves/{:04}", number / 4000));
        fs::create_dir_all(&shelf).expect("made");
        let path = shelf.join(format!("{}.record", id_of(number)));
        fs::write(path, record(number)).expect("written");
    }
}

/// The names of all images of a user are read from one answer after the other.
#[test]
fn ten_thousand_images_of_one_user_are_listed_and_found() {
    let mut cluster = TestCluster::new(3, FAST);
    for node in 1..=3 {
        fill(&cluster, node, MANY);
    }
    for node in 1..=3 {
        cluster.start(node);
    }
    cluster.wait_for_leader(3, 0);
    cluster.wait_for_rotation(3, 3);
    let images = listed(&cluster, "alice", &[]);
    let expected: Vec<String> = (0..MANY).rev().map(|number| id_of(number).to_string()).collect();
    assert!(ids(&images) == expected, "each once, newest first");
    let everywhere = serde_json::json!([1, 2, 3]);
    assert!(images.iter().all(|image| image["nodes"] == everywhere));
    assert_eq!(names(&listed(&cluster, "alice", &["1234."])), ["1234.png"]);
    for number in [0, 1234, MANY - 1] {
        let beginning = &id_of(number).to_string()[..12];
        let to = format!("back{number}.png");
        done(&cluster, "alice", &["download", beginning, "--output", &to]);
        assert_eq!(
            fs::read(cluster.path().join(to)).expect("saved"),
            plain_of(number)
        );
    }
}
