//! The data directory of a node: whose it is, and who uses it now.
//!
//! | name            | holds                                                           |
//! | --------------- | --------------------------------------------------------------- |
//! | `identity.json` | format version, cluster name, node id, disk id; written once    |
//! | `lock`          | the pid of the process that uses it, locked as long as it lives |
//! | `incomplete`    | nothing; there until what an earlier life may have kept is back |
//!
//! Owns these three; what else is in there belongs to others. The lock is the kernel's, so it ends
//! with its process however that ends, and a pid that was left behind means nothing by itself.

mod error;
mod lock;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::OpenError;
pub(super) use lock::hold_unused;

use super::disk::durably;
use super::identity::{self, DiskId, Identity, IdentityError};
use super::shelves::SHELVES;

const IDENTITY_FILE: &str = "identity.json";
const INCOMPLETE_FILE: &str = "incomplete";

/// A data directory that this process owns until the value is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    identity: Identity,
    disk: DiskId,
    complete: AtomicBool,
    /// Whether something might have been missing when it was opened.
    was_new: bool,
    /// Holds the lock.
    _lock: File,
}

impl DataDirectory {
    /// Opens the data directory of a node; creates it where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be written, is in use, or is not this node's.
    pub fn open(path: &Path, identity: Identity) -> Result<Self, OpenError> {
        let unusable = |error| OpenError::Unusable {
            path: path.to_owned(),
            error,
        };
        if path.exists() && !path.is_dir() {
            return Err(OpenError::NotADirectory(path.to_owned()));
        }
        durably::create_directory(path).map_err(unusable)?;
        let lock = lock::take(path)?;
        let file = path.join(IDENTITY_FILE);
        let disk = match fs::read(&file) {
            Ok(bytes) => {
                let disk = known_disk(path, &bytes, &identity)?;
                if !path.join(SHELVES).try_exists().map_err(unusable)? {
                    // Somebody took the images away.
                    mark_incomplete(path).map_err(unusable)?;
                }
                disk
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.join(SHELVES).exists() {
                    return Err(OpenError::NoIdentity(path.to_owned()));
                }
                let disk = DiskId::random()?;
                // First the marker: with the identity alone a crash here would make a wiped
                // directory look like one that has kept everything.
                mark_incomplete(path).map_err(unusable)?;
                durably::write_durably(&file, &identity::file(&identity, disk)).map_err(unusable)?;
                disk
            }
            Err(error) => return Err(unusable(error)),
        };
        // A process killed between the renaming and the syncing of the identity left that to us.
        durably::sync_directory(path).map_err(unusable)?;
        let incomplete = path.join(INCOMPLETE_FILE).try_exists().map_err(unusable)?;
        Ok(Self {
            path: path.to_owned(),
            identity,
            disk,
            complete: AtomicBool::new(!incomplete),
            was_new: incomplete,
            _lock: lock,
        })
    }

    /// Opens a data directory that exists, whoever's it is.
    ///
    /// # Errors
    ///
    /// When it is none, or is in use.
    pub fn reopen(path: &Path) -> Result<Self, OpenError> {
        let (identity, _) = identity_of(path)?;
        Self::open(path, identity)
    }

    /// Makes one that is on no disk and locked by nobody, for stores on simulated disks.
    #[cfg(test)]
    pub(super) fn nowhere(path: &Path, identity: Identity) -> Self {
        Self {
            path: path.to_owned(),
            identity,
            disk: "000102030405060708090a0b0c0d0e0f".parse().expect("an id"),
            complete: AtomicBool::new(true),
            was_new: false,
            _lock: File::open("/dev/null").expect("there"),
        }
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whose it is.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Says whether nothing is missing that an earlier life of the directory may have kept.
    pub(super) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Relaxed)
    }

    /// Says whether something might have been missing when it was opened.
    pub(super) fn was_new(&self) -> bool {
        self.was_new
    }

    /// Says, durably, that nothing is missing any more.
    ///
    /// # Errors
    ///
    /// When the file system refuses; the directory then still counts as incomplete.
    pub(super) fn complete(&self) -> io::Result<()> {
        if self.is_complete() {
            return Ok(());
        }
        durably::remove_durably(&self.path.join(INCOMPLETE_FILE))?;
        self.complete.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns the name of this life of the directory.
    #[must_use]
    pub fn disk_id(&self) -> DiskId {
        self.disk
    }
}

/// Writes down, durably, that a data directory may lack images.
fn mark_incomplete(path: &Path) -> io::Result<()> {
    durably::write_durably(&path.join(INCOMPLETE_FILE), b"")
}

/// Says whether a directory is, or was, the data directory of a node.
pub(super) fn is_one(path: &Path) -> bool {
    path.join(IDENTITY_FILE).is_file() || path.join(SHELVES).is_dir()
}

/// Reads whose a data directory is, and which life of it.
pub(super) fn identity_of(path: &Path) -> Result<(Identity, DiskId), OpenError> {
    let bytes = fs::read(path.join(IDENTITY_FILE)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path.join(SHELVES).exists() => OpenError::NoIdentity(path.to_owned()),
        io::ErrorKind::NotFound => OpenError::NotOne(path.to_owned()),
        _ => OpenError::Unusable {
            path: path.to_owned(),
            error,
        },
    })?;
    parse(path, &bytes)
}

/// Reads the disk id from an identity file that must be the expected one's.
fn known_disk(path: &Path, bytes: &[u8], expected: &Identity) -> Result<DiskId, OpenError> {
    let (found, disk) = parse(path, bytes)?;
    if found.cluster != expected.cluster {
        return Err(OpenError::OtherCluster {
            path: path.to_owned(),
            found: found.cluster,
            expected: expected.cluster.clone(),
        });
    }
    if found.node != expected.node {
        return Err(OpenError::OtherNode {
            path: path.to_owned(),
            found: found.node,
            expected: expected.node,
        });
    }
    Ok(disk)
}

/// Reads an identity file.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Identity, DiskId), OpenError> {
    identity::parse(bytes).map_err(|error| match error {
        IdentityError::NewerFormat(found) => OpenError::NewerFormat {
            path: path.to_owned(),
            found,
        },
        IdentityError::Garbled(error) => OpenError::Garbled {
            path: path.join(IDENTITY_FILE),
            problem: error.to_string(),
        },
    })
}

#[cfg(test)]
mod tests;
