//! Links cut, delayed and healed between real processes: who goes on, who serves nothing, and that
//! nothing is lost.

use std::cell::Cell;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use heirloom::protocol::{NodeRole, StatusReport};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Program, TestCluster, decrypted, image_of, told};

const CLIENTS: usize = 6;
const UPLOADS_EACH: usize = 6;

/// As many elections as take far longer than a refused dial would need to be seen and renewed.
const ELECTIONS: usize = 15;

fn three(more: &str) -> TestCluster {
    TestCluster::started(3, &format!("timing = \"fast\"\nallow-faults = true\n{more}"))
}

/// Makes something wrong, or right again.
fn fault(cluster: &TestCluster, words: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let output = cluster.heirloom(&[&["fault"], words.as_slice()].concat());
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    let said = told(&output);
    let confirms = |line: &str| line.starts_with("Node ") || line.starts_with("Nothing has changed");
    assert!(said.lines().any(confirms), "{words:?}: {said}");
}

/// Runs `heirloom fault` and checks that it ends with this code and says this.
fn refused(cluster: &TestCluster, words: &str, code: i32, sentence: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let output = cluster.heirloom(&[&["fault"], words.as_slice()].concat());
    assert_eq!(output.status.code(), Some(code), "{words:?}: {}", told(&output));
    assert!(told(&output).contains(sentence), "{words:?}: {}", told(&output));
}

fn follows(leader: u16) -> impl Fn(&StatusReport) -> bool {
    move |report| {
        report.role == NodeRole::Following && report.leader().is_some_and(|node| node.number() == leader)
    }
}

/// A client whose images are each another.
fn load(cluster: &TestCluster, client: usize) -> (Command, Vec<Vec<u8>>) {
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["upload", "--deadline", "60s", "--user", &format!("user{client}")]);
    let plain = |number: usize| image_of(200_000 + number * 30_001, (client * 100 + number) as u64);
    let plain: Vec<Vec<u8>> = (0..UPLOADS_EACH).map(plain).collect();
    for (number, image) in plain.iter().enumerate() {
        let name = format!("user{client}-{number}.png");
        cluster.file(&name, image);
        command.arg(name);
    }
    (command, plain)
}

/// Cuts the leader off while clients upload, and heals that again once the others have stored more.
fn a_partition_under_load(policy: &str) {
    let cluster = three(&format!("quorum = \"{policy}\""));
    let loads: Vec<(Command, Vec<Vec<u8>>)> = (0..CLIENTS).map(|client| load(&cluster, client)).collect();
    let ended: Vec<(Output, Vec<Vec<u8>>)> = thread::scope(|scope| {
        let running = loads.into_iter().map(|(mut command, plain)| {
            scope.spawn(move || (command.output().expect("the client runs"), plain))
        });
        let running: Vec<_> = running.collect();
        cluster.node(3).out.wait_for(0, "Stored ");
        fault(&cluster, "partition 1,2 3");
        the_majority_goes_on(&cluster);
        the_minority_serves_nothing(&cluster);
        fault(&cluster, "heal");
        running
            .into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect()
    });
    for (output, _) in &ended {
        assert!(output.status.success(), "{}", told(output));
    }
    all_agree_and_keep(&cluster, (CLIENTS * UPLOADS_EACH) as u64 + 1);
    nothing_acknowledged_is_lost(&cluster, &ended);
}

fn the_majority_goes_on(cluster: &TestCluster) {
    cluster.until(2, |report| report.serving);
    cluster.until(1, follows(2));
    cluster.file("during.png", &image_of(10_000, 7));
    let upload = cluster.heirloom(&["upload", "during.png", "--user", "during", "--deadline", "60s"]);
    assert!(upload.status.success(), "{}", told(&upload));
    assert!(
        told(&upload).contains("stored on 2 of 3 nodes"),
        "{}",
        told(&upload)
    );
}

fn the_minority_serves_nothing(cluster: &TestCluster) {
    let alone = cluster.until(3, |report| !report.serving && report.quorum.missing.len() == 2);
    assert!(alone.peers.iter().all(|peer| !peer.dead), "{alone:?}");
    let only_three = format!(
        "timing = \"fast\"\n[[node]]\nid = 3\naddress = \"{}\"\n",
        cluster.address(3)
    );
    cluster.file("minority.toml", only_three.as_bytes());
    let asked = [
        "--config",
        "minority.toml",
        "list",
        "--user",
        "user0",
        "--deadline",
        "1s",
    ];
    let list = cluster.heirloom(&asked);
    assert_eq!(list.status.code(), Some(3), "{}", told(&list));
}

