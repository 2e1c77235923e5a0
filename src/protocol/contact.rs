//! What comes of watching a node from elsewhere.

use super::StatusReport;
use crate::event::Event;

/// What comes of the connection to a node that is watched.
#[derive(Debug, Clone, PartialEq)]
pub enum Contact {
    /// It answered, and this is how it is.
    Reached(Box<StatusReport>),
    /// It told what happened.
    Event(Box<Event>),
    /// Its port refuses connections: it has no process that listens.
    Refused,
    /// It cannot be reached otherwise, or not any more; why, as a person reads it.
    Lost(String),
}
