//! The images a node keeps, one record a file, in its data directory.
//!
//! ```text
//!   data/node-1/identity.json                       whose it is          (directory)
//!   data/node-1/lock                                who uses it now      (directory)
//!   data/node-1/incomplete                          it may lack images   (directory)
//!   data/node-1/unfinished/…                        arriving; swept at the next start
//!   data/node-1/shelves/0000/<32 hex>.record        kept                 (shelves, record)
//!   data/node-1/shelves/0000/<32 hex>.tombstone     deleted              (shelves, tombstone)
//!   data/node-1/damaged/<32 hex>.record             set aside            (damage)
//!   data/node-1/index.redb                          what stands where    (index)
//! ```
//!
//! Owns what is kept: it stores, finds, reads back and deletes, and says no when the disk is full or
//! failing, when an image was deleted, or when another content has the id. Knows nothing of
//! requests, keys or other nodes. Every call here that touches the disk blocks.
//!
//! Invariant: what [`PendingRecord::commit`] and [`Store::bury`] have returned from survives the
//! loss of power: the file's data was synced, then its name, then its directory (`committer`). What
//! was not committed leaves nothing behind, but for one case: when the last of these syncs fails,
//! nobody knows what the disk holds. The commit has failed then, and the next start may find the
//! record kept. The files are the truth; the index is made to agree with them at every start
//! (`recovery`).

#![allow(
    clippy::similar_names,
    reason = "a method that knows `self` may well know a `shelf`"
)]

mod books;
mod burial;
mod committer;
mod core;
mod counters;
mod damage;
mod digest;
mod directory;
mod disk;
mod error;
mod identity;
mod index;
mod mutation;
mod options;
mod pending;
mod record;
mod recovery;
mod reservation;
mod shelves;
#[cfg(test)]
mod tests;
mod tombstone;
pub mod verify;

use std::sync::Arc;

pub use damage::Scrubbed;
pub use digest::{Digest, ParseDigestError};
pub use directory::{DataDirectory, OpenError};
pub use disk::{Sequential, SyncDelay, parent_of, write_durably};
pub use error::StoreError;
pub use identity::{DiskId, Identity};
pub use index::IndexError;
pub use options::RESERVE_BYTES;
pub use pending::PendingRecord;
pub use record::{FILE_NAME_BYTES_MAX, RecordError, RecordHeader, RecordReader, RecordWriter};

use self::core::Core;
use crate::id::{ImageId, UserName};
use crate::protocol::{CatalogueItem, Entry, StoreCounters, StoreHealth, Summary, Tombstone};
use committer::Committer;
use disk::{Disk, RealDisk, SlowDisk};
use index::Known;
use options::Options;
use recovery::Trust;
use shelves::Kind;

/// The records in a data directory; a clone is another handle on the same store.
///
/// When the last handle is dropped, what is being committed is finished first.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Ends before the core goes, and with it the lock of the directory.
    committer: Committer,
    core: Arc<Core>,
}

impl Store {
    /// Opens the store in a data directory: sweeps what is unfinished, looks up what is kept.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, swept or synced.
    pub fn open(directory: DataDirectory) -> Result<Self, StoreError> {
        Self::open_with(Box::new(RealDisk), directory, Options::default(), Trust::Index)
    }

    /// Opens the store in a data directory, on a disk whose syncs can be made to take longer.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, swept or synced.
    pub fn open_slowed(directory: DataDirectory, delay: SyncDelay) -> Result<Self, StoreError> {
        let disk = Box::new(SlowDisk::new(RealDisk, delay));
        Self::open_with(disk, directory, Options::default(), Trust::Index)
    }

    /// Opens the store in a data directory, with an index made anew from the files.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, swept or synced.
    pub fn rebuild(directory: DataDirectory) -> Result<Self, StoreError> {
        Self::open_with(
            Box::new(RealDisk),
            directory,
            Options::default(),
            Trust::ShelvesOnly,
        )
    }

    fn open_with(
        disk: Box<dyn Disk>,
        directory: DataDirectory,
        options: Options,
        trust: Trust,
    ) -> Result<Self, StoreError> {
        let (core, filling) = recovery::start(disk, directory, options, trust)?;
        let core = Arc::new(core);
        let path = core.directory.path().to_owned();
        let committer = Committer::start(Arc::clone(&core), filling)
            .map_err(StoreError::io("start a thread for", &path))?;
        Ok(Self {
            inner: Arc::new(Inner { committer, core }),
        })
    }

    /// Returns the data directory.
    #[must_use]
    pub fn directory(&self) -> &DataDirectory {
        &self.inner.core.directory
    }

    /// Begins the record of an image whose body, `IV ‖ ciphertext`, will have `body_bytes` bytes.
    ///
    /// That the image is kept already is no error here: the commit compares.
    ///
    /// # Errors
    ///
    /// When the disk has no room for it, when the same image is being written by another request,
    /// when it has been deleted, when the file name is too long, and when the disk refuses.
    pub fn begin(&self, header: RecordHeader, body_bytes: u64) -> Result<PendingRecord, StoreError> {
        if header.file.len() > FILE_NAME_BYTES_MAX {
            return Err(StoreError::NameTooLong(header.file.len()));
        }
        PendingRecord::begin(&self.inner, header, body_bytes)
    }

