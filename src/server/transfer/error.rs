//! Why an upload was not acknowledged, and what the client is told to do about it.

use crate::image::NotAnImage;
use crate::protocol::frame::FrameError;
use crate::protocol::{ErrorCode, NodeError};
use crate::store::StoreError;

/// Why an upload was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The node's task does not take the assignment.
    #[error(transparent)]
    NotAdmitted(NodeError),
    /// The node stops.
    #[error("this node is stopping; offer the image again")]
    Stopping,
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
    #[error("nothing came for {} s; send the image again", super::STALL.as_secs())]
    SendsNothing,
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
    /// What comes back has no reader any more; another error says why.
    #[error("the client is gone")]
    ClientGone,
    /// The image is kept, but the client did not hear of it.
    #[error("stored, but the client was gone before it could be told: {0}")]
    NotAcknowledged(FrameError),
    /// The store refuses.
    #[error(transparent)]
    Store(StoreError),
    /// The disk does not answer.
    #[error("this node's disk does not answer; offer the image again")]
    DiskSilent,
    /// The disk's thread has ended; the store's own error says why.
    #[error("this node's disk gave up")]
    DiskEnded,
}

impl TransferError {
    /// Says whether the connection can still carry a message that says so.
    pub(crate) fn can_be_told(&self) -> bool {
        match self {
            Self::Write(_) | Self::TakesNothing | Self::ClientGone | Self::NotAcknowledged(_) => false,
            Self::Read(error) => !matches!(error, FrameError::Io(_)),
            Self::NotAdmitted(_)
            | Self::Stopping
            | Self::Busy
            | Self::TooLarge { .. }
            | Self::NotAnImage(_)
            | Self::SendsNothing
            | Self::SendsTooSlowly
            | Self::Unfinished
            | Self::Store(_)
            | Self::DiskSilent
            | Self::DiskEnded => true,
        }
    }

    /// Returns what a client does about it.
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotAdmitted(error) => error.code,
            Self::Stopping | Self::Busy | Self::SendsNothing | Self::Store(StoreError::InProgress(_)) => {
                ErrorCode::Busy
            }
            Self::TooLarge { .. } | Self::NotAnImage(_) => ErrorCode::NotAccepted,
            Self::Store(StoreError::Conflict(_)) => ErrorCode::Conflict,
            Self::Store(StoreError::NameTooLong(_))
            | Self::Read(_)
            | Self::SendsTooSlowly
            | Self::Unfinished
            | Self::Write(_)
            | Self::TakesNothing
            | Self::ClientGone
            | Self::NotAcknowledged(_) => ErrorCode::BadRequest,
            Self::Store(_) | Self::DiskSilent | Self::DiskEnded => ErrorCode::Storage,
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
