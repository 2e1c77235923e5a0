//! The lock of a data directory: the kernel's, so it ends with its process however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::OpenError;

pub(super) const LOCK_FILE: &str = "lock";

/// Locks a data directory for this process, and writes down its pid for others to read.
pub(super) fn take(path: &Path) -> Result<File, OpenError> {
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
pub(in crate::store) fn hold_unused(path: &Path) -> io::Result<Option<File>> {
    // Without a lock file no node has ever opened it; none is made, for nothing is to be changed.
    let lock = match File::open(path.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    lock.try_lock_shared()?;
    Ok(Some(lock))
}
