//! Records that are not what was written: cut, flipped, renamed, foreign, from the future.

use super::*;

/// Flips one bit of a file.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("readable");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("written");
}

#[test]
fn a_flipped_bit_in_any_byte_is_detected() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, &[0x5a; 40]).expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let bytes = fs::read(&path).expect("readable").len();
    for at in 0..bytes {
        flip(&path, at);
        let read = body_digest(&store, image(1));
        assert!(matches!(read, Err(StoreError::Record { .. })), "byte {at}");
        flip(&path, at);
    }
    assert!(body_digest(&store, image(1)).is_ok(), "flipped back");
}

#[test]
fn every_missing_tail_is_detected() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, &[0x5a; 40]).expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let whole = fs::read(&path).expect("readable");
    for bytes in (0..whole.len()).rev() {
        fs::write(&path, &whole[..bytes]).expect("written");
        let error = body_digest(&store, image(1)).expect_err("cut").to_string();
        let reason = if bytes == 0 { "is empty" } else { "is cut short" };
        assert!(error.ends_with(reason), "{bytes} bytes: {error}");
    }
    // A retry of the upload must not call such a copy its own, but take its place.
    keep(&store, 1, &[0x5a; 40]).expect("kept");
    assert_eq!(fs::read(&path).expect("readable"), whole);
}

#[test]
fn a_record_under_another_name_or_of_another_cluster_is_detected() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"body").expect("kept");
    let mut foreign = header(3);
    foreign.cluster = "office".parse().expect("a name");
    let pending = store.begin(foreign, 0).expect("begun");
    pending.commit().expect("kept");
    drop(store);
    let shelf = home.path("shelves/0000");
    fs::rename(
        shelf.join("00000000000000000000000000000001.record"),
        shelf.join("00000000000000000000000000000002.record"),
    )
    .expect("renamed");

    let store = home.store();
    let problem = |number| {
        body_digest(&store, image(number))
            .expect_err("refused")
            .to_string()
    };
    assert!(
        problem(2)
            .ends_with("is of image 00000000000000000000000000000001, not of the image it is named after")
    );
    assert!(problem(3).ends_with("belongs to cluster \"office\""));
}

#[test]
fn later_formats_and_strangers_are_told_from_damage() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"body").expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let problem = |content: &str| {
        fs::write(&path, content).expect("written");
        let error = store.open_record(image(1)).expect_err("refused").to_string();
        error.replace(&path.display().to_string(), "<path>")
    };
    assert_eq!(
        problem("{\"magic\":\"heirloom-record\",\"format\":2,\"suite\":0}\n"),
        "record <path> has format 2, and this program knows up to 1; use a newer heirloom"
    );
    assert_eq!(
        problem("{\"magic\":\"heirloom-record\",\"format\":1,\"suite\":1}\n"),
        "record <path> is encrypted by suite 1, and this program knows only suite 0; \
         use a newer heirloom"
    );
    assert_eq!(
        problem("{\"magic\":\"heirloom-record\",\"format\":1,\"suite\":0}\n"),
        "record <path> is damaged: its header is not understood"
    );
    for stranger in [
        "hello\n",
        "{\"magic\":\"x\",\"format\":1,\"suite\":0}\n",
        &"x".repeat(9000),
    ] {
        assert_eq!(problem(stranger), "record <path> is no record of heirloom");
    }
}

#[test]
fn fields_that_came_later_are_ignored() {
    let home = Home::new();
    let store = home.store();
    keep(&store, 1, b"").expect("kept");
    let path = find(&store, image(1)).expect("kept");
    let text = fs::read(&path).expect("readable");
    let line = text.split(|&byte| byte == b'\n').next().expect("a line");
    let mut record = line.strip_suffix(b"}").expect("an object").to_vec();
    record.extend_from_slice(b",\"wrapped_key\":\"00\"}\n\0\0\0\0\0\0\0\0");
    let digest = Digest::of(&record);
    record.extend_from_slice(digest.as_bytes());
    record.extend_from_slice(b"HEIRLEND");
    fs::write(&path, record).expect("written");
    assert_eq!(
        body_digest(&store, image(1)).expect("undamaged"),
        Some(Digest::of(b""))
    );
}
