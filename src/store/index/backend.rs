//! The file under the database, by way of the store's own file layer.

use std::io;

use redb::StorageBackend;

use crate::store::disk::{DiskFile, read_exact_at};

/// One file. It is locked by nobody: the data directory around it is.
#[derive(Debug)]
pub(super) struct Backend {
    file: Box<dyn DiskFile>,
}

impl Backend {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_exact_at(&*self.file, out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }
}
