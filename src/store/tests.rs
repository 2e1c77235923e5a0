//! The store on a real file system: what it keeps, and where. What its tests share.

mod batches;
mod crash;
mod damage;
mod faults;
mod full;
mod index;
mod refusals;
mod repair;
mod tombstones;

use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::TempDir;

use super::disk::simulated::{Fault, Operation, SimulatedDisk};
use super::*;
use crate::id::{Epoch, NodeId};
use crate::protocol::ImageKind;

fn image(number: u128) -> ImageId {
    ImageId::from_bytes(number.to_be_bytes())
}

fn header(number: u128) -> RecordHeader {
    RecordHeader {
        cluster: "home".parse().expect("a name"),
        image: image(number),
        user: "alice".parse().expect("a name"),
        file: "holiday \"2024\".png".to_owned(),
        kind: ImageKind::Png,
        created_ms: 1_730_738_456_000,
        epoch: Epoch(7),
    }
}

fn tombstone(number: u128) -> Tombstone {
    Tombstone {
        image: image(number),
        user: "alice".parse().expect("a name"),
        deleted_ms: 1_730_738_999_000,
    }
}

/// A data directory in which nothing outlives its test.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> Store {
        self.store_with(Options::default())
    }

    fn store_with(&self, options: Options) -> Store {
        Store::open_with(Box::new(RealDisk), self.directory(), options, Trust::Index).expect("opened")
    }

    fn directory(&self) -> DataDirectory {
        let identity = Identity {
            cluster: "home".parse().expect("a name"),
            node: NodeId::new(1).expect("not zero"),
        };
        DataDirectory::open(self.0.path(), identity).expect("opened")
    }

    fn names_in(&self, directory: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(directory))
            .expect("readable")
            .map(|entry| entry.expect("readable").file_name().into_string().expect("ours"))
            .collect();
        names.sort_unstable();
        names
    }
}

/// Takes a record off the shelves, as if it were damaged.
fn set_aside(store: &Store, image: ImageId) -> Result<(), StoreError> {
    crate::store::damage::set_aside(&store.inner, image)
}

fn keep(store: &Store, number: u128, body: &[u8]) -> Result<Digest, StoreError> {
    let mut pending = store.begin(header(number), body.len() as u64)?;
    for chunk in body.chunks(1000) {
        pending.write(chunk)?;
    }
    pending.commit()
}

/// Where the record of an image stands.
fn find(store: &Store, image: ImageId) -> Option<PathBuf> {
    match store.inner.core.known(image).expect("a readable index") {
        Known::Kept(shelf, _) | Known::Unreadable(shelf) => {
            Some(store.inner.core.shelves.path(shelf, image, Kind::Record))
        }
        Known::Nothing | Known::Buried(..) | Known::BuriedUnreadably(_) => None,
    }
}