    /// Opens the record of an image; `None` when it is not kept.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not the record it should be.
    pub fn open_record(&self, image: ImageId) -> Result<Option<RecordReader>, StoreError> {
        Ok(self.inner.core.open_record(image)?.map(|(_, reader)| reader))
    }

    /// Returns what is known of an id.
    ///
    /// # Errors
    ///
    /// When the disk refuses, and when something is kept under the id that cannot be read: that is
    /// not the same as nothing.
    pub fn look_up(&self, image: ImageId) -> Result<Option<CatalogueItem>, StoreError> {
        let core = &self.inner.core;
        Ok(match core.known(image)? {
            Known::Nothing => None,
            Known::Kept(_, entry) => Some(CatalogueItem::Entry(entry)),
            Known::Buried(_, tombstone) => Some(CatalogueItem::Tombstone(tombstone)),
            Known::Unreadable(shelf) => {
                let (_, reader) = core.open_at(shelf, image)?;
                Some(CatalogueItem::Entry(reader.entry()))
            }
            Known::BuriedUnreadably(shelf) => {
                Some(CatalogueItem::Tombstone(core.tombstone_at(shelf, image)?))
            }
        })
    }

    /// Marks an image as deleted, on stable storage, and removes its record; fine when it is already.
    ///
    /// Wins over a record of the image that is being written.
    ///
    /// # Errors
    ///
    /// When the disk refuses. A failed sync makes the whole store read-only.
    pub fn bury(&self, tombstone: &Tombstone) -> Result<(), StoreError> {
        burial::bury(&self.inner, tombstone)
    }

    /// Returns the catalogue in short.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let core = &self.inner.core;
        Summary {
            new: core.directory.was_new(),
            ..core.books().tally.summary(core.directory.is_complete())
        }
    }

    /// Returns everything in a bucket of the catalogue, in the order of ids.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn bucket(&self, bucket: u8) -> Result<Vec<CatalogueItem>, StoreError> {
        self.inner.core.ask_index(|view| view.bucket(bucket))
    }

    /// Returns up to `most` images of a user, newest first, that come after `after` in that order.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn list(
        &self,
        user: &UserName,
        after: Option<(u64, ImageId)>,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.core.ask_index(|view| view.list(user, after, most))
    }

    /// Says whether a record of the image is being written now.
    #[must_use]
    pub fn is_arriving(&self, image: ImageId) -> bool {
        self.inner.core.books().in_progress.contains(&image)
    }

    /// Reads a record through, and takes it out of the catalogue if it is damaged; its file is set aside.
    ///
    /// Returns the damage. `None` when the record is good, when there is none, and while another
    /// copy of the image arrives, which then takes its place. The file is removed once a good copy
    /// of the image is committed.
    ///
    /// # Errors
    ///
    /// When the disk refuses. A failed sync makes the whole store read-only.
    pub fn set_aside_if_damaged(&self, image: ImageId) -> Result<Option<RecordError>, StoreError> {
        damage::set_aside_if_damaged(&self.inner, image)
    }

    /// Returns the images of which there is only a record of no use: found unreadable at the start,
    /// or set aside and not replaced since. They are in no catalogue.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn unreadable(&self) -> Result<Vec<ImageId>, StoreError> {
        let core = &self.inner.core;
        let mut images = core.ask_index(|view| view.mistrusted(Kind::Record))?;
        let set_aside: Vec<ImageId> = core.books().set_aside.iter().copied().collect();
        for image in set_aside {
            if matches!(core.known(image)?, Known::Nothing) {
                images.push(image);
            }
        }
        Ok(images)
    }

    /// Reads the record through that comes after `after` in the order of ids; `None` after the last.
    ///
    /// # Errors
    ///
    /// When the index refuses; what is wrong with the record is the verdict.
    pub fn scrub_step(&self, after: Option<ImageId>) -> Result<Option<Scrubbed>, StoreError> {
        damage::scrub_step(&self.inner.core, after)
    }

    /// Says that nothing is missing any more that the directory's earlier life may have kept.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn complete(&self) -> Result<(), StoreError> {
        let directory = &self.inner.core.directory;
        directory
            .complete()
            .map_err(StoreError::io("complete", directory.path()))
    }

    /// Returns how many images are kept.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.inner.core.books().tally.images
    }

    /// Says whether the store still takes what it is given; reading goes on whatever it says.
    #[must_use]
    pub fn health(&self) -> StoreHealth {
        match &self.inner.core.books().read_only {
            Some(reason) => StoreHealth::ReadOnly {
                reason: reason.clone(),
            },
            None => StoreHealth::Ok,
        }
    }

    /// Lets a sync have failed.
    #[cfg(test)]
    pub(crate) fn break_down(&self) {
        let path = self.inner.core.directory.path();
        let error = StoreError::sync(path)(std::io::ErrorKind::Other.into());
        self.inner.core.note(error);
    }

    /// Returns what has been committed since the start, and with how many syncs.
    #[must_use]
    pub fn counters(&self) -> StoreCounters {
        self.inner.core.counters.read()
    }
}
