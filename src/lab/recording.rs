//! A recording: everything that a dashboard was told of a cluster, with the times at which it was.
//!
//! Lines of JSON, each an object. The first is the header ([`Header`]), which says for whom the rest
//! is; then a line for each message, and at the end one that says that nothing is missing.
//!
//! | key beside `at_ns` | the line is |
//! | --- | --- |
//! | `node` | what a node told: [`Event`] |
//! | `process` | what became of its process: [`ProcessEvent`] |
//! | `contact` | what came of watching a node that somebody else started: [`Contact`] |
//! | `stage` | what a scenario shows from here on: [`Stage`] |
//! | `forgot` | what the panels tell of the past is forgotten here: a person cleaned up |
//! | `dropped` | so many lines are missing here: the disk was slower than the cluster |
//! | `ended` | the end; without it, whoever recorded was killed |
//!
//! `at_ns` is when it was told, on the recorder's clock. No keys that were pressed, no bytes of an
//! image and no keys of ciphers are in it; names of users are. A line with a word of a newer program
//! is passed over and counted, since all the others still mean what they say; another
//! [`RECORDING_VERSION`] is refused.

use crate::dashboard::Message;
use crate::dashboard::stage::Stage;
use crate::event::Event;
use crate::event::process::ProcessEvent;
use crate::id::NodeId;
use crate::protocol::Contact;
use crate::supervisor::Notice;
use crate::time::Time;

mod error;
mod header;
mod line;
mod memory;
mod reader;
mod tail;
mod taping;
mod writer;

pub use error::RecordingError;
pub use header::Header;
pub use memory::MemoryRecorder;
pub use reader::{Bookmark, End, Recording};
pub use taping::{Closed, Taping};
pub use writer::{Existing, Kept, Recorder, RecordingFile};

/// The version of the format; a reader refuses another one.
pub const RECORDING_VERSION: u32 = 1;

/// The longest line, in bytes: many times what the longest message needs.
///
/// A reader holds one line in memory, of whatever file it was given.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What a recording keeps of a message.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// A node told something.
    Node(&'a Event),
    /// Something happened to the process of a node.
    Process(&'a ProcessEvent),
    /// Something came of watching a node.
    Contact(NodeId, &'a Contact),
    /// A scenario shows this now.
    Stage(&'a Stage),
    /// What the panels tell of the past was forgotten.
    Forgot,
}

impl<'a> Told<'a> {
    /// Returns what a supervisor told, as it is kept.
    #[must_use]
    pub const fn of_notice(notice: &'a Notice) -> Self {
        match notice {
            Notice::Node(event) => Self::Node(event),
            Notice::Process(event) => Self::Process(event),
        }
    }

    /// Returns what is kept of a message; of keys, uploads and whatever else is the viewer's, nothing.
    #[must_use]
    pub const fn of(message: &'a Message) -> Option<Self> {
        match message {
            Message::Node(event) => Some(Self::Node(event)),
            Message::Process(event) => Some(Self::Process(event)),
            Message::Contact(node, contact) => Some(Self::Contact(*node, contact)),
            Message::Stage(stage) => Some(Self::Stage(stage)),
            Message::Forget => Some(Self::Forgot),
            Message::Key(_)
            | Message::Paste(_)
            | Message::Resized(_)
            | Message::Upload(_)
            | Message::Listed(_)
            | Message::Previewed(_)
            | Message::Paged(_)
            | Message::Rewound(_)
            | Message::Beat => None,
        }
    }
}

/// A line of a recording behind its header.
#[derive(Debug)]
pub struct Entry {
    /// When it was told, on the recorder's clock; never before the entry before it.
    pub at: Time,
    /// What it holds.
    pub what: What,
}

/// What a line holds.
#[derive(Debug)]
pub enum What {
    /// What the dashboard was told.
    Message(Message),
    /// So many lines are missing here.
    Dropped(u64),
    /// Words that only a newer program knows.
    Unknown,
    /// The end.
    Ended,
}

#[cfg(test)]
mod tests;
