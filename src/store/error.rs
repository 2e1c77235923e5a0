//! Why the store refuses, or could not do it.

use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::record::{FILE_NAME_BYTES_MAX, RecordError};
use crate::id::ImageId;

/// Why the store refuses, or could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room for the record and the reserve.
    #[error(
        "the disk is full: {} can still be used and {} are needed; free some space",
        ByteSize(*.free),
        ByteSize(*.needed)
    )]
    Full {
        /// Bytes left beyond the reserve and what running uploads have yet to write.
        free: u64,
        /// Bytes that were still to be written.
        needed: u64,
    },
    /// The same image is being written by another request.
    #[error("image {0} is being uploaded by another request; wait for that one")]
    InProgress(ImageId),
    /// An earlier sync failed.
    #[error("the store is read-only since its disk failed to sync; check the disk, then restart the node")]
    ReadOnly,
    /// What was written may or may not be on the disk; the store is read-only from now on.
    #[error(
        "could not sync {}: {source}; the store is read-only now: check the disk, then restart the node",
        .path.display()
    )]
    SyncFailed {
        /// What could not be synced.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The id is taken by another content, or by another user's image.
    #[error("image id {0} is already used for another content; upload again under a new id")]
    Conflict(ImageId),
    /// The file name would make the record's header too long.
    #[error("the file name has {0} bytes; at most {FILE_NAME_BYTES_MAX} are kept, so rename the file")]
    NameTooLong(usize),
    /// The body is not as long as was said when the record began.
    #[error("the body has {written} bytes or more, but {announced} were announced")]
    BodyTooLong {
        /// How many were to come.
        announced: u64,
        /// How many came.
        written: u64,
    },
    /// The body ended before it was as long as was said when the record began.
    #[error("the body has {written} bytes, but {announced} were announced")]
    BodyTooShort {
        /// How many were to come.
        announced: u64,
        /// How many came.
        written: u64,
    },
    /// A write of this record has failed before, so what its file holds is unknown.
    #[error("an earlier write of this record failed; begin it again")]
    Torn,
    /// A kept record cannot be used.
    #[error("record {} {source}", .path.display())]
    Record {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The file system refused.
    #[error("could not {action} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl StoreError {
    /// Makes the error of a refused `action` on `path`, to be used with `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// Says whether an operation failed because no space, or no quota, is left.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
