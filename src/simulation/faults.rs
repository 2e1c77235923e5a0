//! Random faults, drawn from the seed: which kinds there are, and how they are mixed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Step;
use crate::config::Timing;
use crate::id::NodeId;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A process is killed, and started again some time later.
    Crash,
    /// A process is killed, and its disk is wiped where others remember what it does.
    Disk,
    /// A process is asked to stop.
    Stop,
    /// A process stands still for a while.
    Freeze,
    /// A clock stands still for a while.
    Stall,
    /// A link passes nothing in one direction for a while.
    Cut,
    /// Two groups hear nothing of each other for a while.
    Partition,
    /// A share of all messages is lost for a while.
    Loss,
    /// Messages are late for a while.
    Delay,
    /// Messages come twice for a while.
    Duplicate,
    /// Everybody but one is killed.
    Alone,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Crash,
        Self::Disk,
        Self::Stop,
        Self::Freeze,
        Self::Stall,
        Self::Cut,
        Self::Partition,
        Self::Loss,
        Self::Delay,
        Self::Duplicate,
        Self::Alone,
    ];

    /// Returns its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Disk => "disk",
            Self::Stop => "stop",
            Self::Freeze => "freeze",
            Self::Stall => "stall",
            Self::Cut => "cut",
            Self::Partition => "partition",
            Self::Loss => "loss",
            Self::Delay => "delay",
            Self::Duplicate => "duplicate",
            Self::Alone => "alone",
        }
    }

    /// How often it is drawn, of a hundred faults of all kinds.
    const fn weight(self) -> u8 {
        match self {
            Self::Crash => 20,
            Self::Disk | Self::Stop => 7,
            Self::Freeze => 16,
            Self::Stall | Self::Duplicate | Self::Alone => 4,
            Self::Cut => 12,
            Self::Partition => 14,
            Self::Loss | Self::Delay => 6,
        }
    }
}

/// The kinds of faults that a run draws from, often those that are often met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix(BTreeSet<FaultKind>);

impl Mix {
    /// Every kind.
    #[must_use]
    pub fn all() -> Self {
        Self::of(FaultKind::ALL)
    }

    /// These kinds; of none, no fault is drawn.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = FaultKind>) -> Self {
        Self(kinds.into_iter().collect())
    }

    /// Returns the kinds.
    pub fn kinds(&self) -> impl Iterator<Item = FaultKind> {
        self.0.iter().copied()
    }

    /// Says whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn pick(&self, rng: &mut fastrand::Rng) -> Option<FaultKind> {
        let all: u8 = self.kinds().map(FaultKind::weight).sum();
        let mut left = if all > 0 { rng.u8(0..all) } else { return None };
        self.kinds().find(|kind| {
            let drawn = left < kind.weight();
            left = left.saturating_sub(kind.weight());
            drawn
        })
    }
}

/// Draws one fault of a cluster of `nodes`.
pub(super) fn draw(rng: &mut fastrand::Rng, mix: &Mix, nodes: u16, timing: &Timing) -> Option<Step> {
    let node = any_node(rng, nodes);
    let other = other_node(rng, nodes, node);
    let step = match mix.pick(rng)? {
        FaultKind::Crash => Step::Crash(node),
        FaultKind::Disk => Step::CrashAndLoseDisk(node),
        FaultKind::Stop => Step::Stop(node),
        FaultKind::Freeze => Step::Freeze(node, span(rng, timing)),
        FaultKind::Stall => Step::StallClock(node, timing.heartbeat_timeout.mul_f64(0.4 * rng.f64())),
        FaultKind::Cut => Step::Cut(node, other, span(rng, timing)),
        FaultKind::Partition => Step::Partition(any_side(rng, nodes, node), span(rng, timing)),
        FaultKind::Loss => Step::Lose(0.3 * rng.f64(), span(rng, timing)),
        FaultKind::Delay => Step::Delay(Duration::from_millis(rng.u64(1..120)), span(rng, timing)),
        FaultKind::Duplicate => Step::Duplicate(rng.f64(), span(rng, timing)),
        FaultKind::Alone => Step::CrashAllBut(node),
    };
    Some(step)
}

/// Draws how long a fault lasts: often short, sometimes several detection times.
fn span(rng: &mut fastrand::Rng, timing: &Timing) -> Duration {
    let longest = timing.promise().mul_f64(3.0);
    longest.mul_f64(rng.f64() * rng.f64())
}

/// Draws how long a node stays down.
pub(super) fn downtime(rng: &mut fastrand::Rng, timing: &Timing) -> Duration {
    if rng.bool() {
        Duration::from_micros(rng.u64(200..50_000))
    } else {
        timing.promise().mul_f64(2.0 * rng.f64())
    }
}

fn any_node(rng: &mut fastrand::Rng, nodes: u16) -> NodeId {
    NodeId::new(rng.u16(1..=nodes)).unwrap_or_else(|| unreachable!("numbered from 1"))
}

fn other_node(rng: &mut fastrand::Rng, nodes: u16, node: NodeId) -> NodeId {
    loop {
        let other = any_node(rng, nodes);
        if other != node || nodes == 1 {
            return other;
        }
    }
}

/// Draws one side of a partition; if that were nobody, or everybody, it is `node` alone.
fn any_side(rng: &mut fastrand::Rng, nodes: u16, node: NodeId) -> Vec<NodeId> {
    let all = (1..=nodes).filter_map(NodeId::new);
    let side: Vec<NodeId> = all.filter(|_| rng.bool()).collect();
    if side.is_empty() || side.len() == usize::from(nodes) {
        return vec![node];
    }
    side
}