fn body_of(store: &Store, number: u128) -> Vec<u8> {
    let mut reader = store.open_record(image(number)).expect("readable").expect("kept");
    let mut body = Vec::new();
    let mut chunk = [0; 777];
    loop {
        match reader.read(&mut chunk).expect("undamaged") {
            0 => return body,
            read => body.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Reads a kept record through; `None` when there is none.
fn body_digest(store: &Store, image: ImageId) -> Result<Option<Digest>, StoreError> {
    let Some((path, reader)) = store.inner.core.open_record(image)? else {
        return Ok(None);
    };
    let digest = reader.verify();
    digest
        .map(Some)
        .map_err(|source| StoreError::Record { path, source })
}

#[test]
fn a_committed_record_is_found_again_after_a_restart() {
    let home = Home::new();
    let body: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let store = home.store();
    assert_eq!(find(&store, image(1)), None);
    assert_eq!(keep(&store, 1, &body).expect("kept"), Digest::of(&body));
    drop(store);

    let store = home.store();
    assert_eq!(store.count(), 1);
    assert_eq!(
        find(&store, image(1)),
        Some(home.path("shelves/0000/00000000000000000000000000000001.record"))
    );
    assert_eq!(body_of(&store, 1), body);
    assert_eq!(
        body_digest(&store, image(1)).expect("readable"),
        Some(Digest::of(&body))
    );
    let reader = store.open_record(image(1)).expect("readable").expect("kept");
    assert_eq!(reader.header(), &header(1));
    assert_eq!(reader.body_bytes(), 5000);
    assert_eq!(body_digest(&store, image(2)).expect("readable"), None);
    assert!(store.open_record(image(2)).expect("readable").is_none());
}

#[test]
fn a_record_has_the_documented_bytes() {
    let home = Home::new();
    keep(&home.store(), 1, b"IV and ciphertext").expect("kept");
    let bytes = fs::read(home.path("shelves/0000/00000000000000000000000000000001.record"));
    let bytes = bytes.expect("readable");
    let line = concat!(
        r#"{"magic":"heirloom-record","format":1,"suite":0,"cluster":"home","#,
        r#""id":"00000000000000000000000000000001","user":"alice","#,
        r#""file":"holiday \"2024\".png","kind":"png","created_ms":1730738456000,"epoch":7}"#,
        "\n"
    );
    let mut expected = line.as_bytes().to_vec();
    expected.extend_from_slice(b"IV and ciphertext");
    expected.extend_from_slice(&17_u64.to_be_bytes());
    let digest = Digest::of(&expected);
    expected.extend_from_slice(digest.as_bytes());
    expected.extend_from_slice(b"HEIRLEND");
    assert_eq!(
        bytes.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
}

#[test]
fn an_image_of_no_bytes_is_kept_too() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(keep(&store, 1, b"").expect("kept"), Digest::of(b""));
    assert_eq!(body_of(&store, 1), b"");
}

#[test]
fn a_dropped_record_leaves_nothing_and_frees_its_id() {
    let home = Home::new();
    let store = home.store();
    let mut pending = store.begin(header(1), 100).expect("begun");
    pending.write(&[0; 60]).expect("written");
    assert_eq!(home.names_in("unfinished").len(), 1);
    drop(pending);
    assert!(home.names_in("unfinished").is_empty());
    assert!(home.names_in("shelves").is_empty());
    assert_eq!(store.count(), 0);
    assert_eq!(store.inner.core.books().awaited_bytes, 0);
    keep(&store, 1, b"again").expect("kept");
    assert_eq!(store.inner.core.books().awaited_bytes, 0);
}

#[test]
fn what_a_killed_process_left_unfinished_is_swept() {
    let home = Home::new();
    drop(home.store());
    let left = home.path("unfinished/00000000000000000000000000000001.record");
    fs::write(&left, "half a record").expect("written");
    let store = home.store();
    assert!(home.names_in("unfinished").is_empty());
    assert_eq!((store.count(), find(&store, image(1))), (0, None));
}

#[test]
fn shelves_fill_one_after_another_across_restarts() {
    let home = Home::new();
    let options = Options {
        files_per_shelf: 2,
        ..Options::default()
    };
    for number in 1..=5 {
        keep(&home.store_with(options), number, b"body").expect("kept");
    }
    assert_eq!(home.names_in("shelves"), ["0000", "0001", "0002"]);
    assert_eq!(home.names_in("shelves/0001").len(), 2);
    assert_eq!(
        home.names_in("shelves/0002"),
        ["00000000000000000000000000000005.record"]
    );
    let store = home.store_with(options);
    assert_eq!(store.count(), 5);
    for number in 1..=5 {
        assert_eq!(body_of(&store, number), b"body");
    }
}

#[test]
fn names_that_are_no_records_are_left_alone() {
    let home = Home::new();
    keep(&home.store(), 1, b"body").expect("kept");
    let strange = [
        "shelves/0000/notes.txt",
        "shelves/0000/0000000000000000000000000000000.record",
        "shelves/0000/000000000000000000000000000000AB.record",
        "shelves/0000/00000000000000000000000000000002.record.damaged",
        "shelves/readme",
        "shelves/0009",
    ];
    for name in strange {
        fs::write(home.path(name), "").expect("written");
    }
    assert_eq!(home.store().count(), 1);
    assert!(strange.iter().all(|name| home.path(name).exists()));
}

/// Where a simulated disk has its data directory.
fn data() -> &'static Path {
    Path::new("/data")
}

/// Opens a store on a simulated disk.
fn try_open(disk: &SimulatedDisk, options: Options) -> Result<Store, StoreError> {
    let identity = Identity {
        cluster: "home".parse().expect("a name"),
        node: NodeId::new(1).expect("not zero"),
    };
    let directory = DataDirectory::nowhere(data(), identity);
    Store::open_with(Box::new(disk.clone()), directory, options, Trust::Index)
}

fn open(disk: &SimulatedDisk) -> Store {
    try_open(disk, Options::default()).expect("opened")
}

/// A store on a simulated disk.
fn simulated() -> (Store, SimulatedDisk) {
    let disk = SimulatedDisk::new(data());
    (open(&disk), disk)
}

fn unfinished(disk: &SimulatedDisk) -> usize {
    disk.list(&data().join("unfinished")).expect("readable").len()
}
