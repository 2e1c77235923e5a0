//! A whole cluster by one command: started, kept running, and gone to the last process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{PATIENCE, Program, TestCluster, decrypted, image_of, told};
use crate::processes::wait_until_gone;

const FAST: &str = "timing = \"fast\"";
/// As many as make more events than a pipe holds, 64 KiB.
const UPLOADS: usize = 120;
/// More than wait in a pipe and for it: some 200 and 1,024.
const OFFERS: usize = 2000;
const LEADER: &str = "I am the LEADER, initializing load balancer";

fn supervise(cluster: &TestCluster, arguments: &[&str]) -> Program {
    Program::start(
        cluster
            .command(env!("CARGO_BIN_EXE_supervisor"))
            .args(arguments)
            .stderr(Stdio::null()),
    )
}

/// Starts a cluster and waits until its highest node serves; returns the mark behind that.
fn serving(cluster: &TestCluster, count: u16) -> (Program, usize) {
    let supervisor = supervise(cluster, &[]);
    let mark = supervisor.out.wait_for(0, &format!("Node {count}: {LEADER}"));
    (supervisor, mark)
}

/// The process of each node that has said where it listens, the last one counting.
fn processes(supervisor: &Program) -> BTreeMap<String, Pid> {
    let lines = supervisor.out.from(0);
    let listening = lines.iter().filter_map(|line| {
        let (node, rest) = line.split_once(": Listening on ")?;
        let (_, pid) = rest.split_once("(pid ")?;
        let pid = Pid::from_raw(pid.trim_end_matches(')').parse().ok()?)?;
        Some((node.to_owned(), pid))
    });
    listening.collect()
}

#[test]
fn one_command_starts_a_cluster_and_sigterm_stops_it_to_the_last_process() {
    let cluster = TestCluster::new(3, FAST);
    let (mut supervisor, mark) = serving(&cluster, 3);
    let pids = processes(&supervisor);
    assert_eq!(pids.len(), 3, "{}", supervisor.out.text());
    cluster.file("test_image.png", &image_of(100_000, 1));
    let upload = cluster.heirloom(&["upload", "test_image.png", "--user", "alice"]);
    assert!(upload.status.success(), "{}", told(&upload));
    assert_eq!(decrypted(&cluster.saved()[0], "alice"), image_of(100_000, 1));

    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0), "{}", supervisor.out.text());
    let end = supervisor
        .out
        .wait_for(mark, "Node 3: 0 restarts; exited with code 0");
    wait_until_gone(pids.into_values());
    let stopped: Vec<String> = supervisor.out.from(mark)[..end - mark].to_vec();
    let place = |line: &str| {
        let at = stopped.iter().position(|stopped| stopped == line);
        at.unwrap_or_else(|| panic!("no {line:?}:\n{}", supervisor.out.text()))
    };
    for worker in 1..=2 {
        let gone = place(&format!("Node {worker}: Process exited with code 0"));
        assert!(gone < place("Node 3: Stopping"), "workers stop before the leader");
    }
}

#[test]
fn ctrl_c_stops_the_cluster_and_is_told_by_the_exit_code() {
    let cluster = TestCluster::new(2, FAST);
    let (mut supervisor, _) = serving(&cluster, 2);
    let pids = processes(&supervisor);
    supervisor.signal(Signal::INT);
    assert_eq!(supervisor.wait().code(), Some(130));
    wait_until_gone(pids.into_values());
}

#[test]
fn a_killed_leader_comes_back_and_the_cluster_is_whole() {
    let cluster = TestCluster::new(3, FAST);
    let (supervisor, mark) = serving(&cluster, 3);
    let before = cluster.status(3);
    let old = processes(&supervisor)["Node 3"];
    kill_process(old, Signal::KILL).expect("it runs");
    supervisor
        .out
        .wait_for(mark, "Node 3: Process was killed by SIGKILL");
    supervisor
        .out
        .wait_for(mark, "Node 3: Restarting in 200 ms (crash 1)");
    let mark = supervisor.out.wait_for(mark, &format!("Node 2: {LEADER}"));
    supervisor.out.wait_for(mark, &format!("Node 3: {LEADER}"));
    assert_ne!(processes(&supervisor)["Node 3"], old);
    let after = cluster.status(3);
    assert!(after.generation > before.generation && after.serving);
    let wait = cluster.heirloom(&["wait", "--ready", "--timeout", "60s"]);
    assert!(wait.status.success(), "{}", told(&wait));
}

