//! What the survivors of a cluster say of what is kept, and when they say that they cannot know.

use std::fs;
use std::process::Output;

use crate::harness::{TestCluster, image_of, told};

const LIVE: &str = "timing = \"fast\"\nquorum = \"live\"";

/// How long a request may be tried for that must fail in the end.
const SHORT: &str = "2s";

fn ask(cluster: &TestCluster, arguments: &[&str]) -> Output {
    cluster.heirloom(&[arguments, &["--user", "alice"]].concat())
}

#[track_caller]
fn done(cluster: &TestCluster, arguments: &[&str]) -> String {
    let output = ask(cluster, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asks for what only a quorum knows, and expects to hear that there is none.
#[track_caller]
fn nobody_knows(cluster: &TestCluster, arguments: &[&str]) {
    let output = ask(cluster, &[arguments, &["--deadline", SHORT]].concat());
    assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", told(&output));
    assert!(
        told(&output).contains("node 1 has not caught up"),
        "{arguments:?}: {}",
        told(&output)
    );
}

fn upload(cluster: &TestCluster, name: &str, seed: u64) {
    cluster.file(name, &image_of(5000, seed));
    done(cluster, &["upload", name]);
}

#[test]
fn a_node_that_was_away_and_is_alone_says_that_it_cannot_know() {
    let mut cluster = TestCluster::started(3, LIVE);
    upload(&cluster, "old.png", 1);
    upload(&cluster, "doomed.png", 2);
    cluster.until(1, |report| report.images == 2);
    cluster.kill(1);
    upload(&cluster, "new.png", 3);
    done(&cluster, &["delete", "doomed.png"]);
    cluster.kill(2);
    cluster.kill(3);

    cluster.start(1);
    cluster.wait_for_leader(1, 0);
    for arguments in [
        &["list"][..],
        &["download", "doomed.png"],
        &["download", "new.png"],
        &["delete", "old.png"],
    ] {
        nobody_knows(&cluster, arguments);
    }
    let stored = {
        cluster.file("alone.png", &image_of(5000, 4));
        done(&cluster, &["upload", "alone.png"])
    };
    assert!(stored.contains("1 of 3"), "{stored}");

    cluster.start(2);
    cluster.start(3);
    cluster.wait_for_rotation(3, 3);
    let list = done(&cluster, &["list"]);
    for (name, is_there) in [
        ("old.png", true),
        ("new.png", true),
        ("alone.png", true),
        ("doomed.png", false),
    ] {
        assert_eq!(list.contains(name), is_there, "{name}:\n{list}");
    }
}

#[test]
fn a_survivor_that_saw_the_others_die_answers_for_all() {
    let mut cluster = TestCluster::started(3, LIVE);
    upload(&cluster, "one.png", 1);
    upload(&cluster, "two.png", 2);
    for node in [3, 2] {
        let mark = cluster.node(node - 1).out.count();
        cluster.kill(node);
        cluster.wait_for_leader(node - 1, mark);
        cluster.wait_for_rotation(node - 1, usize::from(node - 1));
    }
    done(&cluster, &["delete", "one.png"]);
    let list = done(&cluster, &["list"]);
    assert!(list.contains("two.png") && !list.contains("one.png"), "{list}");
    done(&cluster, &["download", "two.png", "--output", "back.png"]);
}

#[test]
fn a_survivor_goes_on_beside_a_node_that_lost_its_disk_and_fills_it_again() {
    let mut cluster = TestCluster::started(3, LIVE);
    upload(&cluster, "one.png", 1);
    for node in [3, 2] {
        let mark = cluster.node(node - 1).out.count();
        cluster.kill(node);
        cluster.wait_for_leader(node - 1, mark);
        cluster.wait_for_rotation(node - 1, usize::from(node - 1));
    }
    fs::remove_dir_all(cluster.path().join("data/node-2")).expect("a data directory");
    cluster.start(2);
    cluster.until(2, |report| report.images == 1);
    let survivor = cluster.status(1);
    assert!(survivor.serving, "{survivor:?}");
    upload(&cluster, "two.png", 2);
    let list = done(&cluster, &["list"]);
    assert!(list.contains("one.png") && list.contains("two.png"), "{list}");
    assert!(!cluster.node(1).out.text().contains("Stepping down"));

    let mark = cluster.node(1).out.count();
    cluster.start(3);
    cluster.node(1).out.wait_for(mark, "Following leader 3");
    cluster.wait_for_rotation(3, 3);
    assert!(done(&cluster, &["list"]).contains("two.png"));
}
