//! Leaders and workers that die or freeze while clients upload: nothing acknowledged is lost.

use std::process::{Command, Output};
use std::thread;

use rustix::process::Signal;

use crate::harness::{TestCluster, decrypted, image_of, told};

const CLIENTS: u16 = 10;
const UPLOADS_EACH: usize = 8;
const FAST: &str = "timing = \"fast\"";

/// A client's uploads: its command, and the plain images in the order of its files.
struct Load {
    user: String,
    plain: Vec<Vec<u8>>,
    command: Command,
}

fn loads(cluster: &TestCluster) -> Vec<Load> {
    let load = |client: u16| {
        let user = format!("user{client}");
        let plain: Vec<Vec<u8>> = (0..UPLOADS_EACH)
            .map(|number| image_of(300_000 + number * 70_001, u64::from(client) * 100 + number as u64))
            .collect();
        let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
        command.args(["upload", "--user", &user]);
        for (number, image) in plain.iter().enumerate() {
            let name = format!("{user}-{number}.png");
            cluster.file(&name, image);
            command.arg(name);
        }
        Load { user, plain, command }
    };
    (1..=CLIENTS).map(load).collect()
}

/// Runs all loads at once, does `harm` as soon as `node` has stored something, and checks that
/// every client ended with success and every saved file decrypts to its original.
fn nothing_is_lost(cluster: &mut TestCluster, node: u16, harm: impl FnOnce(&mut TestCluster)) {
    let loads = loads(cluster);
    let finished: Vec<(Load, Output)> = thread::scope(|scope| {
        let running: Vec<_> = loads
            .into_iter()
            .map(|mut load| {
                scope.spawn(move || {
                    let output = load.command.output().expect("the client runs");
                    (load, output)
                })
            })
            .collect();
        cluster.node(node).out.wait_for(0, "Stored ");
        harm(cluster);
        running.into_iter().map(|client| client.join().expect("no panic")).collect()
    });
    let saved = cluster.saved();
    for (load, output) in &finished {
        assert!(output.status.success(), "{}: {}", load.user, told(output));
        for (number, plain) in load.plain.iter().enumerate() {
            let stem = format!("encrypted_{}-{number}_", load.user);
            let mut copies = saved.iter().filter(|file| file.to_string_lossy().contains(&stem));
            let file = copies.next().unwrap_or_else(|| panic!("{stem} was not saved"));
            assert!(decrypted(file, &load.user) == *plain, "{} is damaged", file.display());
            assert_eq!(copies.next(), None, "{stem} was saved twice");
        }
    }
    assert_eq!(saved.len(), usize::from(CLIENTS) * UPLOADS_EACH);
}

#[test]
fn killing_the_leader_under_load_loses_nothing() {
    let mut cluster = TestCluster::started(3, "timing = \"seed\"");
    nothing_is_lost(&mut cluster, 3, |cluster| cluster.kill(3));
    assert!(cluster.status(2).serving);
}

#[test]
fn freezing_the_leader_under_load_loses_nothing() {
    let mut cluster = TestCluster::started(3, FAST);
    nothing_is_lost(&mut cluster, 3, |cluster| cluster.node(3).signal(Signal::STOP));
    assert!(cluster.status(2).serving);
    // Thawed, the old leader serves nobody: it follows, until the heir hands over to it.
    let mark = cluster.node(3).out.count();
    cluster.node(3).signal(Signal::CONT);
    let mark = cluster.node(3).out.wait_for(mark, "Node 3: Following leader 2");
    cluster.wait_for_leader(3, mark);
}

#[test]
fn freezing_a_worker_under_load_loses_nothing() {
    let mut cluster = TestCluster::started(3, FAST);
    nothing_is_lost(&mut cluster, 1, |cluster| cluster.node(1).signal(Signal::STOP));
}

#[test]
fn a_worker_that_freezes_in_the_middle_of_a_transfer_is_replaced() {
    let cluster = TestCluster::started(3, FAST);
    let plain = image_of(96 << 20, 5);
    cluster.file("large.png", &plain);
    let output = thread::scope(|scope| {
        let client = scope.spawn(|| cluster.heirloom(&["upload", "large.png", "--user", "alice"]));
        // The first request of a reign goes to node 1.
        cluster.node(1).out.wait_for(0, "Encrypting large.png of alice");
        cluster.node(1).signal(Signal::STOP);
        client.join().expect("no panic")
    });
    assert!(output.status.success(), "{}", told(&output));
    let saved = cluster.saved();
    assert_eq!(saved.len(), 1, "{saved:?}");
    assert!(decrypted(&saved[0], "alice") == plain, "the saved image is damaged");
}

#[test]
fn the_last_survivor_leads_and_serves() {
    let mut cluster = TestCluster::started(3, "timing = \"seed\"");
    cluster.kill(3);
    cluster.wait_for_leader(2, 0);
    cluster.kill(2);
    cluster.wait_for_leader(1, 0);
    let plain = image_of(5_000, 9);
    cluster.file("last.png", &plain);
    let output = cluster.heirloom(&["upload", "last.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(decrypted(&cluster.saved()[0], "alice"), plain);
}

#[test]
fn without_a_quorum_an_upload_fails_and_says_who_is_missing() {
    let mut cluster = TestCluster::started(3, "timing = \"fast\"\nquorum = \"majority\"\ndeadline = \"2s\"");
    cluster.kill(3);
    cluster.wait_for_leader(2, 0);
    let mark = cluster.node(1).out.count();
    cluster.kill(2);
    cluster.node(1).out.wait_for(mark, "No quorum");
    cluster.file("late.png", &image_of(5_000, 9));
    let output = cluster.heirloom(&["upload", "late.png", "--user", "alice"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    assert!(told(&output).contains("nodes 2 and 3"), "{}", told(&output));
    assert_eq!(cluster.saved(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_returning_higher_id_takes_over_by_handover_and_no_request_fails() {
    let mut cluster = TestCluster::started(3, FAST);
    cluster.kill(3);
    cluster.wait_for_leader(2, 0);
    cluster.start(3);
    cluster.node(2).out.wait_for(0, "Handing over to node 3");
    cluster.wait_for_leader(3, 0);
    cluster.file("after.png", &image_of(5_000, 9));
    let output = cluster.heirloom(&["upload", "after.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn nodes_started_one_after_the_other_end_with_the_highest_leading() {
    let mut cluster = TestCluster::new(3, FAST);
    cluster.start(2);
    cluster.start(1);
    cluster.start(3);
    cluster.wait_for_leader(3, 0);
    let reigns: usize = [1, 2]
        .map(|id| cluster.node(id).out.text().matches("I am the new leader!").count())
        .iter()
        .sum();
    assert!(reigns <= 1, "{reigns} shorter reigns");
}
