//! `heirloom demo`: the built-in scenarios on real processes, and what becomes of those that fail.

use std::process::Output;

use heirloom::lab::scenario::builtin;
use ratatui::buffer::{Buffer, Cell};
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Program, TestCluster, told};
use crate::processes::wait_until_gone;
use crate::recording::is_replayed_to_the_same_screen;
use crate::terminal::pane::{Pane, is_normal};

/// Plays a scenario on an address of its own, with these arguments.
fn demo(cluster: &TestCluster, arguments: &[&str]) -> Output {
    let bind = format!("--bind={}", cluster.host());
    cluster.heirloom(&[&["demo", &bind], arguments].concat())
}

/// Plays a scenario that is built in; it must pass, leave nothing behind but the recording that was
/// asked for, and be shown by that just as it ended.
fn passes(name: &str) {
    let cluster = TestCluster::new(3, "");
    let output = demo(&cluster, &[name, "--no-tui", "--record", "run.jsonl"]);
    assert!(output.status.success(), "{}", told(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("acknowledged, 0 lost"), "{said}");
    assert!(
        said.lines()
            .last()
            .is_some_and(|last| last.starts_with("passed in ")),
        "{said}"
    );
    assert!(
        !cluster.path().join("data").exists(),
        "it has a folder of its own"
    );
    let shown = text_of(&is_replayed_to_the_same_screen(&cluster.path().join("run.jsonl")));
    assert!(shown.contains("acknowledged, 0 lost"), "{shown}");
    assert!(
        shown.contains("NODE 3 LEADS"),
        "the play is shown, not its end:\n{shown}"
    );
}

/// The characters of a screen, a line a row.
fn text_of(screen: &Buffer) -> String {
    let width = usize::from(screen.area.width);
    let cells: Vec<&str> = screen.content.iter().map(Cell::symbol).collect();
    cells.chunks(width).map(|row| row.concat() + "\n").collect()
}

#[test]
fn a_leader_that_is_killed_is_replaced() {
    passes("failover");
}

#[test]
fn a_leader_that_freezes_is_replaced() {
    passes("freeze");
}

#[test]
fn one_after_the_other_dies_and_the_last_one_leads() {
    passes("cascade");
}

#[test]
fn every_node_restarts_in_turn() {
    passes("rolling-restart");
}

#[test]
fn a_node_that_flaps_leads_only_once_it_is_stable() {
    passes("flapping");
}

#[test]
fn a_leader_that_is_cut_off_serves_nobody() {
    passes("partition");
}

#[test]
fn an_expectation_that_cannot_hold_fails_with_its_line() {
    let cluster = TestCluster::new(3, "");
    let broken = "title A leader that is dead leads on\nnodes 3\ntiming fast\n\
        wait until everybody agrees on node 3 within 60s\nload on\nwait until an upload within 60s\n\
        kill leader\n\nexpect node 1 leads within 1s\nexpect no acknowledged upload lost\n";
    cluster.file("broken.scenario", broken.as_bytes());
    let output = demo(&cluster, &["broken.scenario", "--report", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let run = &report["runs"][0];
    let failed = run["found"]
        .as_array()
        .and_then(|found| found.last())
        .expect("something");
    assert_eq!(
        (&failed["line"], &failed["outcome"]),
        (&9.into(), &"failed".into()),
        "{report:#}"
    );
    let seen = failed["seen"].as_str().expect("a sentence");
    assert!(seen.contains("node 2 leads in epoch"), "{seen}");
    assert_eq!(run["skipped"][0]["line"], 10, "{report:#}");
    let lines = String::from_utf8_lossy(&output.stderr);
    assert!(
        lines.contains("line 9: expect node 1 leads within 1s: not so after"),
        "{lines}"
    );
    let left = "heirloom-failed-broken-1.jsonl";
    assert!(lines.contains(&format!("heirloom replay {left}")), "{lines}");
    let shown = text_of(&is_replayed_to_the_same_screen(&cluster.path().join(left)));
    assert!(shown.contains("not so after"), "{shown}");
}

#[test]
fn nodes_that_take_no_faults_fail_the_line_that_asks_for_one() {
    let cluster = TestCluster::new(3, "");
    let output = demo(&cluster, &["partition", "--no-tui", "--allow-faults=false"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let said = told(&output);
    let line = said
        .lines()
        .find(|line| line.contains("partition leader | node 1, node 2: not so"));
    assert!(
        line.is_some_and(|line| line.contains("this node takes no faults; start it with --allow-faults")),
        "{said}"
    );
}

#[test]
fn a_report_for_ci_goes_where_it_is_wanted() {
    let cluster = TestCluster::new(1, "");
    let alone = "title One node\nnodes 1\ntiming fast\nwait until node 1 leads within 60s\n";
    cluster.file("alone.scenario", alone.as_bytes());
    let report = ["--report", "junit", "--report-to", "report.xml", "--repeat", "2"];
    let output = demo(&cluster, &[&["alone.scenario"], &report[..]].concat());
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("2 of 2 runs passed"), "{}", told(&output));
    let xml = std::fs::read_to_string(cluster.path().join("report.xml")).expect("the report");
    assert_eq!(
        xml.matches("<testsuite name=\"alone.scenario\" tests=\"1\" failures=\"0\"")
            .count(),
        2,
        "{xml}"
    );
    for (more, says) in [
        (&[][..], "report.xml exists; name another file, or pass --force"),
        (
            &["--record", "report.xml", "--force"],
            "--record and --report-to both name report.xml",
        ),
    ] {
        let alone = ["alone.scenario", "--report", "junit", "--report-to", "report.xml"];
        let refused = demo(&cluster, &[&alone, more].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
        assert!(told(&refused).contains(says), "{}", told(&refused));
    }
    assert_eq!(
        std::fs::read_to_string(cluster.path().join("report.xml")).ok(),
        Some(xml)
    );
}

#[test]
fn mistakes_are_found_without_running_anything() {
    let cluster = TestCluster::new(3, "");
    for (text, status, says) in [
        (
            "title t\nkill laeder\n",
            2,
            "bad.scenario:2:6: expected `leader`, `heir`, `all` or `node N`, found `laeder`; did you mean `leader`?",
        ),
        (
            "title t\nkill no\u{1b}de\n",
            2,
            "`node N`, found `no\\u{1b}de`; did you mean `node`?\n 2 | kill no\u{241b}de\n   |      ^",
        ),
        (
            "title t\nkill node 7\n",
            2,
            "bad.scenario cannot be played here: line 2: there is no node 7; the cluster has nodes 1, 2 and 3",
        ),
        (
            "title t\nkill node 3\nexpect node 3 leads within 1s\n",
            2,
            "line 3: it cannot be that node 3 leads",
        ),
        (
            "title t\nwait 1ms\n",
            0,
            "bad.scenario: t: 1 step, 0 expectations, nothing wrong",
        ),
    ] {
        cluster.file("bad.scenario", text.as_bytes());
        let output = demo(&cluster, &["bad.scenario", "--check"]);
        assert_eq!(output.status.code(), Some(status), "{}", told(&output));
        assert!(told(&output).contains(says), "{}", told(&output));
    }
    for (file, says) in [
        ("nowhere", "built in are: failover, freeze"),
        (".", "could not read ."),
    ] {
        let output = demo(&cluster, &[file, "--check"]);
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(says), "{}", told(&output));
    }
}

#[test]
fn what_is_built_in_is_listed_and_valid() {
    let cluster = TestCluster::new(3, "");
    let listed = demo(&cluster, &["--list"]);
    let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
    for scenario in builtin::ALL {
        assert!(
            lines.lines().any(|line| line.starts_with(scenario.name)),
            "{lines}"
        );
        let checked = demo(&cluster, &[scenario.name, "--check"]);
        assert!(checked.status.success(), "{}", told(&checked));
    }
}

#[test]
fn ports_in_use_cost_no_recording() {
    let cluster = TestCluster::new(1, "");
    let alone = "title One node\nnodes 1\ntiming fast\nwait until node 1 leads within 60s\n";
    cluster.file("alone.scenario", alone.as_bytes());
    cluster.file("dear.jsonl", b"something dear");
    let taken = std::net::TcpListener::bind((cluster.host(), 0)).expect("binds");
    let port = taken.local_addr().expect("bound").port().to_string();
    let bind = format!("--bind={}", cluster.host());
    let recordings = [
        &["--record", "new.jsonl"][..],
        &["--record", "dear.jsonl", "--force"],
    ];
    for (screen, record) in [true, false]
        .into_iter()
        .zip(recordings)
        .chain([(true, recordings[1])])
    {
        let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
        command
            .args(["demo", "alone.scenario", "--base-port", &port, &bind])
            .args(record);
        if screen {
            let mut pane = Pane::open(command, 40, 120);
            pane.wait_for("nothing was started");
            assert_eq!(pane.wait().code(), Some(1), "{}", pane.text());
        } else {
            let output = command.arg("--no-tui").output().expect("runs");
            assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        }
    }
    assert!(
        !cluster.path().join("new.jsonl").exists(),
        "the next try may have the name"
    );
    let dear = std::fs::read(cluster.path().join("dear.jsonl")).expect("kept");
    assert_eq!(dear, b"something dear");
}

#[test]
fn a_demonstration_that_is_left_early_says_so_and_has_not_passed() {
    let cluster = TestCluster::new(1, "");
    let long = "title One node\nnodes 1\ntiming fast\nwait until node 1 leads within 60s\nwait 60m\n\
        expect node 1 leads within 1s\n";
    cluster.file("long.scenario", long.as_bytes());
    let bind = format!("--bind={}", cluster.host());
    let on_screen = || {
        let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
        command.args(["demo", "long.scenario", "--base-port=8001", &bind]);
        let pane = Pane::open(command, 40, 120);
        pane.wait_for("\u{2713} wait until node 1 leads");
        pane
    };
    let mut quit = on_screen();
    quit.type_in(b"qy");
    quit.wait_for("stopped by you after");
    assert_eq!(quit.wait().code(), Some(1), "{}", quit.text());
    let mut ended = on_screen();
    ended.signal(Signal::TERM);
    ended.wait_for("1 of 2 as expected");
    assert_eq!(ended.wait().code(), Some(1), "{}", ended.text());
    let mut gone = on_screen();
    gone.close();
    assert_eq!(gone.wait().code(), Some(1));
}

#[test]
fn whoever_stops_it_finds_no_process_no_folder_and_no_failure() {
    let cluster = TestCluster::new(1, "");
    let long = "title One node\nnodes 1\ntiming fast\nwait until node 1 leads within 60s\nwait 60m\n\
        expect node 1 leads within 1s\n";
    cluster.file("long.scenario", long.as_bytes());
    let scratch = cluster.path().join("scratch");
    std::fs::create_dir(&scratch).expect("made");
    let bind = format!("--bind={}", cluster.host());
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        // Whoever runs the tests may ignore the hang-up of a terminal; the demonstration must not.
        let mut command = cluster.command("env");
        command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_heirloom")]);
        command.args(["demo", "long.scenario", "--no-tui", "--base-port=8001", &bind]);
        let mut played = Program::start(command.env("TMPDIR", &scratch));
        played.out.wait_for(0, "wait until node 1 leads");
        let pid = cluster.status(1).pid.try_into().expect("small");
        let pid = rustix::process::Pid::from_raw(pid).expect("not zero");
        played.signal(signal);
        assert_eq!(played.wait().code(), Some(code), "{}", played.out.text());
        let said = played.out.text();
        assert!(
            said.contains("stopped by you after") && said.contains("1 of 2 as expected"),
            "{said}"
        );
        wait_until_gone([pid]);
        assert_eq!(std::fs::read_dir(&scratch).expect("a folder").count(), 0);
        let failed = cluster.path().join("heirloom-failed-long-1.jsonl");
        assert!(!failed.exists(), "nothing has failed");
    }
}

#[test]
fn what_outlives_its_terminal_on_purpose_is_played_to_its_end() {
    let cluster = TestCluster::new(1, "");
    let short = "title One node\nnodes 1\ntiming fast\nwait until node 1 leads within 60s\nwait 2s\n\
        expect node 1 leads within 60s\n";
    cluster.file("short.scenario", short.as_bytes());
    let bind = format!("--bind={}", cluster.host());
    let mut command = cluster.command("nohup");
    command.args([
        env!("CARGO_BIN_EXE_heirloom"),
        "demo",
        "short.scenario",
        "--no-tui",
        &bind,
    ]);
    let mut played = Program::start(&mut command);
    played.out.wait_for(0, "wait until node 1 leads");
    played.signal(Signal::HUP);
    assert_eq!(played.wait().code(), Some(0), "{}", played.out.text());
}

#[test]
fn what_was_found_stays_on_the_screen_when_the_stage_is_left() {
    let cluster = TestCluster::new(1, "");
    let alone = "title One node\nnodes 1\ntiming fast\nload on\nwait until an upload within 60s\nload off\n\
        expect no acknowledged upload lost\n";
    cluster.file("alone.scenario", alone.as_bytes());
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    let bind = format!("--bind={}", cluster.host());
    command.args(["demo", "alone.scenario", "--record", "run.jsonl", &bind]);
    let mut pane = Pane::open(command, 40, 120);
    pane.wait_for("passed in");
    pane.type_in(b"q");
    pane.wait_for("goes with the demonstration's own folder");
    pane.type_in(b"y");
    assert_eq!(pane.wait().code(), Some(0), "{}", pane.text());
    pane.wait_until("normal", is_normal);
    let text = pane.text();
    for kept in [
        "\u{2713} wait until an upload within 1m: ",
        "\u{2713} expect no acknowledged upload lost: ",
        "passed in",
        "2 of 2 as expected; ",
    ] {
        assert!(text.contains(kept), "no {kept}:\n{text}");
    }
    let shown = text_of(&is_replayed_to_the_same_screen(&cluster.path().join("run.jsonl")));
    assert!(
        shown.contains("NODE 1 LEADS"),
        "the play is shown, not its end:\n{shown}"
    );
}
