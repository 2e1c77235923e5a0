//! The simulated disk keeps what was synced, may lose the rest, and is never stranger than a real one.

use super::super::durably;
use super::*;

fn disk() -> SimulatedDisk {
    SimulatedDisk::new(Path::new("/data"))
}

fn path(name: &str) -> PathBuf {
    Path::new("/data").join(name)
}

fn write(disk: &SimulatedDisk, name: &str, bytes: &[u8]) -> Box<dyn DiskFile> {
    let file = disk.create(&path(name)).expect("created");
    file.write_all_at(bytes, 0).expect("written");
    file
}

/// What a file holds after many crashes, each by another seed.
fn outcomes(disk: &SimulatedDisk, name: &str) -> std::collections::BTreeSet<Option<Vec<u8>>> {
    (0..200)
        .map(|seed| disk.after_crash(seed).content(&path(name)))
        .collect()
}

#[test]
fn only_what_is_synced_in_bytes_and_in_name_surely_survives() {
    let disk = disk();
    let file = write(&disk, "a", b"abc");
    assert_eq!(disk.content(&path("a")), Some(b"abc".to_vec()));
    let unsynced = outcomes(&disk, "a");
    let expected = [&b""[..], b"a", b"ab", b"abc"].map(|bytes| Some(bytes.to_vec()));
    assert_eq!(unsynced, [None].into_iter().chain(expected).collect());
    file.sync_data().expect("synced");
    assert_eq!(
        outcomes(&disk, "a"),
        [None, Some(b"abc".to_vec())].into(),
        "its name may be lost"
    );
    disk.sync_directory(&path("")).expect("synced");
    assert_eq!(outcomes(&disk, "a"), [Some(b"abc".to_vec())].into());
}

#[test]
fn a_rename_that_is_not_synced_leaves_one_name_at_least() {
    let disk = disk();
    write(&disk, "a", b"abc").sync_data().expect("synced");
    disk.create_directory(&path("shelf")).expect("created");
    disk.sync_directory(&path("")).expect("synced");
    disk.rename(&path("a"), &path("shelf/b")).expect("renamed");
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let after = disk.after_crash(seed);
        let names = ["a", "shelf/b"].map(|name| after.content(&path(name)).is_some());
        assert_ne!(names, [false, false], "seed {seed}");
        seen.insert(names);
    }
    assert_eq!(seen.len(), 3, "before, after, and both names");
    disk.sync_directory(&path("shelf")).expect("synced");
    assert_eq!(outcomes(&disk, "shelf/b"), [Some(b"abc".to_vec())].into());
}

#[test]
fn a_removed_name_may_come_back_until_its_directory_is_synced() {
    let disk = disk();
    write(&disk, "a", b"").sync_data().expect("synced");
    disk.sync_directory(&path("")).expect("synced");
    disk.remove(&path("a")).expect("removed");
    assert_eq!(outcomes(&disk, "a"), [None, Some(Vec::new())].into());
    disk.sync_directory(&path("")).expect("synced");
    assert_eq!(outcomes(&disk, "a"), [None].into());
}

#[test]
fn what_a_failed_sync_dropped_no_later_sync_keeps() {
    let disk = disk();
    let file = write(&disk, "a", b"x");
    disk.sync_directory(&path("")).expect("synced");
    let error = io::ErrorKind::Other;
    disk.inject(Operation::SyncFile, "a", Fault::Refuse(error));
    file.sync_data().expect_err("refused");
    file.sync_data().expect("as a real disk says");
    assert!(outcomes(&disk, "a").contains(&Some(Vec::new())));
}

#[test]
fn faults_come_where_they_were_put() {
    let disk = disk();
    let file = write(&disk, "a", b"");
    disk.inject(Operation::Write, "a", Fault::Tear(io::ErrorKind::Other));
    file.write_all_at(b"abcd", 0).expect_err("torn");
    assert_eq!(disk.content(&path("a")), Some(b"ab".to_vec()));
    disk.flip(&path("a"), 1);
    assert_eq!(disk.content(&path("a")), Some(b"ac".to_vec()));
    disk.full_from(Some(disk.operations()));
    let full = file.write_all_at(b"abcd", 0).expect_err("full");
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    disk.full_from(None);
    disk.crash_before(disk.operations() + 1);
    file.write_all_at(b"abcd", 0).expect("before the crash");
    file.sync_data().expect_err("crashed");
    assert!(disk.has_crashed());
    disk.open(&path("a")).expect_err("crashed");
}

#[test]
fn the_real_disk_does_what_the_simulated_one_does() {
    let home = tempfile::tempdir().expect("a directory");
    let root = home.path();
    let simulated = SimulatedDisk::new(root);
    for disk in [&simulated as &dyn Disk, &super::super::RealDisk] {
        let shelf = root.join("shelf");
        assert!(disk.create_directory(&shelf).expect("created"));
        assert!(!disk.create_directory(&shelf).expect("there already"));
        let file = disk.create(&shelf.join("a")).expect("created");
        file.write_all_at(b"abc", 2).expect("written");
        file.set_len(4).expect("cut");
        file.sync_data().expect("synced");
        let mut buffer = [9; 8];
        assert_eq!(file.read_at(&mut buffer, 1).expect("read"), 3);
        assert_eq!(buffer, [0, b'a', b'b', 9, 9, 9, 9, 9]);
        assert_eq!(file.read_at(&mut buffer, 9).expect("read"), 0);
        disk.rename(&shelf.join("a"), &root.join("b")).expect("renamed");
        assert_eq!(file.len().expect("still open"), 4);
        let missing = disk.open(&shelf.join("a")).expect_err("moved");
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let names = disk.list(root).expect("readable");
        let mut names: Vec<_> = names
            .iter()
            .map(|name| (&*name.name, name.is_directory))
            .collect();
        names.sort_unstable();
        assert_eq!(names, [("b", false), ("shelf", true)]);
        disk.sync_directory(root).expect("synced");
        disk.remove(&root.join("b")).expect("removed");
        disk.remove(&root.join("b")).expect_err("gone");
    }
    durably::sync_directory(root).expect("synced");
}
