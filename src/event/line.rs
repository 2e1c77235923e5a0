//! The log line of a fact, in the words of the original session.
//!
//! A fact that only machines care about has no line. A line is one line whatever a stranger put
//! into the fact: what would move a cursor does not get through.

use std::borrow::Cow;

use super::{Event, Fact, LinkDownReason, RequestKind, StepDownReason};
use crate::id::{Ballot, ImageId, NodeId, UserName};

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

/// Returns `text` as one line that a terminal only prints, with an escape for each letter it would not.
///
/// For errors, which quote what a person wrote: that has to be seen to be mended.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else if is_unprintable(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// Returns a name so that one sees where it begins and ends, and what is in it.
///
/// One with spaces at an end, or with what a terminal does not print, stands in quotes with
/// escapes; every other is itself.
#[must_use]
pub fn quoted(name: &str) -> Cow<'_, str> {
    let is_plain = !name.is_empty() && name.trim() == name && !name.contains(is_unprintable);
    if is_plain {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(printable(&format!("{name:?}")).into_owned())
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
            kind,
            image,
            user,
            node: to,
            redispatched_from: from,
            ..
        } => format!(
            "{} assigned to {}",
            offered(*kind, *image, user),
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
            counted_copies(*copies),
            took_us / 1000
        ),
        Fact::UploadFailed {
            user, file, reason, ..
        } => format!("Upload of {file} of {user} failed: {reason}"),
        Fact::CopyMissed { image, peer } => format!("Image {image} is not on node {peer} yet"),
        Fact::CatchingUp { missing: 0 } => "Nothing is missing any more".to_owned(),
        Fact::CatchingUp { missing } => format!("Catching up: {} missing", counted(*missing, "image")),
        Fact::InSync { ballot } if ballot.id == node => "In sync with all that follow me".to_owned(),
        Fact::InSync { ballot } => format!("In sync with leader {} (epoch {})", ballot.id, ballot.epoch),
        Fact::RecordDamaged { image, reason } => format!("The record of image {image} {reason}; set aside"),
        Fact::RecordRepaired { image, peer } => format!("Image {image} repaired from node {peer}"),
        Fact::StoreReadOnly { reason } => format!("The store is READ-ONLY: {reason}"),
        Fact::ImageLost { image } => {
            format!("Every copy of image {image} is damaged; it is lost: upload it again if you have it")
        }
        Fact::Downloaded {
            user, file, took_us, ..
        } => format!("Sent {file} to {user} ({} ms)", took_us / 1000),
        Fact::Listed { user, images } => format!("Listed {} of {user}", counted(*images, "image")),
        Fact::Deleted {
            image, user, copies, ..
        } => format!("Deleted image {image} of {user} ({})", on_nodes(*copies)),
        Fact::RequestFailed {
            kind,
            image,
            user,
            reason,
        } => format!("{} failed: {reason}", requested(*kind, *image, user)),
        Fact::FaultsChanged { faults } => format!("Faults on purpose: {faults}"),
        Fact::ClockStalled { for_ms } => format!("My clock stands still for {for_ms} ms, on purpose"),
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

/// Returns what is assigned; an upload is called by its image, as in the original session.
fn offered(kind: RequestKind, image: ImageId, user: &UserName) -> String {
    match kind {
        RequestKind::Upload => format!("Image {image} of {user}"),
        RequestKind::Download | RequestKind::List | RequestKind::LookUp | RequestKind::Delete => {
            requested(kind, image, user)
        }
    }
}

fn requested(kind: RequestKind, image: ImageId, user: &UserName) -> String {
    match kind {
        RequestKind::Upload | RequestKind::Download | RequestKind::Delete => {
            format!("{} of image {image} for {user}", kind.noun())
        }
        // Its id stands for no image.
        RequestKind::List | RequestKind::LookUp => format!("{} for {user}", kind.noun()),
    }
}

fn counted_copies(copies: usize) -> String {
    match copies {
        1 => "1 copy".to_owned(),
        copies => format!("{copies} copies"),
    }
}

fn on_nodes(nodes: usize) -> String {
    format!("on {}", counted(nodes as u64, "node"))
}

/// Says how many of something there are: `1 image`, `12 images`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
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
mod tests;
