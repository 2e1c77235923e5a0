//! The election under random faults, under named schedules, and with rules broken on purpose.

use super::*;
use crate::event::Event;
use crate::event::process::ProcessEvent;
use crate::id::NodeId;

/// Every combination that a cluster can be run in.
fn combinations() -> Vec<SimulationConfig> {
    let mut all = Vec::new();
    for nodes in [3, 5, 7] {
        for policy in [QuorumPolicy::Majority, QuorumPolicy::Live] {
            for timing in [Timing::SEED, Timing::FAST] {
                all.push(SimulationConfig {
                    nodes,
                    policy,
                    timing,
                    seed: 0,
                    chaos: Duration::from_secs(20),
                    faults: 12,
                    mix: Mix::all(),
                    aim: Aim::Anybody,
                    broken: None,
                    trace: false,
                });
            }
        }
    }
    all
}

fn seeds() -> u64 {
    std::env::var("HEIRLOOM_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200)
}

/// Runs again, with everything told, what went wrong.
fn explain(config: &SimulationConfig) -> String {
    let config = SimulationConfig {
        trace: true,
        ..config.clone()
    };
    let report = run(&config);
    format!(
        "{} nodes, {:?}, heartbeat {:?}, seed {}: {}\n{}",
        config.nodes,
        config.policy,
        config.timing.heartbeat_interval,
        config.seed,
        report
            .violation
            .as_ref()
            .map_or_else(String::new, Violation::to_string),
        report.trace.join("\n")
    )
}

#[test]
fn no_fault_schedule_violates_an_invariant() {
    let mut total = Counters::default();
    for seed in 0..seeds() {
        for mut config in combinations() {
            config.seed = seed;
            let report = run(&config);
            assert!(report.violation.is_none(), "{}", explain(&config));
            total.add(&report.counters);
        }
    }
    println!("{total:#?}");
    let must_happen = [
        ("handovers", total.handovers),
        ("step-downs", total.step_downs),
        ("refused grants", total.refused_grants),
        ("amnesia", total.amnesia),
        ("one-way cuts", total.one_way_cuts),
        ("lone survivors", total.lone_survivors),
        ("freezes", total.freezes),
        ("clock stalls", total.clock_stalls),
        ("lost messages", total.lost),
    ];
    for (what, count) in must_happen {
        assert!(count > 0, "the faults never led to {what}");
    }
}

/// Rules whose breach needs a schedule of its own rather than chance.
fn caught_by_name(rule: BrokenRule) -> Option<Violation> {
    let report = bully_that_cannot_lead(Some(rule));
    report.violation.or_else(|| {
        let nobody = report.reigns.is_empty();
        nobody.then(|| Violation::NoAgreement("nobody ever led".to_owned()))
    })
}

fn caught_by_chance(rule: BrokenRule) -> Option<(u64, Violation)> {
    (0..seeds()).find_map(|seed| {
        combinations().into_iter().find_map(|config| {
            let config = SimulationConfig {
                seed,
                broken: Some(rule),
                ..config
            };
            run(&config).violation.map(|violation| (seed, violation))
        })
    })
}

#[test]
fn every_broken_rule_is_caught() {
    for rule in BrokenRule::ALL {
        if let Some(violation) = caught_by_name(rule) {
            println!("{rule:?}: by name: {violation}");
        } else if let Some((seed, violation)) = caught_by_chance(rule) {
            println!("{rule:?}: by seed {seed}: {violation}");
        } else {
            panic!("{rule:?} was never caught");
        }
    }
}

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn config(nodes: u16, policy: QuorumPolicy) -> SimulationConfig {
    SimulationConfig {
        nodes,
        policy,
        timing: Timing::FAST,
        seed: 7,
        chaos: Duration::ZERO,
        faults: 0,
        mix: Mix::all(),
        aim: Aim::Anybody,
        broken: None,
        trace: true,
    }
}

/// Plays steps on a cluster whose nodes start together.
fn play_on(config: &SimulationConfig, steps: &[(u64, Step)], end_ms: u64) -> Report {
    let mut planned: BTreeMap<Duration, Vec<Step>> = BTreeMap::new();
    for number in 1..=config.nodes {
        planned
            .entry(Duration::ZERO)
            .or_default()
            .push(Step::Start(id(number)));
    }
    for (at_ms, step) in steps {
        let at = Duration::from_millis(*at_ms);
        planned.entry(at).or_default().push(step.clone());
    }
    play(config, &planned, Duration::from_millis(end_ms))
}

fn leaders(report: &Report) -> Vec<u16> {
    assert_eq!(report.violation, None, "{}", report.trace.join("\n"));
    report.reigns.iter().map(|ballot| ballot.id.number()).collect()
}

const FOR_EVER: Duration = Duration::from_secs(100_000);

/// Node 5 can speak to node 4 only: it bullies, and no quorum can ever support it.
fn bully_that_cannot_lead(broken: Option<BrokenRule>) -> Report {
    let cut = |number| {
        [
            Step::Cut(id(5), id(number), FOR_EVER),
            Step::Cut(id(number), id(5), FOR_EVER),
        ]
    };
    let cuts: Vec<(u64, Step)> = (1..=3).flat_map(cut).map(|step| (0, step)).collect();
    let config = SimulationConfig {
        broken,
        ..config(5, QuorumPolicy::Majority)
    };
    play_on(&config, &cuts, 10_000)
}

#[test]
fn nodes_started_together_elect_the_highest_at_once() {
    for policy in [QuorumPolicy::Majority, QuorumPolicy::Live] {
        assert_eq!(leaders(&play_on(&config(3, policy), &[], 1_000)), [3]);
    }
}

#[test]
fn a_healthy_cluster_never_changes_its_leader() {
    assert_eq!(
        leaders(&play_on(&config(5, QuorumPolicy::Live), &[], 600_000)),
        [5]
    );
}

#[test]
fn nodes_started_within_a_second_have_at_most_one_shorter_reign() {
    for timing in [Timing::SEED, Timing::FAST] {
        for order in [[0, 400, 900], [900, 400, 0], [400, 0, 900], [0, 900, 300]] {
            let config = SimulationConfig {
                timing,
                ..config(3, QuorumPolicy::Live)
            };
            let starts = (1..=3)
                .zip(order)
                .map(|(number, at)| (Duration::from_millis(at), vec![Step::Start(id(number))]));
            let report = play(&config, &starts.collect(), Duration::from_secs(20));
            let leaders = leaders(&report);
            assert!(leaders.len() <= 2 && leaders.last() == Some(&3), "{leaders:?}");
        }
    }
}

#[test]
fn a_bully_that_cannot_lead_blocks_nobody() {
    let leaders = leaders(&bully_that_cannot_lead(None));
    assert_eq!(leaders.last(), Some(&4));
}

#[test]
fn one_broken_link_changes_no_leader() {
    let cuts = [
        (1_000, Step::Cut(id(3), id(1), FOR_EVER)),
        (1_000, Step::Cut(id(1), id(3), FOR_EVER)),
    ];
    for policy in [QuorumPolicy::Majority, QuorumPolicy::Live] {
        assert_eq!(leaders(&play_on(&config(3, policy), &cuts, 60_000)), [3]);
    }
}

#[test]
fn one_false_suspicion_changes_no_leader() {
    let mute = [(1_000, Step::Cut(id(3), id(2), Duration::from_secs(5)))];
    let report = play_on(&config(3, QuorumPolicy::Live), &mute, 60_000);
    assert!(report.counters.suspicions > 0);
    assert_eq!(leaders(&report), [3]);
}

#[test]
fn a_cut_off_minority_never_leads() {
    for policy in [QuorumPolicy::Majority, QuorumPolicy::Live] {
        let cut_off_leader = [(1_000, Step::Partition(vec![id(3)], FOR_EVER))];
        assert_eq!(
            leaders(&play_on(&config(3, policy), &cut_off_leader, 60_000)),
            [3, 2]
        );
        let cut_off_worker = [(1_000, Step::Partition(vec![id(1)], FOR_EVER))];
        assert_eq!(
            leaders(&play_on(&config(3, policy), &cut_off_worker, 60_000)),
            [3]
        );
        let no_majority = [(1_000, Step::Partition(vec![id(1), id(2)], FOR_EVER))];
        assert_eq!(leaders(&play_on(&config(4, policy), &no_majority, 60_000)), [4]);
    }
}

#[test]
fn the_last_survivor_leads_where_death_can_be_proven_and_only_there() {
    let deaths = [
        (1_000, Step::Freeze(id(1), Duration::ZERO)),
        (1_000, Step::CrashAllBut(id(1))),
    ];
    let leaders_after = |policy| {
        let report = play_on(&config(3, policy), &deaths, 1_150);
        (leaders(&report), report.counters.lone_survivors)
    };
    let (live, alone) = leaders_after(QuorumPolicy::Live);
    assert!(live.starts_with(&[3, 1]) && alone > 0, "{live:?}");
    let (majority, alone) = leaders_after(QuorumPolicy::Majority);
    assert!(majority == [3] && alone == 0, "{majority:?}");
}

#[test]
fn a_frozen_node_is_no_dead_node() {
    let freezes = [
        (1_000, Step::Freeze(id(2), FOR_EVER)),
        (1_000, Step::Freeze(id(3), FOR_EVER)),
    ];
    assert_eq!(
        leaders(&play_on(&config(3, QuorumPolicy::Live), &freezes, 60_000)),
        [3]
    );
}

#[test]
fn a_flapping_node_causes_a_bounded_number_of_changes() {
    let flaps: Vec<(u64, Step)> = (1..100).map(|flap| (flap * 3_000, Step::Crash(id(3)))).collect();
    let report = play_on(&config(3, QuorumPolicy::Live), &flaps, 300_000);
    let changes = leaders(&report).len();
    assert!(changes < 20, "{changes} changes for 99 crashes");
}

/// Writes down all that is heard, as a line each.
#[derive(Debug, Default)]
struct Scribe {
    lines: Vec<String>,
    enough_after: Option<Duration>,
}

impl Observer for Scribe {
    fn listens(&self) -> bool {
        true
    }

    fn node_told(&mut self, now: Time, event: &Event) {
        self.lines.push(format!("{now:?} {event:?}"));
    }

    fn process_told(&mut self, event: &ProcessEvent) {
        self.lines.push(format!("{event:?}"));
    }

    fn goes_on(&mut self, now: Time) -> bool {
        self.enough_after.is_none_or(|enough| now < Time::ZERO + enough)
    }
}

fn under_faults(seed: u64) -> SimulationConfig {
    SimulationConfig {
        seed,
        chaos: Duration::from_mins(1),
        faults: 36,
        aim: Aim::Leader,
        ..config(5, QuorumPolicy::Live)
    }
}

#[test]
fn a_seed_replays_a_run_to_its_last_message() {
    let told = |seed| {
        let mut scribe = Scribe::default();
        let report = run_watched(&under_faults(seed), &mut scribe);
        (format!("{report:?}"), scribe.lines)
    };
    let (report, lines) = told(11);
    assert_eq!((&report, &lines), (&told(11).0, &told(11).1));
    assert!(lines.len() > 500, "{} lines", lines.len());
    assert_ne!(told(12).1, lines);
}

#[test]
fn who_looks_on_changes_nothing() {
    let mut scribe = Scribe::default();
    let watched = run_watched(&under_faults(3), &mut scribe);
    assert_eq!(format!("{watched:?}"), format!("{:?}", run(&under_faults(3))));
}

#[test]
fn who_looks_on_may_end_a_run() {
    let mut scribe = Scribe {
        enough_after: Some(Duration::from_secs(30)),
        ..Scribe::default()
    };
    let report = run_watched(&under_faults(3), &mut scribe);
    assert_eq!(report.ending, Ending::Interrupted);
    let ran = report.counters.duration;
    assert!(
        ran >= Duration::from_secs(30) && ran < Duration::from_mins(1),
        "{ran:?}"
    );
    assert_eq!(report.violation, None);
}

#[test]
fn a_node_that_stops_comes_back_however_short_its_downtime() {
    let stops: Vec<(u64, Step)> = (1..200).map(|stop| (stop * 20_000, Step::Stop(id(1)))).collect();
    let report = play_on(&config(3, QuorumPolicy::Live), &stops, 4_000_000);
    assert_eq!(report.counters.crashes, 199);
}

#[test]
fn faults_aimed_at_the_leader_meet_it() {
    let crashes = |aim| {
        let config = SimulationConfig {
            mix: Mix::of([FaultKind::Crash]),
            chaos: Duration::from_secs(400),
            faults: 20,
            aim,
            ..config(101, QuorumPolicy::Live)
        };
        run(&config).counters.leader_changes
    };
    assert!(crashes(Aim::Leader) >= 8);
    assert!(crashes(Aim::Anybody) < 8);
}
