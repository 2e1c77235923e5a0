//! A terminal that does what it should not, and a program that breaks.

use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use heirloom::dashboard::terminal::{Screen, Tty, restore_on_panic};
use rustix::process::{Signal, kill_process};

use super::pane::{Pane, is_normal};
use super::{FAST, THEN_TELL, dashboard, dashboard_in_shell, shows_leader};
use crate::harness::{PATIENCE, TestCluster};
use crate::processes::{runs, wait_until_gone};

/// Has a terminal that stands still drawn on until it takes nothing more.
fn fill(pane: &Pane) {
    let deadline = Instant::now() + PATIENCE;
    // Each size needs a whole frame.
    for size in (30..90).cycle() {
        if pane.is_full() {
            return;
        }
        assert!(Instant::now() < deadline, "the terminal takes everything");
        pane.resize(size, 200);
        thread::yield_now();
    }
}

#[test]
fn a_terminal_that_is_closed_takes_everything_with_it() {
    let cluster = TestCluster::new(3, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 3);
    // A node that stands still would outlive any grace.
    kill_process(pids[0], Signal::STOP).expect("it runs");
    pane.close();
    let status = pane.wait();
    assert_eq!(status.code(), Some(1), "{status}");
    wait_until_gone(pids);
}

#[test]
fn a_terminal_that_stands_still_does_not_stop_the_supervising() {
    let cluster = TestCluster::new(3, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 3);
    pane.stand_still(true);
    fill(&pane);
    let before = cluster.status(3).generation;
    kill_process(pids[2], Signal::KILL).expect("it runs");
    // Only a supervisor that goes on starts it again.
    let deadline = Instant::now() + PATIENCE;
    while cluster
        .status_if_up(3)
        .is_none_or(|status| status.generation == before)
    {
        assert!(Instant::now() < deadline, "node 3 was not started again");
        thread::yield_now();
    }
    pane.stand_still(false);
    pane.wait_for("NODE 3 LEADS");
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
}

#[test]
fn a_terminal_that_stands_still_does_not_keep_the_program_from_ending() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 1);
    pane.stand_still(true);
    fill(&pane);
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
    wait_until_gone(pids);
}

#[test]
fn it_fits_every_size() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    shows_leader(&pane, &cluster, 1);
    for (rows, columns) in [
        (1, 1),
        (2, 500),
        (200, 3),
        (200, 500),
        (5, 20),
        (24, 80),
        (1, 200),
    ] {
        for _ in 0..20 {
            pane.resize(rows, columns);
            pane.resize(columns.min(200), rows);
        }
    }
    pane.resize(40, 120);
    pane.wait_for("NODE 1 LEADS");
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
}

#[test]
fn a_terminal_that_has_forgotten_is_drawn_whole() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    shows_leader(&pane, &cluster, 1);
    // It was small for a moment, and the program looks when it has its old size again.
    pane.forget();
    pane.signal(Signal::WINCH);
    pane.wait_for("NODE 1 LEADS");
    // Somebody else stopped the program and used the terminal.
    pane.signal(Signal::STOP);
    pane.forget();
    pane.signal(Signal::CONT);
    pane.wait_until("entered again", |screen| {
        screen.alternate_screen() && screen.contents().contains("NODE 1 LEADS")
    });
    pane.signal(Signal::TERM);
    assert_eq!(pane.wait().code(), Some(0));
}

#[test]
fn a_paste_of_a_megabyte_does_nothing_but_be_there() {
    let cluster = TestCluster::new(1, FAST);
    let mut pane = dashboard(&cluster);
    let pids = shows_leader(&pane, &cluster, 1);
    // Every `q` and `X` in it would end something if it were typed.
    pane.type_in(b"\x1b[200~");
    pane.type_in(&b"qyX!".repeat(1 << 18));
    pane.type_in(b"\x1b[201~q");
    pane.wait_for("Quit?");
    assert!(pids.iter().all(|pid| runs(*pid)));
    pane.type_in(b"y");
    assert_eq!(pane.wait().code(), Some(0));
}

#[test]
fn nodes_that_exit_at_once_are_shown_and_told_by_the_exit_code() {
    let cluster = TestCluster::new(1, FAST);
    // A folder cannot be made where a file is.
    cluster.file("data", b"a file");
    let pane = dashboard_in_shell(&cluster);
    pane.wait_for("NO NODE IS UP");
    pane.wait_for("given up");
    pane.type_in(b"q");
    pane.wait_for("Quit?");
    pane.type_in(b"y");
    pane.wait_for("ENDED 1");
    pane.wait_until("normal", is_normal);
    let text = pane.text();
    assert!(text.contains("Node 1: 4 restarts; exited with code 1"), "{text}");
    assert!(text.contains("error: no node is left: node 1 crashed"), "{text}");
    // The dashboard has gone with its logs; why it crashed is still to be read.
    let why = "exited with code 1\nNode 1: error: data directory";
    assert!(text.contains(why), "{text}");
}

#[test]
fn a_panic_is_read_on_the_normal_screen() {
    let mut command = Command::new("sh");
    let program = std::env::current_exe().expect("this test");
    let arguments = [
        "--ignored",
        "--exact",
        "--nocapture",
        "terminal::hardship::panics_while_it_draws",
    ];
    command
        .args(["-c", THEN_TELL])
        .arg(program)
        .args(arguments)
        .env_remove("RUST_BACKTRACE");
    let pane = Pane::open(command, 24, 80);
    pane.wait_for("ENDED 101");
    pane.wait_until("normal", is_normal);
    assert!(pane.is_as_before());
    assert!(pane.text().contains("the view is broken"), "{}", pane.text());
    let raw = pane.raw();
    let at = |text: &str| raw.find(text).unwrap_or_else(|| panic!("no {text:?}: {raw:?}"));
    assert!(at("\u{1b}[?1049h") < at("\u{1b}[?1049l"), "it was entered");
    assert!(
        at("\u{1b}[?1049l") < at("the view is broken"),
        "left before the message"
    );
}

#[test]
#[ignore = "run in a terminal of its own, by the test above"]
fn panics_while_it_draws() {
    restore_on_panic();
    let tty = Arc::new(Tty::open().expect("a terminal"));
    let mut screen = Screen::open(&tty).expect("it can be drawn on");
    screen.draw(|_| ()).expect("into memory");
    let deadline = Instant::now() + PATIENCE;
    while !screen.is_free() {
        assert!(Instant::now() < deadline, "the first frame is never written");
        thread::yield_now();
    }
    screen
        .draw(|_| panic!("the view is broken"))
        .expect("not reached");
}