fn all_agree_and_keep(cluster: &TestCluster, images: u64) {
    cluster.wait_for_rotation(3, 3);
    for worker in 1..=2 {
        cluster.until(worker, follows(3));
    }
    for node in 1..=3 {
        cluster.until(node, |report| report.images == images);
    }
    let epochs: Vec<u64> = (1..=3)
        .map(|node| cluster.status(node).ballot.expect("a leader").epoch.0)
        .collect();
    assert!(epochs.windows(2).all(|pair| pair[0] == pair[1]), "{epochs:?}");
}

fn nothing_acknowledged_is_lost(cluster: &TestCluster, ended: &[(Output, Vec<Vec<u8>>)]) {
    let saved = cluster.saved();
    for (client, (_, plain)) in ended.iter().enumerate() {
        for (number, image) in plain.iter().enumerate() {
            let stem = format!("encrypted_user{client}-{number}_");
            let mut files = saved.iter().filter(|file| file.to_string_lossy().contains(&stem));
            let file = files.next().unwrap_or_else(|| panic!("{stem} was not saved"));
            assert!(
                decrypted(file, &format!("user{client}")) == *image,
                "{stem} is damaged"
            );
            assert_eq!(files.next(), None, "{stem} was saved twice");
        }
    }
}

#[test]
fn a_partition_under_load_loses_nothing_by_majority() {
    a_partition_under_load("majority");
}

#[test]
fn a_partition_under_load_loses_nothing_by_live() {
    a_partition_under_load("live");
}

#[test]
fn a_cut_one_way_changes_no_leader() {
    let cluster = three("");
    let before = cluster.status(3);
    fault(&cluster, "cut 3:1");
    cluster.until(1, |report| report.role != NodeRole::Following);
    let other = cluster.status(2);
    assert_eq!(other.ballot, before.ballot);
    fault(&cluster, "heal 3 1");
    cluster.until(1, follows(3));
    assert_eq!(cluster.status(1).ballot, before.ballot);
    assert_eq!(cluster.status(3).ballot, before.ballot);
}

#[test]
fn a_death_behind_a_cut_is_no_proof_until_it_is_healed() {
    let mut cluster = three("quorum = \"live\"");
    fault(&cluster, "partition 1 2,3");
    cluster.until(1, |report| report.role != NodeRole::Following);
    let mark = cluster.node(1).out.count();
    cluster.kill(2);
    cluster.kill(3);
    // Every event is a reason to look again, and without a leader the events are its elections.
    let looks = Cell::new(0);
    let alone = cluster.until(1, |report| {
        assert!(!report.serving && report.ballot.is_none(), "{report:?}");
        looks.set(looks.get() + 1);
        looks.get() > ELECTIONS
    });
    assert!(alone.peers.iter().all(|peer| !peer.dead), "{alone:?}");
    let until_now = cluster.node(1).out.from(mark).join("\n");
    assert!(!until_now.contains("connection refused"), "{until_now}");
    fault(&cluster, "heal");
    cluster.wait_for_leader(1, mark);
    let proven = cluster.status(1);
    assert!(proven.peers.iter().all(|peer| peer.dead), "{proven:?}");
}

#[test]
fn delay_loss_and_a_slow_disk_are_felt_and_an_upload_succeeds_all_the_same() {
    let cluster = three("");
    cluster.file("slow.png", &image_of(50_000, 3));
    for words in [
        "slow-disk 1 300ms",
        "slow-disk 2 300ms",
        "slow-disk 3 300ms",
        "delay all 5ms --jitter 5ms",
        "lose 1 2 30%",
    ] {
        fault(&cluster, words);
    }
    let shown = cluster.heirloom(&["fault", "show"]);
    let line = "Node 1: to node 2: 5 ms late (give or take 5 ms), 30 % lost; to node 3: 5 ms late";
    assert!(told(&shown).contains(line), "{}", told(&shown));
    assert!(told(&shown).contains("disk 300 ms slower"), "{}", told(&shown));
    let since = Instant::now();
    let upload = cluster.heirloom(&["upload", "slow.png", "--user", "alice", "--deadline", "60s"]);
    assert!(upload.status.success(), "{}", told(&upload));
    assert!(since.elapsed() >= Duration::from_millis(300));
    fault(&cluster, "heal");
    let shown = cluster.heirloom(&["fault", "show"]);
    assert_eq!(told(&shown).matches(": none").count(), 3, "{}", told(&shown));
}

