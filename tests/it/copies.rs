//! Copies on the other nodes while one of them dies or freezes in the middle: the upload goes on.

use std::process::{Child, Output, Stdio};

use rustix::process::Signal;

use crate::harness::{TestCluster, image_of, told};

/// Large enough that whatever is done once it is being encrypted is done in the middle.
const BYTES: usize = 100_000_000;

/// A cluster in which the next upload goes to node 1.
fn three(timing: &str) -> TestCluster {
    let cluster = TestCluster::started(3, &format!("timing = \"{timing}\""));
    cluster.wait_for_rotation(3, 3);
    cluster
}

/// Starts an upload and waits until node 1 encrypts it.
fn begin(cluster: &TestCluster) -> Child {
    cluster.file("large.png", &image_of(BYTES, 1));
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["upload", "large.png", "--user", "alice", "--return", "none"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let upload = command.spawn().expect("heirloom starts");
    cluster.node(1).out.wait_for(0, "Encrypting large.png");
    upload
}

fn assert_stored(upload: &Output, copies: u16) {
    let told = told(upload);
    assert!(upload.status.success(), "{told}");
    assert!(told.contains(&format!("stored on {copies} of 3 nodes")), "{told}");
    assert!(told.contains("Image kept as "), "{told}");
}

#[test]
fn a_replica_that_freezes_in_the_middle_is_left_behind_and_fetches_later() {
    let cluster = three("seed");
    let upload = begin(&cluster);
    cluster.node(2).signal(Signal::STOP);
    let ended = upload.wait_with_output().expect("it ends");
    assert_stored(&ended, 2);
    cluster.node(2).signal(Signal::CONT);
    cluster.until(2, |report| report.images == 1);
}

#[test]
fn a_replica_that_is_killed_in_the_middle_is_done_without_and_fetches_later() {
    let mut cluster = three("fast");
    let upload = begin(&cluster);
    cluster.kill(2);
    let ended = upload.wait_with_output().expect("it ends");
    assert_stored(&ended, 2);
    cluster.start(2);
    cluster.until(2, |report| report.images == 1);
}

#[test]
fn an_assigned_node_that_freezes_in_the_middle_holds_up_no_second_attempt() {
    let cluster = three("fast");
    let upload = begin(&cluster);
    cluster.node(1).signal(Signal::STOP);
    let ended = upload.wait_with_output().expect("it ends");
    assert_stored(&ended, 2);
    cluster.node(1).signal(Signal::CONT);
    for id in 1..=3 {
        cluster.until(id, |report| report.images == 1);
    }
}

#[test]
fn a_last_survivor_says_that_it_is_alone() {
    let mut cluster = three("fast");
    cluster.kill(3);
    cluster.wait_for_leader(2, 0);
    cluster.kill(2);
    cluster.wait_for_leader(1, 0);
    cluster.file("small.png", &image_of(1000, 1));
    let upload = cluster.heirloom(&["upload", "small.png", "--user", "alice", "--return", "none"]);
    assert_stored(&upload, 1);
}
