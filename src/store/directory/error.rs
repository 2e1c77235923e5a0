//! Why a data directory cannot be used, and what to do about it.

use std::io;
use std::path::PathBuf;

use super::IDENTITY_FILE;
use crate::id::{ClusterName, NodeId};
use crate::store::identity::FORMAT;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path leads to something else.
    #[error("{} is no directory; move it away or pass --data-dir", .0.display())]
    NotADirectory(PathBuf),
    /// It could not be created, read or written.
    #[error(
        "data directory {} cannot be used: {error}; {} or pass --data-dir",
        .path.display(), remedy(.error)
    )]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another process uses it.
    #[error("data directory {} is in use by {}; stop it or pass --data-dir", .path.display(), owner(*.pid))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Which process, if it said.
        pid: Option<u32>,
    },
    /// It is another node's.
    #[error("data directory {} belongs to node {found}, not to node {expected}; pass --data-dir", .path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        found: NodeId,
        /// Who wants it.
        expected: NodeId,
    },
    /// It is another cluster's.
    #[error(
        "data directory {} belongs to cluster {found:?}, not to cluster {expected:?}; pass --data-dir",
        .path.display()
    )]
    OtherCluster {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        found: ClusterName,
        /// Who wants it.
        expected: ClusterName,
    },
    /// A later version of the program wrote it.
    #[error(
        "data directory {} has format {found}, and this program knows up to {FORMAT}; use a newer heirloom",
        .path.display()
    )]
    NewerFormat {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Its identity file is there and says nothing.
    #[error("{} is damaged: {problem}; move its directory away or pass --data-dir", .path.display())]
    Garbled {
        /// The identity file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// It holds images, but does not say whose.
    #[error(
        "data directory {} holds images but no {IDENTITY_FILE}; put that back or pass --data-dir",
        .0.display()
    )]
    NoIdentity(PathBuf),
    /// Nothing says that a node keeps anything there.
    #[error("{} is no data directory of a node; pass --data-dir", .0.display())]
    NotOne(PathBuf),
    /// The system gave no random bytes for a disk id.
    #[error("the system gives no random bytes for a disk id: {0}")]
    Random(#[from] getrandom::Error),
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make it writable for this user"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room",
        io::ErrorKind::NotADirectory => "move away the file that stands where a folder above it should",
        _ => "see that its path can be created",
    }
}

fn owner(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("pid {pid}"))
}
