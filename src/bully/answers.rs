//! What a probe was answered, and by how many: counted as it comes in.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Ballot, NodeId};
use crate::protocol::AnswerVerdict;

/// What each node has answered; a later answer replaces an earlier one.
#[derive(Debug, Default)]
pub(super) struct Answers {
    verdicts: BTreeMap<NodeId, AnswerVerdict>,
    supporters: usize,
    /// Who stands itself.
    bullies: BTreeSet<NodeId>,
    /// Who knows of a leader, and which.
    leaders: BTreeMap<NodeId, Ballot>,
}

impl Answers {
    pub(super) fn insert(&mut self, from: NodeId, verdict: AnswerVerdict) {
        match self.verdicts.insert(from, verdict) {
            Some(AnswerVerdict::Support) => self.supporters -= 1,
            Some(AnswerVerdict::Bully) => {
                self.bullies.remove(&from);
            }
            Some(AnswerVerdict::LeaderAlive(_)) => {
                self.leaders.remove(&from);
            }
            Some(AnswerVerdict::NotYet) | None => {}
        }
        match verdict {
            AnswerVerdict::Support => self.supporters += 1,
            AnswerVerdict::Bully => {
                self.bullies.insert(from);
            }
            AnswerVerdict::LeaderAlive(ballot) => {
                self.leaders.insert(from, ballot);
            }
            AnswerVerdict::NotYet => {}
        }
    }

    pub(super) fn of(&self, id: NodeId) -> Option<AnswerVerdict> {
        self.verdicts.get(&id).copied()
    }

    /// Who has answered.
    pub(super) fn heard(&self) -> impl Iterator<Item = NodeId> {
        self.verdicts.keys().copied()
    }

    /// How many have answered.
    pub(super) fn len(&self) -> usize {
        self.verdicts.len()
    }

    pub(super) fn supporters(&self) -> usize {
        self.supporters
    }

    pub(super) fn bullies(&self) -> impl Iterator<Item = NodeId> {
        self.bullies.iter().copied()
    }

    /// The newest leader that somebody knows to be alive.
    pub(super) fn leader_alive(&self) -> Option<Ballot> {
        self.leaders.values().max().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_answer_replaces_an_earlier_one_in_every_count() {
        let [two, three] = [2, 3].map(|number| NodeId::new(number).expect("not zero"));
        let mut answers = Answers::default();
        answers.insert(two, AnswerVerdict::Support);
        answers.insert(three, AnswerVerdict::Bully);
        answers.insert(two, AnswerVerdict::NotYet);
        answers.insert(three, AnswerVerdict::Support);
        assert_eq!(
            (answers.len(), answers.supporters(), answers.bullies().count()),
            (2, 1, 0)
        );
        let ballot = Ballot {
            epoch: crate::id::Epoch(7),
            id: three,
        };
        answers.insert(two, AnswerVerdict::LeaderAlive(ballot));
        assert_eq!(answers.leader_alive(), Some(ballot));
        answers.insert(two, AnswerVerdict::Support);
        assert_eq!((answers.leader_alive(), answers.supporters()), (None, 2));
        assert_eq!(answers.of(two), Some(AnswerVerdict::Support));
    }
}
