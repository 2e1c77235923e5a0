//! Plans, what they find, and how it is told.

use std::sync::atomic::AtomicBool;

use clap::Parser;

use super::figures::{Figures, find};
use super::*;
use crate::cli::simulate::plan::PlanError;
use crate::dashboard::theme::Charset;
use crate::simulation::{BrokenRule, GapKind, run};

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    args: SimulateArgs,
}

fn planned(arguments: &[&str]) -> Result<Plan, PlanError> {
    let arguments = std::iter::once("simulate").chain(arguments.iter().copied());
    let program = Program::try_parse_from(arguments).expect("valid arguments");
    Plan::new(&program.options, &program.args)
}

fn plan(arguments: &[&str]) -> Plan {
    planned(arguments).expect("a plan")
}

fn found(plan: &Plan) -> Found {
    let stop = AtomicBool::new(false);
    find(plan, &mut Live::on_terminal(&stop, plan))
}

#[test]
fn what_cannot_be_simulated_is_refused_with_the_limits() {
    let refused = |arguments: &[&str]| planned(arguments).expect_err("refused").to_string();
    assert_eq!(
        refused(&["--nodes=0"]),
        "0 nodes cannot be simulated; give 1 to 1001"
    );
    assert_eq!(
        refused(&["--nodes=1002"]),
        "1002 nodes cannot be simulated; give 1 to 1001"
    );
    assert_eq!(
        refused(&["--duration=0s"]),
        "--duration 0s is out of range; give more than 0 and up to 3650 days"
    );
    assert!(refused(&["--heartbeat=1us"]).contains("heartbeat"));
    assert_eq!(plan(&["--nodes=1001"]).sizes, [1001]);
}

#[test]
fn the_same_seed_finds_the_same_however_many_runs_there_are() {
    let faults = "--faults=heavy";
    let together = found(&plan(&["--seed=7", "--runs=3", "--nodes=5", faults]));
    assert_eq!(
        together,
        found(&plan(&["--seed=7", "--runs=3", "--nodes=5", faults]))
    );
    let mut one_by_one = Figures::new(5);
    for seed in 7..10 {
        let seed = format!("--seed={seed}");
        let alone = plan(&[&seed, "--runs=1", "--nodes=5", faults]);
        one_by_one.add(&run(&alone.run(5, 0)));
    }
    one_by_one.sort();
    assert_eq!(together.sizes, [one_by_one]);
    assert!(together.sizes[0].counters.elections > 3);
}

#[test]
fn a_violation_is_told_with_its_seed_the_command_to_replay_it_and_what_happened_last() {
    let plan = plan(&[
        "--seed=40",
        "--runs=50",
        "--faults=heavy",
        "--timing=fast",
        "--quorum=majority",
    ]);
    let mut broken = plan.clone();
    broken.broken = Some(BrokenRule::NoQuorum);
    let found = found(&broken);
    let violated = found.violation.as_ref().expect("broken rules are caught");
    let again = format!(
        "--seed {} --runs 1 --duration '2m' --faults 'heavy' --quorum majority",
        violated.seed
    );
    assert!(violated.replay.contains(&again), "{}", violated.replay);
    assert!((2..=40).contains(&violated.trace.len()), "{:?}", violated.trace);
    let told = table::of(&broken, &found, false, Charset::Ascii);
    let line = format!("VIOLATED by seed {}: {}", violated.seed, violated.what);
    assert!(told.contains(&line) && !told.contains("none violated"), "{told}");
    let object = json::object(&broken, &found);
    assert_eq!(object["violation"]["seed"], violated.seed);
    assert_eq!(object["violation"]["replay"], violated.replay.as_str());
}

#[test]
fn what_is_stopped_tells_what_it_found_so_far() {
    let plan = plan(&["--runs=1000", "--grow=3,5"]);
    let stop = AtomicBool::new(true);
    let found = find(&plan, &mut Live::on_terminal(&stop, &plan));
    assert!(found.interrupted && found.violation.is_none());
    assert_eq!((found.sizes.len(), found.sizes[0].runs), (1, 1));
    let told = table::of(&plan, &found, true, Charset::Unicode);
    assert!(told.contains("stopped before the end"), "{told}");
}

#[test]
fn growth_is_a_table_and_charts_in_characters_that_were_asked_for() {
    let plan = plan(&["--runs=2", "--grow=3,5,9"]);
    let found = found(&plan);
    let ascii = table::of(&plan, &found, true, Charset::Ascii);
    assert!(ascii.is_ascii(), "{ascii}");
    for part in [
        "msgs/election",
        "messages an election",
        "without a leader in a failover",
        "none violated",
    ] {
        assert!(ascii.contains(part), "{part}: {ascii}");
    }
    let per_election: Vec<f64> = found
        .sizes
        .iter()
        .filter_map(Figures::all_messages_per_election)
        .collect();
    assert!(
        per_election.is_sorted() && per_election.len() == 3,
        "{per_election:?}"
    );
}

#[test]
fn a_cluster_without_faults_elects_once() {
    let found = found(&plan(&["--faults=none", "--nodes=9", "--runs=1"]));
    let figures = &found.sizes[0];
    assert_eq!(
        (figures.counters.elections, figures.counters.leader_changes),
        (1, 0)
    );
    assert_eq!(figures.spans(GapKind::Failover), None);
    assert!(figures.spans(GapKind::Start).is_some());
}
