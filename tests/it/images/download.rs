//! Downloads: which image is meant, where it goes, and nodes that die or freeze meanwhile.

use std::fs;
use std::time::{Duration, Instant};

use heirloom::encryption::IV_BYTES;
use heirloom::id::ImageId;
use rustix::process::Signal;

use super::{cluster_of_three, done, fails, ids, listed, upload};
use crate::harness::{PATIENCE, Program, TestCluster, decrypted, image_of};

#[test]
fn an_image_as_it_is_kept_is_its_iv_and_its_ciphertext() {
    let cluster = cluster_of_three();
    let plain = image_of(600_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    done(
        &cluster,
        "alice",
        &["download", &image, "--encrypted", "--output", "raw"],
    );
    let raw = cluster.path().join("raw");
    let first: [u8; IV_BYTES] = fs::read(&raw).expect("saved")[..IV_BYTES]
        .try_into()
        .expect("an IV");
    assert_eq!(ImageId::from_bytes(first).to_string(), image);
    assert!(decrypted(&raw, "alice") == plain);
    let saved = &cluster.saved()[0];
    assert!(
        fs::read(&raw).expect("saved") == fs::read(saved).expect("saved"),
        "as the upload got it"
    );
}

#[test]
fn an_image_is_meant_by_name_or_by_the_beginning_of_its_id() {
    let cluster = cluster_of_three();
    let older = upload(&cluster, "alice", "a.png", &image_of(3_000, 1));
    let newer = upload(&cluster, "alice", "a.png", &image_of(3_000, 2));
    done(
        &cluster,
        "alice",
        &["download", "a.png", "--output", "newest.png"],
    );
    assert_eq!(
        fs::read(cluster.path().join("newest.png")).expect("saved"),
        image_of(3_000, 2)
    );
    done(
        &cluster,
        "alice",
        &["download", &older[..12], "--output", "older.png"],
    );
    assert_eq!(
        fs::read(cluster.path().join("older.png")).expect("saved"),
        image_of(3_000, 1)
    );
    // A name that is also the beginning of an id is a name.
    let named = upload(&cluster, "alice", &newer[..8], &image_of(3_000, 3));
    let images = listed(&cluster, "alice", &[&newer[..8]]);
    assert_eq!(ids(&images), [named.as_str(), newer.as_str()]);
    done(&cluster, "alice", &["delete", &newer[..8]]);
    assert_eq!(
        ids(&listed(&cluster, "alice", &[])),
        [newer.as_str(), older.as_str()]
    );
    fails(
        &cluster,
        &["download", "nothing"],
        1,
        "no image \"nothing\" of alice",
    );
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let cluster = cluster_of_three();
    let plain = image_of(3_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    cluster.file("a.png", b"mine");
    fails(&cluster, &["download", &image], 1, "a.png exists already");
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), b"mine");
    fails(
        &cluster,
        &["download", "none.png", "--output", "a.png", "--force"],
        1,
        "no image",
    );
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), b"mine");
    done(&cluster, "alice", &["download", &image, "--force"]);
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), plain);
    fs::create_dir(cluster.path().join("folder")).expect("made");
    done(&cluster, "alice", &["download", &image, "--output", "folder"]);
    assert_eq!(
        fs::read(cluster.path().join("folder/a.png")).expect("there"),
        plain
    );
    done(&cluster, "alice", &["download", &image, "--output", "new/"]);
    assert_eq!(fs::read(cluster.path().join("new/a.png")).expect("there"), plain);
    fails(
        &cluster,
        &["download", &image, "--output", "none/x.png"],
        1,
        "there is no folder none",
    );
    assert!(!cluster.path().join("none").exists(), "a slip makes no folders");
}

#[test]
fn an_image_goes_to_standard_output_and_words_to_standard_error() {
    let cluster = cluster_of_three();
    let plain = image_of(300_000, 7);
    let image = upload(&cluster, "alice", "a.png", &plain);
    let output = done(&cluster, "alice", &["download", &image, "--output", "-"]);
    assert!(output.stdout == plain, "the image and nothing else");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("sent by server"), "{words}");
    assert!(!cluster.path().join("-").exists());
    let both = ["download", &image, "--output", "-", "--json"];
    fails(&cluster, &both, 2, "both want standard output");
}

/// Waits until a client has written something of what it downloads.
fn wait_for_first_bytes(cluster: &TestCluster) {
    let deadline = Instant::now() + PATIENCE;
    let written = || {
        let entries = fs::read_dir(cluster.path()).expect("readable").flatten();
        let mut parts = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
        parts.any(|part| part.metadata().is_ok_and(|part| part.len() > 0))
    };
    while !written() {
        assert!(Instant::now() < deadline, "nothing was written");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_download_survives_the_death_of_the_node_that_sends_it() {
    let mut cluster = cluster_of_three();
    let plain = image_of(200 << 20, 1);
    let image = upload(&cluster, "alice", "large.png", &plain);
    let leader = std::sync::Arc::clone(&cluster.node(3).out);
    let mark = leader.count();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["download", &image, "--user", "alice", "--output", "back.png"]);
    let mut client = Program::start(&mut command);
    let line = leader.wait_for(mark, &format!("Download of image {image} for alice assigned to"));
    let assigned = &leader.from(line - 1)[0];
    let sender = (1..=3).find(|id| assigned.ends_with(&format!("node {id}")));
    wait_for_first_bytes(&cluster);
    // Most of it is still to be sent.
    cluster.kill(sender.unwrap_or(3));
    assert!(client.wait().success(), "{}", client.out.text());
    assert!(fs::read(cluster.path().join("back.png")).expect("saved") == plain);
}

#[test]
fn one_frozen_node_keeps_nobody_from_an_image() {
    let cluster = cluster_of_three();
    let plain = image_of(300_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    cluster.node(1).signal(Signal::STOP);
    for round in 0..3 {
        let to = format!("back{round}.png");
        done(&cluster, "alice", &["download", &image, "--output", &to]);
        assert!(fs::read(cluster.path().join(to)).expect("saved") == plain);
        assert_eq!(listed(&cluster, "alice", &[]).len(), 1);
    }
    done(&cluster, "alice", &["delete", &image]);
    cluster.node(1).signal(Signal::CONT);
    cluster.wait_for_rotation(3, 3);
    for _ in 0..3 {
        assert_eq!(
            listed(&cluster, "alice", &[]).len(),
            0,
            "what is deleted stays so"
        );
    }
}
