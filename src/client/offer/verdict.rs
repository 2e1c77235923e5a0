//! What the answers to an offer amount to: a decision, without I/O.

use std::collections::BTreeMap;

use super::Answers;
use crate::id::NodeId;
use crate::protocol::{Assignment, NodeError};
use crate::upload::{Answer, Obstacle, Unreachable};

/// What the answers amount to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) enum Verdict {
    /// The leader has assigned it.
    Assigned(Assignment),
    /// Offering again may help.
    Again(Obstacle),
    /// Offering again cannot help.
    Hopeless(NodeError),
}

/// Weighs what the members said.
pub(in crate::client) fn verdict(answers: &Answers) -> Verdict {
    if let Some(assignment) = newest_assignment(answers) {
        return Verdict::Assigned(assignment);
    }
    // A node fails an offer only for what the offer is; the same one would fail again.
    if let Some(error) = answers.values().find_map(failure) {
        return Verdict::Hopeless(error.clone());
    }
    Verdict::Again(obstacle(answers))
}

/// Says what stood in the way of an offer that nobody failed and nobody assigned.
fn obstacle(answers: &Answers) -> Obstacle {
    let silent: Vec<&Unreachable> = answers.values().filter_map(unreachable).collect();
    if silent.len() == answers.len() {
        if let Some(reason) = silent.iter().find_map(|why| refusal(why)) {
            let reason = reason.to_owned();
            return Obstacle::Refused { reason };
        }
        if silent.iter().all(|why| **why == Unreachable::ConnectionRefused) {
            return Obstacle::NobodyListens;
        }
    }
    if answers
        .values()
        .all(|answer| matches!(answer, Answer::Declined { .. }))
    {
        return Obstacle::EveryoneDeclines;
    }
    Obstacle::NoLeader {
        missing: missing(answers),
    }
}

/// Returns who is missing: who says nothing, and whom others miss and this client does not list.
fn missing(answers: &Answers) -> BTreeMap<NodeId, Unreachable> {
    let missed = answers.values().filter_map(|answer| match answer {
        Answer::Unavailable { missing } => Some(missing),
        Answer::Declined { .. } | Answer::Assigned(_) | Answer::Failed(_) | Answer::Unreachable(_) => None,
    });
    // Whoever answers runs, whatever the others see of it.
    let unknown = missed.flatten().filter(|node| !answers.contains_key(node));
    let unknown = unknown.map(|&node| (node, Unreachable::ConnectionRefused));
    let silent = answers
        .iter()
        .filter_map(|(&node, answer)| Some((node, unreachable(answer)?.clone())));
    unknown.chain(silent).collect()
}

fn refusal(why: &Unreachable) -> Option<&str> {
    match why {
        Unreachable::Refused(reason) => Some(reason),
        Unreachable::ConnectionRefused
        | Unreachable::NoAnswer
        | Unreachable::Closed
        | Unreachable::OtherCluster(_)
        | Unreachable::OtherNode(_)
        | Unreachable::NotANode
        | Unreachable::Other(_) => None,
    }
}

fn failure(answer: &Answer) -> Option<&NodeError> {
    match answer {
        Answer::Failed(error) => Some(error),
        Answer::Declined { .. }
        | Answer::Assigned(_)
        | Answer::Unavailable { .. }
        | Answer::Unreachable(_) => None,
    }
}

fn unreachable(answer: &Answer) -> Option<&Unreachable> {
    match answer {
        Answer::Unreachable(why) => Some(why),
        Answer::Declined { .. } | Answer::Assigned(_) | Answer::Unavailable { .. } | Answer::Failed(_) => {
            None
        }
    }
}

/// Returns the assignment of the newest reign: a leader that was frozen may speak late.
fn newest_assignment(answers: &Answers) -> Option<Assignment> {
    let assignments = answers.values().filter_map(|answer| match answer {
        Answer::Assigned(assignment) => Some(*assignment),
        Answer::Declined { .. } | Answer::Unavailable { .. } | Answer::Failed(_) | Answer::Unreachable(_) => {
            None
        }
    });
    assignments.max_by_key(|assignment| assignment.ballot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Ballot, Epoch, RequestId};
    use crate::protocol::ErrorCode;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn assigned(epoch: u64, leader: u16) -> Assignment {
        Assignment {
            ballot: Ballot {
                epoch: Epoch(epoch),
                id: id(leader),
            },
            request: RequestId(1),
            node: id(1),
            quorum: 2,
            stall_ms: 1000,
        }
    }

    fn of<const N: usize>(answers: [Answer; N]) -> Verdict {
        let answers = (1..).map(id).zip(answers).collect();
        verdict(&answers)
    }

    fn declined() -> Answer {
        let reason = "not the leader".to_owned();
        Answer::Declined { reason }
    }

    #[test]
    fn the_newest_reign_is_believed() {
        let verdict = of([
            Answer::Assigned(assigned(4, 1)),
            Answer::Assigned(assigned(5, 2)),
            declined(),
        ]);
        assert_eq!(verdict, Verdict::Assigned(assigned(5, 2)));
    }

    #[test]
    fn without_a_leader_the_missing_nodes_are_known() {
        let verdict = of([
            Answer::Unavailable { missing: vec![id(3)] },
            Answer::Unreachable(Unreachable::NoAnswer),
            Answer::Unreachable(Unreachable::ConnectionRefused),
        ]);
        let missing = [
            (id(2), Unreachable::NoAnswer),
            (id(3), Unreachable::ConnectionRefused),
        ];
        let missing = missing.into();
        assert_eq!(verdict, Verdict::Again(Obstacle::NoLeader { missing }));
    }

    #[test]
    fn when_every_port_refuses_nobody_listens() {
        let refused = || Answer::Unreachable(Unreachable::ConnectionRefused);
        assert_eq!(
            of([refused(), refused()]),
            Verdict::Again(Obstacle::NobodyListens)
        );
        let missing = [(id(1), Unreachable::ConnectionRefused)].into();
        assert_eq!(
            of([refused(), declined()]),
            Verdict::Again(Obstacle::NoLeader { missing })
        );
    }

    #[test]
    fn when_every_member_declines_the_leader_is_none_of_them() {
        assert_eq!(
            of([declined(), declined()]),
            Verdict::Again(Obstacle::EveryoneDeclines)
        );
    }

    #[test]
    fn a_node_that_answers_is_not_missing_whatever_the_others_say() {
        let unavailable = |node| Answer::Unavailable {
            missing: vec![id(node)],
        };
        let missing = BTreeMap::new();
        assert_eq!(
            of([unavailable(2), unavailable(1)]),
            Verdict::Again(Obstacle::NoLeader { missing })
        );
    }

    #[test]
    fn a_leader_that_does_not_accept_ends_it() {
        let error = NodeError {
            code: ErrorCode::NotAccepted,
            reason: "too large".to_owned(),
        };
        let verdict = of([declined(), Answer::Failed(error.clone())]);
        assert_eq!(verdict, Verdict::Hopeless(error));
    }

    #[test]
    fn a_foreign_cluster_is_told_from_a_missing_leader() {
        let foreign = || Answer::Unreachable(Unreachable::Refused("this is cluster b".to_owned()));
        assert_eq!(
            of([foreign(), foreign()]),
            Verdict::Again(Obstacle::Refused {
                reason: "this is cluster b".to_owned()
            })
        );
        let missing = [(id(1), Unreachable::Refused("this is cluster b".to_owned()))].into();
        assert_eq!(
            of([foreign(), declined()]),
            Verdict::Again(Obstacle::NoLeader { missing })
        );
    }
}
