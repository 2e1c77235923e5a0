//! Everything that happens on a node, as plain data.
//!
//! The log line, the dashboard, the headless output, a recording and the tests are readers of this
//! one stream; a live node, a recording and the simulator are its writers. What a person reads is
//! made from a fact (see [`mod@line`]), never the other way round.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{Generation, NodeId};
use crate::time::Time;

mod fact;
pub mod line;
pub mod process;
mod reason;

pub use fact::Fact;
pub use reason::{LinkDownReason, RequestKind, RequestOutcome, StepDownReason, SuspicionReason, WorkerState};

/// The version of the event format; a reader refuses a higher one.
pub const EVENT_VERSION: u32 = 1;

/// Something that happened on a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The version of the format, [`EVENT_VERSION`].
    #[serde(rename = "v")]
    pub version: u32,
    /// On which node.
    pub node: NodeId,
    /// In which life of its process.
    pub generation: Generation,
    /// The how-manieth event of that life, from 0, without gaps.
    pub sequence: u64,
    /// When, on the node's monotonic clock, in nanoseconds.
    pub monotonic_ns: Time,
    /// When, in milliseconds since the Unix epoch; for people, never for order.
    pub wall_ms: u64,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Makes the events of one life of one node: stamps facts with who, when, and in which order.
#[derive(Debug)]
pub struct EventStamp {
    node: NodeId,
    generation: Generation,
    next_sequence: u64,
}

impl EventStamp {
    /// Makes the stamp of a life that has had no event yet.
    #[must_use]
    pub const fn new(node: NodeId, generation: Generation) -> Self {
        Self {
            node,
            generation,
            next_sequence: 0,
        }
    }

    /// Makes the next event of `fact`, at `now`; `wall` is the time since the Unix epoch.
    pub fn stamp(&mut self, now: Time, wall: Duration, fact: Fact) -> Event {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        Event {
            version: EVENT_VERSION,
            node: self.node,
            generation: self.generation,
            sequence,
            monotonic_ns: now,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            fact,
        }
    }
}
