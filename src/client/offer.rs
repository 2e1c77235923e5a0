//! Broadcasting an offer: every member is asked at once, and what they say is weighed.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::ClientConfig;
use super::link::Link;
use crate::config::Address;
use crate::id::NodeId;
use crate::protocol::{Assignment, Hello, NodeError, NodeMessage, Offer};
use crate::upload::{Answer, Observer, Obstacle, Unreachable, UploadEvent};

/// How long the others may still answer once the leader has.
///
/// A healthy node answers in a millisecond; the wait only makes the transcript complete, and a
/// frozen node must not hold up what the leader has already decided.
const GRACE: Duration = Duration::from_millis(250);

/// How long a member may be silent before it must prove that it lives, by greeting.
///
/// A loaded node greets within it; a frozen one never does, and its heir should be found soon
/// after it is elected.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a member that lives may hold an offer back while no leader has answered.
///
/// Nodes do so during an election, for two seconds at most; a limit stands here all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that stay open between requests.
pub(super) type Links = BTreeMap<NodeId, Link>;

/// What the members said to one offer.
pub(super) type Answers = BTreeMap<NodeId, Answer>;

/// What the answers amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The leader has assigned it.
    Assigned(Assignment),
    /// Offering again may help.
    Again(Obstacle),
    /// Offering again cannot help.
    Hopeless(NodeError),
}

/// Offers an image to every member, over kept connections where there are some.
///
/// A connection on which an answer is still outstanding in the end is closed.
pub(super) async fn broadcast(
    config: &ClientConfig,
    links: &mut Links,
    offer: &Offer,
    observe: &mut Observer<'_>,
) -> Answers {
    let members = &config.cluster.members;
    observe(UploadEvent::Broadcasting {
        servers: members.len(),
    });
    let mut asking = JoinSet::new();
    for (node, address) in members.iter() {
        let address = address.clone();
        observe(UploadEvent::Sending {
            node,
            address: address.clone(),
        });
        let (kept, hello, offer) = (links.remove(&node), config.hello(), offer.clone());
        asking.spawn(async move { (node, ask(kept, node, &address, hello, offer).await) });
    }
    let mut answers = Answers::new();
    let mut until = Instant::now() + PATIENCE;
    while let Ok(Some(Ok((node, (answer, link))))) = timeout_at(until, asking.join_next()).await {
        if matches!(answer, Answer::Assigned(_)) {
            until = until.min(Instant::now() + GRACE);
        }
        links.extend(link.map(|link| (node, link)));
        record(&mut answers, node, answer, observe);
    }
    for node in members.ids() {
        if !answers.contains_key(&node) {
            let answer = Answer::Unreachable(Unreachable::NoAnswer);
            record(&mut answers, node, answer, observe);
        }
    }
    answers
}

fn record(answers: &mut Answers, node: NodeId, answer: Answer, observe: &mut Observer<'_>) {
    observe(UploadEvent::Answered {
        node,
        answer: answer.clone(),
    });
    answers.insert(node, answer);
}

/// Asks one member; the connection comes back if it can be used again.
async fn ask(
    kept: Option<Link>,
    node: NodeId,
    address: &Address,
    hello: Hello,
    offer: Offer,
) -> (Answer, Option<Link>) {
    let dial = || async {
        let dialled = timeout(SILENCE, Link::dial(node, address, hello.clone())).await;
        dialled.unwrap_or(Err(Unreachable::NoAnswer))
    };
    let asked = async {
        // A kept connection may have ended meanwhile, its node restarted: then a new one tells.
        if let Some(mut link) = kept {
            match ask_on(&mut link, offer.clone(), dial).await {
                Ok(message) => return Ok((message, link)),
                Err(Unreachable::NoAnswer) => return Err(Unreachable::NoAnswer),
                Err(_) => {}
            }
        }
        let mut link = dial().await?;
        let message = ask_on(&mut link, offer, dial).await?;
        Ok((message, link))
    };
    match asked.await {
        Ok((message, link)) => understood(message, link),
        Err(unreachable) => (Answer::Unreachable(unreachable), None),
    }
}

/// Waits for what a node says to an offer as long as it still greets whoever dials it.
async fn ask_on<F: Future<Output = Result<Link, Unreachable>>>(
    link: &mut Link,
    offer: Offer,
    dial: impl Fn() -> F,
) -> Result<NodeMessage, Unreachable> {
    let answered = link.offer(offer);
    tokio::pin!(answered);
    loop {
        match timeout(SILENCE, &mut answered).await {
            Ok(message) => return message,
            Err(_) => drop(dial().await?),
        }
    }
}

fn understood(message: NodeMessage, link: Link) -> (Answer, Option<Link>) {
    match message {
        NodeMessage::Declined { reason } => (Answer::Declined { reason }, Some(link)),
        NodeMessage::Assigned(assignment) => (Answer::Assigned(assignment), Some(link)),
        NodeMessage::Unavailable { missing } => (Answer::Unavailable { missing }, Some(link)),
        NodeMessage::Error(error) => (Answer::Failed(error), None),
        NodeMessage::Chunk
        | NodeMessage::Stored(_)
        | NodeMessage::Image(_)
        | NodeMessage::Sent { .. }
        | NodeMessage::Listing
        | NodeMessage::EndOfList { .. }
        | NodeMessage::Deleted { .. } => (Answer::Unreachable(Unreachable::NotANode), None),
    }
}

/// Weighs what the members said.
pub(super) fn verdict(answers: &Answers) -> Verdict {
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
