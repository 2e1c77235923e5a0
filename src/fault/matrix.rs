//! All that is wrong on purpose now: the ways between nodes, and their disks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Between, DELAY_MAX, Fault, NodeFaults, Way};
use crate::id::NodeId;

/// Why a fault cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// It names a node that the cluster does not have.
    #[error("there is no node {0}; the cluster has {1}")]
    NoSuchNode(NodeId, String),
    /// It names the way of a node to itself.
    #[error("node {0} has no link to itself; name two nodes")]
    Itself(NodeId),
    /// A partition names a node twice.
    #[error("node {0} cannot be on two sides; name it once")]
    OnTwoSides(NodeId),
    /// A partition has one side.
    #[error("everybody is on one side; leave somebody out, or name two groups")]
    OneSide,
    /// It is of a clock, and the node has none.
    #[error("node {0} does not run, so it has no clock to stall; start it first")]
    NotRunning(NodeId),
    /// It is of a clock, and more of that wait for the node than it could want.
    #[error("node {0} stands still, and its clock is to stand still many times already; let it go on first")]
    StandsStill(NodeId),
    /// Nobody here can tell the nodes.
    #[error("these nodes are not run from here; break them where they were started")]
    NotOurs,
    /// A share of messages is more than all of them.
    #[error("{0} % is more than everything; give 0 to 100")]
    MoreThanAll(u8),
    /// A delay is longer than makes sense.
    #[error("{} s is too long a delay; give at most {} s, or cut the link", .0.as_secs(), DELAY_MAX.as_secs())]
    TooLong(Duration),
}

/// All that is wrong now. Making what is wrong already wrong again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    nodes: Vec<NodeId>,
    /// What is wrong, by who sends and who hears; ways that are sound are not in it.
    ways: BTreeMap<(NodeId, NodeId), Way>,
    disks: BTreeMap<NodeId, Duration>,
}

impl Matrix {
    /// Makes the matrix of a cluster in which nothing is wrong.
    pub fn new(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        Self {
            nodes: nodes.into_iter().collect(),
            ways: BTreeMap::new(),
            disks: BTreeMap::new(),
        }
    }

