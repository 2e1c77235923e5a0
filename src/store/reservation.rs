//! The right to write, and the space for it: taken before the first byte, given back by dropping.

use std::path::PathBuf;
use std::sync::Arc;

use super::core::Core;
use super::error::StoreError;
use crate::id::ImageId;

/// The right to write one image's record, and the space for it.
#[derive(Debug)]
pub(super) struct Reservation {
    core: Arc<Core>,
    image: ImageId,
    bytes: u64,
}

impl Reservation {
    pub(super) fn take(core: &Arc<Core>, image: ImageId, bytes: u64) -> Result<Self, StoreError> {
        let free = core.free_bytes()?;
        let mut books = core.books();
        if let Some(reason) = &books.read_only {
            return Err(StoreError::ReadOnly(reason.clone()));
        }
        if books.in_progress.contains(&image) {
            return Err(StoreError::InProgress(image));
        }
        let free = free.map(|free| free.saturating_sub(books.awaited_bytes));
        if let Some(free) = free.filter(|&free| free < bytes) {
            return Err(StoreError::Full { free, needed: bytes });
        }
        books.in_progress.insert(image);
        books.awaited_bytes += bytes;
        Ok(Self {
            core: Arc::clone(core),
            image,
            bytes,
        })
    }

    /// Gives back the room for bytes that have been written.
    pub(super) fn spend(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.core.books().awaited_bytes -= bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut books = self.core.books();
        books.awaited_bytes -= self.bytes;
        books.in_progress.remove(&self.image);
    }
}

/// Says to the committer that somebody is about to come: a batch waits a moment for them.
#[derive(Debug)]
pub(super) struct Joining {
    core: Arc<Core>,
}

impl Joining {
    pub(super) fn announce(core: &Arc<Core>) -> Self {
        core.books().joining += 1;
        Self {
            core: Arc::clone(core),
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        self.core.books().joining -= 1;
    }
}

/// A file under a name that the next start sweeps away; removed when dropped, unless it moved.
#[derive(Debug)]
pub(super) struct Unfinished {
    core: Arc<Core>,
    pub(super) path: PathBuf,
    pub(super) moved: bool,
}

impl Unfinished {
    pub(super) fn new(core: &Arc<Core>, name: &str) -> Self {
        Self {
            core: Arc::clone(core),
            path: core.unfinished.join(name),
            moved: false,
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.moved {
            // What cannot be removed now is swept at the next start.
            let _ = self.core.disk.remove(&self.path);
        }
    }
}
