//! The index is only a hint: whatever is wrong with it, the next start has the truth from the shelves.

use super::*;

fn index() -> PathBuf {
    data().join("index.redb")
}

/// A disk with two images, a tombstone, and the summary of their store.
fn furnished() -> (SimulatedDisk, Summary) {
    let (store, disk) = simulated();
    for number in 1..=3 {
        keep(&store, number, &[7; 3000]).expect("kept");
    }
    store.bury(&tombstone(3)).expect("buried");
    let summary = store.summary();
    (disk, summary)
}

/// Puts other bytes in the place of the index.
fn replace(disk: &SimulatedDisk, bytes: &[u8]) {
    let file = disk.create(&index()).expect("created");
    file.write_all_at(bytes, 0).expect("written");
}

fn holds_everything(disk: &SimulatedDisk, summary: &Summary) {
    let store = open(disk);
    assert_eq!(store.summary(), *summary);
    assert_eq!(body_of(&store, 2), [7; 3000]);
    let listed = store.list(&header(1).user, None, 9).expect("readable");
    assert_eq!(listed.len(), 2);
}

#[test]
fn a_missing_empty_or_garbled_index_is_made_anew() {
    let (disk, summary) = furnished();
    disk.remove(&index()).expect("removed");
    holds_everything(&disk, &summary);
    let whole = disk.content(&index()).expect("there");
    for garbage in [
        &b""[..],
        b"redb",
        &[0; 10_000],
        &[0xff; 10_000],
        &whole[..whole.len() / 2],
    ] {
        replace(&disk, garbage);
        holds_everything(&disk, &summary);
    }
}

#[test]
fn a_bit_flipped_anywhere_in_the_index_does_no_harm() {
    let (disk, summary) = furnished();
    let whole = disk.content(&index()).expect("there");
    let mut rng = fastrand::Rng::with_seed(7);
    // Most of the first page says what the rest is, so half of the flips go there.
    for turn in 0..200 {
        let at = rng.usize(..if turn % 2 == 0 { 512 } else { whole.len() });
        replace(&disk, &whole);
        disk.flip(&index(), at);
        holds_everything(&disk, &summary);
    }
}

#[test]
fn an_index_of_another_cluster_or_disk_is_made_anew() {
    let (disk, summary) = furnished();
    let own = open(&disk);
    let owner = |cluster: &str, id: DiskId| super::super::index::Owner {
        cluster: cluster.parse().expect("a name"),
        disk: id,
    };
    let own_disk = own.directory().disk_id();
    drop(own);
    let other_disk = "ffffffffffffffffffffffffffffffff".parse().expect("an id");
    for foreign in [owner("office", own_disk), owner("home", other_disk)] {
        drop(super::super::index::Index::create(&disk, &index(), &foreign).expect("made"));
        holds_everything(&disk, &summary);
    }
}

#[test]
fn an_index_that_is_behind_or_ahead_is_mended() {
    let (disk, _) = furnished();
    let behind = disk.content(&index()).expect("there");
    let store = open(&disk);
    keep(&store, 4, b"later").expect("kept");
    store.bury(&tombstone(1)).expect("buried");
    set_aside(&store, image(2)).expect("set aside");
    keep(&store, 2, &[7; 3000]).expect("kept again");
    keep(&store, 5, b"later").expect("kept");
    let summary = store.summary();
    drop(store);
    let ahead = disk.content(&index()).expect("there");
    replace(&disk, &behind);
    assert_eq!(open(&disk).summary(), summary);

    let five = data().join("shelves/0000/00000000000000000000000000000005.record");
    disk.remove(&five).expect("removed");
    replace(&disk, &ahead);
    let store = open(&disk);
    assert_eq!(store.count(), summary.images - 1);
    assert_eq!(store.look_up(image(5)).expect("readable"), None);
}

#[test]
fn an_index_whose_opening_did_not_end_is_not_opened_again() {
    let (disk, summary) = furnished();
    disk.rename(&index(), &data().join("index.opening"))
        .expect("renamed");
    holds_everything(&disk, &summary);
    assert_eq!(disk.content(&data().join("index.opening")), None);
}

#[test]
fn a_record_beside_its_tombstone_is_swept() {
    let (disk, summary) = furnished();
    let record = disk.content(&data().join("shelves/0000/00000000000000000000000000000002.record"));
    let path = data().join("shelves/0000/00000000000000000000000000000003.record");
    let file = disk.create(&path).expect("created");
    file.write_all_at(&record.expect("there"), 0).expect("written");
    holds_everything(&disk, &summary);
    assert_eq!(disk.content(&path), None);
}

#[test]
fn lists_are_newest_first_and_go_on_where_they_ended() {
    let (store, _) = simulated();
    let put = |number, created_ms, user: &str| {
        let header = RecordHeader {
            created_ms,
            user: user.parse().expect("a name"),
            ..header(number)
        };
        store.begin(header, 0).expect("begun").commit().expect("kept");
    };
    for (number, created_ms) in [(1, 5), (2, 9), (3, 5), (4, 1)] {
        put(number, created_ms, "alice");
    }
    put(5, 7, "bob");
    let list = |after, most| {
        let entries = store.list(&header(1).user, after, most).expect("readable");
        entries.iter().map(|entry| entry.image).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 9), [2, 3, 1, 4].map(image));
    assert_eq!(list(None, 2), [2, 3].map(image));
    assert_eq!(list(Some((5, image(3))), 9), [1, 4].map(image));
    assert_eq!(list(Some((0, image(0))), 9), []);
}

#[test]
fn a_bucket_holds_entries_and_tombstones_of_its_first_byte() {
    let (store, _) = simulated();
    let number = |byte: u8, low: u128| (u128::from(byte) << 120) + low;
    for number in [number(7, 2), number(8, 1), number(255, 5)] {
        keep(&store, number, b"").expect("kept");
    }
    store.bury(&tombstone(number(7, 1))).expect("buried");
    let ids = |bucket| {
        let items = store.bucket(bucket).expect("readable");
        items.iter().map(CatalogueItem::image).collect::<Vec<_>>()
    };
    assert_eq!(ids(7), [number(7, 1), number(7, 2)].map(image));
    assert_eq!(ids(255), [image(number(255, 5))]);
    assert_eq!(ids(9), []);
}
