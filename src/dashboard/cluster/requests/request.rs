//! One request as the log knows it: what was asked, who does it, and what became of it.

use std::time::Duration;

use crate::event::RequestKind;
use crate::id::{ImageId, NodeId, UserName};
use crate::time::Time;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// The image, or the id of a list; none for a list of which only the end was heard.
    pub image: Option<ImageId>,
    /// When it was first heard of, in milliseconds since the Unix epoch.
    pub wall_ms: u64,
    /// When it was first heard of.
    pub began: Time,
    /// Whose.
    pub user: UserName,
    /// The file name of its image, once somebody has told.
    pub file: Option<String>,
    /// The size of its image in bytes, once its node has told.
    pub bytes: Option<u64>,
    /// Who gave it to its node.
    pub leader: Option<NodeId>,
    /// Who does it.
    pub worker: Option<NodeId>,
    /// How many times it was given to a node.
    pub attempts: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on its way.
    Running,
    /// It was done and acknowledged.
    Done {
        /// What was done.
        what: Done,
        /// How long it took; unknown where only its end was heard.
        took: Option<Duration>,
    },
    /// Its node told that it failed.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its node was gone before it said how it ended; its client offers it again.
    Interrupted,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// An image was stored.
    Stored {
        /// On how many nodes it is.
        copies: usize,
    },
    /// An image was sent to its user.
    Sent,
    /// A user was told which images are theirs.
    Listed {
        /// How many.
        images: u64,
    },
    /// An image was deleted.
    Deleted {
        /// On how many nodes that is marked.
        copies: usize,
    },
}

impl Done {
    /// Returns on how many nodes it was done; none for what only one node does.
    #[must_use]
    pub const fn copies(self) -> Option<usize> {
        match self {
            Self::Stored { copies } | Self::Deleted { copies } => Some(copies),
            Self::Sent | Self::Listed { .. } => None,
        }
    }
}

impl Request {
    /// Says whether it was done and acknowledged.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done { .. })
    }

    /// Says whether its end has yet to be told.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.outcome {
            Outcome::Running | Outcome::Interrupted => true,
            Outcome::Done { .. } | Outcome::Failed { .. } => false,
        }
    }

    pub(super) fn describe(&mut self, file: &str, bytes: u64) {
        self.file = Some(file.to_owned());
        self.bytes = Some(bytes);
    }
}
