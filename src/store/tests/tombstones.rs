//! Deletes: they are for ever, win over records in any order, and fit on a full disk.

use super::*;
use crate::store::shelves::file_name;

#[test]
fn a_buried_image_is_gone_and_stays_gone() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"body").expect("kept");
    keep(&store, 2, b"body").expect("kept");
    store.bury(&tombstone(1)).expect("buried");
    store.bury(&tombstone(1)).expect("fine when it is");
    let check = |store: &Store| {
        assert_eq!(
            store.look_up(image(1)).expect("readable"),
            Some(CatalogueItem::Tombstone(tombstone(1)))
        );
        assert!(store.open_record(image(1)).expect("readable").is_none());
        assert!(matches!(keep(store, 1, b"body"), Err(StoreError::Buried(id)) if id == image(1)));
        let summary = store.summary();
        assert_eq!((summary.images, summary.tombstones), (1, 1));
        let listed = store.list(&header(1).user, None, 9).expect("readable");
        assert_eq!(
            listed.iter().map(|entry| entry.image).collect::<Vec<_>>(),
            [image(2)]
        );
    };
    check(&store);
    let digests = store.summary();
    drop(store);
    assert_eq!(
        home.names_in("shelves/0000"),
        [
            "00000000000000000000000000000001.tombstone",
            "00000000000000000000000000000002.record"
        ]
    );
    assert!(home.names_in("unfinished").is_empty());
    let store = home.store();
    check(&store);
    assert_eq!(store.summary(), digests);
}

#[test]
fn an_image_that_was_never_seen_can_be_buried() {
    let (store, disk) = simulated();
    store.bury(&tombstone(1)).expect("buried");
    assert!(matches!(store.begin(header(1), 4), Err(StoreError::Buried(_))));
    drop(store);
    assert!(matches!(
        open(&disk).begin(header(1), 4),
        Err(StoreError::Buried(_))
    ));
}

#[test]
fn a_delete_during_an_upload_of_the_same_image_wins() {
    let (store, disk) = simulated();
    let mut pending = store.begin(header(1), 4).expect("begun");
    pending.write(b"body").expect("written");
    store.bury(&tombstone(1)).expect("buried");
    assert!(matches!(pending.commit(), Err(StoreError::Buried(_))));
    assert_eq!((store.count(), unfinished(&disk)), (0, 0));
}

#[test]
fn deletes_and_commits_of_the_same_images_at_the_same_time_end_with_the_delete() {
    let (store, _) = simulated();
    std::thread::scope(|scope| {
        for number in 1..=20 {
            let store = &store;
            scope.spawn(move || match keep(store, number, b"body") {
                Ok(_) | Err(StoreError::Buried(_)) => {}
                Err(error) => panic!("{error}"),
            });
            for _ in 0..2 {
                scope.spawn(move || store.bury(&tombstone(number)).expect("buried"));
            }
        }
    });
    let summary = store.summary();
    assert_eq!((summary.images, summary.tombstones), (0, 20));
    assert!((1..=20).all(|number| find(&store, image(number)).is_none()));
}

#[test]
fn a_reader_of_an_image_that_is_deleted_meanwhile_reads_it_to_the_end() {
    let home = Home::new();
    let store = home.store();
    let body = vec![7; 100_000];
    keep(&store, 1, &body).expect("kept");
    let reader = store.open_record(image(1)).expect("readable").expect("kept");
    store.bury(&tombstone(1)).expect("buried");
    assert_eq!(reader.verify().expect("undamaged"), Digest::of(&body));
}

#[test]
fn tombstones_are_written_into_the_reserve() {
    let home = Home::new();
    keep(&home.store(), 1, b"body").expect("kept");
    let full = home.store_with(Options {
        reserve_bytes: u64::MAX,
        ..Options::default()
    });
    assert!(matches!(full.begin(header(2), 4), Err(StoreError::Full { .. })));
    full.bury(&tombstone(1)).expect("buried");
}

#[test]
fn a_tombstone_that_does_not_fit_is_refused_and_can_be_repeated() {
    let (store, disk) = simulated();
    keep(&store, 1, b"body").expect("kept");
    disk.full_from(Some(0));
    let error = store.bury(&tombstone(1)).expect_err("full");
    assert!(matches!(error, StoreError::ReserveUsedUp), "{error}");
    assert!(error.to_string().contains("not even the 8.0 MiB kept"), "{error}");
    assert_eq!(body_of(&store, 1), b"body");
    disk.full_from(None);
    store.bury(&tombstone(1)).expect("buried");
}

#[test]
fn a_damaged_tombstone_still_keeps_its_image_away_and_is_replaced_by_a_good_one() {
    let (store, disk) = simulated();
    store.bury(&tombstone(1)).expect("buried");
    let path = data().join("shelves/0000/00000000000000000000000000000001.tombstone");
    drop(store);
    disk.flip(&path, 9);
    disk.remove(&data().join("index.redb")).expect("removed");

    let store = open(&disk);
    assert!(matches!(store.begin(header(1), 4), Err(StoreError::Buried(_))));
    assert!(store.look_up(image(1)).is_err(), "nobody knows whose it was");
    assert_eq!(store.summary().tombstones, 0, "so that it is fetched again");
    store.bury(&tombstone(1)).expect("buried again");
    assert_eq!(store.summary().tombstones, 1);
    drop(store);
    let again = open(&disk);
    assert_eq!(
        again.look_up(image(1)).expect("readable"),
        Some(CatalogueItem::Tombstone(tombstone(1)))
    );
}

#[test]
fn a_store_with_a_tombstone_that_says_nothing_is_incomplete_until_the_mark_is_had_again() {
    let (store, disk) = simulated();
    store.bury(&tombstone(1)).expect("buried");
    store.bury(&tombstone(2)).expect("buried");
    assert!(store.summary().complete);
    drop(store);
    let shelf = data().join("shelves/0000");
    for number in [1, 2] {
        disk.flip(&shelf.join(file_name(image(number), Kind::Tombstone)), 3);
    }
    disk.remove(&data().join("index.redb")).expect("removed");

    let store = open(&disk);
    assert!(!store.summary().complete);
    assert!(matches!(keep(&store, 1, b"body"), Err(StoreError::Buried(_))));
    store.bury(&tombstone(1)).expect("told by another node");
    assert!(!store.summary().complete, "one is still lost");
    store.bury(&tombstone(2)).expect("told by another node");
    assert!(store.summary().complete);
    drop(store);
    assert!(open(&disk).summary().complete);
}

#[test]
fn a_tombstone_that_nobody_has_any_more_leaves_a_store_incomplete_only_until_all_were_asked() {
    let (store, disk) = simulated();
    store.bury(&tombstone(1)).expect("buried");
    drop(store);
    let path = data()
        .join("shelves/0000")
        .join(file_name(image(1), Kind::Tombstone));
    disk.flip(&path, 3);
    disk.remove(&data().join("index.redb")).expect("removed");
    let store = open(&disk);
    assert!(!store.summary().complete);
    store.complete().expect("said");
    assert!(store.summary().complete);
    assert!(matches!(keep(&store, 1, b"body"), Err(StoreError::Buried(_))));
}
