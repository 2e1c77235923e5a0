//! Why an upload was not acknowledged, and what the client is told to do about it.

use std::time::Duration;

use crate::image::NotAnImage;
use crate::protocol::frame::FrameError;
use crate::protocol::{ErrorCode, NodeError};
use crate::server::disk::DiskError;

/// Why an upload was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The node's task does not take the assignment.
    #[error(transparent)]
    NotAdmitted(NodeError),
    /// The node stops.
    #[error("this node is stopping; offer the image again")]
    Stopping,
    /// The same image came again, so its client has given this attempt up.
    #[error("the image is being sent again")]
    Superseded,
    /// A newer attempt at the same image is arriving.
    #[error("a newer attempt at the image is arriving; this one is over")]
    Stale,
    /// Too many uploads run.
    #[error(
        "this node has {} uploads in hand; offer the image again",
        super::TRANSFERS_MAX
    )]
    Busy,
    /// The image is larger than the node accepts.
    #[error("the image has {bytes} bytes; at most {bytes_max} are accepted (--max-image)")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The content is no image.
    #[error(transparent)]
    NotAnImage(#[from] NotAnImage),
    /// What the client sends cannot be read.
    #[error(transparent)]
    Read(FrameError),
    /// The client stands still while it should send.
    #[error("nothing came for {} s; send the image again", .0.as_secs())]
    SendsNothing(Duration),
    /// The client sends too slowly.
    #[error("the image comes too slowly; send it again over a faster line")]
    SendsTooSlowly,
    /// The client did not say that the image was whole and unchanged.
    #[error("the upload was not finished; nothing of it is kept")]
    Unfinished,
    /// The encrypted image cannot be written to the client.
    #[error("the encrypted image could not be sent back: {0}")]
    Write(FrameError),
    /// The client does not read what comes back.
    #[error("the client took nothing for {} s; it must read while it writes", super::STALL.as_secs())]
    TakesNothing,
    /// The image is kept, but the client did not hear of it.
    #[error("stored, but the client was gone before it could be told: {0}")]
    NotAcknowledged(FrameError),
    /// Too few nodes took a copy, or kept it.
    #[error("the image must be kept on {} nodes, and too few could: {reasons}; offer it again", .needed + 1)]
    NoQuorum {
        /// What a client does about it.
        code: ErrorCode,
        /// How many copies were needed beside the one here.
        needed: usize,
        /// Why the others are none, in half sentences.
        reasons: String,
    },
    /// It is kept, on fewer nodes than are needed by now.
    #[error("{0} nodes keep the image, and by now more are needed; offer it again")]
    NoLongerEnough(usize),
    /// A node knows that the image was deleted.
    #[error("the image was deleted while it was uploaded: {0}")]
    Deleted(NodeError),
    /// The record is not kept.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The record is not kept here, but others have been told to keep it.
    #[error("{0}; other nodes may keep the image, so offer it again")]
    NotKeptHere(DiskError),
}

impl TransferError {
    /// Says whether the connection can still carry a message that says so.
    pub(crate) fn can_be_told(&self) -> bool {
        match self {
            // Superseded, it may have been in the middle of a message.
            Self::Write(_) | Self::TakesNothing | Self::NotAcknowledged(_) | Self::Superseded => false,
            Self::Read(error) => !matches!(error, FrameError::Io(_)),
            Self::NotAdmitted(_)
            | Self::Stopping
            | Self::Stale
            | Self::Busy
            | Self::TooLarge { .. }
            | Self::NotAnImage(_)
            | Self::SendsNothing(_)
            | Self::SendsTooSlowly
            | Self::Unfinished
            | Self::NoQuorum { .. }
            | Self::NoLongerEnough(_)
            | Self::Deleted(_)
            | Self::Disk(_)
            | Self::NotKeptHere(_) => true,
        }
    }

    /// Returns what a client does about it.
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotAdmitted(error) => error.code,
            Self::Stopping | Self::Superseded | Self::Busy => ErrorCode::Busy,
            Self::Stale => ErrorCode::StaleAssignment,
            Self::SendsNothing(_) => ErrorCode::Stalled,
            Self::TooLarge { .. } | Self::NotAnImage(_) => ErrorCode::NotAccepted,
            Self::Read(_)
            | Self::SendsTooSlowly
            | Self::Unfinished
            | Self::Write(_)
            | Self::TakesNothing
            | Self::NotAcknowledged(_) => ErrorCode::BadRequest,
            Self::NoQuorum { code, .. } => *code,
            Self::Deleted(_) => ErrorCode::NoSuchImage,
            Self::Disk(error) => error.code(),
            Self::NotKeptHere(_) | Self::NoLongerEnough(_) => ErrorCode::Unknown,
        }
    }
}

impl From<TransferError> for NodeError {
    fn from(error: TransferError) -> Self {
        Self {
            code: error.code(),
            reason: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::store::StoreError;

    #[test]
    fn a_commit_that_may_have_succeeded_is_told_from_one_that_did_not() {
        let sync_failed = StoreError::SyncFailed {
            path: "shelves/0000".into(),
            source: io::ErrorKind::Other.into(),
        };
        let code = |error| TransferError::Disk(error).code();
        assert_eq!(code(DiskError::Store(sync_failed)), ErrorCode::Unknown);
        assert_eq!(code(DiskError::CommitUnknown), ErrorCode::Unknown);
        assert_eq!(code(DiskError::Silent), ErrorCode::Storage);
        let read_only = StoreError::ReadOnly(String::new());
        assert_eq!(code(DiskError::Store(read_only)), ErrorCode::Storage);
    }

    #[test]
    fn a_client_that_stands_still_is_told_from_a_node_with_much_to_do() {
        let code = TransferError::SendsNothing(super::super::STALL).code();
        assert_eq!(code, ErrorCode::Stalled);
        assert_eq!(TransferError::Busy.code(), ErrorCode::Busy);
    }
}
