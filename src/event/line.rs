//! The log line of a fact, in the words of the original session.
//!
//! A fact that only machines care about has no line. A line is one line whatever a stranger put
//! into the fact: what would move a cursor does not get through.

use std::borrow::Cow;
use std::fmt;

use super::{Event, Fact, LinkDownReason, StepDownReason};
use crate::id::{Ballot, NodeId};

/// Returns the line a person reads for an event; `None` for what only machines care about.
#[must_use]
pub fn of(event: &Event) -> Option<String> {
    let node = event.node;
    let said = said_by(node, &event.fact)?;
    Some(printable(&format!("Node {node}: {said}")).into_owned())
}

/// Returns `text` as one line that a terminal only prints.
///
/// Names and reasons come from strangers. Control characters would draw on the operator's terminal
/// or forge a line of the log, marks of direction would reorder what is read, and what has no width
/// would hang on a stranger's letter; each becomes U+FFFD.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_unprintable) {
        Cow::Owned(text.replace(is_unprintable, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_unprintable(c: char) -> bool {
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    let turns_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let has_no_width = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    c.is_control() || breaks_line || turns_direction || has_no_width
}

/// One match, so that a new fact is given its line, or none, by whoever adds it.
fn said_by(node: NodeId, fact: &Fact) -> Option<String> {
    let said = match fact {
        Fact::Started { pid, address, .. } => format!("Listening on {address} (pid {pid})"),
        Fact::Stopping => "Stopping".to_owned(),
        Fact::LinkUp { peer } => format!("Connected to node {peer}"),
        Fact::LinkDown { peer, reason } => link_down(*peer, *reason),
        Fact::GreetingRefused { from, reason } => format!("Refused {from}: {reason}"),
        Fact::LeaderSuspected { leader, .. } => {
            format!("Leader {leader} is DOWN! Starting new election...")
        }
        Fact::ElectionStarted { .. }
        | Fact::MessageReceived { .. }
        | Fact::HeartbeatAnswered { .. }
        | Fact::Voted { .. }
        | Fact::RotationChanged { .. }
        | Fact::Holding { .. }
        | Fact::RequestDone { .. } => return None,
        Fact::QuorumMissing { missing } => format!("No quorum: waiting for {}", nodes(missing)),
        Fact::ClaimStarted { ballot } => format!("Asking for votes in epoch {}", ballot.epoch),
        Fact::BecameLeader { .. } => "I am the new leader!".to_owned(),
        Fact::ServingStarted { .. } => "I am the LEADER, initializing load balancer".to_owned(),
        Fact::ServingStopped { .. } => "Too few nodes follow me; serving nobody".to_owned(),
        Fact::Following { ballot } => format!("Following leader {} (epoch {})", ballot.id, ballot.epoch),
        Fact::SteppedDown { ballot, reason } => stepped_down(*ballot, *reason),
        Fact::HandoverStarted { ballot } => format!("Handing over to node {}", ballot.id),
        Fact::OfferParked { image } => format!("Image {image} waits for the election to end"),
        Fact::Assigned {
            image,
            user,
            node: to,
            redispatched_from: from,
            ..
        } => format!(
            "Image {image} of {user} assigned to {}",
            assignee(node, *to, *from)
        ),
        Fact::UploadStarted {
            user, file, bytes, ..
        } => format!("Encrypting {file} of {user} ({bytes} bytes)"),
        Fact::UploadDone {
            user,
            file,
            copies,
            took_us,
            ..
        } => format!(
            "Stored {file} of {user} ({}, {} ms)",
            Copies(*copies),
            took_us / 1000
        ),
        Fact::UploadFailed {
            user, file, reason, ..
        } => format!("Upload of {file} of {user} failed: {reason}"),
        Fact::CopyMissed { image, peer } => format!("Image {image} is not on node {peer} yet"),
        Fact::CatchingUp { missing } => format!("Catching up: {missing} missing"),
        Fact::InSync { ballot } => format!("In sync with leader {} (epoch {})", ballot.id, ballot.epoch),
        Fact::RecordDamaged { image, reason } => format!("The record of image {image} {reason}; set aside"),
        Fact::RecordRepaired { image, peer } => format!("Image {image} repaired from node {peer}"),
        Fact::Downloaded {
            user, file, took_us, ..
        } => format!("Sent {file} to {user} ({} ms)", took_us / 1000),
        Fact::Listed { user, images } => format!("Listed {images} images of {user}"),
        Fact::Deleted {
            image, user, copies, ..
        } => format!("Deleted image {image} of {user} ({})", Copies(*copies)),
        Fact::RequestFailed {
            kind,
            image,
            user,
            reason,
        } => format!("{} of {image} for {user} failed: {reason}", kind.noun()),
        Fact::LogDropped { lines } => format!("{lines} log lines were dropped: their reader fell behind"),
    };
    Some(said)
}

fn link_down(peer: NodeId, reason: LinkDownReason) -> String {
    match reason {
        LinkDownReason::Closed => format!("Lost the connection to node {peer}"),
        LinkDownReason::Refused => format!("Node {peer} is down (connection refused)"),
        LinkDownReason::Silent => format!("Node {peer} does not answer"),
    }
}

fn stepped_down(ballot: Ballot, reason: StepDownReason) -> String {
    match reason {
        StepDownReason::QuorumLost => "Stepping down: too few nodes follow me".to_owned(),
        StepDownReason::HandedOver => format!("Stepped down as leader of epoch {}", ballot.epoch),
        StepDownReason::HandoverFailed => "Stepping down: the handover came to nothing".to_owned(),
        StepDownReason::Superseded { epoch } => format!("Stepping down: epoch {epoch} has begun"),
        StepDownReason::Stopping => "Stepping down: stopping".to_owned(),
    }
}

/// Returns who does it: `myself` when the node says so of itself, and who lost it before.
fn assignee(speaker: NodeId, to: NodeId, from: Option<NodeId>) -> String {
    match from {
        Some(from) => format!("node {to} (node {from} lost it)"),
        None if to == speaker => "myself".to_owned(),
        None => format!("node {to}"),
    }
}

struct Copies(usize);

impl fmt::Display for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => write!(f, "1 copy"),
            copies => write!(f, "{copies} copies"),
        }
    }
}

