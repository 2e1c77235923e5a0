//! What a person reads during an upload, word for word as in the original session.
//!
//! A fold from events to lines; it writes nothing. Answers are held back until all are in, so that
//! they stand in the order of ids however they arrived. Attempts that nobody answers are not
//! repeated line by line: one short line says what is waited for.

use std::collections::{BTreeMap, BTreeSet};

use super::saved::printable_path;
use crate::event::line::{nodes, printable};
use crate::id::NodeId;
use crate::upload::line::problem;
use crate::upload::{Answer, Obstacle, Receipt, UploadEvent};

/// The lines of one upload so far.
#[derive(Debug, Default)]
pub struct Transcript {
    broadcasts: u32,
    answers: BTreeMap<NodeId, Answer>,
    /// The short lines since the last assignment; none is said twice.
    said: BTreeSet<String>,
}

impl Transcript {
    /// Begins the transcript of an upload.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the lines that `event` adds.
    pub fn lines(&mut self, event: &UploadEvent) -> Vec<String> {
        match event {
            UploadEvent::Broadcasting { servers } => self.broadcasting(*servers),
            UploadEvent::Sending { node, address } if self.broadcasts == 1 => {
                vec![format!("  Sending to server {node} at {address}")]
            }
            UploadEvent::Sending { .. } | UploadEvent::Progress { .. } => Vec::new(),
            UploadEvent::Answered { node, answer } => {
                self.answers.insert(*node, answer.clone());
                Vec::new()
            }
            UploadEvent::Assigned { .. } => {
                self.said.clear();
                self.answers()
            }
            UploadEvent::Retrying(obstacle) => self.retrying(obstacle),
            UploadEvent::Saved(receipt) => saved(receipt),
            UploadEvent::Failed { .. } => self.answers(),
        }
    }

    fn broadcasting(&mut self, servers: usize) -> Vec<String> {
        self.broadcasts += 1;
        self.answers.clear();
        if self.broadcasts > 1 {
            return Vec::new();
        }
        let plural = if servers == 1 { "" } else { "s" };
        vec![format!("Broadcasting request to {servers} server{plural}...")]
    }

    fn answers(&mut self) -> Vec<String> {
        let answers = std::mem::take(&mut self.answers);
        answers
            .iter()
            .map(|(&node, answer)| answer_line(node, answer))
            .collect()
    }

    fn retrying(&mut self, obstacle: &Obstacle) -> Vec<String> {
        let next = match obstacle {
            Obstacle::NoLeader { .. } | Obstacle::EveryoneDeclines => "waiting for the election",
            Obstacle::NobodyListens => "waiting for one",
            Obstacle::Refused { .. } | Obstacle::Attempt { .. } => "offering again",
        };
        let line = format!("  … {}; {next}", problem(obstacle));
        if self.said.insert(line.clone()) {
            vec![line]
        } else {
            Vec::new()
        }
    }
}

fn answer_line(node: NodeId, answer: &Answer) -> String {
    match answer {
        Answer::Declined { reason } => {
            format!("  - Server {node} declined: {}", printable(reason))
        }
        Answer::Assigned(_) => format!("  ✓ Leader (server {node}) processed request"),
        Answer::Unavailable { missing } if missing.is_empty() => {
            format!("  - Server {node} declined: nobody leads")
        }
        Answer::Unavailable { missing } => {
            let are = if missing.len() == 1 { "is" } else { "are" };
            format!(
                "  - Server {node} declined: nobody leads; {} {are} missing",
                nodes(missing)
            )
        }
        Answer::Failed(error) => format!("  - Server {node} failed: {}", printable(&error.reason)),
        Answer::Unreachable(why) => {
            format!("  - Server {node} unreachable: {}", printable(&why.to_string()))
        }
    }
}

