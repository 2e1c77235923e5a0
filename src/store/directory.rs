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

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub use error::OpenError;

use super::disk::durably;
use super::identity::{self, DiskId, Identity, IdentityError};
use super::shelves::SHELVES;

const IDENTITY_FILE: &str = "identity.json";
const LOCK_FILE: &str = "lock";
const INCOMPLETE_FILE: &str = "incomplete";

/// A data directory that this process owns until the value is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    identity: Identity,
    disk: DiskId,
    complete: AtomicBool,
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
        let lock = lock(path)?;
        let file = path.join(IDENTITY_FILE);
        let disk = match fs::read(&file) {
            Ok(bytes) => known_disk(path, &bytes, &identity)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.join(SHELVES).exists() {
                    return Err(OpenError::NoIdentity(path.to_owned()));
                }
                let disk = DiskId::random()?;
                // First the marker: with the identity alone a crash here would make a wiped
                // directory look like one that has kept everything.
                durably::write_durably(&path.join(INCOMPLETE_FILE), b"").map_err(unusable)?;
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

    /// Says, durably, that nothing is missing any more.
    ///
    /// # Errors
    ///
    /// When the file system refuses; the directory then still counts as incomplete.
    pub(super) fn complete(&self) -> io::Result<()> {
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

fn lock(path: &Path) -> Result<File, OpenError> {
    let unusable = |error| OpenError::Unusable {
        path: path.to_owned(),
        error,
    };
    let lock_path = path.join(LOCK_FILE);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        // Before the lock is ours, the file holds its owner's pid.
        .truncate(false)
        .open(&lock_path)
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let text = fs::read_to_string(&lock_path).unwrap_or_default();
            return Err(OpenError::InUse {
                path: path.to_owned(),
                pid: text.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    let write_pid = |file: &mut File| {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    write_pid(&mut file).map_err(unusable)?;
    Ok(file)
}

/// Keeps every node from starting in a directory that none uses now, until it is dropped.
///
/// # Errors
///
/// When a node uses it, or when nobody can tell.
pub(super) fn hold_unused(path: &Path) -> io::Result<Option<File>> {
    // Without a lock file no node has ever opened it; none is made, for nothing is to be changed.
    let lock = match File::open(path.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    lock.try_lock_shared()?;
    Ok(Some(lock))
}

/// Reads whose a data directory is, and which life of it.
pub(super) fn identity_of(path: &Path) -> Result<(Identity, DiskId), OpenError> {
    let bytes = fs::read(path.join(IDENTITY_FILE)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path.join(SHELVES).exists() => OpenError::NoIdentity(path.to_owned()),
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
mod tests {
    use super::*;
    use crate::id::NodeId;

    fn identity(cluster: &str, node: u16) -> Identity {
        Identity {
            cluster: cluster.parse().expect("a name"),
            node: NodeId::new(node).expect("not zero"),
        }
    }

    fn refusal(path: &Path, identity: Identity) -> String {
        let error = DataDirectory::open(path, identity).expect_err("refused");
        error.to_string().replace(&path.display().to_string(), "<dir>")
    }

    #[test]
    fn a_directory_keeps_its_disk_id_for_life() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("data/node-1");
        let first = DataDirectory::open(&path, identity("home", 1)).expect("created");
        let disk = first.disk_id();
        drop(first);
        let again = DataDirectory::open(&path, identity("home", 1)).expect("opened");
        assert_eq!(again.disk_id(), disk);
        assert_eq!(again.path(), path);
        let other = root.path().join("data/node-2");
        let other = DataDirectory::open(&other, identity("home", 2)).expect("created");
        assert_ne!(other.disk_id(), disk);
    }

    #[test]
    fn a_new_directory_is_incomplete_until_it_is_told_otherwise() {
        let root = tempfile::tempdir().expect("a directory");
        let open = || DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
        assert!(!open().is_complete());
        assert!(!open().is_complete(), "a restart is no proof");
        open().complete().expect("removed");
        assert!(open().is_complete());
        open().complete().expect("fine when it is");
    }

    #[test]
    fn a_crash_between_marker_and_identity_leaves_the_directory_incomplete() {
        let root = tempfile::tempdir().expect("a directory");
        drop(DataDirectory::open(root.path(), identity("home", 1)).expect("created"));
        fs::remove_file(root.path().join(IDENTITY_FILE)).expect("removed");
        let again = DataDirectory::open(root.path(), identity("home", 1)).expect("created again");
        assert!(!again.is_complete());
    }

    #[test]
    fn a_directory_of_an_earlier_version_is_complete() {
        let root = tempfile::tempdir().expect("a directory");
        let file = identity::file(&identity("home", 1), DiskId::random().expect("random"));
        fs::write(root.path().join(IDENTITY_FILE), file).expect("written");
        let opened = DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
        assert!(opened.is_complete());
    }

    #[test]
    fn a_second_user_is_refused_and_told_the_pid_of_the_first() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path();
        let first = DataDirectory::open(path, identity("home", 1)).expect("created");
        let pid = std::process::id();
        assert_eq!(
            refusal(path, identity("home", 1)),
            format!("data directory <dir> is in use by pid {pid}; stop it or pass --data-dir")
        );
        drop(first);
        DataDirectory::open(path, identity("home", 1)).expect("free again");
    }

    #[test]
    fn a_pid_left_behind_locks_nobody_out() {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join(LOCK_FILE), "4194304000\n").expect("written");
        DataDirectory::open(root.path(), identity("home", 1)).expect("opened");
        let text = fs::read_to_string(root.path().join(LOCK_FILE)).expect("readable");
        assert_eq!(text, format!("{}\n", std::process::id()));
    }

    #[test]
    fn the_directory_of_somebody_else_is_refused() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path();
        DataDirectory::open(path, identity("home", 1)).expect("created");
        assert_eq!(
            refusal(path, identity("home", 2)),
            "data directory <dir> belongs to node 1, not to node 2; pass --data-dir"
        );
        assert_eq!(
            refusal(path, identity("office", 1)),
            "data directory <dir> belongs to cluster \"home\", not to cluster \"office\"; \
             pass --data-dir"
        );
    }

    #[test]
    fn images_without_an_identity_are_adopted_by_nobody() {
        let root = tempfile::tempdir().expect("a directory");
        fs::create_dir(root.path().join(SHELVES)).expect("created");
        assert_eq!(
            refusal(root.path(), identity("home", 1)),
            "data directory <dir> holds images but no identity.json; \
             put that back or pass --data-dir"
        );
    }

    #[test]
    fn a_newer_format_is_refused_whatever_else_it_says() {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join(IDENTITY_FILE);
        fs::write(file, r#"{"format":2,"cluster":["of","another","shape"]}"#).expect("written");
        assert_eq!(
            refusal(root.path(), identity("home", 1)),
            "data directory <dir> has format 2, and this program knows up to 1; \
             use a newer heirloom"
        );
    }

    #[test]
    fn a_garbled_identity_is_refused_and_left_alone() {
        let garbled = [
            "",
            "\0\0\0\0",
            "{}",
            r#"{"format":1,"cluster":"home","node":0,"disk":"00"}"#,
            r#"{"format":1,"cluster":"home","node":1,"disk":"00"}"#,
        ];
        for text in garbled {
            let root = tempfile::tempdir().expect("a directory");
            let file = root.path().join(IDENTITY_FILE);
            fs::write(&file, text).expect("written");
            let refusal = refusal(root.path(), identity("home", 1));
            assert!(
                refusal.starts_with("<dir>/identity.json is damaged: "),
                "{refusal}"
            );
            assert_eq!(fs::read_to_string(&file).expect("readable"), text);
        }
    }

    #[test]
    fn a_file_is_no_directory() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("file");
        fs::write(&path, "").expect("written");
        assert_eq!(
            refusal(&path, identity("home", 1)),
            "<dir> is no directory; move it away or pass --data-dir"
        );
    }

    #[test]
    fn a_file_above_it_is_to_be_moved_away() {
        let root = tempfile::tempdir().expect("a directory");
        fs::write(root.path().join("file"), "").expect("written");
        let path = root.path().join("file/data");
        let refusal = refusal(&path, identity("home", 1));
        assert!(
            refusal.ends_with(
                "; move away the file that stands where a folder above it should or pass --data-dir"
            ),
            "{refusal}"
        );
    }

    /// In `/sys` nobody may create files, not even root, for whom permissions do not count.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_read_only_directory_is_refused() {
        for path in ["/sys", "/sys/data/node-1"] {
            let refusal = refusal(Path::new(path), identity("home", 1));
            assert!(
                refusal.starts_with("data directory <dir> cannot be used: ")
                    && refusal.ends_with("; make it writable for this user or pass --data-dir"),
                "{refusal}"
            );
        }
    }
}
