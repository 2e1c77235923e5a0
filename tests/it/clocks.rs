//! Nodes and clients whose clocks are an hour apart: no decision compares clocks of different machines.

use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::harness::{Program, TestCluster, image_of, told};

/// The library that shows a program another time; CI does not do without.
fn faketime() -> Option<String> {
    // The command itself would stand between a test and the program that it kills.
    let asked = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output();
    let complete = std::env::var_os("CI").is_some();
    assert!(asked.is_ok() || !complete, "install the Debian package faketime");
    let Ok(output) = asked else {
        eprintln!("skipped: there is no faketime; install the Debian package of that name");
        return None;
    };
    Some(
        String::from_utf8(output.stdout)
            .expect("a path")
            .trim()
            .to_owned(),
    )
}

/// A cluster whose programs have clocks that are off.
struct Clocks {
    cluster: TestCluster,
    faketime: String,
}

impl Clocks {
    /// One of our programs with a clock that is off by so much; what measures durations is right.
    fn program(&self, offset: &str, program: &str) -> Command {
        let mut command = self.cluster.command(program);
        command
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME", offset)
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }

    fn start(&mut self, id: u16, offset: &str) {
        let mut server = self.program(offset, env!("CARGO_BIN_EXE_server"));
        let node = Program::start(server.arg(id.to_string()));
        node.out.wait_for(0, "Listening on");
        self.cluster.nodes.insert(id, node);
    }

    /// Runs `heirloom` for alice, and expects success; returns what it printed.
    #[track_caller]
    fn alice(&self, offset: &str, arguments: &[&str]) -> String {
        let mut heirloom = self.program(offset, env!("CARGO_BIN_EXE_heirloom"));
        let output = heirloom.args(arguments).args(["--user", "alice"]).output();
        let output = output.expect("heirloom runs");
        assert!(
            output.status.success(),
            "{offset} {arguments:?}: {}",
            told(&output)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    /// The names of what is listed, newest first.
    fn names(&self) -> Vec<String> {
        let name = |line: &str| {
            let image: Value = serde_json::from_str(line).expect("a line of JSON");
            image["file"].as_str().expect("a name").to_owned()
        };
        self.alice("+0", &["list", "--json"]).lines().map(name).collect()
    }
}

/// When the latest line of a node's log was written, by its own clock.
fn last_logged(cluster: &TestCluster, id: u16) -> SystemTime {
    let log = cluster.path().join(format!("data/node-{id}/node.log"));
    let log = std::fs::read_to_string(log).expect("a node keeps a log");
    let last = log.lines().last().expect("a line");
    let (at, _) = last.split_once(' ').expect("a time stands first");
    humantime::parse_rfc3339(at).expect("a time")
}

#[test]
fn clocks_an_hour_apart_lose_nothing_and_bring_nothing_back() {
    let Some(faketime) = faketime() else {
        return;
    };
    let cluster = TestCluster::new(3, "timing = \"fast\"");
    let mut clocks = Clocks { cluster, faketime };
    for (id, offset) in [(1, "-1h"), (2, "+0"), (3, "+1h")] {
        clocks.start(id, offset);
    }
    clocks.cluster.wait_for_leader(3, 0);
    clocks.cluster.wait_for_rotation(3, 3);
    for (name, offset) in [
        ("tomorrow.png", "+1d"),
        ("now.png", "+0"),
        ("yesterday.png", "-1d"),
    ] {
        clocks.cluster.file(name, &image_of(3_000, 1));
        clocks.alice(offset, &["upload", name]);
    }
    assert_eq!(clocks.names(), ["tomorrow.png", "now.png", "yesterday.png"]);

    // The next leader's clock is behind, and who knows nothing of the deletes comes back ahead.
    let mark = clocks.cluster.node(2).out.count();
    clocks.cluster.kill(3);
    clocks.cluster.wait_for_leader(2, mark);
    clocks.alice("-1d", &["delete", "tomorrow.png"]);
    clocks.alice("-1h", &["delete", "now.png"]);
    clocks.cluster.kill(2);
    clocks.start(2, "-2h");
    clocks.start(3, "+3h");
    clocks.cluster.wait_for_leader(3, 0);
    clocks.cluster.wait_for_rotation(3, 3);
    for _ in 0..3 {
        assert_eq!(clocks.names(), ["yesterday.png"], "every node is asked in turn");
    }
    clocks.alice("+0", &["download", "yesterday.png", "--output", "back.png"]);
    let back = std::fs::read(clocks.cluster.path().join("back.png")).expect("saved");
    assert_eq!(back, image_of(3_000, 1));

    let apart = last_logged(&clocks.cluster, 3).duration_since(last_logged(&clocks.cluster, 2));
    let apart = apart.expect("node 3 is ahead");
    assert!(apart > Duration::from_hours(4), "the clocks were {apart:?} apart");
}
