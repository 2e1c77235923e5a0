//! Why the store refuses, or could not do it.

use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use super::index::IndexError;
use super::options::RESERVE_BYTES;
use super::record::{FILE_NAME_BYTES_MAX, RecordError};
use crate::id::ImageId;

/// What helps a node whose disk failed to sync.
const CHECK_DISK: &str = "check the disk, then restart the node";

/// What helps a node whose index failed.
const MAKE_INDEX: &str = "restart the node, which makes a new one";

/// What happened to a directory of images that is gone.
const SHELVES_GONE: &str = "was removed while the node was running";

/// What helps a node whose images are gone.
const FETCH_AGAIN: &str = "restart the node, it fetches the images again";

/// Why the store refuses, or could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room for the record and the reserve.
    #[error("the disk is full: {}", full(*.free, *.needed))]
    Full {
        /// Bytes left beyond the reserve and what other uploads have yet to write.
        free: u64,
        /// Bytes that were still to be written.
        needed: u64,
    },
    /// The disk has not even room for the mark of a delete.
    #[error(
        "could not delete it, the disk is full: not even the {} kept for votes and deletes are left; free some space",
        ByteSize(RESERVE_BYTES)
    )]
    ReserveUsedUp,
    /// The image has been deleted, and that is for ever.
    #[error("image {0} has been deleted; upload it again under a new id")]
    Buried(ImageId),
    /// The same image is being written by another request.
    #[error("image {0} is being uploaded by another request; wait for that one")]
    InProgress(ImageId),
    /// An earlier sync failed, or the index did.
    #[error("the store is read-only: {0}")]
    ReadOnly(String),
    /// What was written may or may not be on the disk; the store is read-only from now on.
    #[error(
        "could not sync {}: {source}; the store is read-only now: {CHECK_DISK}",
        .path.display()
    )]
    SyncFailed {
        /// What could not be synced.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The index could not be changed or read; the store is read-only from now on.
    #[error(
        "the index {} failed: {source}; the store is read-only now: {MAKE_INDEX}",
        .path.display()
    )]
    IndexFailed {
        /// The index.
        path: PathBuf,
        /// What is wrong with it.
        source: IndexError,
    },
    /// The directory of images was removed or replaced; the store is read-only from now on.
    #[error("{} {SHELVES_GONE}; the store is read-only now: {FETCH_AGAIN}", .0.display())]
    ShelvesGone(PathBuf),
    /// No index could be made from the files.
    #[error("could not make the index {}: {source}", .path.display())]
    IndexUnusable {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        source: IndexError,
    },
    /// The thread that commits has ended, so what it did with this is unknown.
    #[error("the store does not answer any more; restart the node")]
    CommitterGone,
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

    /// Makes the error of a failed sync of `path`, to be used with `map_err`.
    pub(super) fn sync(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::SyncFailed {
            path: path.to_owned(),
            source,
        }
    }

    /// Makes the error again for another one of a batch that failed as a whole.
    ///
    /// Only a sync, the index or a full disk can fail for all; whatever else it was, the store says no
    /// from then on.
    pub(super) fn again(&self) -> Self {
        if let Self::SyncFailed { path, source } = self {
            let source = io::Error::new(source.kind(), source.to_string());
            return Self::sync(path)(source);
        }
        if let Self::IndexFailed { path, source } = self {
            return Self::IndexFailed {
                path: path.clone(),
                source: source.again(),
            };
        }
        if let Self::Full { free, needed } = *self {
            return Self::Full { free, needed };
        }
        if let Self::ReadOnly(reason) = self {
            return Self::ReadOnly(reason.clone());
        }
        Self::ReadOnly(self.to_string())
    }

    /// Returns why nothing is written any more after this, and what to do; `None` when writing goes on.
    pub(super) fn ends_writing(&self) -> Option<String> {
        match self {
            Self::SyncFailed { path, source } => {
                let path = path.display();
                Some(format!("could not sync {path}: {source}; {CHECK_DISK}"))
            }
            Self::IndexFailed { path, source } => {
                let path = path.display();
                Some(format!("the index {path} failed: {source}; {MAKE_INDEX}"))
            }
            Self::ShelvesGone(path) => {
                let path = path.display();
                Some(format!("{path} {SHELVES_GONE}; {FETCH_AGAIN}"))
            }
            Self::Full { .. }
            | Self::ReserveUsedUp
            | Self::Buried(_)
            | Self::InProgress(_)
            | Self::ReadOnly(_)
            | Self::IndexUnusable { .. }
            | Self::CommitterGone
            | Self::Conflict(_)
            | Self::NameTooLong(_)
            | Self::BodyTooLong { .. }
            | Self::BodyTooShort { .. }
            | Self::Torn
            | Self::Record { .. }
            | Self::Io { .. } => None,
        }
    }
}

/// Words how much is there and how much was needed.
///
/// A quota, or another process, may make the file system say no while it still reports room.
fn full(free: u64, needed: u64) -> String {
    let (free, still) = (ByteSize(free), ByteSize(needed));
    if free.as_u64() < needed {
        let reserve = ByteSize(RESERVE_BYTES);
        format!(
            "{free} can still be used and {still} are needed, beside {reserve} kept for votes and deletes; \
             free some space"
        )
    } else {
        format!(
            "it did not take the last {still} although it reports {free} free; \
             free some space or raise the quota"
        )
    }
}

/// Says whether an operation failed because no space, or no quota, is left.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
