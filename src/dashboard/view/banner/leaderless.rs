//! Why nobody leads, as the bar says it.

use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::node::{Node, NodeState};

/// Why nobody leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaderless {
    Starting,
    NobodyIsUp,
    NoQuorum,
    Electing,
}

impl Leaderless {
    /// Finds out why: nobody is there, too few are, or they are at it.
    pub(super) fn of(cluster: &Cluster) -> Self {
        let states = || cluster.nodes.values().map(Node::state);
        if !states().any(NodeState::is_alive) {
            return if states().all(|state| state == NodeState::NeverStarted) {
                Self::Starting
            } else {
                Self::NobodyIsUp
            };
        }
        let alive = || states().filter(|state| state.is_alive());
        let at_it = alive().filter(|state| *state != NodeState::CutOff).count();
        let voters = cluster
            .nodes
            .values()
            .filter(|node| !node.is_proven_dead())
            .count();
        // One that has no quorum says so of itself; the others may well have one.
        if at_it < alive().count() && at_it * 2 <= voters {
            return Self::NoQuorum;
        }
        Self::Electing
    }

    /// Returns the words for it on the bar.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::NobodyIsUp => "NO NODE IS UP",
            Self::NoQuorum => "NO LEADER: too few nodes for a quorum",
            Self::Electing => "NO LEADER: electing",
        }
    }
}
