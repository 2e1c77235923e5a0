//! What the store asks of a file system: a thin layer that tests can replace by a treacherous one.
//!
//! ```text
//!   records, shelves, committer, index --> Disk, DiskFile --> real       production
//!                                                         \-> simulated  tests: fails, tears, crashes
//! ```
//!
//! Owns these few calls and nothing above them. Nothing here is durable by itself: bytes are when
//! [`DiskFile::sync_data`] has returned, and a name is when [`Disk::sync_directory`] of the directory
//! that holds it has. The data directory, its identity and the vote, which are written once or by
//! one owner, use the real disk through [`durably`].

pub(super) mod durably;
mod real;
mod sequential;
#[cfg(test)]
pub(super) mod simulated;
mod slow;

use std::fmt::Debug;
use std::io;
use std::path::Path;

pub use durably::{parent_of, write_durably};
pub(super) use real::RealDisk;
pub use sequential::Sequential;
pub(super) use slow::SlowDisk;
pub use slow::SyncDelay;

/// A file system.
pub(super) trait Disk: Debug + Send + Sync {
    /// Creates a file to write and read, in place of any that stands there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to read.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to read and write.
    fn open_to_write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Moves a file to another name in one step, in place of any that stands there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Creates a directory in one that exists; says whether it was missing.
    fn create_directory(&self, path: &Path) -> io::Result<bool>;

    /// Syncs the names in a directory.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// Lists a directory, in no order; names that are no UTF-8 are none of ours.
    fn list(&self, path: &Path) -> io::Result<Vec<Name>>;

    /// Returns what tells the directory at a path from any other that ever stands there.
    fn stamp(&self, path: &Path) -> io::Result<Stamp>;

    /// Returns how many bytes can still be written; `None` where the file system does not say.
    fn free_bytes(&self, path: &Path) -> io::Result<Option<u64>>;
}

/// An open file; many threads may use it at once.
pub(super) trait DiskFile: Debug + Send + Sync {
    /// Reads some bytes from `offset` on; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at `offset`; when it fails, nobody knows how many.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Syncs what was written. After a failure what was written is lost, whatever a retry says.
    fn sync_data(&self) -> io::Result<()>;

    /// Begins to bring what the file holds into memory: all of it will be read at once. A disk that
    /// keeps nothing in memory has nothing to do.
    fn read_ahead(&self) {}

    /// Gives back the memory in which the system keeps what was read and what was synced: nobody
    /// will read it soon. A disk that keeps nothing in memory has nothing to do.
    fn release_cache(&self) {}

    /// Returns the length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Cuts the file, or fills it up with zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
}

/// What tells a directory from every other: its device and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(pub(super) u64, pub(super) u64);

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) is_directory: bool,
}

/// Reads exactly as many bytes from `offset` on as the buffer has.
pub(super) fn read_exact_at(file: &dyn DiskFile, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads a whole file, which must not be longer than `bytes_max`.
pub(super) fn read_whole(disk: &dyn Disk, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let bytes = file.len()?;
    if bytes > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // The limit is far below what any machine can address.
    let mut content = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    read_exact_at(&*file, &mut content, 0)?;
    Ok(content)
}
