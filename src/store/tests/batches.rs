//! What is finished at the same time is committed together.

use super::*;

/// Begins records and writes their bodies; the committer is told that so many may join.
fn whole(store: &Store, numbers: std::ops::RangeInclusive<u128>) -> Vec<PendingRecord> {
    let begun = numbers.map(|number| {
        let mut pending = store.begin(header(number), 4).expect("begun");
        pending.write(b"body").expect("written");
        pending
    });
    begun.collect()
}

#[test]
fn records_that_are_finished_together_share_a_directory_sync() {
    let home = Home::new();
    let store = home.store();
    let records = whole(&store, 1..=32);
    std::thread::scope(|scope| {
        for record in records {
            scope.spawn(move || record.commit().expect("kept"));
        }
    });
    let counters = store.counters();
    assert_eq!(counters.records, 32);
    assert!(counters.batches < 32, "{counters:?}");
    assert_eq!(counters.directory_syncs, counters.batches);
    assert_eq!(store.inner.core.books().joining, 0);
    assert!((1..=32).all(|number| body_of(&store, number) == b"body"));
}

#[test]
fn a_batch_whose_directory_sync_fails_fails_for_all() {
    let (store, disk) = simulated();
    keep(&store, 100, b"body").expect("kept");
    let records = whole(&store, 1..=8);
    disk.inject(
        Operation::SyncDirectory,
        "shelves/0000",
        Fault::Refuse(io::ErrorKind::Other),
    );
    let failed: Vec<StoreError> = std::thread::scope(|scope| {
        let commits: Vec<_> = records
            .into_iter()
            .map(|record| scope.spawn(move || record.commit().expect_err("failed")))
            .collect();
        let ended = commits.into_iter().map(|commit| commit.join().expect("ended"));
        ended.collect()
    });
    let unknown = failed
        .iter()
        .filter(|error| matches!(error, StoreError::SyncFailed { .. }));
    let refused = failed
        .iter()
        .filter(|error| matches!(error, StoreError::ReadOnly(_)));
    assert!(unknown.clone().count() >= 1);
    assert_eq!(unknown.count() + refused.count(), 8, "{failed:?}");
}

#[test]
fn the_index_is_synced_when_the_store_is_idle() {
    let disk = SimulatedDisk::new(data());
    let options = Options {
        index_sync_after: std::time::Duration::from_millis(1),
        ..Options::default()
    };
    let store = try_open(&disk, options).expect("opened");
    keep(&store, 1, b"body").expect("kept");
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while store.counters().index_syncs == 0 {
        assert!(std::time::Instant::now() < deadline, "never synced");
        std::thread::yield_now();
    }
}

#[test]
fn a_store_that_is_dropped_finishes_first_and_frees_its_directory() {
    let home = Home::new();
    let store = home.store();
    let pending = whole(&store, 1..=1).remove(0);
    drop(store);
    pending.commit().expect("kept");
    assert_eq!(home.store().count(), 1, "the directory is free at once");
}

#[test]
fn a_batch_whose_new_shelf_cannot_be_synced_fails_and_the_next_start_finds_it_whole_or_not() {
    let options = Options {
        files_per_shelf: 1,
        ..Options::default()
    };
    for seed in 0..20 {
        let disk = SimulatedDisk::new(data());
        let store = try_open(&disk, options).expect("opened");
        keep(&store, 1, b"body").expect("kept");
        // The sync of the directory of shelves, which now holds a new one.
        disk.inject(
            Operation::SyncDirectory,
            "shelves",
            Fault::Refuse(io::ErrorKind::Other),
        );
        let error = keep(&store, 2, b"body").expect_err("the shelf may not be there");
        assert!(matches!(error, StoreError::SyncFailed { .. }), "{error}");
        assert!(matches!(keep(&store, 3, b"body"), Err(StoreError::ReadOnly(_))));
        assert_eq!((store.count(), unfinished(&disk)), (1, 0));
        assert_eq!(body_of(&store, 1), b"body");
        let again = try_open(&disk.after_crash(seed), options).expect("opened");
        assert_eq!(again.count(), 1, "what was refused was not moved there");
        keep(&again, 2, b"body").expect("kept");
        assert_eq!(body_of(&again, 2), b"body");
    }
}

#[test]
fn a_commit_that_fails_leaves_the_copy_to_be_taken_from_others_after_a_restart() {
    let (store, disk) = simulated();
    let mut record = store.begin(header(1), 4).expect("begun");
    record.write(b"body").expect("written");
    // From here on the others have the whole image, and commit it.
    let handed_over = record.digest().expect("whole");
    disk.inject(
        Operation::SyncFile,
        "unfinished",
        Fault::Refuse(io::ErrorKind::Other),
    );
    assert!(matches!(record.commit(), Err(StoreError::SyncFailed { .. })));
    assert!(store.look_up(image(1)).expect("readable").is_none());
    assert!(!store.is_arriving(image(1)));
    assert!(matches!(store.begin(header(1), 4), Err(StoreError::ReadOnly(_))));
    drop(store);
    let again = open(&disk);
    assert_eq!(again.count(), 0);
    assert_eq!(keep(&again, 1, b"body").expect("fetched"), handed_over);
}