/// Lists nodes as a sentence does: `node 3`, `nodes 1 and 3`, `nodes 1, 2 and 3`.
#[must_use]
pub fn nodes(ids: &[NodeId]) -> String {
    match ids {
        [] => "no node".to_owned(),
        [one] => format!("node {one}"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(NodeId::to_string).collect();
            format!("nodes {} and {last}", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{EventStamp, SuspicionReason};
    use crate::id::{Epoch, Generation};
    use crate::time::Time;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn line(node: u16, fact: Fact) -> Option<String> {
        of(&EventStamp::new(id(node), Generation(1)).stamp(Time::ZERO, Duration::ZERO, fact))
    }

    #[test]
    fn the_lines_of_the_original_session_are_kept_word_for_word() {
        let ballot = Ballot {
            epoch: Epoch(1),
            id: id(3),
        };
        let grants = vec![id(3), id(2)];
        assert_eq!(
            line(3, Fact::BecameLeader { ballot, grants }).as_deref(),
            Some("Node 3: I am the new leader!")
        );
        assert_eq!(
            line(3, Fact::ServingStarted { ballot }).as_deref(),
            Some("Node 3: I am the LEADER, initializing load balancer")
        );
        let suspected = Fact::LeaderSuspected {
            leader: id(3),
            reason: SuspicionReason::Refused,
        };
        assert_eq!(
            line(2, suspected).as_deref(),
            Some("Node 2: Leader 3 is DOWN! Starting new election...")
        );
    }

    #[test]
    fn a_stranger_draws_nothing_and_forges_no_line() {
        let refused = Fact::GreetingRefused {
            from: "a client".to_owned(),
            reason: "\u{1b}[2Jno\r\nNode 1: I am the new leader!".to_owned(),
        };
        assert_eq!(
            line(2, refused).as_deref(),
            Some("Node 2: Refused a client: \u{fffd}[2Jno\u{fffd}\u{fffd}Node 1: I am the new leader!")
        );
    }

    #[test]
    fn what_only_prints_is_left_as_it_is() {
        assert!(matches!(printable("Füße 写真.png"), Cow::Borrowed(_)));
        assert_eq!(printable("gnp\u{202e}.exe\u{2028}"), "gnp\u{fffd}.exe\u{fffd}");
    }

    #[test]
    fn nodes_are_listed_as_in_a_sentence() {
        assert_eq!(nodes(&[id(3)]), "node 3");
        assert_eq!(nodes(&[id(1), id(2), id(3)]), "nodes 1, 2 and 3");
    }
}
