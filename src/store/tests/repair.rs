//! Damage that is found is set aside, and replaced by a good copy.

use super::*;

fn scrub(store: &Store) -> Vec<(ImageId, bool)> {
    let mut found: Vec<(ImageId, bool)> = Vec::new();
    while let Some(next) = store
        .next_to_scrub(found.last().map(|(image, _)| *image))
        .expect("a readable index")
    {
        let verdict = next.opened.and_then(|record| record.verify());
        found.push((next.image, verdict.is_ok()));
    }
    found
}

#[test]
fn a_scrub_walks_all_records_in_the_order_of_ids_and_finds_a_flipped_bit_in_each() {
    let (store, disk) = simulated();
    assert_eq!(scrub(&store), []);
    for number in [3, 1, 2] {
        keep(&store, number, &[7; 3000]).expect("kept");
    }
    store.bury(&tombstone(9)).expect("buried");
    let all = |undamaged: bool| [1, 2, 3].map(|number| (image(number), undamaged));
    assert_eq!(scrub(&store), all(true));
    let first = store.next_to_scrub(None).expect("readable").expect("one");
    assert_eq!(first.opened.expect("opens").body_bytes(), 3000);
    for number in 1..=3 {
        let path = find(&store, image(number)).expect("kept");
        let bytes = disk.content(&path).expect("there").len();
        disk.flip(&path, fastrand::Rng::with_seed(0).usize(..bytes));
    }
    assert_eq!(scrub(&store), all(false));
}

#[test]
fn a_record_set_aside_is_in_no_catalogue_until_a_good_copy_comes() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"body").expect("kept");
    let whole = store.summary();
    set_aside(&store, image(1)).expect("set aside");
    set_aside(&store, image(1)).expect("fine when it is");
    set_aside(&store, image(5)).expect("fine when there is none");
    let name = "00000000000000000000000000000001.record";
    let check = |store: &Store| {
        assert_eq!(store.look_up(image(1)).expect("readable"), None);
        assert_eq!(store.summary().images, 0);
        assert_eq!(
            store.summary().buckets,
            vec![crate::protocol::BucketDigest(0); 256]
        );
        assert_eq!(home.names_in("damaged"), [name]);
        assert!(home.names_in("shelves/0000").is_empty());
        assert_eq!(store.unreadable().expect("readable"), [image(1)]);
    };
    check(&store);
    drop(store);
    let store = home.store();
    check(&store);
    keep(&store, 1, b"body").expect("a good copy");
    assert_eq!(store.unreadable().expect("readable"), []);
    assert_eq!(store.summary().buckets, whole.buckets);
    assert!(home.names_in("damaged").is_empty());
    assert_eq!(body_of(&store, 1), b"body");
}

#[test]
fn a_deleted_image_leaves_nothing_aside() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"body").expect("kept");
    set_aside(&store, image(1)).expect("set aside");
    store.bury(&tombstone(1)).expect("buried");
    assert!(home.names_in("damaged").is_empty());
}

#[test]
fn a_record_that_a_start_cannot_read_counts_as_missing_and_is_told() {
    let (store, disk) = simulated();
    keep(&store, 1, b"body").expect("kept");
    keep(&store, 2, b"body").expect("kept");
    disk.flip(&find(&store, image(1)).expect("kept"), 3);
    drop(store);
    assert_eq!(
        open(&disk).unreadable().expect("readable"),
        [],
        "only names are compared"
    );
    disk.remove(&data().join("index.redb")).expect("removed");

    let store = open(&disk);
    assert_eq!(store.unreadable().expect("readable"), [image(1)]);
    assert_eq!((store.count(), store.summary().images), (1, 1));
    assert!(matches!(
        store.open_record(image(1)),
        Err(StoreError::Record { .. })
    ));
    assert!(
        store.look_up(image(1)).is_err(),
        "there is something, whatever it is"
    );
    assert_eq!(scrub(&store), [(image(1), false), (image(2), true)]);
    keep(&store, 1, b"body").expect("a good copy takes its place");
    assert_eq!(store.unreadable().expect("readable"), []);
    assert_eq!(body_of(&store, 1), b"body");
    drop(store);
    assert_eq!(open(&disk).count(), 2);
}

#[test]
fn a_record_that_somebody_took_away_is_found_missing_and_can_be_repaired() {
    let (store, disk) = simulated();
    keep(&store, 1, b"body").expect("kept");
    disk.remove(&find(&store, image(1)).expect("kept"))
        .expect("removed");
    assert!(matches!(
        store.open_record(image(1)),
        Err(StoreError::Record { .. })
    ));
    assert_eq!(scrub(&store), [(image(1), false)]);
    set_aside(&store, image(1)).expect("forgotten");
    assert_eq!((store.count(), scrub(&store)), (0, Vec::new()));
    keep(&store, 1, b"body").expect("a good copy");
    assert_eq!(body_of(&store, 1), b"body");
}

/// A store of one record with a flipped bit.
fn with_damage() -> (Store, SimulatedDisk) {
    let (store, disk) = simulated();
    keep(&store, 1, b"body").expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let bytes = disk.content(&path).expect("there").len();
    disk.flip(&path, bytes - 60);
    (store, disk)
}

#[test]
fn only_a_damaged_record_is_set_aside() {
    let (store, _disk) = with_damage();
    keep(&store, 2, b"body").expect("kept");
    let judge = |number| store.set_aside_if_damaged(image(number)).expect("readable");
    assert!(judge(2).is_none() && judge(3).is_none());
    assert!(matches!(judge(1), Some(RecordError::Damaged(_))));
    assert!(judge(1).is_none(), "it is gone");
    assert_eq!(store.count(), 1);
}

#[test]
fn a_record_that_is_being_replaced_is_not_set_aside() {
    let (store, _disk) = with_damage();
    let mut good = store.begin(header(1), 4).expect("begun");
    good.write(b"body").expect("written");
    assert!(store.set_aside_if_damaged(image(1)).expect("readable").is_none());
    good.commit().expect("kept");
    assert!(store.set_aside_if_damaged(image(1)).expect("readable").is_none());
    assert_eq!(body_of(&store, 1), b"body");
    assert_eq!(store.unreadable().expect("readable"), []);
}

#[test]
fn a_retry_takes_the_place_of_a_damaged_record() {
    let (store, disk) = with_damage();
    assert_eq!(keep(&store, 1, b"body").expect("kept"), Digest::of(b"body"));
    assert_eq!(body_of(&store, 1), b"body");
    assert_eq!(store.count(), 1);
    assert_eq!(disk.list(&data().join("damaged")).expect("readable"), []);
    drop(store);
    assert_eq!(body_of(&open(&disk), 1), b"body");
}

#[test]
fn what_cannot_be_the_same_image_takes_no_place_of_a_damaged_record() {
    let (store, _disk) = with_damage();
    assert!(matches!(keep(&store, 1, b"other"), Err(StoreError::Conflict(_))));
    let mut by_bob = header(1);
    by_bob.user = "bob".parse().expect("a name");
    let mut pending = store.begin(by_bob, 4).expect("begun");
    pending.write(b"body").expect("written");
    assert!(matches!(pending.commit(), Err(StoreError::Conflict(_))));
}
