//! What a node believes: who leads, who answers it, whom it reaches.

use std::time::Duration;

use crate::event::LinkDownReason;
use crate::id::{Ballot, NodeId};
use crate::time::Time;

/// What a node believes about who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belief {
    /// It has said nothing yet.
    Nothing,
    /// It has no leader and looks for one.
    Electing,
    /// It found too few nodes to decide anything.
    NoQuorum {
        /// The nodes that neither answered nor are proven dead.
        missing: Vec<NodeId>,
    },
    /// It follows a leader.
    Follows(Ballot),
    /// It was elected, and is not yet followed by enough.
    Elected(Ballot),
    /// It leads and serves.
    Leads(Ballot),
}

/// A heartbeat that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at: Time,
    /// From the heartbeat to its answer; none for the promise with which it began to follow.
    pub after: Option<Duration>,
    /// Who answered.
    pub leader: NodeId,
}

/// How a node reaches another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Its connection stands.
    Linked,
    /// It does not.
    Cut(LinkDownReason),
}
