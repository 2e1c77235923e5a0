//! What must hold after every step of every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::config::QuorumPolicy;
use crate::id::{Ballot, Epoch, NodeId};

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A ballot was led twice.
    LedTwice(Ballot),
    /// Two nodes won the same epoch with a majority each.
    TwoLeadersOfAnEpoch(Ballot, Ballot),
    /// Two nodes served at the same time.
    TwoServing(Ballot, Ballot),
    /// A node voted twice in an epoch.
    VotedTwice {
        /// The voter.
        voter: NodeId,
        /// Its first vote.
        first: Ballot,
        /// Its second.
        second: Ballot,
    },
    /// A node told of a vote that was not on its disk.
    ToldTooEarly(NodeId, Ballot),
    /// A node's epoch went back.
    EpochWentBack(NodeId, Epoch, Epoch),
    /// A leader had too few votes.
    TooFewGrants {
        /// Its reign.
        ballot: Ballot,
        /// The votes it had.
        grants: usize,
        /// The votes it needed, at the very least.
        needed: usize,
    },
    /// After healing nobody, or not the highest id, led everybody in time.
    NoAgreement(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LedTwice(ballot) => write!(f, "ballot {ballot} was led twice"),
            Self::TwoLeadersOfAnEpoch(a, b) => write!(f, "{a} and {b} both won a majority"),
            Self::TwoServing(a, b) => write!(f, "{a} and {b} served at the same time"),
            Self::VotedTwice { voter, first, second } => {
                write!(f, "node {voter} voted for {first} and for {second}")
            }
            Self::ToldTooEarly(node, ballot) => {
                write!(f, "node {node} told of its vote for {ballot} too early")
            }
            Self::EpochWentBack(node, from, to) => {
                write!(f, "node {node} went back from epoch {from} to {to}")
            }
            Self::TooFewGrants {
                ballot,
                grants,
                needed,
            } => write!(f, "{ballot} led with {grants} votes of {needed}"),
            Self::NoAgreement(state) => write!(f, "no agreement after healing: {state}"),
        }
    }
}

/// What [`Violation`]s there are, as rules for people: each is checked after every happening.
pub const INVARIANTS: [&str; 8] = [
    "no ballot is led twice",
    "no two nodes win one epoch with a majority",
    "no two nodes serve at the same time",
    "no node votes twice in an epoch",
    "no vote is told before it is on disk",
    "no node's epoch goes back",
    "no leader has fewer votes than a quorum",
    "once healed, everybody follows the highest node",
];

/// What has been seen so far, to hold the next step against.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    leaders: BTreeSet<Ballot>,
    epochs_led: BTreeMap<Epoch, Ballot>,
    votes: BTreeMap<(NodeId, Epoch), Ballot>,
    /// The epochs of which a node's votes are forgotten if its disk is lost before they make a leader.
    loose: BTreeMap<NodeId, Vec<Epoch>>,
    epochs: BTreeMap<NodeId, Epoch>,
    pub(super) violation: Option<Violation>,
}

impl Watcher {
    pub(super) fn violated(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    /// Somebody became leader with these votes, of which it needed `needed` at the very least.
    pub(super) fn led(&mut self, ballot: Ballot, grants: &[NodeId], needed: usize, policy: QuorumPolicy) {
        if !self.leaders.insert(ballot) {
            self.violated(Violation::LedTwice(ballot));
        }
        for &voter in grants {
            self.voted(voter, ballot);
        }
        if grants.len() < needed {
            self.violated(Violation::TooFewGrants {
                ballot,
                grants: grants.len(),
                needed,
            });
        }
        if policy == QuorumPolicy::Majority
            && let Some(&other) = self.epochs_led.get(&ballot.epoch)
        {
            self.violated(Violation::TwoLeadersOfAnEpoch(other, ballot));
        }
        self.epochs_led.insert(ballot.epoch, ballot);
    }

    /// Somebody's vote became known to another.
    pub(super) fn voted(&mut self, voter: NodeId, ballot: Ballot) {
        let first = *self.votes.entry((voter, ballot.epoch)).or_insert_with(|| {
            self.loose.entry(voter).or_default().push(ballot.epoch);
            ballot
        });
        if first != ballot {
            self.violated(Violation::VotedTwice {
                voter,
                first,
                second: ballot,
            });
        }
    }

    /// A node's vote on disk.
    pub(super) fn persisted(&mut self, node: NodeId, epoch: Epoch) {
        let before = self.epochs.insert(node, epoch).unwrap_or_default();
        if epoch < before {
            self.violated(Violation::EpochWentBack(node, before, epoch));
        }
    }

    /// A node's disk was lost, and its epochs with it.
    ///
    /// What it voted for still binds it where a reign came of it. A vote that never reached anybody
    /// who lived to count it binds nobody; whoever still counts it is held to it in [`Self::led`].
    pub(super) fn disk_lost(&mut self, node: NodeId) {
        self.epochs.remove(&node);
        for epoch in self.loose.remove(&node).unwrap_or_default() {
            let vote = (node, epoch);
            let bound = self
                .votes
                .get(&vote)
                .is_some_and(|ballot| self.leaders.contains(ballot));
            if !bound {
                self.votes.remove(&vote);
            }
        }
    }

    /// Everybody who may act as leader at this moment.
    pub(super) fn serving(&mut self, serving: &[Ballot]) {
        if let [first, second, ..] = serving {
            self.violated(Violation::TwoServing(*first, *second));
        }
    }
}