fn saved(receipt: &Receipt) -> Vec<String> {
    let Receipt {
        image,
        saved,
        server,
        copies,
        members,
        ..
    } = receipt;
    let kept = match saved {
        Some(path) => format!("Encrypted image saved to: {}", printable_path(path)),
        None => format!("Image kept as {image}"),
    };
    vec![
        format!("    → encrypted by server {server}, stored on {copies} of {members} nodes"),
        "✓ Success!".to_owned(),
        kept,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Ballot, Epoch, ImageId, RequestId};
    use crate::protocol::Assignment;
    use crate::upload::{Setback, Unreachable};

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn ballot(leader: u16) -> Ballot {
        let (epoch, id) = (Epoch(1), id(leader));
        Ballot { epoch, id }
    }

    fn broadcast() -> Vec<UploadEvent> {
        let mut events = vec![UploadEvent::Broadcasting { servers: 3 }];
        events.extend((1..=3).map(|node| UploadEvent::Sending {
            node: id(node),
            address: format!("127.0.0.1:{}", 8000 + node).parse().expect("valid"),
        }));
        events
    }

    fn answered(node: u16, answer: Answer) -> UploadEvent {
        let node = id(node);
        UploadEvent::Answered { node, answer }
    }

    fn declined(node: u16) -> UploadEvent {
        let reason = format!("Node {node} is not the leader");
        answered(node, Answer::Declined { reason })
    }

    fn refused(node: u16) -> UploadEvent {
        answered(node, Answer::Unreachable(Unreachable::ConnectionRefused))
    }

    fn leads(node: u16) -> UploadEvent {
        answered(
            node,
            Answer::Assigned(Assignment {
                ballot: ballot(node),
                request: RequestId(1),
                node: id(1),
                quorum: 2,
                stall_ms: 1000,
            }),
        )
    }

    fn assigned(node: u16, leader: u16) -> UploadEvent {
        UploadEvent::Assigned {
            node: id(node),
            ballot: ballot(leader),
        }
    }

    fn saved_as(name: &str, leader: u16, copies: usize) -> UploadEvent {
        UploadEvent::Saved(Receipt {
            image: ImageId::from_bytes([7; 16]),
            saved: Some(format!("images/{name}").into()),
            leader: id(leader),
            server: id(1),
            bytes: 5,
            copies,
            members: 3,
            digest: String::new(),
        })
    }

    fn told(events: impl IntoIterator<Item = UploadEvent>) -> String {
        let mut transcript = Transcript::new();
        let lines = events.into_iter().flat_map(|event| transcript.lines(&event));
        lines.map(|line| line + "\n").collect()
    }

    #[test]
    fn an_upload_reads_as_in_the_original_session() {
        let mut events = broadcast();
        // In whatever order they arrive.
        events.extend([leads(3), declined(2), declined(1), assigned(1, 3)]);
        events.push(UploadEvent::Progress { done: 21, total: 21 });
        events.push(saved_as("encrypted_test_image_1730738456.png", 3, 3));
        assert_eq!(
            told(events),
            "\
Broadcasting request to 3 servers...
  Sending to server 1 at 127.0.0.1:8001
  Sending to server 2 at 127.0.0.1:8002
  Sending to server 3 at 127.0.0.1:8003
  - Server 1 declined: Node 1 is not the leader
  - Server 2 declined: Node 2 is not the leader
  ✓ Leader (server 3) processed request
    → encrypted by server 1, stored on 3 of 3 nodes
✓ Success!
Encrypted image saved to: images/encrypted_test_image_1730738456.png
"
        );
    }

    #[test]
    fn after_a_failover_the_dead_leader_is_unreachable() {
        let mut events = broadcast();
        events.extend([declined(1), refused(3), leads(2), assigned(1, 2)]);
        events.push(saved_as("encrypted_test_image_1730738512.png", 2, 2));
        assert_eq!(
            told(events),
            "\
Broadcasting request to 3 servers...
  Sending to server 1 at 127.0.0.1:8001
  Sending to server 2 at 127.0.0.1:8002
  Sending to server 3 at 127.0.0.1:8003
  - Server 1 declined: Node 1 is not the leader
  ✓ Leader (server 2) processed request
  - Server 3 unreachable: connection refused
    → encrypted by server 1, stored on 2 of 3 nodes
✓ Success!
Encrypted image saved to: images/encrypted_test_image_1730738512.png
"
        );
    }

    #[test]
    fn a_lost_node_and_the_election_after_it_cost_a_line_each() {
        let mut events = broadcast();
        events.extend([declined(1), declined(2), leads(3), assigned(3, 3)]);
        events.push(UploadEvent::Retrying(Obstacle::Attempt {
            node: id(3),
            why: Setback::Lost,
        }));
        for _ in 0..3 {
            events.extend(broadcast());
            events.extend([declined(1), declined(2), refused(3)]);
            let missing = [(id(3), Unreachable::ConnectionRefused)].into();
            events.push(UploadEvent::Retrying(Obstacle::NoLeader { missing }));
        }
        events.extend(broadcast());
        events.extend([declined(1), leads(2), refused(3), assigned(1, 2)]);
        events.push(saved_as("encrypted_a_1.png", 2, 2));
        assert_eq!(
            told(events),
            "\
Broadcasting request to 3 servers...
  Sending to server 1 at 127.0.0.1:8001
  Sending to server 2 at 127.0.0.1:8002
  Sending to server 3 at 127.0.0.1:8003
  - Server 1 declined: Node 1 is not the leader
  - Server 2 declined: Node 2 is not the leader
  ✓ Leader (server 3) processed request
  … server 3 was lost; offering again
  … nobody leads; waiting for the election
  - Server 1 declined: Node 1 is not the leader
  ✓ Leader (server 2) processed request
  - Server 3 unreachable: connection refused
    → encrypted by server 1, stored on 2 of 3 nodes
✓ Success!
Encrypted image saved to: images/encrypted_a_1.png
"
        );
    }

    #[test]
    fn an_upload_that_gives_nothing_back_names_the_image() {
        let UploadEvent::Saved(receipt) = saved_as("a.png", 3, 3) else {
            unreachable!("it was saved");
        };
        let told = told([UploadEvent::Saved(Receipt {
            saved: None,
            ..receipt
        })]);
        assert_eq!(
            told,
            "    → encrypted by server 1, stored on 3 of 3 nodes\n\
             ✓ Success!\n\
             Image kept as 07070707070707070707070707070707\n"
        );
    }

    #[test]
    fn a_failed_upload_ends_with_what_the_nodes_said() {
        let mut events = broadcast();
        let missing = vec![id(2), id(3)];
        let unavailable = Answer::Unavailable { missing };
        let silent = Answer::Unreachable(Unreachable::NoAnswer);
        events.extend([answered(1, unavailable), answered(2, silent), refused(3)]);
        let reason = "no leader".to_owned();
        events.push(UploadEvent::Failed { reason });
        assert_eq!(
            told(events),
            "\
Broadcasting request to 3 servers...
  Sending to server 1 at 127.0.0.1:8001
  Sending to server 2 at 127.0.0.1:8002
  Sending to server 3 at 127.0.0.1:8003
  - Server 1 declined: nobody leads; nodes 2 and 3 are missing
  - Server 2 unreachable: no answer
  - Server 3 unreachable: connection refused
"
        );
    }

    #[test]
    fn what_a_node_says_cannot_move_the_cursor() {
        let reason = "no\u{1b}[2J\nway".to_owned();
        let events = [answered(1, Answer::Declined { reason }), assigned(1, 1)];
        assert_eq!(told(events), "  - Server 1 declined: no\u{fffd}[2J\u{fffd}way\n");
    }
}
