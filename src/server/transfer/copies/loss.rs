//! Copies that came to nothing: why, and what that means for the upload.

use std::collections::BTreeMap;

use crate::id::NodeId;
use crate::protocol::ErrorCode;
use crate::server::data::DataError;
use crate::server::transfer::error::TransferError;

/// The copies of one transfer that came to nothing.
#[derive(Debug, Default)]
pub(super) struct Losses {
    errors: BTreeMap<NodeId, DataError>,
}

impl Losses {
    /// Notes why a copy ended.
    ///
    /// # Errors
    ///
    /// When the reason ends the upload: a delete wins over everything.
    pub(super) fn note(&mut self, peer: NodeId, error: DataError) -> Result<(), TransferError> {
        match error {
            DataError::Refused { error, .. } if error.code == ErrorCode::NoSuchImage => {
                Err(TransferError::Deleted(error))
            }
            error @ (DataError::NoPeer(_)
            | DataError::Unreachable { .. }
            | DataError::Unwelcome { .. }
            | DataError::Stalled(_)
            | DataError::Frame { .. }
            | DataError::Closed(_)
            | DataError::Refused { .. }
            | DataError::Unexpected(_)) => {
                self.errors.insert(peer, error);
                Ok(())
            }
        }
    }

    /// Notes that a copy was given up because it held up the transfer.
    pub(super) fn left_behind(&mut self, peer: NodeId) {
        self.errors.insert(peer, DataError::Stalled(peer));
    }

    /// Returns the error of an upload that lost too many copies while its bytes came: nobody keeps
    /// it.
    pub(super) fn before_commit(&self, needed: usize) -> TransferError {
        let code = if self.errors.values().any(disk_refuses) {
            ErrorCode::Storage
        } else {
            ErrorCode::NoQuorum
        };
        self.no_quorum(code, needed)
    }

    /// Returns the error of an upload that lost too many copies while they were committed: some
    /// nodes may keep it, this one does.
    pub(super) fn after_commit(&self, needed: usize) -> TransferError {
        self.no_quorum(ErrorCode::NoQuorum, needed)
    }

    fn no_quorum(&self, code: ErrorCode, needed: usize) -> TransferError {
        let mut reasons: Vec<String> = self.errors.values().map(ToString::to_string).collect();
        if reasons.is_empty() {
            reasons.push("too few are connected".to_owned());
        }
        TransferError::NoQuorum {
            code,
            needed,
            reasons: reasons.join("; "),
        }
    }
}

fn disk_refuses(error: &DataError) -> bool {
    matches!(error, DataError::Refused { error, .. } if error.code == ErrorCode::Storage)
}
