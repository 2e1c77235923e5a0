//! What the handles of a store and its committer share.
//!
//! Owns the books, and says what stands where. What it returns blocks on the disk, but the books
//! are never held over it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::books::Books;
use super::counters::Counters;
use super::disk::{Disk, Stamp};
use super::error::{StoreError, is_full};
use super::index::{Index, IndexError, Known, View};
use super::options::Options;
use super::record::RecordReader;
use super::shelves::{Kind, Shelf, Shelves};
use super::{DataDirectory, tombstone};
use crate::id::ImageId;
use crate::protocol::Tombstone;

/// The shared part of a store.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) disk: Box<dyn Disk>,
    pub(super) index: Index,
    pub(super) index_path: PathBuf,
    pub(super) shelves: Shelves,
    /// Which directory the shelves were in when the store was opened.
    pub(super) shelves_stamp: Stamp,
    pub(super) unfinished: PathBuf,
    pub(super) damaged: PathBuf,
    pub(super) options: Options,
    pub(super) counters: Counters,
    /// Guards the books, for a look or an entry at a time.
    pub(super) books: Mutex<Books>,
    /// Holds the lock of the directory, hence the last to go.
    pub(super) directory: DataDirectory,
}

impl Core {
    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        // Every change of the books is a single step, so they are whole even after a panic.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the index as it is now.
    pub(super) fn view(&self) -> Result<View, StoreError> {
        self.index.view().map_err(|error| self.index_failed(error))
    }

    /// Returns what stands on the shelves under an id.
    pub(super) fn known(&self, image: ImageId) -> Result<Known, StoreError> {
        self.ask_index(|view| view.known(image))
    }

    /// Looks something up in the index.
    pub(super) fn ask_index<T>(
        &self,
        question: impl FnOnce(&View) -> Result<T, IndexError>,
    ) -> Result<T, StoreError> {
        question(&self.view()?).map_err(|error| self.index_failed(error))
    }

    /// Opens the record on that shelf.
    pub(super) fn open_at(
        &self,
        shelf: Shelf,
        image: ImageId,
    ) -> Result<(PathBuf, RecordReader), StoreError> {
        let path = self.shelves.path(shelf, image, Kind::Record);
        let cluster = &self.directory.identity().cluster;
        match RecordReader::open(&*self.disk, &path, cluster, image) {
            Ok(reader) => Ok((path, reader)),
            Err(source) => Err(StoreError::Record { path, source }),
        }
    }

    /// Opens the record of an image, readable or not; `None` when there is none.
    pub(super) fn open_record(&self, image: ImageId) -> Result<Option<(PathBuf, RecordReader)>, StoreError> {
        let (Known::Kept(shelf, _) | Known::Unreadable(shelf)) = self.known(image)? else {
            return Ok(None);
        };
        match self.open_at(shelf, image) {
            Err(StoreError::Record { path, source }) if source.is_missing() => {
                // It may have been deleted or set aside since the index was asked.
                match self.known(image)? {
                    Known::Kept(now, _) | Known::Unreadable(now) if now == shelf => {
                        Err(StoreError::Record { path, source })
                    }
                    Known::Kept(now, _) | Known::Unreadable(now) => self.open_at(now, image).map(Some),
                    Known::Nothing | Known::Buried(..) | Known::BuriedUnreadably(_) => Ok(None),
                }
            }
            opened => opened.map(Some),
        }
    }

    /// Reads the tombstone on that shelf.
    pub(super) fn tombstone_at(&self, shelf: Shelf, image: ImageId) -> Result<Tombstone, StoreError> {
        let path = self.shelves.path(shelf, image, Kind::Tombstone);
        let cluster = &self.directory.identity().cluster;
        tombstone::read(&*self.disk, &path, cluster, image)
            .map_err(|source| StoreError::Record { path, source })
    }

    /// Returns what the disk has left beyond the reserve; `None` where it does not say.
    pub(super) fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        let free = self
            .disk
            .free_bytes(&self.unfinished)
            .map_err(StoreError::io("measure", &self.unfinished))?;
        Ok(free.map(|free| free.saturating_sub(self.options.reserve_bytes)))
    }

    /// Says no once a sync or the index has failed.
    pub(super) fn writable(&self) -> Result<(), StoreError> {
        match &self.books().read_only {
            Some(reason) => Err(StoreError::ReadOnly(reason.clone())),
            None => Ok(()),
        }
    }

    /// Says no while the disk is full and much of the index waits for room already.
    pub(super) fn index_keeps_up(&self) -> Result<(), StoreError> {
        match self.index.behind_bytes() {
            Some(needed) if needed > self.options.index_behind_bytes => {
                Err(StoreError::Full { free: 0, needed })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Stops writing once the directory of the shelves is another than was opened, or none.
    ///
    /// A name can be put into a directory that was removed, and nobody ever finds it again.
    pub(super) fn look_at_shelves(&self) {
        let root = self.shelves.root();
        let is_gone = match self.disk.stamp(root) {
            Ok(stamp) => stamp != self.shelves_stamp,
            // A disk that does not answer for a moment has lost nothing yet.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if is_gone {
            self.note(StoreError::ShelvesGone(root.to_owned()));
        }
    }

    /// Stops writing for good when a sync or the index has failed.
    pub(super) fn note(&self, error: StoreError) -> StoreError {
        if let Some(reason) = error.ends_writing() {
            // The first reason is the one to be mended; the others follow from it.
            self.books().read_only.get_or_insert(reason);
        }
        error
    }

    pub(super) fn index_failed(&self, source: IndexError) -> StoreError {
        let path = self.index_path.clone();
        self.note(StoreError::IndexFailed { path, source })
    }

    /// Makes the error of a file that the disk did not take or did not sync.
    pub(super) fn refused(&self, path: &Path, needed: u64, source: io::Error) -> StoreError {
        if is_full(&source) {
            let free = self.free_bytes().ok().flatten().unwrap_or(0);
            let free = free.saturating_sub(self.books().awaited_bytes.saturating_sub(needed));
            StoreError::Full { free, needed }
        } else {
            StoreError::io("write", path)(source)
        }
    }
}
