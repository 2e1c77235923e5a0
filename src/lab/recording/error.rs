//! Why a recording cannot be written or read.

use std::io;

use super::{LINE_BYTES_MAX, RECORDING_VERSION};
use crate::config::MembersError;

/// Why a recording cannot be written or read; each names the file.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is a file already.
    #[error("{file} exists; name another file, or pass --force to replace it")]
    Exists {
        /// Which.
        file: String,
    },
    /// What stands there is no file that could be replaced, or read from any place.
    #[error("{file} is no regular file, so it cannot hold a recording; name another")]
    NotRegular {
        /// Which.
        file: String,
    },
    /// The system refused.
    #[error("could not write {file}: {source}")]
    Unwritable {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The disk took so long that nobody waited any more.
    #[error("{file} was not written to its end: the disk takes too long; replay shows what is there")]
    Slow {
        /// Which.
        file: String,
    },
    /// The system refused.
    #[error("could not read {file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{file} is empty; whoever recorded it ended before anything was written")]
    Empty {
        /// Which.
        file: String,
    },
    /// It is something else.
    #[error("{file} is no recording of heirloom; `heirloom --record FILE` makes one")]
    NoRecording {
        /// Which.
        file: String,
    },
    /// It was written in another format.
    #[error(
        "{file} was recorded by heirloom {program} in format {version}, and this one reads format \
         {RECORDING_VERSION}; use heirloom {program}"
    )]
    OtherVersion {
        /// Which.
        file: String,
        /// Who wrote it.
        program: String,
        /// How.
        version: u64,
    },
    /// Its header names no cluster.
    #[error("the header of {file} names no cluster: {source}; it was changed after it was recorded")]
    Members {
        /// Which.
        file: String,
        /// Why not.
        source: MembersError,
    },
    /// A line in its middle is no JSON, or has no time.
    #[error("line {line} of {file} is damaged; everything before it can be shown")]
    Damaged {
        /// Which.
        file: String,
        /// Which line, from 1.
        line: u64,
    },
    /// A line has no end within reason.
    #[error("line {line} of {file} is longer than {LINE_BYTES_MAX} bytes, which no recording has")]
    LongLine {
        /// Which.
        file: String,
        /// Which line, from 1.
        line: u64,
    },
}
