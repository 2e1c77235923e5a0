//! A file read or written from its beginning on, as records are.

use std::io::{self, Read, Write};

use super::DiskFile;

/// A file and how far it has been read or written.
#[derive(Debug)]
pub struct Sequential {
    file: Box<dyn DiskFile>,
    position: u64,
}

impl Sequential {
    pub(in crate::store) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file, position: 0 }
    }

    /// Returns the file, to be synced.
    pub(in crate::store) fn file(&self) -> &dyn DiskFile {
        &*self.file
    }
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Write for Sequential {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all_at(bytes, self.position)?;
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
