//! The real program in a terminal of its own: shown, typed into, and gone without a trace.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::TestCluster;
use crate::processes::{runs, wait_until_gone};
use pane::{Pane, is_normal};

mod hardship;
mod paging;
pub(crate) mod pane;
mod simulating;
mod uploading;

const FAST: &str = "timing = \"fast\"";
const HEIRLOOM: &str = env!("CARGO_BIN_EXE_heirloom");

/// A shell that outlives the program, so that what it leaves behind can be looked at.
const THEN_TELL: &str = "\"$0\" \"$@\"; echo \"ENDED $?\"; read -r line";

/// Opens the dashboard of a cluster as the only program of a terminal.
fn dashboard(cluster: &TestCluster) -> Pane {
    Pane::open(cluster.command(HEIRLOOM), 40, 120)
}

/// Opens the dashboard of a cluster under a shell that stays.
fn dashboard_in_shell(cluster: &TestCluster) -> Pane {
    let mut command = cluster.command("sh");
    command.args(["-c", THEN_TELL, HEIRLOOM]);
    Pane::open(command, 40, 120)
}

/// Waits until the dashboard shows who leads; returns the processes of the nodes.
fn shows_leader(pane: &Pane, cluster: &TestCluster, count: u16) -> Vec<Pid> {
    pane.wait_for(&format!("NODE {count} LEADS"));
    let pids = (1..=count).map(|id| i32::try_from(cluster.status(id).pid).expect("a process id"));
    pids.map(|pid| Pid::from_raw(pid).expect("not zero")).collect()
}

/// The process that started another.
fn parent_of(pid: Pid) -> Pid {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).expect("it runs");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let parent = after_name.split_whitespace().nth(1).expect("a parent");
    Pid::from_raw(parent.parse().expect("a number")).expect("not zero")
}

#[test]
fn it_starts_shows_the_leader_and_quits_without_a_trace() {
    let cluster = TestCluster::new(3, FAST);
    let pane = dashboard_in_shell(&cluster);
    let pids = shows_leader(&pane, &cluster, 3);
    assert!(pane.is_raw());
    pane.wait_until("drawn as a dashboard", |screen| {
        screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor()
    });

    pane.type_in(b"q");
    pane.wait_for("Quit?");
    pane.type_in(b"\x1b");
    pane.wait_until("asked no more", |screen| !screen.contents().contains("Quit?"));
    assert!(pids.iter().all(|pid| runs(*pid)), "it asked, and was told no");
    pane.type_in(b"q");
    pane.wait_for("Quit?");
    pane.type_in(b"y");
    pane.wait_for("ENDED 0");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before(), "the terminal has its mode again");
    wait_until_gone(pids);
    let text = pane.text();
    for line in [
        "node 3 led last, in epoch",
        "Node 1: 0 restarts; exited with code 0",
        "Node 3: 0 restarts; exited with code 0",
    ] {
        assert!(text.contains(line), "no {line:?}:\n{text}");
    }
}

#[test]
fn ctrl_c_quits_in_steps_and_is_told_by_the_exit_code() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 1);
    pane.type_in(b"\x03");
    pane.wait_for("Quit?");
    pane.type_in(b"\x03");
    assert_eq!(pane.wait().code(), Some(130));
    wait_until_gone(pids);
}

#[test]
fn sigterm_stops_the_cluster_in_order_and_restores_the_terminal() {
    let cluster = TestCluster::new(2, FAST);
    let pane = dashboard_in_shell(&cluster);
    let pids = shows_leader(&pane, &cluster, 2);
    kill_process(parent_of(pids[0]), Signal::TERM).expect("it runs");
    pane.wait_for("ENDED 0");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before());
    assert!(
        pane.text().contains("Node 1: 0 restarts; exited with code 0"),
        "{}",
        pane.text()
    );
    wait_until_gone(pids);
}

#[test]
fn no_node_outlives_a_dashboard_that_is_killed() {
    let cluster = TestCluster::new(3, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 3);
    kill_process(pids[0], Signal::STOP).expect("it runs");
    pane.signal(Signal::KILL);
    pane.wait();
    wait_until_gone(pids);
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_draws_it_again() {
    let cluster = TestCluster::new(2, FAST);
    let mut shell = cluster.command("sh");
    shell.arg("-i").env("PS1", "SHELL> ").env_remove("ENV");
    let pane = Pane::open(shell, 40, 120);
    pane.wait_for("SHELL>");
    pane.type_in(format!("{HEIRLOOM}\n").as_bytes());
    let pids = shows_leader(&pane, &cluster, 2);

    pane.type_in(b"\x1a");
    pane.wait_until("given back", is_normal);
    pane.type_in(b"echo still $((1 + 1))\n");
    pane.wait_for("still 2");
    assert!(!pane.is_raw());
    assert!(pids.iter().all(|pid| runs(*pid)), "nodes go on");
    assert!(cluster.status(2).serving);

    pane.type_in(b"fg\n");
    pane.wait_until("drawn again", |screen| {
        screen.alternate_screen() && screen.contents().contains("NODE 2 LEADS")
    });
    assert!(pane.is_raw());
    pane.type_in(b"q");
    pane.wait_for("Quit?");
    let entered = pane.raw().matches("\u{1b}[?1049h").count();
    assert_eq!(entered, 2, "it comes back once");
    pane.type_in(b"y");
    pane.wait_until("normal", is_normal);
    pane.wait_for("Node 2: 0 restarts; exited with code 0");
    wait_until_gone(pids);
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_is_drawn() {
    let cluster = TestCluster::new(2, FAST);
    let _taken = std::net::TcpListener::bind(cluster.address(2)).expect("free so far");
    let pane = dashboard_in_shell(&cluster);
    pane.wait_for("ENDED 1");
    assert!(pane.text().contains("nothing was started"), "{}", pane.text());
    assert!(!pane.raw().contains("\u{1b}[?1049h"));
}

#[test]
fn a_terminal_that_understands_nothing_gets_lines() {
    let cluster = TestCluster::new(1, FAST);
    let mut command = cluster.command("sh");
    command.args(["-c", "TERM=dumb exec \"$0\"", HEIRLOOM]);
    let mut pane = Pane::open(command, 40, 120);
    pane.wait_for("Node 1: I am the LEADER");
    assert!(!pane.raw().contains("\u{1b}["), "{}", pane.raw());
    pane.type_in(b"\x03");
    assert_eq!(pane.wait().code(), Some(130));
}

#[test]
fn what_is_copied_reaches_the_terminal() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    shows_leader(&pane, &cluster, 1);
    pane.type_in(b"l");
    pane.type_in(b"y");
    pane.wait_for_raw("\u{1b}]52;c;");
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
}

#[test]
fn the_first_frame_does_not_wait_for_a_node() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    shows_leader(&pane, &cluster, 1);
    let raw = pane.raw();
    let first = raw.split("\u{1b}[?2026l").next().expect("a frame");
    assert!(first.contains("STARTING"), "{first:?}");
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
}
