//! What can be wrong on purpose: faults of links and nodes, in the words of toxiproxy and Jepsen.
//!
//! A [`Fault`] is one thing that a person or a scenario does; the [`Matrix`] is all that holds now;
//! [`NodeFaults`] is one node's part of it, which that node obeys. Nothing here breaks anything.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::NodeId;

mod matrix;
mod words;

use matrix::check_loss;
pub use matrix::{FaultError, Matrix, check_delay};
pub use words::{Group, ParseBetweenError};

/// The longest delay that can be asked for.
///
/// Far above every timeout of a preset, so that whoever wants silence gets it by a cut.
pub const DELAY_MAX: Duration = Duration::from_mins(1);

/// The links that a fault is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// Every link, both ways.
    Everybody,
    /// Every link of one node, both ways.
    Around(NodeId),
    /// The link of two nodes, both ways.
    Pair(NodeId, NodeId),
    /// What the first sends to the second.
    Way(NodeId, NodeId),
}

/// Something done on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing passes: no byte, no end of a connection, no refusal of a new one.
    Cut(Between),
    /// Only within these groups anything passes; who is in none is in one more with the rest.
    Partition(Vec<Vec<NodeId>>),
    /// What passes takes so much longer, give or take the jitter.
    Delay {
        /// Where.
        between: Between,
        /// How much longer.
        #[serde(rename = "delay_ms", with = "millis")]
        delay: Duration,
        /// How much more or less than that, at most.
        #[serde(rename = "jitter_ms", with = "millis")]
        jitter: Duration,
    },
    /// That share of control messages is lost.
    Lose {
        /// Where.
        between: Between,
        /// In percent.
        percent: u8,
    },
    /// Every sync of a node's disk takes so much longer.
    SlowDisk {
        /// Whose.
        node: NodeId,
        /// How much longer.
        #[serde(rename = "delay_ms", with = "millis")]
        delay: Duration,
    },
    /// A node's clock stands still for a while, once, and goes on from there.
    StallClock {
        /// Whose.
        node: NodeId,
        /// How long.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
    /// It passes again, as late and with as many losses as before.
    Uncut(Between),
    /// Whatever is wrong there is right again.
    Heal(Between),
    /// Everything is right again.
    HealAll,
}

/// What is wrong with one direction of a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Whether nothing passes.
    #[serde(default)]
    pub cut: bool,
    /// How much longer everything takes.
    #[serde(rename = "delay_ms", with = "millis", default)]
    pub delay: Duration,
    /// How much more or less than that, at most.
    #[serde(rename = "jitter_ms", with = "millis", default)]
    pub jitter: Duration,
    /// How many of a hundred control messages are lost.
    #[serde(default)]
    pub loss_percent: u8,
}

impl Between {
    /// Says whether a node is at an end of one of them.
    #[must_use]
    pub fn touches(self, node: NodeId) -> bool {
        match self {
            // Everybody has a link to that one node.
            Self::Everybody | Self::Around(_) => true,
            Self::Pair(a, b) | Self::Way(a, b) => node == a || node == b,
        }
    }
}

impl Fault {
    /// Says whether it is about a node: whether that has to obey something, or to stop obeying it.
    #[must_use]
    pub fn touches(&self, node: NodeId) -> bool {
        match self {
            Self::Cut(between)
            | Self::Uncut(between)
            | Self::Delay { between, .. }
            | Self::Lose { between, .. }
            | Self::Heal(between) => between.touches(node),
            Self::SlowDisk { node: whose, .. } | Self::StallClock { node: whose, .. } => node == *whose,
            Self::Partition(_) | Self::HealAll => true,
        }
    }
}

impl Way {
    /// Says whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }
}

/// All that is wrong with one node and its links; whatever it does not name is right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFaults {
    /// What is wrong with what it sends, by receiver.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_node")]
    pub sends: BTreeMap<NodeId, Way>,
    /// What is wrong with what it hears, by sender.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_node")]
    pub hears: BTreeMap<NodeId, Way>,
    /// How much longer a sync of its disk takes.
    #[serde(rename = "disk_delay_ms", with = "millis", default)]
    pub disk_delay: Duration,
}

impl NodeFaults {
    /// Says whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that every share and every delay is in range.
    ///
    /// # Errors
    ///
    /// With the first that is not.
    pub fn check(&self) -> Result<(), FaultError> {
        check_delay(self.disk_delay)?;
        for way in self.sends.values().chain(self.hears.values()) {
            check_loss(way.loss_percent)?;
            check_delay(way.delay.saturating_add(way.jitter))?;
        }
        Ok(())
    }
}

impl fmt::Display for Way {
    /// `cut`, or `100 ms late (give or take 20 ms), 30 % lost`; nothing when nothing is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cut {
            return f.write_str("cut");
        }
        let late = !(self.delay.is_zero() && self.jitter.is_zero());
        if late {
            write!(f, "{} ms late", self.delay.as_millis())?;
        }
        if !self.jitter.is_zero() {
            write!(f, " (give or take {} ms)", self.jitter.as_millis())?;
        }
        if self.loss_percent > 0 {
            let and = if late { ", " } else { "" };
            write!(f, "{and}{} % lost", self.loss_percent)?;
        }
        Ok(())
    }
}

impl fmt::Display for NodeFaults {
    /// `to node 3: cut; from node 3: 100 ms late; disk 50 ms slower`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sends = self.sends.iter().map(|(to, way)| format!("to node {to}: {way}"));
        let hears = self
            .hears
            .iter()
            .map(|(from, way)| format!("from node {from}: {way}"));
        let disk =
            (!self.disk_delay.is_zero()).then(|| format!("disk {} ms slower", self.disk_delay.as_millis()));
        let all: Vec<String> = sends.chain(hears).chain(disk).collect();
        f.write_str(if all.is_empty() { "none" } else { "" })?;
        f.write_str(&all.join("; "))
    }
}

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => write!(f, "everybody"),
            Self::Around(node) => write!(f, "node {node} and everybody"),
            Self::Pair(a, b) => write!(f, "nodes {a} and {b}"),
            Self::Way(from, to) => write!(f, "node {from} to node {to}"),
        }
    }
}

/// Ways by node. The keys are read as the text that they are in JSON: inside a tagged enum serde reads
/// no number out of a key.
mod by_node {
    use std::collections::BTreeMap;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Way;
    use crate::id::NodeId;

    pub(super) fn serialize<S: Serializer>(ways: &BTreeMap<NodeId, Way>, to: S) -> Result<S::Ok, S::Error> {
        ways.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<NodeId, Way>, D::Error> {
        let ways = BTreeMap::<String, Way>::deserialize(from)?;
        let parsed = ways.into_iter().map(|(node, way)| Ok((node.parse()?, way)));
        let parsed: Result<BTreeMap<NodeId, Way>, crate::id::ParseIdError> = parsed.collect();
        parsed.map_err(D::Error::custom)
    }
}

/// Spans as whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