#[test]
fn a_clock_that_stands_still_costs_a_worker_no_more_than_its_leader() {
    let cluster = three("");
    let mark = cluster.node(1).out.count();
    fault(&cluster, "stall-clock 1 1s");
    cluster
        .node(1)
        .out
        .wait_for(mark, "My clock stands still for 1000 ms");
    cluster.wait_for_rotation(3, 3);
    cluster.until(1, follows(3));
}

#[test]
fn a_node_that_its_supervisor_starts_again_gets_its_part_again() {
    let cluster = TestCluster::new(3, "timing = \"fast\"");
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    let supervisor = Program::start(command.arg("--no-tui").stderr(Stdio::null()));
    supervisor.out.wait_for(0, "Node 3: I am the LEADER");
    cluster.wait_for_rotation(3, 3);
    fault(&cluster, "cut 1 2");
    let says = "Node 1: Faults on purpose: to node 2: cut; from node 2: cut";
    let mark = supervisor.out.wait_for(0, says);
    supervisor
        .out
        .wait_for(0, "Node 2: Faults on purpose: to node 1: cut; from node 1: cut");
    let pid = i32::try_from(cluster.status(1).pid).expect("small");
    kill_process(Pid::from_raw(pid).expect("not zero"), Signal::KILL).expect("it runs");
    let mark = supervisor
        .out
        .wait_for(mark, "Node 1: Process was killed by SIGKILL");
    supervisor.out.wait_for(mark, says);
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let mut cluster = three("");
    refused(
        &cluster,
        "cut 1 4",
        2,
        "there is no node 4; the cluster has 1, 2, 3",
    );
    refused(
        &cluster,
        "cut 2 2",
        2,
        "node 2 has no link to itself; name two nodes",
    );
    refused(&cluster, "cut one", 2, "one");
    refused(
        &cluster,
        "partition 1,2 2,3",
        2,
        "node 2 cannot be on two sides; name it once",
    );
    refused(&cluster, "partition 1,2,3", 2, "everybody is on one side");
    refused(&cluster, "lose 1 2 101%", 2, "101 % is more than everything");
    refused(&cluster, "lose 1 2 much", 2, "is no share; write 30%");
    refused(
        &cluster,
        "delay 1 2 soon",
        2,
        "is no duration; write 5s, 100ms or 1m",
    );
    refused(&cluster, "delay 1 2 2m", 2, "too long a delay");
    cluster.kill(2);
    refused(
        &cluster,
        "stall-clock 2 1s",
        1,
        "node 2 could not be told: it cannot be reached",
    );
    refused(&cluster, "cut 1 2", 1, "start it and do this again");
    fault(&cluster, "heal");
}

#[test]
fn doing_a_fault_again_reaches_who_was_down_and_says_so_until_then() {
    let mut cluster = three("");
    cluster.kill(3);
    refused(&cluster, "cut 1 3", 1, "start it and do this again");
    refused(&cluster, "cut 1 3", 1, "start it and do this again");
    let shown = cluster.heirloom(&["fault", "show"]);
    assert!(told(&shown).contains("Node 1: to node 3: cut; from node 3: cut"));
    // Nobody asks node 3 for anything that is not about it.
    fault(&cluster, "cut 1 2");
    fault(&cluster, "heal 1 2");
    cluster.start(3);
    fault(&cluster, "cut 1 3");
    let shown = told(&cluster.heirloom(&["fault", "show"]));
    assert!(
        shown.contains("Node 1: to node 3: cut; from node 3: cut"),
        "{shown}"
    );
    assert!(shown.contains("Node 2: none"), "{shown}");
    assert!(
        shown.contains("Node 3: to node 1: cut; from node 1: cut"),
        "{shown}"
    );
    fault(&cluster, "heal");
}

#[test]
fn a_node_that_takes_no_faults_says_how_it_would() {
    let cluster = TestCluster::started(2, "timing = \"fast\"");
    refused(
        &cluster,
        "cut 1 2",
        1,
        "node 1 could not be told: this node takes no faults; start it with --allow-faults",
    );
    let shown = cluster.heirloom(&["fault", "show"]);
    assert!(
        told(&shown).contains("Node 2: takes no faults; start it with --allow-faults"),
        "{}",
        told(&shown)
    );
    let faulty = cluster.heirloom(&["node", "1", "--faults={}"]);
    assert_eq!(faulty.status.code(), Some(2), "{}", told(&faulty));
    assert!(told(&faulty).contains("pass --allow-faults"), "{}", told(&faulty));
}
