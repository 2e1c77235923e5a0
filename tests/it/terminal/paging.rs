//! The pager: who has the terminal while it runs, and what it leaves behind when it breaks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Signal, kill_process};

use super::pane::{Pane, is_normal};
use super::{FAST, HEIRLOOM, THEN_TELL, parent_of, shows_leader};
use crate::harness::TestCluster;

/// Opens the dashboard under a shell that stays, with a pager that does what `script` says.
fn dashboard_with_pager(cluster: &TestCluster, script: &str) -> Pane {
    let pager = cluster.file("pager.sh", format!("#!/bin/sh\n{script}\n").as_bytes());
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let mut command = cluster.command("sh");
    let then_tell = format!("PAGER=\"$1\"; export PAGER; shift; {THEN_TELL}");
    command.args(["-c", &then_tell, HEIRLOOM]).arg(&pager);
    Pane::open(command, 40, 120)
}

fn is_drawn_again(pane: &Pane) {
    pane.wait_until("drawn again", |screen| {
        screen.alternate_screen() && screen.contents().contains("NODE 1 LEADS")
    });
}

#[test]
fn the_pager_has_the_terminal_while_it_runs_and_no_key_goes_past_it() {
    let cluster = TestCluster::new(1, FAST);
    // A pager that says what it got and waits for a key.
    let pane = dashboard_with_pager(&cluster, "echo PAGER; grep -c LEADER \"$1\"; read -r line");
    shows_leader(&pane, &cluster, 1);
    pane.type_in(b"l");
    // Both are read at once, and the second would kill the leader.
    pane.type_in(b"oX");
    pane.wait_until("paged", |screen| {
        !screen.alternate_screen() && screen.contents().contains("PAGER")
    });
    assert!(!pane.is_raw());
    pane.type_in(b"\n");
    is_drawn_again(&pane);
    pane.type_in(b"qy");
    pane.wait_for("ENDED 0");
    assert!(pane.is_as_before());
    let text = pane.text();
    assert!(text.contains("Node 1: 0 restarts; exited with code 0"), "{text}");
}

#[test]
fn a_pager_that_dies_leaves_no_mode_behind() {
    let cluster = TestCluster::new(1, FAST);
    let pane = dashboard_with_pager(&cluster, "stty raw -echo; echo PAGER; kill -KILL $$");
    shows_leader(&pane, &cluster, 1);
    pane.type_in(b"lo");
    pane.wait_for_raw("PAGER");
    is_drawn_again(&pane);
    pane.wait_for("SIGKILL");
    pane.type_in(b"qy");
    pane.wait_for("ENDED 0");
    assert!(pane.is_as_before(), "the mode of before, not that of the pager");
}

#[test]
fn the_end_waits_for_a_pager_to_leave_the_terminal() {
    let cluster = TestCluster::new(1, FAST);
    let script = "trap 'stty sane; echo RESTORED; exit' TERM; stty raw -echo; echo PAGER; while read -r line; do :; done";
    ends_while_paging(&cluster, script);
}

#[test]
fn a_pager_that_does_not_end_leaves_nothing_behind() {
    let cluster = TestCluster::new(1, FAST);
    let script = "trap '' TERM; stty raw -echo; printf '\\033[?1049hPAGER'; while read -r line; do :; done";
    ends_while_paging(&cluster, script);
}

fn ends_while_paging(cluster: &TestCluster, script: &str) {
    let pane = dashboard_with_pager(cluster, script);
    let pids = shows_leader(&pane, cluster, 1);
    let dashboard = parent_of(pids[0]);
    pane.type_in(b"lo");
    pane.wait_for_raw("PAGER");
    kill_process(dashboard, Signal::TERM).expect("it runs");
    pane.wait_for("ENDED 0");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before());
}
