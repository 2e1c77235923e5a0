//! Damage that is found is set aside, and replaced by a good copy.

use super::*;

fn scrub(store: &Store) -> Vec<(ImageId, bool)> {
    let mut found: Vec<(ImageId, bool)> = Vec::new();
    while let Some(next) = store
        .scrub_step(found.last().map(|(image, _)| *image))
        .expect("a readable index")
    {
        found.push((next.image, next.verdict.is_ok()));
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
    let first = store.scrub_step(None).expect("readable").expect("one");
    assert_eq!(first.bytes, 3000);
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
    store.set_aside(image(1)).expect("set aside");
    store.set_aside(image(1)).expect("fine when it is");
    store.set_aside(image(5)).expect("fine when there is none");
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
    store.set_aside(image(1)).expect("set aside");
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
    store.set_aside(image(1)).expect("forgotten");
    assert_eq!((store.count(), scrub(&store)), (0, Vec::new()));
    keep(&store, 1, b"body").expect("a good copy");
    assert_eq!(body_of(&store, 1), b"body");
}
