//! A disk that fails to sync, tears writes, or fills up: what is refused, and what goes on.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_failed_sync_makes_the_store_read_only() {
    let (store, disk) = simulated();
    keep(&store, 1, b"kept before").expect("kept");
    let mut also_open = store.begin(header(3), 4).expect("begun");
    also_open.write(b"body").expect("written");
    disk.inject(
        Operation::SyncFile,
        "unfinished",
        Fault::Refuse(io::ErrorKind::Other),
    );
    assert!(matches!(
        keep(&store, 2, b"body"),
        Err(StoreError::SyncFailed { .. })
    ));
    assert!(matches!(store.begin(header(2), 4), Err(StoreError::ReadOnly(_))));
    assert!(matches!(also_open.commit(), Err(StoreError::ReadOnly(_))));
    assert!(matches!(store.bury(&tombstone(1)), Err(StoreError::ReadOnly(_))));
    assert_eq!(body_of(&store, 1), b"kept before");
    assert_eq!(store.count(), 1);
    assert_eq!(unfinished(&disk), 0);
}

#[test]
fn a_failed_sync_of_a_directory_makes_the_store_read_only_and_the_record_unknown() {
    let (store, disk) = simulated();
    keep(&store, 1, b"kept before").expect("kept");
    disk.inject(
        Operation::SyncDirectory,
        "shelves/0000",
        Fault::Refuse(io::ErrorKind::StorageFull),
    );
    assert!(matches!(
        keep(&store, 2, b"body"),
        Err(StoreError::SyncFailed { .. })
    ));
    assert!(matches!(keep(&store, 3, b"body"), Err(StoreError::ReadOnly(_))));
    assert!(store.open_record(image(2)).expect("readable").is_none());
    drop(store);
    let again = open(&disk);
    assert_eq!(body_of(&again, 2), b"body", "the next start may find it");
    keep(&again, 3, b"body").expect("kept");
}

#[test]
fn a_failed_index_makes_the_store_read_only_until_a_restart_makes_a_new_one() {
    let options = Options {
        index_sync_items: 1,
        ..Options::default()
    };
    let disk = SimulatedDisk::new(data());
    let store = try_open(&disk, options).expect("opened");
    keep(&store, 1, b"body").expect("kept");
    disk.inject(Operation::SyncFile, "index", Fault::Refuse(io::ErrorKind::Other));
    let refused = until_refused(&store);
    assert!(matches!(refused, StoreError::ReadOnly(_)), "{refused}");
    drop(store);
    let again = open(&disk);
    assert_eq!(body_of(&again, 1), b"body");
    keep(&again, 2, b"body").expect("kept");
}

/// Asks until the store, whose committer has just failed, says no.
fn until_refused(store: &Store) -> StoreError {
    (100..100_000)
        .find_map(|number| keep(store, number, b"body").err())
        .expect("it fails within moments")
}

#[test]
fn a_disk_that_is_full_at_the_sync_refuses_one_record_only() {
    let (store, disk) = simulated();
    disk.inject(
        Operation::SyncFile,
        "unfinished",
        Fault::Refuse(io::ErrorKind::StorageFull),
    );
    assert!(matches!(keep(&store, 1, b"body"), Err(StoreError::Full { .. })));
    keep(&store, 2, b"body").expect("goes on");
    assert_eq!(unfinished(&disk), 0);
}

#[test]
fn a_disk_that_fills_up_in_the_middle_refuses_one_record_only() {
    let (store, disk) = simulated();
    let mut pending = store.begin(header(1), 8).expect("begun");
    pending.write(b"half").expect("written");
    disk.inject(
        Operation::Write,
        "unfinished",
        Fault::Tear(io::ErrorKind::StorageFull),
    );
    let error = pending.write(b"rest").expect_err("full");
    assert!(matches!(error, StoreError::Full { needed: 4, .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("it did not take the last 4 B although it reports"),
        "{error}"
    );
    assert!(matches!(pending.commit(), Err(StoreError::Torn)));

    let mut again = store.begin(header(1), 8).expect("the store goes on");
    again.write(b"halfrest").expect("written");
    again.commit().expect("kept");
    assert_eq!(store.count(), 1);
}

/// Waits until the store only reads; returns why.
fn until_read_only(store: &Store) -> String {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let StoreHealth::ReadOnly { reason } = store.health() {
            return reason;
        }
        assert!(Instant::now() < deadline, "never noticed");
        std::thread::yield_now();
    }
}

#[test]
fn a_directory_of_images_that_is_taken_away_is_noticed_by_an_idle_store() {
    let home = Home::new();
    let store = home.store_with(Options {
        look_every: Duration::from_millis(1),
        ..Options::default()
    });
    keep(&store, 1, b"body").expect("kept");
    fs::rename(home.path("shelves"), home.path("elsewhere")).expect("moved");
    let reason = until_read_only(&store);
    assert!(
        reason.contains("was removed while the node was running; restart"),
        "{reason}"
    );
}

#[test]
fn nothing_is_committed_into_a_directory_of_images_that_was_replaced() {
    let home = Home::new();
    let store = home.store();
    store.complete().expect("said");
    keep(&store, 1, b"body").expect("kept");
    fs::remove_dir_all(home.path("shelves")).expect("removed");
    fs::create_dir_all(home.path("shelves/0000")).expect("created");
    assert!(matches!(keep(&store, 2, b"body"), Err(StoreError::ReadOnly(_))));
    assert!(home.names_in("shelves/0000").is_empty());
    fs::remove_dir_all(home.path("shelves")).expect("removed");
    drop(store);
    let again = home.store();
    assert!(!again.summary().complete, "it has to ask the others");
    assert_eq!(again.count(), 0);
    keep(&again, 1, b"body").expect("kept");
}
