//! The file under the database, by way of the store's own file layer.

use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use redb::StorageBackend;

use super::backlog::Backlog;
use crate::store::disk::DiskFile;

/// One file. It is locked by nobody: the data directory around it is.
#[derive(Debug, Clone)]
pub(super) struct Backend {
    file: Arc<dyn DiskFile>,
    /// Guards what waits for room, over the read or write that may need it.
    backlog: Arc<RwLock<Backlog>>,
}

impl Backend {
    pub(super) fn new(file: Box<dyn DiskFile>) -> Self {
        Self {
            file: file.into(),
            backlog: Arc::default(),
        }
    }

    /// Returns how many bytes wait for room on the disk; `None` when nothing does.
    pub(super) fn behind_bytes(&self) -> Option<u64> {
        self.reading().bytes()
    }

    /// Writes what waits; says whether there was room for it.
    pub(super) fn catch_up(&self) -> io::Result<bool> {
        self.writing().catch_up(&*self.file)
    }

    fn reading(&self) -> RwLockReadGuard<'_, Backlog> {
        self.backlog.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, Backlog> {
        self.backlog.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.reading().len(&*self.file)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.reading().read(&*self.file, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.writing().set_len(&*self.file, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        // What waits is as safe as a hint must be.
        if self.catch_up()? {
            return self.file.sync_data();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.writing().write(&*self.file, offset, data)
    }
}