#[test]
fn no_node_outlives_a_supervisor_that_is_killed() {
    let cluster = TestCluster::new(3, FAST);
    let (mut supervisor, _) = serving(&cluster, 3);
    let pids = processes(&supervisor);
    // A node that stands still cannot see that its input closed.
    kill_process(pids["Node 1"], Signal::STOP).expect("it runs");
    supervisor.child.kill().expect("it runs");
    supervisor.wait();
    wait_until_gone(pids.into_values());
}

#[test]
fn a_frozen_node_is_woken_to_stop() {
    let cluster = TestCluster::new(2, FAST);
    let (mut supervisor, mark) = serving(&cluster, 2);
    kill_process(processes(&supervisor)["Node 1"], Signal::STOP).expect("it runs");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0));
    supervisor
        .out
        .wait_for(mark, "Node 1: 0 restarts; exited with code 0");
}

#[test]
fn a_node_that_exits_at_once_is_given_up_and_the_others_go_on() {
    let cluster = TestCluster::new(3, FAST);
    // Its data directory belongs to another node.
    let other = TestCluster::started(1, FAST);
    fs::create_dir_all(cluster.path().join("data/node-1")).expect("a directory");
    let identity = "data/node-1/identity.json";
    let text = fs::read_to_string(other.path().join(identity)).expect("nodes keep their identity");
    let of_another = text.replace("\"node\":1", "\"node\":2");
    assert_ne!(text, of_another);
    fs::write(cluster.path().join(identity), of_another).expect("written");

    let (mut supervisor, mark) = serving(&cluster, 3);
    let end = supervisor
        .out
        .wait_for(0, "Node 1: Crashed 5 times in a row; given up");
    let lines = supervisor.out.from(0)[..end].to_vec();
    let of_one = |text: &str| {
        let exact = |line: &&String| line.starts_with("Node 1: ") && line.contains(text);
        lines.iter().filter(exact).count()
    };
    assert_eq!(
        (of_one("Process exited with code 1"), of_one("error: ")),
        (5, 5),
        "{}",
        supervisor.out.text()
    );
    assert!(cluster.status(3).serving);
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0));
    supervisor
        .out
        .wait_for(mark, "Node 1: 4 restarts; exited with code 1");
}

#[test]
fn a_supervisor_without_a_node_left_fails() {
    let cluster = TestCluster::new(1, FAST);
    // A folder cannot be made where a file is.
    cluster.file("data", b"a file");
    let output = cluster.heirloom(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("no node is left: node 1 crashed"),
        "{}",
        told(&output)
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("Node 1: 4 restarts; exited with code 1"),
        "{}",
        told(&output)
    );
}

#[test]
fn nodes_go_on_while_their_supervisor_stands_still() {
    let cluster = TestCluster::new(2, FAST);
    let (mut supervisor, mark) = serving(&cluster, 2);
    let pids = processes(&supervisor);
    let before = cluster.status(2);
    supervisor.signal(Signal::STOP);
    offer(&cluster, 2, OFFERS);
    let after = cluster.status(2);
    assert_eq!(
        (after.serving, after.ballot),
        (true, before.ballot),
        "nobody stalled"
    );
    supervisor.signal(Signal::CONT);
    // What had no room is counted as soon as there is room, and something to tell, again.
    supervisor.out.wait_for(mark, "Image ");
    let fell_behind = "log lines were dropped: their reader fell behind";
    while !supervisor.out.text().contains(fell_behind) {
        offer(&cluster, 2, 1);
    }
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0));
    wait_until_gone(pids.into_values());
}

