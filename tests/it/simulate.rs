//! `heirloom simulate` from the outside, and its events as a dashboard folds them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use heirloom::config::{Address, ClusterConfig, Members, QuorumPolicy, Timing};
use heirloom::dashboard::cluster::Cluster;
use heirloom::dashboard::cluster::node::Belief;
use heirloom::dashboard::words;
use heirloom::event::Event;
use heirloom::event::process::ProcessEvent;
use heirloom::id::{Generation, NodeId};
use heirloom::simulation::{Aim, Mix, Observer, SimulationConfig, run_watched};
use heirloom::time::Time;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{PATIENCE, told};

/// Runs `heirloom simulate` in a folder without settings.
fn simulate(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_heirloom"));
    command.arg("simulate").args(arguments).current_dir(folder.path());
    command.stdin(Stdio::null()).output().expect("heirloom runs")
}

#[track_caller]
fn refused(arguments: &[&str], sentence: &str) {
    let ended = simulate(arguments);
    assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {}", told(&ended));
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(error.contains(sentence), "{arguments:?}: {error}");
    assert!(ended.stdout.is_empty(), "{arguments:?}: {}", told(&ended));
}

#[test]
fn what_cannot_be_simulated_is_refused_and_nothing_is_run() {
    refused(&["--nodes", "0"], "0 nodes cannot be simulated; give 1 to 1001");
    refused(
        &["--nodes", "1002"],
        "1002 nodes cannot be simulated; give 1 to 1001",
    );
    refused(&["--runs", "0"], "0 is not in 1..=1000000");
    refused(&["--duration", "0s"], "--duration 0s is out of range");
    refused(
        &["--faults", "flood"],
        "\"flood\" is no fault; say none, light, heavy",
    );
    refused(&["--grow=3,0"], "\"0\" is no size of a cluster");
    refused(&["--grow", "--nodes", "5"], "drop --nodes");
    refused(&["--grow", "--svg", "no/such.svg"], "there is no folder no");
    refused(&["--svg", "growth.svg"], "--grow");
}

#[test]
fn what_cannot_be_watched_is_refused_with_what_can() {
    refused(&["--watch"], "--watch draws on a terminal, and there is none");
    refused(
        &["--watch", "--runs", "2"],
        "--watch shows one run, not 2; choose it by --seed",
    );
    refused(
        &["--watch", "--nodes", "10"],
        "--watch draws up to 9 nodes, not 10",
    );
    refused(
        &["--watch", "--duration", "1h"],
        "--watch shows up to 10m of virtual time, not 1h",
    );
    refused(&["--watch", "--grow=3,5"], "drop one of them");
    refused(&["--speed", "0.5"], "--watch");
    refused(&["--watch", "--speed", "0"], "\"0\" is no speed");
}

#[test]
fn figures_come_as_one_object_and_are_the_same_again() {
    let run = [
        "--json", "--nodes", "5", "--runs", "4", "--seed", "9", "--faults", "heavy",
    ];
    let (once, again) = (simulate(&run), simulate(&run));
    assert!(once.status.success(), "{}", told(&once));
    assert_eq!(once.stdout, again.stdout);
    assert!(once.stderr.is_empty(), "{}", told(&once));
    let found: Value = serde_json::from_slice(&once.stdout).expect("one object");
    assert_eq!(
        (&found["seed"], &found["violation"]),
        (&Value::from(9), &Value::Null)
    );
    let size = &found["sizes"][0];
    assert_eq!(
        (&size["nodes"], &size["runs"]),
        (&Value::from(5), &Value::from(4))
    );
    for name in ["elections", "leader_changes", "without_leader", "steps"] {
        assert!(size[name].as_f64() > Some(0.0), "{name}: {found}");
    }
    assert!(
        size["messages_per_election"]["total"].as_f64() > Some(5.0),
        "{found}"
    );
    assert!(size["failover"]["max_ms"].as_f64() >= size["failover"]["p50_ms"].as_f64());
}

