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
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{QuorumPolicy, Timing};
use crate::id::{Ballot, NodeId};
use crate::time::Time;

pub(crate) use broken::BrokenRule;
use cluster::Cluster;
pub use counters::Counters;
pub use invariants::Violation;

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
    /// A rule that is broken on every node.
    #[cfg(test)]
    pub(crate) broken: Option<BrokenRule>,
    /// Whether the report tells the last happenings.
    pub trace: bool,
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
    /// The first invariant that did not hold, if one did not.
    pub violation: Option<Violation>,
    /// The last happenings before the end, for people; empty unless asked for.
    pub trace: Vec<String>,
}

/// How long a healed cluster may take to agree.
///
/// The longest a flapping node must be stable before it takes over is a minute; the rest is slack.
const HEALING_TIME: Duration = Duration::from_secs(150);

/// Runs a cluster through its faults, heals it, and reports.
#[must_use]
pub fn run(config: &SimulationConfig) -> Report {
    let mut cluster = Cluster::new(config);
    cluster.start_everybody();
    cluster.plan_faults(config.faults, config.chaos);
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
    let mut cluster = Cluster::new(config);
    for (&at, steps) in steps {
        for step in steps {
            cluster.plan(Time::ZERO + at, step.clone());
        }
    }
    cluster.run_until(Time::ZERO + end);
    cluster.into_report(config.seed)
}

/// Something done to a cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Starts a node that is down.
    Start(NodeId),
    /// Kills a node: its disk keeps what was synced.
    Crash(NodeId),
    /// Kills a node and wipes its disk.
    CrashAndLoseDisk(NodeId),
    /// Asks a node to stop.
    Stop(NodeId),
    /// Freezes a node for a while.
    Freeze(NodeId, Duration),
    /// Stops a node's clock for a while.
    StallClock(NodeId, Duration),
    /// Loses everything from the first to the second, for a while.
    Cut(NodeId, NodeId, Duration),
    /// Loses everything between two groups, for a while.
    Partition(Vec<NodeId>, Duration),
    /// Loses that share of all messages, for a while.
    Lose(f64, Duration),
    /// Delays every message by up to so much, for a while.
    Delay(Duration, Duration),
    /// Delivers that share of all messages twice, for a while.
    Duplicate(f64, Duration),
    /// Kills everybody but one, who is to lead alone.
    CrashAllBut(NodeId),
}
