//! What stood in the way of an upload, in the words a person reads.
//!
//! Half sentences, for whoever shows an upload to put into its own lines. Each is one line whatever
//! a node put into its reasons.

use super::{Obstacle, Setback};
use crate::event::line::printable;

/// Says in half a sentence why an attempt came to nothing.
#[must_use]
pub fn problem(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NoLeader { .. } | Obstacle::EveryoneDeclines => "nobody leads".to_owned(),
        Obstacle::NobodyListens => "no server is running".to_owned(),
        Obstacle::Refused { reason } => format!("the servers refuse: {}", printable(reason)),
        Obstacle::Attempt { node, why } => format!("server {node} {}", did(why)),
    }
}

/// Says what a node did to an upload, as the predicate of a sentence.
fn did(why: &Setback) -> String {
    match why {
        Setback::Lost => "was lost".to_owned(),
        Setback::Silent => "does not answer".to_owned(),
        Setback::WaitedInVain => "waited in vain for the image".to_owned(),
        Setback::Stale => "follows a newer leader".to_owned(),
        Setback::Busy => "has too much to do".to_owned(),
        Setback::Storage { reason } => format!("could not store it: {}", printable(reason)),
        Setback::Undeleted { reason } => format!("could not delete it: {}", printable(reason)),
        Setback::Unreadable { reason } => format!("could not read it: {}", printable(reason)),
        Setback::NoQuorum { reason } => format!("found too few nodes: {}", printable(reason)),
        Setback::Unknown { reason } => format!("may have done it or not: {}", printable(reason)),
        Setback::Mismatch => "sent something else than it stored".to_owned(),
        Setback::Conflict => "has another image of that id".to_owned(),
    }
}
