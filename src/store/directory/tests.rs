//! Data directories on a real file system: created, reopened, and refused.

use super::lock::LOCK_FILE;
use super::*;
use crate::id::NodeId;

fn identity(cluster: &str, node: u16) -> Identity {
    Identity {
        cluster: cluster.parse().expect("a name"),
        node: NodeId::new(node).expect("not zero"),
    }
}

fn refusal(path: &Path, identity: Identity) -> String {
    let error = DataDirectory::open(path, identity).expect_err("refused");
    error.to_string().replace(&path.display().to_string(), "<dir>")
}

#[test]
fn a_directory_keeps_its_disk_id_for_life() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("data/node-1");
    let first = DataDirectory::open(&path, identity("home", 1)).expect("created");
    let disk = first.disk_id();
    drop(first);
    let again = DataDirectory::open(&path, identity("home", 1)).expect("opened");
    assert_eq!(again.disk_id(), disk);
    assert_eq!(again.path(), path);
    let other = root.path().join("data/node-2");
    let other = DataDirectory::open(&other, identity("home", 2)).expect("created");
    assert_ne!(other.disk_id(), disk);
}

#[test]
fn a_new_directory_is_incomplete_until_it_is_told_otherwise() {
    let root = tempfile::tempdir().expect("a directory");
    let open = || DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
    assert!(!open().is_complete());
    assert!(!open().is_complete(), "a restart is no proof");
    fs::create_dir(root.path().join(SHELVES)).expect("created");
    open().complete().expect("removed");
    assert!(open().is_complete());
    open().complete().expect("fine when it is");
}

#[test]
fn a_directory_without_its_images_is_incomplete() {
    let root = tempfile::tempdir().expect("a directory");
    let open = || DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
    open().complete().expect("removed");
    fs::create_dir(root.path().join(SHELVES)).expect("created");
    assert!(open().is_complete());
    fs::remove_dir(root.path().join(SHELVES)).expect("removed");
    assert!(!open().is_complete());
}

#[test]
fn a_crash_between_marker_and_identity_leaves_the_directory_incomplete() {
    let root = tempfile::tempdir().expect("a directory");
    drop(DataDirectory::open(root.path(), identity("home", 1)).expect("created"));
    fs::remove_file(root.path().join(IDENTITY_FILE)).expect("removed");
    let again = DataDirectory::open(root.path(), identity("home", 1)).expect("created again");
    assert!(!again.is_complete());
}

#[test]
fn a_directory_of_an_earlier_version_is_complete() {
    let root = tempfile::tempdir().expect("a directory");
    let file = identity::file(&identity("home", 1), DiskId::random().expect("random"));
    fs::write(root.path().join(IDENTITY_FILE), file).expect("written");
    fs::create_dir(root.path().join(SHELVES)).expect("created");
    let opened = DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
    assert!(opened.is_complete());
}

#[test]
fn a_second_user_is_refused_and_told_the_pid_of_the_first() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path();
    let first = DataDirectory::open(path, identity("home", 1)).expect("created");
    let pid = std::process::id();
    assert_eq!(
        refusal(path, identity("home", 1)),
        format!("data directory <dir> is in use by pid {pid}; stop it or pass --data-dir")
    );
    drop(first);
    DataDirectory::open(path, identity("home", 1)).expect("free again");
}

#[test]
fn a_pid_left_behind_locks_nobody_out() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join(LOCK_FILE), "4194304000\n").expect("written");
    DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
    let text = fs::read_to_string(root.path().join(LOCK_FILE)).expect("readable");
    assert_eq!(text, format!("{}\n", std::process::id()));
}

#[test]
fn the_directory_of_somebody_else_is_refused() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path();
    DataDirectory::open(path, identity("home", 1)).expect("created");
    assert_eq!(
        refusal(path, identity("home", 2)),
        "data directory <dir> belongs to node 1, not to node 2; pass --data-dir"
    );
    assert_eq!(
        refusal(path, identity("office", 1)),
        "data directory <dir> belongs to cluster \"home\", not to cluster \"office\"; \
         pass --data-dir"
    );
}

#[test]
fn images_without_an_identity_are_adopted_by_nobody() {
    let root = tempfile::tempdir().expect("a directory");
    fs::create_dir(root.path().join(SHELVES)).expect("created");
    assert_eq!(
        refusal(root.path(), identity("home", 1)),
        "data directory <dir> holds images but no identity.json; \
         put that back or pass --data-dir"
    );
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_says() {
    let root = tempfile::tempdir().expect("a directory");
    let file = root.path().join(IDENTITY_FILE);
    fs::write(file, r#"{"format":2,"cluster":["of","another","shape"]}"#).expect("written");
    assert_eq!(
        refusal(root.path(), identity("home", 1)),
        "data directory <dir> has format 2, and this program knows up to 1; \
         use a newer heirloom"
    );
}

#[test]
fn a_garbled_identity_is_refused_and_left_alone() {
    let garbled = [
        "",
        "\0\0\0\0",
        "{}",
        r#"{"format":1,"cluster":"home","node":0,"disk":"00"}"#,
        r#"{"format":1,"cluster":"home","node":1,"disk":"00"}"#,
    ];
    for text in garbled {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join(IDENTITY_FILE);
        fs::write(&file, text).expect("written");
        let refusal = refusal(root.path(), identity("home", 1));
        assert!(
            refusal.starts_with("<dir>/identity.json is damaged: "),
            "{refusal}"
        );
        assert_eq!(fs::read_to_string(&file).expect("readable"), text);
    }
}

#[test]
fn a_file_is_no_directory() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("file");
    fs::write(&path, "").expect("written");
    assert_eq!(
        refusal(&path, identity("home", 1)),
        "<dir> is no directory; move it away or pass --data-dir"
    );
}

#[test]
fn a_file_above_it_is_to_be_moved_away() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("file"), "").expect("written");
    let path = root.path().join("file/data");
    let refusal = refusal(&path, identity("home", 1));
    assert!(
        refusal
            .ends_with("; move away the file that stands where a folder above it should or pass --data-dir"),
        "{refusal}"
    );
}

/// In `/sys` nobody may create files, not even root, for whom permissions do not count.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_directory_is_refused() {
    for path in ["/sys", "/sys/data/node-1"] {
        let refusal = refusal(Path::new(path), identity("home", 1));
        assert!(
            refusal.starts_with("data directory <dir> cannot be used: ")
                && refusal.ends_with("; make it writable for this user or pass --data-dir"),
            "{refusal}"
        );
    }
}
