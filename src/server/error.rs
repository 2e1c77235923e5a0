//! Why a node does not run.

use std::io;
use std::path::PathBuf;

use super::VoteError;
use crate::config::Address;
use crate::store::{OpenError, StoreError};

/// Why a node does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot listen where it is told to.
    #[error("could not bind {address}: {}", bind_problem(error, holder.as_deref()))]
    Bind {
        /// Where.
        address: Address,
        /// What the system says.
        error: io::Error,
        /// Who listens there, where the system tells.
        holder: Option<String>,
    },
    /// Its data directory cannot be used.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// Its images cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its vote cannot be read or kept.
    #[error(transparent)]
    Vote(#[from] VoteError),
    /// Its log cannot be written.
    #[error("could not open the log in {}: {error}", path.display())]
    Log {
        /// The data directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The system gives it no thread.
    #[error("could not start a thread: {0}")]
    Thread(io::Error),
}

fn bind_problem(error: &io::Error, holder: Option<&str>) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let by = holder.map(|holder| format!(" by {holder}")).unwrap_or_default();
            format!("address already in use{by}; stop it or pass --base-port")
        }
        io::ErrorKind::AddrNotAvailable => {
            "this host has no such address; correct the node's address or pass --bind".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 belong to the system, pass --base-port".to_owned()
        }
        _ => format!("{error}; correct the node's address"),
    }
}
