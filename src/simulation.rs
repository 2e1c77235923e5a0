//! Many elections in virtual time: the election's own code on a made-up network.
//!
//! One run is a cluster of [`crate::bully::Election`]s, a network, disks and clocks, all driven from one queue of
//! happenings by one seed: the same seed gives the same run, to the last message. For a while random
//! faults happen; then everything is healed and the cluster must agree. After every step the
//! invariants are checked (see [`Violation`]). No process runs and no time passes.

mod broken;
mod by_node;
mod cluster;
mod counters;
mod faults;
mod invariants;
mod network;
mod observer;
mod service;
mod step;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{QuorumPolicy, Timing};
use crate::id::Ballot;
use crate::time::Time;

pub(crate) use broken::BrokenRule;
use cluster::Cluster;
pub use counters::{Counters, Messages};
pub use faults::{FaultKind, Mix};
pub use invariants::{INVARIANTS, Violation};
pub use observer::{Nobody, Observer};
pub use service::{Gap, GapKind};
pub use step::Step;

/// What a run is told before it starts.
#[derive(Debug, Clone)]
pub struct SimulationConfig {
    /// How many nodes, numbered from 1.
    pub nodes: u16,
    /// How they count.
    pub policy: QuorumPolicy,
    /// How quickly they notice.
    pub timing: Timing,
    /// What makes this run this run.
    pub seed: u64,
    /// How long faults happen.
    pub chaos: Duration,
    /// How many faults happen meanwhile.
    pub faults: u32,
    /// Of which kinds.
    pub mix: Mix,
    /// Whom they meet.
    pub aim: Aim,
    /// A rule that is broken on every node.
    #[cfg(test)]
    pub(crate) broken: Option<BrokenRule>,
    /// Whether the report tells the last happenings.
    pub trace: bool,
}

/// Whom faults meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Any node, each as often as any other.
    Anybody,
    /// In half of the cases whoever leads at that moment.
    Leader,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it was to: after all faults, or with a violation.
    Complete,
    /// Before, because whoever looked on had enough.
    Interrupted,
}

/// What a run found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The seed that makes it happen again.
    pub seed: u64,
    /// What happened, counted.
    pub counters: Counters,
    /// The reigns that served, in the order in which they began to.
    pub reigns: Vec<Ballot>,
    /// The times in which nobody served, in their order; one that lasts at the end is not among them.
    pub gaps: Vec<Gap>,
    /// How it ended.
    pub ending: Ending,
    /// The first invariant that did not hold, if one did not.
    pub violation: Option<Violation>,
    /// The last happenings before the end, for people; empty unless asked for.
    pub trace: Vec<String>,
}

/// How long a healed cluster may take to agree.
///
/// The longest a flapping node must be stable before it takes over is a minute; the rest is slack.
const HEALING_TIME: Duration = Duration::from_secs(150);

/// The most nodes of a simulation.
///
/// Every node speaks to every other: a million links are what a run can hold and elect over in
/// seconds, and the growth of the figures is seen long before.
pub const NODES_MAX: u16 = 1001;

/// Runs a cluster through its faults, heals it, and reports.
#[must_use]
pub fn run(config: &SimulationConfig) -> Report {
    run_watched(config, &mut Nobody)
}

/// Does the same, and lets somebody look on; who looks on changes nothing.
#[must_use]
pub fn run_watched(config: &SimulationConfig, observer: &mut dyn Observer) -> Report {
    let mut cluster = Cluster::new(config, observer);
    cluster.start_everybody();
    cluster.plan_faults(config.faults);
    let chaos_ends = Time::ZERO + config.chaos;
    cluster.run_until(chaos_ends);
    cluster.heal();
    cluster.run_until_agreed(chaos_ends + HEALING_TIME);
    cluster.into_report(config.seed)
}

/// Runs a cluster through named steps, each at its time, without random faults.
///
/// The report is as of `end`; agreement is not asked for.
#[must_use]
pub fn play(config: &SimulationConfig, steps: &BTreeMap<Duration, Vec<Step>>, end: Duration) -> Report {
    let mut nobody = Nobody;
    let mut cluster = Cluster::new(config, &mut nobody);
    for (&at, steps) in steps {
        for step in steps {
            cluster.plan(Time::ZERO + at, step.clone());
        }
    }
    cluster.run_until(Time::ZERO + end);
    cluster.into_report(config.seed)
}
