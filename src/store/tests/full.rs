//! A disk that has no room for the index: it waits in memory, and nothing else notices.

use std::time::{Duration, Instant};

use super::*;

/// A store that writes its index soon, and has kept an image; there is no room for more of the index.
fn without_room(options: Options) -> (Store, SimulatedDisk) {
    let disk = SimulatedDisk::new(data());
    let store = try_open(&disk, options).expect("opened");
    keep(&store, 1, b"body").expect("kept");
    disk.full_for(Some("index"));
    (store, disk)
}

fn soon() -> Options {
    Options {
        index_sync_items: 4,
        index_sync_after: Duration::from_millis(1),
        ..Options::default()
    }
}

/// Waits until the index is on the disk as it is.
fn until_caught_up(store: &Store) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while store.inner.core.index.behind_bytes().is_some() {
        assert!(Instant::now() < deadline, "never written");
        std::thread::yield_now();
    }
}

fn holds(store: &Store, images: u64) {
    assert_eq!(store.count(), images);
    let listed = store.list(&header(1).user, None, 100_000).expect("readable");
    assert_eq!(listed.len() as u64, images);
    assert_eq!(body_of(store, u128::from(images)), b"body");
}

#[test]
fn an_index_that_finds_no_room_stops_nothing_and_catches_up_when_there_is_room() {
    let (store, disk) = without_room(soon());
    for number in 2..=100 {
        keep(&store, number, b"body").expect("kept");
    }
    assert!(store.inner.core.index.behind_bytes().is_some(), "it waits");
    assert_eq!(store.health(), StoreHealth::Ok);
    holds(&store, 100);
    disk.full_for(None);
    until_caught_up(&store);
    keep(&store, 101, b"body").expect("kept");
    holds(&store, 101);
    drop(store);
    holds(&open(&disk), 101);
}

#[test]
fn a_crash_while_the_index_waits_for_room_loses_no_image() {
    for seed in 0..20 {
        let (store, disk) = without_room(soon());
        for number in 2..=40 {
            keep(&store, number, b"body").expect("kept");
        }
        let crashed = disk.after_crash(seed);
        holds(&open(&crashed), 40);
    }
}

#[test]
fn a_store_is_full_when_too_much_of_its_index_waits_and_goes_on_when_there_is_room() {
    let options = Options {
        index_behind_bytes: 64 * 1024,
        ..soon()
    };
    let (store, disk) = without_room(options);
    let (kept, refused) = (2..10_000)
        .find_map(|number| Some((number - 1, keep(&store, number, b"body").err()?)))
        .expect("so much does not wait");
    assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
    assert_eq!(store.health(), StoreHealth::Ok);
    disk.full_for(None);
    until_caught_up(&store);
    keep(&store, kept + 1, b"body").expect("kept");
    holds(&store, u64::try_from(kept).expect("few") + 1);
}

#[test]
fn a_store_starts_on_a_disk_that_is_full_for_its_index() {
    let (store, disk) = without_room(soon());
    drop(store);
    holds(&open(&disk), 1);
}
