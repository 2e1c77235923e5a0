//! The rotation as the leader told it: turns given since its reign began, and whose is next.

use std::collections::BTreeMap;

use crate::event::{Fact, RequestOutcome, WorkerState};
use crate::id::{Ballot, NodeId};
use crate::protocol::StatusReport;

/// Who was given what since the reign began.
#[derive(Debug, Clone, Default)]
pub struct Rotation {
    /// The reign that these are the turns of.
    pub ballot: Option<Ballot>,
    /// Whose turn is next.
    pub next: Option<NodeId>,
    tallies: BTreeMap<NodeId, Tally>,
}

/// What one node was given in this reign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests given to it.
    pub assigned: u64,
    /// Requests it did.
    pub done: u64,
    /// Requests it failed.
    pub failed: u64,
    /// Requests it was given after another node had failed them.
    pub redispatched: u64,
    /// What it is to the rotation.
    pub state: Option<WorkerState>,
}

impl Tally {
    /// Returns how many requests it has not finished.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        self.assigned
            .saturating_sub(self.done.saturating_add(self.failed))
    }
}

impl Rotation {
    /// Returns what a node was given.
    #[must_use]
    pub fn tally(&self, node: NodeId) -> Tally {
        self.tallies.get(&node).copied().unwrap_or_default()
    }

    /// Returns how many requests were given in this reign.
    #[must_use]
    pub fn assigned(&self) -> u64 {
        let assigned = self.tallies.values().map(|tally| tally.assigned);
        assigned.fold(0, u64::saturating_add)
    }

    /// Returns the most that a node was given less the least, over the active nodes; 0 is fair.
    #[must_use]
    pub fn spread(&self) -> u64 {
        let active = self
            .tallies
            .values()
            .filter(|tally| tally.state == Some(WorkerState::Active));
        let counts = active.map(|tally| tally.assigned);
        let most = counts.clone().max().unwrap_or(0);
        most - counts.min().unwrap_or(0)
    }

    /// Folds in what a node told.
    pub(super) fn told(&mut self, teller: NodeId, fact: &Fact) {
        match fact {
            Fact::BecameLeader { ballot, .. } => self.begins(*ballot),
            // Nobody gives turns until somebody leads.
            Fact::SteppedDown { .. } | Fact::ServingStopped { .. } if self.is_kept_by(teller) => {
                self.next = None;
            }
            Fact::RotationChanged { node, state, next } if self.is_kept_by(teller) => {
                self.tallies.entry(*node).or_default().state = Some(*state);
                self.next = *next;
            }
            Fact::Assigned {
                ballot,
                node,
                redispatched_from,
                next,
                ..
            } => {
                self.begins(*ballot);
                let tally = self.tallies.entry(*node).or_default();
                count(&mut tally.assigned);
                if redispatched_from.is_some() {
                    count(&mut tally.redispatched);
                }
                self.next = *next;
            }
            Fact::RequestDone { node, outcome, .. } if self.is_kept_by(teller) => {
                let tally = self.tallies.entry(*node).or_default();
                match outcome {
                    RequestOutcome::Done => count(&mut tally.done),
                    RequestOutcome::Failed => count(&mut tally.failed),
                }
            }
            // Nothing else is about turns.
            _ => {}
        }
    }

    /// Folds in that a node is gone: with the leader goes whose turn is next.
    pub(super) fn lost(&mut self, node: NodeId) {
        if self.is_kept_by(node) {
            self.next = None;
        }
    }

    /// Folds in what the leader answers to somebody who has just come.
    pub(super) fn reported(&mut self, report: &StatusReport) {
        let Some(ballot) = report.ballot.filter(|_| report.serving) else {
            return;
        };
        if self.ballot.is_some_and(|current| ballot < current) {
            return;
        }
        self.ballot = Some(ballot);
        self.next = report
            .rotation
            .iter()
            .find(|turn| turn.next)
            .map(|turn| turn.node);
        let tallies = report.rotation.iter().map(|turn| {
            let tally = Tally {
                assigned: turn.assigned,
                done: turn.done,
                failed: turn.failed,
                redispatched: turn.redispatched,
                state: Some(turn.state),
            };
            (turn.node, tally)
        });
        self.tallies = tallies.collect();
    }

    /// A new reign counts from zero; who was elected tells the states before it serves.
    fn begins(&mut self, ballot: Ballot) {
        if self.ballot.is_none_or(|current| current < ballot) {
            *self = Self {
                ballot: Some(ballot),
                ..Self::default()
            };
        }
    }

    /// Only the leader of the reign keeps its rotation; an old one may still speak.
    fn is_kept_by(&self, teller: NodeId) -> bool {
        self.ballot.is_some_and(|ballot| ballot.id == teller)
    }
}

/// Counts one more; a report may already have said as many as there can be.
const fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RequestKind;
    use crate::id::{Epoch, ImageId, RequestId};

    fn node(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn ballot(epoch: u64) -> Ballot {
        let id = node(3);
        Ballot {
            epoch: Epoch(epoch),
            id,
        }
    }

    fn assigned(epoch: u64, to: u16, from: Option<u16>) -> Fact {
        Fact::Assigned {
            kind: RequestKind::Upload,
            ballot: ballot(epoch),
            request: RequestId(1),
            image: ImageId::from_bytes([0; 16]),
            user: "alice".parse().expect("a name"),
            node: node(to),
            redispatched_from: from.map(node),
            next: Some(node(to % 3 + 1)),
        }
    }

    fn done(of: u16, outcome: RequestOutcome) -> Fact {
        Fact::RequestDone {
            request: RequestId(1),
            node: node(of),
            outcome,
        }
    }

    #[test]
    fn turns_are_counted_and_the_next_is_known() {
        let mut rotation = Rotation::default();
        rotation.told(node(3), &assigned(1, 1, None));
        rotation.told(node(3), &assigned(1, 2, Some(1)));
        rotation.told(node(3), &done(1, RequestOutcome::Failed));
        rotation.told(node(3), &done(2, RequestOutcome::Done));
        assert_eq!((rotation.assigned(), rotation.next), (2, Some(node(3))));
        let second = rotation.tally(node(2));
        assert_eq!((second.done, second.redispatched, second.in_flight()), (1, 1, 0));
        assert_eq!(rotation.tally(node(1)).failed, 1);
    }

    #[test]
    fn a_new_reign_counts_from_zero_and_an_old_leader_is_not_listened_to() {
        let mut rotation = Rotation::default();
        rotation.told(node(3), &assigned(1, 1, None));
        rotation.told(node(3), &assigned(2, 2, None));
        assert_eq!((rotation.assigned(), rotation.ballot), (1, Some(ballot(2))));
        rotation.told(node(1), &done(2, RequestOutcome::Done));
        assert_eq!(rotation.tally(node(2)).done, 0, "node 1 keeps no rotation");
    }

    #[test]
    fn only_active_nodes_are_compared() {
        let mut rotation = Rotation::default();
        rotation.told(node(3), &assigned(1, 1, None));
        rotation.told(node(3), &assigned(1, 1, None));
        for (number, state) in [
            (1, WorkerState::Active),
            (2, WorkerState::Active),
            (3, WorkerState::Down),
        ] {
            let (node, next) = (node(number), None);
            rotation.told(ballot(1).id, &Fact::RotationChanged { node, state, next });
        }
        assert_eq!(rotation.spread(), 2);
    }
}