#[test]
fn growth_is_drawn_in_the_terminal_and_in_a_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("growth.svg");
    let picture = file.to_str().expect("UTF-8");
    let ended = simulate(&["--grow=3,5,9", "--runs", "3", "--ascii", "--svg", picture]);
    assert!(ended.status.success(), "{}", told(&ended));
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(text.is_ascii() && text.contains("messages an election") && text.contains("none violated"));
    let svg = std::fs::read_to_string(&file).expect("a picture");
    assert!(svg.starts_with("<svg ") && svg.contains("messages an election"));
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_simulation_with_what_was_found() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["simulate", "--runs", "1000000", "--duration", "100days"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let simulation = command.spawn().expect("heirloom starts");
    let pid = Pid::from_child(&simulation);
    // Before it has asked to be told, the signal just ends it: it is sent once it is asked for.
    wait_until_it_catches_signals(&simulation);
    kill_process(pid, Signal::INT).expect("it runs");
    let ended = simulation.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130), "{}", told(&ended));
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(
        text.contains("stopped before the end") && text.contains("elections"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
/// Waits until the process has a handler for SIGINT, as the system tells.
fn wait_until_it_catches_signals(process: &std::process::Child) {
    let status = format!("/proc/{}/status", process.id());
    let catches = || {
        let file = std::fs::File::open(&status).expect("it runs");
        let lines = BufReader::new(file).lines().map_while(Result::ok);
        let caught = lines.filter_map(|line| line.strip_prefix("SigCgt:").map(str::to_owned));
        let mut masks = caught.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        masks.any(|mask| mask & (1 << 1) != 0)
    };
    let began = Instant::now();
    while !catches() {
        assert!(began.elapsed() < PATIENCE, "it never listened for Ctrl-C");
        std::thread::yield_now();
    }
}

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

/// Folds what it hears as a dashboard does, and checks that nothing is missing.
struct Dashboard {
    cluster: Cluster,
    next: BTreeMap<(NodeId, Generation), u64>,
    events: usize,
    /// How often somebody surely led.
    sure: usize,
}

impl Dashboard {
    fn of(nodes: u16) -> Self {
        let addresses = (1..=nodes).map(|number| {
            let address: Address = format!("127.0.0.1:{}", 8000 + number).parse().expect("valid");
            (id(number), address)
        });
        let config = ClusterConfig {
            name: "simulated".parse().expect("valid"),
            members: Members::new(addresses.collect()).expect("a cluster"),
        };
        Self {
            cluster: Cluster::new(&config),
            next: BTreeMap::new(),
            events: 0,
            sure: 0,
        }
    }
}

impl Observer for Dashboard {
    fn listens(&self) -> bool {
        true
    }

    fn node_told(&mut self, now: Time, event: &Event) {
        let next = self.next.entry((event.node, event.generation)).or_default();
        assert_eq!(event.sequence, *next, "no event of a life is missing");
        *next += 1;
        self.events += 1;
        let line = serde_json::to_string(event).expect("a line");
        let read: Event = serde_json::from_str(&line).expect("what a recording reads");
        self.cluster.node_told(now, &read);
        self.tells_the_truth(now);
    }

    fn process_told(&mut self, event: &ProcessEvent) {
        self.events += 1;
        self.cluster.process_became(event.monotonic_ns, event);
        self.tells_the_truth(event.monotonic_ns);
    }
}

impl Dashboard {
    /// Returns who leads for sure: it says so, so many follow it that they are a quorum, and nobody was
    /// elected since.
    fn surely_leads(&self) -> Option<NodeId> {
        let awake = || self.cluster.nodes.values().filter(|node| node.state().is_alive());
        let reigns = awake().filter_map(|node| match node.belief {
            Belief::Leads(ballot) => Some((ballot, true)),
            Belief::Elected(ballot) => Some((ballot, false)),
            Belief::Nothing | Belief::Electing | Belief::NoQuorum { .. } | Belief::Follows(_) => None,
        });
        let (ballot, serves) = reigns.max()?;
        let followers = awake()
            .filter(|node| node.belief == Belief::Follows(ballot))
            .count();
        (serves && followers >= self.cluster.nodes.len() / 2).then_some(ballot.id)
    }

    /// Checks that neither the banner nor an election says that nobody leads while somebody does.
    fn tells_the_truth(&mut self, now: Time) {
        let Some(leader) = self.surely_leads() else { return };
        self.sure += 1;
        let leadership = &self.cluster.leadership;
        assert_eq!(self.cluster.leader(), Some(leader), "at {now:?}: {leadership:?}");
        let running = self.cluster.leadership.running;
        for election in self.cluster.elections.newest() {
            let heading = words::election(now, election);
            assert!(
                running.is_some() || !heading.contains("no leader"),
                "node {leader} leads at {now:?}: {heading}"
            );
        }
    }
}

#[test]
fn whoever_leads_is_never_said_not_to_whatever_others_believe() {
    let mut sure = 0;
    for seed in 1..=12 {
        let mut dashboard = Dashboard::of(5);
        let config = SimulationConfig {
            nodes: 5,
            policy: QuorumPolicy::Live,
            timing: Timing::FAST,
            seed,
            chaos: Duration::from_secs(30),
            faults: 30,
            mix: Mix::all(),
            aim: Aim::Leader,
            trace: false,
        };
        let report = run_watched(&config, &mut dashboard);
        assert_eq!(report.violation, None);
        sure += dashboard.sure;
    }
    assert!(sure > 5000, "{sure} looks at a leader");
}

#[test]
fn a_dashboard_folds_the_events_of_a_simulation() {
    let mut dashboard = Dashboard::of(5);
    let config = SimulationConfig {
        nodes: 5,
        policy: QuorumPolicy::Live,
        timing: Timing::FAST,
        seed: 3,
        chaos: Duration::from_mins(1),
        faults: 30,
        mix: Mix::all(),
        aim: Aim::Leader,
        trace: false,
    };
    let report = run_watched(&config, &mut dashboard);
    assert_eq!(report.violation, None);
    let cluster = &dashboard.cluster;
    let last = *report.reigns.last().expect("somebody led");
    assert_eq!(
        cluster.leader(),
        Some(id(5)),
        "the highest leads once all is healed"
    );
    assert_eq!(cluster.leadership.reign.map(|reign| reign.ballot), Some(last));
    assert!(dashboard.events > 300, "{} events", dashboard.events);
    assert!(dashboard.next.len() > 5, "nodes died and came back");
    let failures = cluster
        .leadership
        .history
        .iter()
        .filter(|failover| failover.is_failure());
    assert!(failures.count() > 3, "{:?}", cluster.leadership.history);
}
