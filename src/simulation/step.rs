//! What can be done to a cluster, by chance or by name.

use std::time::Duration;

use crate::id::NodeId;

/// Something done to a cluster; a step that names a node that does not exist does nothing.
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

impl Step {
    /// The same, done to `node` instead of whom it was for; a cut then keeps what `node` says.
    ///
    /// What is not done to one node stays as it is.
    pub(super) fn aimed_at(self, node: NodeId) -> Self {
        match self {
            Self::Crash(_) => Self::Crash(node),
            Self::CrashAndLoseDisk(_) => Self::CrashAndLoseDisk(node),
            Self::Stop(_) => Self::Stop(node),
            Self::Freeze(_, span) => Self::Freeze(node, span),
            Self::StallClock(_, span) => Self::StallClock(node, span),
            Self::Cut(_, to, span) if to != node => Self::Cut(node, to, span),
            Self::Start(_)
            | Self::Cut(..)
            | Self::Partition(..)
            | Self::Lose(..)
            | Self::Delay(..)
            | Self::Duplicate(..)
            | Self::CrashAllBut(_) => self,
        }
    }

    /// The nodes it names.
    pub(super) fn names(&self) -> Vec<NodeId> {
        match self {
            Self::Start(id)
            | Self::Crash(id)
            | Self::CrashAndLoseDisk(id)
            | Self::Stop(id)
            | Self::Freeze(id, _)
            | Self::StallClock(id, _)
            | Self::CrashAllBut(id) => vec![*id],
            Self::Cut(from, to, _) => vec![*from, *to],
            Self::Partition(group, _) => group.clone(),
            Self::Lose(..) | Self::Delay(..) | Self::Duplicate(..) => Vec::new(),
        }
    }
}