    /// Says whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.ways.is_empty() && self.disks.is_empty()
    }

    /// Returns what is wrong with what one node sends to another.
    #[must_use]
    pub fn way(&self, from: NodeId, to: NodeId) -> Way {
        self.ways.get(&(from, to)).copied().unwrap_or_default()
    }

    /// Returns a node's part of it.
    #[must_use]
    pub fn of(&self, node: NodeId) -> NodeFaults {
        let sends = self.ways.iter().filter(|((from, _), _)| *from == node);
        let hears = self.ways.iter().filter(|((_, to), _)| *to == node);
        NodeFaults {
            sends: sends.map(|((_, to), way)| (*to, *way)).collect(),
            hears: hears.map(|((from, _), way)| (*from, *way)).collect(),
            disk_delay: self.disks.get(&node).copied().unwrap_or_default(),
        }
    }

    /// Takes over what a node says of itself: its part is this, and nothing else.
    pub fn adopt(&mut self, node: NodeId, part: &NodeFaults) {
        self.ways.retain(|&(from, to), _| from != node && to != node);
        self.ways
            .extend(part.sends.iter().map(|(&to, &way)| ((node, to), way)));
        self.ways
            .extend(part.hears.iter().map(|(&from, &way)| ((from, node), way)));
        self.disks.insert(node, part.disk_delay);
        self.tidy();
    }

    /// Adds what a node says of itself to what others have said: each way is known at both ends.
    pub fn add(&mut self, node: NodeId, part: &NodeFaults) {
        let sends = part.sends.iter().map(|(&to, &way)| ((node, to), way));
        let hears = part.hears.iter().map(|(&from, &way)| ((from, node), way));
        self.ways.extend(sends.chain(hears));
        self.disks.insert(node, part.disk_delay);
        self.tidy();
    }

    fn tidy(&mut self) {
        self.ways.retain(|_, way| !way.is_sound());
        self.disks.retain(|_, delay| !delay.is_zero());
    }

    /// Does a fault; a stalled clock passes by itself, and leaves nothing here.
    ///
    /// # Errors
    ///
    /// When it makes no sense in this cluster; nothing has changed then.
    pub fn apply(&mut self, fault: &Fault) -> Result<(), FaultError> {
        match fault {
            Fault::Cut(between) => self.change(*between, |way| way.cut = true)?,
            Fault::Uncut(between) => self.change(*between, |way| way.cut = false)?,
            Fault::Partition(groups) => self.partition(groups)?,
            &Fault::Delay {
                between,
                delay,
                jitter,
            } => {
                check_delay(delay.saturating_add(jitter))?;
                self.change(between, |way| (way.delay, way.jitter) = (delay, jitter))?;
            }
            &Fault::Lose { between, percent } => {
                check_loss(percent)?;
                self.change(between, |way| way.loss_percent = percent)?;
            }
            &Fault::SlowDisk { node, delay } => {
                self.check(node)?;
                check_delay(delay)?;
                self.disks.insert(node, delay);
            }
            &Fault::StallClock { node, span } => {
                self.check(node)?;
                check_delay(span)?;
            }
            Fault::Heal(between) => self.change(*between, |way| *way = Way::default())?,
            Fault::HealAll => {
                self.ways.clear();
                self.disks.clear();
            }
        }
        self.tidy();
        Ok(())
    }

    fn change(&mut self, between: Between, change: impl Fn(&mut Way)) -> Result<(), FaultError> {
        for way in self.ways_of(between)? {
            change(self.ways.entry(way).or_default());
        }
        Ok(())
    }

    /// Returns the ways that are meant, by who sends and who hears.
    fn ways_of(&self, between: Between) -> Result<Vec<(NodeId, NodeId)>, FaultError> {
        match between {
            Between::Everybody => Ok(self.all_ways().collect()),
            Between::Around(node) => {
                self.check(node)?;
                Ok(self.all_ways().filter(|&(a, b)| a == node || b == node).collect())
            }
            Between::Pair(a, b) => {
                self.check_pair(a, b)?;
                Ok(vec![(a, b), (b, a)])
            }
            Between::Way(from, to) => {
                self.check_pair(from, to)?;
                Ok(vec![(from, to)])
            }
        }
    }

    fn all_ways(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        let pairs = self
            .nodes
            .iter()
            .flat_map(|&a| self.nodes.iter().map(move |&b| (a, b)));
        pairs.filter(|(a, b)| a != b)
    }

    /// Cuts what is between groups, and heals the cuts within them.
    fn partition(&mut self, groups: &[Vec<NodeId>]) -> Result<(), FaultError> {
        let mut sides = BTreeMap::new();
        for (side, group) in groups.iter().enumerate() {
            for &node in group {
                self.check(node)?;
                if sides.insert(node, side).is_some() {
                    return Err(FaultError::OnTwoSides(node));
                }
            }
        }
        let side = |node| sides.get(&node).copied().unwrap_or(groups.len());
        let all: Vec<(NodeId, NodeId)> = self.all_ways().collect();
        if all.iter().all(|&(a, b)| side(a) == side(b)) {
            return Err(FaultError::OneSide);
        }
        for (a, b) in all {
            self.ways.entry((a, b)).or_default().cut = side(a) != side(b);
        }
        Ok(())
    }

    fn check(&self, node: NodeId) -> Result<(), FaultError> {
        if self.nodes.contains(&node) {
            return Ok(());
        }
        let all: Vec<String> = self.nodes.iter().map(ToString::to_string).collect();
        Err(FaultError::NoSuchNode(node, all.join(", ")))
    }

    fn check_pair(&self, a: NodeId, b: NodeId) -> Result<(), FaultError> {
        self.check(a)?;
        self.check(b)?;
        if a == b {
            return Err(FaultError::Itself(a));
        }
        Ok(())
    }
}

/// Checks that a share of messages is not more than all of them.
pub(super) fn check_loss(percent: u8) -> Result<(), FaultError> {
    if percent > 100 {
        return Err(FaultError::MoreThanAll(percent));
    }
    Ok(())
}

/// Checks that a delay is not longer than makes sense.
///
/// # Errors
///
/// When it is longer than [`DELAY_MAX`].
pub fn check_delay(delay: Duration) -> Result<(), FaultError> {
    if delay > DELAY_MAX {
        return Err(FaultError::TooLong(delay));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
