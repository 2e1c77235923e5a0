//! Why a question about what is kept was not answered, and what the client is told to do about it.

use super::others::Silence;
use crate::id::{ImageId, UserName};
use crate::protocol::{ErrorCode, NodeError};
use crate::server::data::DataError;
use crate::server::reading::ReadingError;
use crate::server::transfer::{TRANSFERS_MAX, TransferError};

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The node's task does not take the assignment.
    #[error(transparent)]
    NotAdmitted(NodeError),
    /// The node stops.
    #[error("this node is stopping; ask again")]
    Stopping,
    /// Too many transfers run.
    #[error("this node has {TRANSFERS_MAX} transfers in hand; ask again")]
    Busy,
    /// The user has no such image. That another has is nobody's business.
    #[error("no image {image} of {user} is kept")]
    NoSuchImage {
        /// What was asked for.
        image: ImageId,
        /// Whose it would have to be.
        user: UserName,
    },
    /// Too few nodes could be asked or took part.
    #[error("{counted} of the {needed} nodes that are needed took part{silence}; ask again")]
    NoQuorum {
        /// How many did, this one included.
        counted: usize,
        /// How many are needed.
        needed: usize,
        /// Why the others did not.
        silence: Silence,
    },
    /// This node's disk refuses.
    #[error(transparent)]
    Disk(NodeError),
    /// The record cannot be read.
    #[error(transparent)]
    Reading(ReadingError),
    /// Another node keeps it, and did not send it.
    #[error("the image could not be fetched from who keeps it: {0}; ask again")]
    Peer(DataError),
    /// The client cannot be told.
    #[error(transparent)]
    Client(#[from] TransferError),
}

impl KeptError {
    /// Says whether the connection can still carry a message that says so.
    pub(crate) fn can_be_told(&self) -> bool {
        match self {
            Self::Client(error) => error.can_be_told(),
            Self::NotAdmitted(_)
            | Self::Stopping
            | Self::Busy
            | Self::NoSuchImage { .. }
            | Self::NoQuorum { .. }
            | Self::Disk(_)
            | Self::Reading(_)
            | Self::Peer(_) => true,
        }
    }

    /// Returns what a client does about it.
    fn code(&self) -> ErrorCode {
        match self {
            Self::NotAdmitted(error) | Self::Disk(error) => error.code,
            Self::NoSuchImage { .. } => ErrorCode::NoSuchImage,
            Self::NoQuorum { .. } => ErrorCode::NoQuorum,
            Self::Reading(_) => ErrorCode::Storage,
            Self::Peer(DataError::Refused { error, .. }) if error.code == ErrorCode::Storage => {
                ErrorCode::Storage
            }
            Self::Stopping | Self::Busy | Self::Peer(_) => ErrorCode::Busy,
            Self::Client(_) => ErrorCode::BadRequest,
        }
    }
}

impl From<KeptError> for NodeError {
    fn from(error: KeptError) -> Self {
        Self {
            code: error.code(),
            reason: error.to_string(),
        }
    }
}
