//! A copy of a file in memory, for what must not touch the file itself.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::disk::DiskFile;

/// A file that nobody else sees; what is written to it is gone with it.
///
/// The index of 100,000 images has about 20 MB.
#[derive(Debug)]
pub(super) struct MemoryFile {
    /// Guards the bytes, for one copy at a time.
    bytes: Mutex<Vec<u8>>,
}

impl MemoryFile {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into() }
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Turns a place in a file into a place in memory.
fn index(offset: u64) -> io::Result<usize> {
    offset.try_into().map_err(|_| io::ErrorKind::FileTooLarge.into())
}

impl DiskFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.bytes();
        let rest = bytes.get(index(offset)?..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.bytes();
        let start = index(offset)?;
        let end = start + bytes.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        content[start..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.bytes().resize(index(bytes)?, 0);
        Ok(())
    }
}
