//! What is refused, or found to be the same: ids, lengths, names, room.

use super::*;

#[test]
fn the_same_content_again_is_the_same_record() {
    let home = Home::new();
    let store = home.store();
    let digest = keep(&store, 1, b"content").expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let before = fs::read(&path).expect("readable");
    assert_eq!(keep(&store, 1, b"content").expect("kept already"), digest);
    assert_eq!(fs::read(&path).expect("readable"), before);
    assert_eq!(store.count(), 1);
    assert!(home.names_in("unfinished").is_empty());
}

#[test]
fn another_content_or_user_under_a_kept_id_is_a_conflict() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"content").expect("kept");
    assert!(matches!(
        keep(&store, 1, b"other"),
        Err(StoreError::Conflict(id)) if id == image(1)
    ));
    let mut by_bob = header(1);
    by_bob.user = "bob".parse().expect("a name");
    let mut pending = store.begin(by_bob, 7).expect("begun");
    pending.write(b"content").expect("written");
    assert!(matches!(pending.commit(), Err(StoreError::Conflict(_))));
    assert_eq!(body_of(&store, 1), b"content");
    assert!(home.names_in("unfinished").is_empty());
}

#[test]
fn an_image_is_written_by_one_request_at_a_time() {
    let home = Home::new();
    let store = home.store();
    let first = store.begin(header(1), 10).expect("begun");
    assert!(matches!(
        store.begin(header(1), 10),
        Err(StoreError::InProgress(id)) if id == image(1)
    ));
    store.begin(header(2), 10).expect("another image");
    drop(first);
    store.begin(header(1), 10).expect("free again");
}

#[test]
fn a_body_of_another_length_than_announced_is_not_kept() {
    let home = Home::new();
    let store = home.store();
    let mut short = store.begin(header(1), 10).expect("begun");
    short.write(&[0; 9]).expect("written");
    assert!(matches!(
        short.commit(),
        Err(StoreError::BodyTooShort {
            announced: 10,
            written: 9
        })
    ));
    let mut long = store.begin(header(1), 10).expect("begun");
    assert!(matches!(
        long.write(&[0; 11]),
        Err(StoreError::BodyTooLong {
            announced: 10,
            written: 11
        })
    ));
    assert!(matches!(long.write(&[0; 10]), Err(StoreError::Torn)));
    assert!(matches!(long.commit(), Err(StoreError::Torn)));
    assert_eq!(store.count(), 0);
    assert!(home.names_in("unfinished").is_empty());
}

#[test]
fn a_file_name_beyond_all_measure_is_refused() {
    let home = Home::new();
    let mut named = header(1);
    // The longest that is taken, in its longest spelling, still makes a header that can be read.
    named.file = "\u{1}".repeat(FILE_NAME_BYTES_MAX);
    let store = home.store();
    let pending = store.begin(named.clone(), 0).expect("begun");
    pending.commit().expect("kept");
    let reader = store.open_record(image(1)).expect("readable").expect("kept");
    assert_eq!(reader.header(), &named);
    named.file.push('x');
    assert!(matches!(
        store.begin(named, 0),
        Err(StoreError::NameTooLong(1025))
    ));
}

#[test]
fn the_reserve_and_the_room_of_others_are_not_given_away() {
    let home = Home::new();
    let full = home.store_with(Options {
        reserve_bytes: u64::MAX,
        ..Options::default()
    });
    let error = full.begin(header(1), 1 << 20).expect_err("no room");
    assert_eq!(
        error.to_string(),
        "the disk is full: 0 B can still be used and 1.0 MiB are needed, \
         beside 8.0 MiB kept for votes and deletes; free some space"
    );
    drop((error, full));

    let store = home.store();
    let free = store.inner.core.free_bytes().expect("measured").expect("known");
    let most_of_it = store.begin(header(1), free / 4 * 3).expect("begun");
    assert!(matches!(
        store.begin(header(2), free / 4 * 3),
        Err(StoreError::Full { .. })
    ));
    drop(most_of_it);
    store.begin(header(2), free / 4 * 3).expect("room again");
}
