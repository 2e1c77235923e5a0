//! How one attempt at a request ended without an acknowledgement, and what is known after it.

use std::fmt;

use super::error::RequestError;
use super::part::SaveError;
use crate::event::RequestKind;
use crate::protocol::frame::FrameError;
use crate::protocol::{ErrorCode, NodeError};

/// How an attempt ended without an acknowledgement.
#[derive(Debug)]
pub(super) enum AttemptError {
    /// The connection ended, or carried nonsense.
    Lost,
    /// Nothing moved for too long.
    Stalled,
    /// The node refused.
    Node(NodeError),
    /// What came is not what the node confirmed.
    Mismatch,
    /// No other attempt can help.
    Hopeless(Box<RequestError>),
}

impl From<FrameError> for AttemptError {
    fn from(_: FrameError) -> Self {
        Self::Lost
    }
}

impl From<RequestError> for AttemptError {
    fn from(error: RequestError) -> Self {
        Self::Hopeless(Box::new(error))
    }
}

impl From<SaveError> for AttemptError {
    fn from(error: SaveError) -> Self {
        RequestError::from(error).into()
    }
}

/// Whether a request that failed may have happened all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was sent, or whoever got it said that it kept nothing, or there was nothing to keep.
    NotDone,
    /// Something was sent, and no answer came, or one that does not know either.
    Unknown(RequestKind),
}

impl Outcome {
    /// Returns what is known after one more attempt at a request of this kind ended in `error`.
    ///
    /// A node that says why it refuses has done nothing, unless it says that it does not know; one
    /// that falls silent may have.
    pub(super) fn after(self, kind: RequestKind, error: &AttemptError) -> Self {
        match kind {
            RequestKind::Upload | RequestKind::Delete => {}
            // Asking changes nothing.
            RequestKind::Download | RequestKind::List | RequestKind::LookUp => return self,
        }
        match error {
            AttemptError::Lost
            | AttemptError::Stalled
            | AttemptError::Mismatch
            | AttemptError::Node(NodeError {
                code: ErrorCode::Unknown | ErrorCode::NoQuorum,
                ..
            }) => Self::Unknown(kind),
            AttemptError::Node(_) | AttemptError::Hopeless(_) => self,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDone => Ok(()),
            // The name may mean the next older image once the newest is gone.
            Self::Unknown(RequestKind::Delete) => f.write_str(
                "; the outcome is unknown; repeat it by the image's id, not by its name: see `list`",
            ),
            Self::Unknown(kind) => {
                let noun = kind.noun().to_lowercase();
                write!(f, "; the outcome is unknown; repeating the {noun} is safe")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ErrorCode) -> AttemptError {
        let reason = String::new();
        AttemptError::Node(NodeError { code, reason })
    }

    #[test]
    fn only_a_node_that_knows_that_it_kept_nothing_settles_the_outcome() {
        let kind = RequestKind::Upload;
        let after = |code| Outcome::NotDone.after(kind, &refused(code));
        assert_eq!(after(ErrorCode::Storage), Outcome::NotDone);
        assert_eq!(after(ErrorCode::Unknown), Outcome::Unknown(kind));
        let unknown = Outcome::Unknown(kind);
        assert_eq!(unknown.after(kind, &refused(ErrorCode::Busy)), unknown);
    }

    #[test]
    fn a_read_that_is_lost_leaves_nothing_unknown() {
        for kind in [RequestKind::Download, RequestKind::List, RequestKind::LookUp] {
            assert_eq!(
                Outcome::NotDone.after(kind, &AttemptError::Lost),
                Outcome::NotDone
            );
        }
        let lost = Outcome::NotDone.after(RequestKind::Delete, &AttemptError::Lost);
        assert_eq!(
            lost.to_string(),
            "; the outcome is unknown; repeat it by the image's id, not by its name: see `list`"
        );
    }
}
