//! Why leadership passed on, and whose it was.

use crate::id::NodeId;

/// Why leadership passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nobody had led before.
    Start,
    /// Somebody killed the leader.
    Killed(NodeId),
    /// Somebody stopped the leader.
    Stopped(NodeId),
    /// Somebody froze the leader.
    Frozen(NodeId),
    /// The leader's process ended by itself.
    Crashed(NodeId),
    /// So many links of the leader were cut that no quorum was left to it.
    CutOff(NodeId),
    /// So many others stood still that no quorum was left to the leader.
    LeftAlone(NodeId),
    /// Somebody let the leader's clock stand still.
    Stalled(NodeId),
    /// Somebody made the leader's links or its disk slow.
    Slowed(NodeId),
    /// Too many workers believed that the leader is down.
    Suspected(NodeId),
    /// The leader handed over to a higher id.
    HandedOver(NodeId),
    /// The leader lost its quorum, or heard of a newer reign.
    SteppedDown(NodeId),
}

impl Cause {
    /// Returns the word that the first phase begins with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Killed(_) => "killed",
            Self::Stopped(_) => "stopped",
            Self::Frozen(_) => "frozen",
            Self::Crashed(_) => "crashed",
            Self::CutOff(_) => "cut off",
            Self::LeftAlone(_) => "left alone",
            Self::Stalled(_) => "clock stalled",
            Self::Slowed(_) => "slowed down",
            Self::Suspected(_) => "lost",
            Self::HandedOver(_) => "handed over",
            Self::SteppedDown(_) => "stepped down",
        }
    }

    /// Returns the leader that was.
    #[must_use]
    pub const fn leader(self) -> Option<NodeId> {
        match self {
            Self::Start => None,
            Self::Killed(node)
            | Self::Stopped(node)
            | Self::Frozen(node)
            | Self::Crashed(node)
            | Self::CutOff(node)
            | Self::LeftAlone(node)
            | Self::Stalled(node)
            | Self::Slowed(node)
            | Self::Suspected(node)
            | Self::HandedOver(node)
            | Self::SteppedDown(node) => Some(node),
        }
    }
}
