//! Why a peer could not be asked, or did not do what it was asked.

use std::io;

use crate::id::NodeId;
use crate::protocol::frame::FrameError;
use crate::protocol::{ErrorCode, NodeError};

/// Why a peer could not be asked, or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    /// It is none of the cluster's other nodes.
    #[error("node {0} is no peer of this node")]
    NoPeer(NodeId),
    /// No connection came about.
    #[error("node {peer} could not be reached: {error}")]
    Unreachable {
        /// Whom.
        peer: NodeId,
        /// What the system says.
        error: io::Error,
    },
    /// It did not let this node in.
    #[error("node {peer} let no connection in: {reason}")]
    Unwelcome {
        /// Who.
        peer: NodeId,
        /// What it says.
        reason: String,
    },
    /// Nothing moved for too long.
    #[error("node {0} stands still")]
    Stalled(NodeId),
    /// The connection failed.
    #[error("the connection with node {peer} failed: {error}")]
    Frame {
        /// With whom.
        peer: NodeId,
        /// How.
        error: FrameError,
    },
    /// The connection ended without an answer.
    #[error("node {0} closed the connection without an answer")]
    Closed(NodeId),
    /// It refuses, and says why.
    #[error("node {peer} refuses: {error}")]
    Refused {
        /// Who.
        peer: NodeId,
        /// What it says.
        error: NodeError,
    },
    /// It answered what was not asked.
    #[error("node {0} answered what was not asked; run the same program everywhere")]
    Unexpected(NodeId),
}

impl DataError {
    /// Says whether it is the image that the peer has no good copy of; it may have others.
    pub(crate) fn is_of_the_image(&self) -> bool {
        match self {
            Self::Refused { error, .. } => match error.code {
                ErrorCode::NoSuchImage | ErrorCode::Storage => true,
                ErrorCode::BadRequest
                | ErrorCode::NotAccepted
                | ErrorCode::Conflict
                | ErrorCode::StaleAssignment
                | ErrorCode::Busy
                | ErrorCode::Stalled
                | ErrorCode::NoQuorum
                | ErrorCode::Unknown => false,
            },
            Self::NoPeer(_)
            | Self::Unreachable { .. }
            | Self::Unwelcome { .. }
            | Self::Stalled(_)
            | Self::Frame { .. }
            | Self::Closed(_)
            | Self::Unexpected(_) => false,
        }
    }

    /// Says whether the connection was dead, so that a fresh one may do better.
    pub(super) fn is_dead_connection(&self) -> bool {
        match self {
            Self::Closed(_) => true,
            Self::Frame { error, .. } => match error {
                FrameError::Io(_) => true,
                FrameError::HeaderTooLong
                | FrameError::Header(_)
                | FrameError::EndInHeader
                | FrameError::EndInBody { .. } => false,
            },
            Self::NoPeer(_)
            | Self::Unreachable { .. }
            | Self::Unwelcome { .. }
            | Self::Stalled(_)
            | Self::Refused { .. }
            | Self::Unexpected(_) => false,
        }
    }
}
