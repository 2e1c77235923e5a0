//! Who counts: who may vote, who is proven dead, how many make a quorum.

use super::election::Role;
use super::peer::Peer;
use super::{Election, Mutation, Vote};
use crate::config::QuorumPolicy;
use crate::id::NodeId;
use crate::time::Time;

impl Election {
    /// Whether the node may vote and stand: it remembers enough, and its restart is behind it.
    pub(super) fn may_stand(&self, now: Time) -> bool {
        !self.leaving && !self.amnesia && !self.in_grace(now) && !self.abstains(now)
    }

    /// When the node may stand, as far as time alone decides it.
    pub(super) fn may_stand_from(&self) -> Time {
        let timing = &self.config.timing;
        self.started + timing.startup_grace.max(timing.promise())
    }

    /// In its start-up grace a node counts everybody; the grace ends when everybody has been heard.
    pub(super) fn in_grace(&self, now: Time) -> bool {
        !self.peers.everybody_heard() && now < self.started + self.config.timing.startup_grace
    }

    /// A node that restarted has forgotten its promise, and abstains until it cannot run any more.
    fn abstains(&self, now: Time) -> bool {
        !self.peers.everybody_met() && now < self.started + self.config.timing.promise()
    }

    /// Ends the amnesia of a blank disk as soon as what it forgot can no longer do harm.
    ///
    /// Among n − Q + 1 others is one of every quorum that this node may have voted in; and where a
    /// whole quorum is blank, nothing was ever voted.
    pub(super) fn recall(&mut self) {
        if !self.amnesia {
            return;
        }
        let members = self.config.members.len();
        let majority = members / 2 + 1;
        let blank = 1 + self.peers.blank();
        if self.peers.heard() > members - majority || blank >= majority {
            self.amnesia = false;
            if self.highest_epoch > self.vote.epoch {
                self.vote = Vote {
                    epoch: self.highest_epoch,
                    voted_for: None,
                };
            }
        }
    }

    /// Since when the peer's port has been refusing connections without a gap, if it does now.
    pub(super) fn proof(&self, now: Time, id: NodeId) -> Option<Time> {
        self.peers.get(id)?.proof(now)
    }

    /// How many nodes a quorum has when `dead` of them do not count.
    pub(super) fn quorum_without(&self, dead: usize) -> usize {
        if self.mutated(Mutation::NoQuorum) {
            return 1;
        }
        (self.config.members.len() - dead) / 2 + 1
    }

    /// How many nodes, the leader included, must hold promises for it to serve.
    pub(super) fn needed_to_serve(&self, now: Time) -> usize {
        let dead = self.dead_since(now, now).count();
        if dead > 0 && dead + 1 == self.peers.len() && self.only_other_is_forgetful(now) {
            return 1;
        }
        self.quorum_without(dead)
    }

    /// Whether the one peer that is not proven dead has lost its disk.
    ///
    /// Such a one votes for nobody and promises nothing until it has heard more than
    /// this node: to wait for it would stop a survivor that serves.
    fn only_other_is_forgetful(&self, now: Time) -> bool {
        let mut living = self.peers.values().filter(|peer| peer.proof(now).is_none());
        living.next().is_some_and(|peer| peer.linked && peer.forgetful)
    }

    /// The members whose proofs of death count and have held since `since`.
    pub(super) fn dead_since(&self, now: Time, since: Time) -> impl Iterator<Item = NodeId> {
        let counts = self.config.policy == QuorumPolicy::Live && !self.in_grace(now);
        let dead = move |peer: &Peer| counts && peer.proof(now).is_some_and(|began| began <= since);
        let refusing = self.peers.refusing();
        refusing.filter(move |(_, peer)| dead(peer)).map(|(id, _)| id)
    }

    /// Until when no reign went on of which this node heard nothing, as far as it can tell.
    ///
    /// Nobody else leads beside one that serves, and nobody at all while everybody else is dead; of
    /// its leader a worker knows until it last heard of it.
    pub(super) fn in_touch(&self, now: Time) -> Option<Time> {
        let alone = || self.peers.values().all(|peer| peer.proof(now).is_some());
        match &self.role {
            Role::Follower(follower) => Some(follower.heard),
            Role::Leader(_)
            | Role::Idle(_)
            | Role::Candidate(_)
            | Role::Claimant(_)
            | Role::HandingOver(_) => (self.serving(now).is_some() || alone()).then_some(now),
        }
    }

    /// The members that can neither be spoken to nor, where that counts, are proven dead.
    pub(super) fn missing(&self) -> Vec<NodeId> {
        self.peers
            .iter()
            .filter(|(_, peer)| !peer.answers())
            .map(|(&id, _)| id)
            .collect()
    }
}