#[test]
fn members_on_other_machines_are_not_started() {
    let cluster = TestCluster::new(1, "");
    let members = "insecure = true\n[[node]]\nid = 1\naddress = \"127.0.0.1:8001\"\n\
                   [[node]]\nid = 2\naddress = \"192.0.2.1:8001\"\n";
    cluster.file("heirloom.toml", members.as_bytes());
    let output = cluster.heirloom(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("node 2 is at 192.0.2.1:8001") && error.contains("heirloom node"),
        "{}",
        told(&output)
    );
}

#[test]
fn json_is_one_object_a_line_and_told_apart_by_its_key() {
    let cluster = TestCluster::new(1, FAST);
    let mut supervisor = supervise(&cluster, &["--format", "json"]);
    supervisor.out.wait_for(0, r#""fact":"serving_started""#);
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0));
    supervisor.out.wait_for(0, r#""process":"summary""#);
    let mut seen = Vec::new();
    for line in supervisor.out.from(0) {
        let object: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(object["node"], 1, "{line}");
        assert_ne!(
            object.get("fact").is_some(),
            object.get("process").is_some(),
            "{line}"
        );
        if let Some(process) = object.get("process") {
            let told = process.as_str().expect("a name").to_owned();
            seen.push((told, object["life"].clone()));
        }
    }
    let expected = ["spawned", "signalled", "exited", "summary"];
    assert_eq!(seen, expected.map(|told| (told.to_owned(), 1.into())));
}

#[test]
fn settings_reach_every_node() {
    let cluster = TestCluster::new(3, FAST);
    // The flag counts more than the file.
    let supervisor = supervise(&cluster, &["--nodes", "2", "--data-dir", "elsewhere"]);
    supervisor.out.wait_for(0, &format!("Node 2: {LEADER}"));
    assert_eq!(cluster.status(2).peers.len(), 1);
    assert!(cluster.path().join("elsewhere/node-1").exists());
}

#[test]
fn an_output_that_nobody_reads_delays_nothing() {
    let cluster = TestCluster::new(1, FAST);
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command
        .args(["--format", "json", "--heartbeat", "10ms"])
        .stdin(Stdio::null());
    for closed in [false, true] {
        let mut supervisor = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut unread = supervisor.stdout.take();
        if closed {
            unread = None;
        }
        let wait = cluster.heirloom(&["wait", "--ready", "--timeout", "60s"]);
        assert!(wait.status.success(), "{}", told(&wait));
        fill(&cluster);
        kill_process(Pid::from_child(&supervisor), Signal::TERM).expect("it runs");
        assert_eq!(supervisor.wait().expect("waited for").code(), Some(0));
        if let Some(mut unread) = unread {
            let mut bytes = Vec::new();
            unread.read_to_end(&mut bytes).expect("read");
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                !text.contains("summary"),
                "the pipe was never full: {}",
                text.len()
            );
        }
    }
}

/// Offers images to the leader, which tells of every one, and waits for its answers.
fn offer(cluster: &TestCluster, leader: u16, offers: usize) {
    let mut stream = TcpStream::connect(cluster.address(leader)).expect("the leader listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    stream.set_nodelay(true).expect("no delay can be asked for");
    let mut answers = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let hello = r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"client","user":"alice"}"#;
    writeln!(stream, "{hello}").expect("the leader reads");
    answers.next().expect("an answer").expect("readable");
    for image in 0..offers {
        writeln!(stream, r#"{{"type":"offer","image":"{image:032x}","size":1}}"#).expect("the leader reads");
        let answer = answers.next().expect("an answer").expect("readable");
        assert!(answer.contains("assigned"), "{answer}");
    }
}

/// Makes a node tell more than a pipe holds.
fn fill(cluster: &TestCluster) {
    let image = cluster.file("small.png", &image_of(1000, 1));
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command
        .args(["upload", "--user", "alice"])
        .args(vec![image; UPLOADS]);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", told(&output));
}
