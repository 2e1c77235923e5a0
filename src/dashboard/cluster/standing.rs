//! How the leader stands with the others: whom it could count on now, and what was done to it.

use super::Cluster;
use super::failover::{Cause, Hindrance, Standing};
use super::node::{Node, NodeState};
use crate::event::Fact;
use crate::event::process::ProcessFact;
use crate::id::NodeId;
use crate::time::Time;

impl Cluster {
    /// Judges whether a fact leaves the leader its quorum.
    pub(super) fn weigh_fact(&mut self, at: Time, node: NodeId, fact: &Fact) {
        match fact {
            Fact::FaultsChanged { .. } => {
                let cause = self.leader().filter(|&leader| self.is_slowed(leader));
                self.leadership.strained(at, cause.map(Cause::Slowed));
            }
            Fact::ClockStalled { .. } if self.leader() == Some(node) => {
                self.leadership.strained(at, Some(Cause::Stalled(node)));
            }
            Fact::Started { .. }
            | Fact::Stopping
            | Fact::LeaderSuspected { .. }
            | Fact::Following { .. }
            | Fact::ServingStarted { .. } => {}
            // Nothing else changes whom a leader can count on.
            _ => return,
        }
        self.weigh(at);
    }

    /// Judges whether what became of a process leaves the leader its quorum.
    pub(super) fn weigh_process(&mut self, at: Time, fact: &ProcessFact) {
        match fact {
            ProcessFact::Spawned { .. }
            | ProcessFact::Signalled { .. }
            | ProcessFact::Exited { .. }
            | ProcessFact::Restarting { .. }
            | ProcessFact::GaveUp { .. } => self.weigh(at),
            ProcessFact::Wrote { .. }
            | ProcessFact::OutputDropped { .. }
            | ProcessFact::FaultsUntold { .. }
            | ProcessFact::Sampled { .. }
            | ProcessFact::Summary { .. } => {}
        }
    }

    fn weigh(&mut self, at: Time) {
        if let Some(standing) = self.leader().and_then(|leader| self.standing(leader)) {
            self.leadership.weighed(at, &standing);
        }
    }

    /// Returns whom a leader could count on now.
    ///
    /// Who is proven dead, or says that it goes, has no vote; of whom nothing is known it is thought well.
    fn standing(&self, leader: NodeId) -> Option<Standing> {
        let awake = self.nodes.get(&leader)?.state().is_alive();
        let voters = || self.nodes.values().filter(|node| has_vote(node));
        let needed = voters().count() / 2 + 1;
        let able = |node: &&Node| node.state() != NodeState::Frozen;
        let linked = |node: &&Node| node.id == leader || !self.is_cut(leader, node.id);
        let too_few = awake && voters().filter(able).filter(linked).count() < needed;
        let cut = voters().filter(able).any(|node| !linked(&node));
        let hindrance = if cut {
            Hindrance::Cut
        } else {
            Hindrance::TheyStandStill
        };
        Some(Standing {
            needed,
            voters: voters().filter(|_| awake).map(|node| node.id).collect(),
            hindrance: too_few.then_some(hindrance),
        })
    }

    /// Says whether two nodes cannot talk: a promise takes a message in each direction.
    fn is_cut(&self, a: NodeId, b: NodeId) -> bool {
        self.way(a, b).cut || self.way(b, a).cut
    }

    /// Says whether a node's links or its disk were made slow, or its links lossy.
    fn is_slowed(&self, node: NodeId) -> bool {
        let slow_disk = (self.nodes.get(&node)).is_some_and(|node| !node.faults.disk_delay.is_zero());
        let bad = |from, to| {
            let way = self.way(from, to);
            !way.cut && !way.is_sound()
        };
        let mut others = self.nodes.keys().filter(|&&other| other != node);
        slow_disk || others.any(|&other| bad(node, other) || bad(other, node))
    }
}

fn has_vote(node: &Node) -> bool {
    !node.is_proven_dead() && node.state() != NodeState::Stopping
}

#[cfg(test)]
mod tests;
