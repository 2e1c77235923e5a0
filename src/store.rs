//! The images a node keeps, one record a file, in its data directory.
//!
//! ```text
//!   data/node-1/identity.json                       whose it is          (directory)
//!   data/node-1/lock                                who uses it now      (directory)
//!   data/node-1/unfinished/<32 hex>.record          arriving; swept at the next start
//!   data/node-1/shelves/0000/<32 hex>.record        kept                 (shelves, record)
//! ```
//!
//! Owns what is kept: it stores, finds and reads back, and says no when the disk is full, failing
//! or already holds another content under the id. Knows nothing of requests, keys or other nodes.
//! Every call here that touches a record blocks on the disk.
//!
//! Invariant: what [`PendingRecord::commit`] has returned from survives the loss of power: the
//! file's data was synced, then its name, then its directory. What was not committed leaves
//! nothing behind, but for one case: when the last of these syncs fails, nobody knows what the disk
//! holds. The commit has failed then, and the next start may find the record kept.

mod digest;
mod directory;
mod disk;
mod error;
mod identity;
mod pending;
mod record;
mod shelves;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use digest::{Digest, ParseDigestError};
pub use directory::{DataDirectory, OpenError};
pub use disk::{parent_of, write_durably};
pub use error::StoreError;
pub use identity::{DiskId, Identity};
pub use pending::PendingRecord;
pub use record::{FILE_NAME_BYTES_MAX, RecordError, RecordHeader, RecordReader, RecordWriter};

use crate::id::{ImageId, UserName};
use crate::protocol::{BUCKETS, BucketDigest, CatalogueItem, Entry, Summary, Tombstone};
use shelves::{SHELF_RECORDS, Shelf, Shelves};

/// How much of the disk an upload leaves free.
///
/// Votes and tombstones must still be written when images no longer fit; each takes a block or
/// two, so this is room for a thousand.
pub const RESERVE_BYTES: u64 = 8 * 1024 * 1024;

/// The directory of what has not been committed, in the data directory.
const UNFINISHED: &str = "unfinished";

/// What tests set otherwise.
#[derive(Debug, Clone, Copy)]
struct Options {
    records_per_shelf: usize,
    reserve_bytes: u64,
    /// Syncs the data of a finished record.
    sync: fn(&File) -> io::Result<()>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            records_per_shelf: SHELF_RECORDS,
            reserve_bytes: RESERVE_BYTES,
            sync: File::sync_data,
        }
    }
}

/// The records in a data directory; a clone is another handle on the same store.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    directory: DataDirectory,
    unfinished: PathBuf,
    shelves: Shelves,
    options: Options,
    /// Guards the books below, for a look-up or an entry at a time; never held over the disk.
    books: Mutex<Books>,
}

/// What the store knows without asking the disk.
#[derive(Debug)]
struct Books {
    kept: BTreeMap<ImageId, Shelf>,
    buried: BTreeMap<ImageId, Tombstone>,
    in_progress: BTreeSet<ImageId>,
    /// What the uploads in progress have yet to write.
    awaited_bytes: u64,
    read_only: bool,
}

impl Store {
    /// Opens the store in a data directory: sweeps what is unfinished, looks up what is kept.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read, swept or synced.
    pub fn open(directory: DataDirectory) -> Result<Self, StoreError> {
        Self::open_with(directory, Options::default())
    }

    fn open_with(directory: DataDirectory, options: Options) -> Result<Self, StoreError> {
        let unfinished = directory.path().join(UNFINISHED);
        disk::create_directory(&unfinished).map_err(StoreError::io("create", &unfinished))?;
        for entry in fs::read_dir(&unfinished).map_err(StoreError::io("read", &unfinished))? {
            let path = entry.map_err(StoreError::io("read", &unfinished))?.path();
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
        let (shelves, kept) = Shelves::open(directory.path(), options.records_per_shelf)?;
        let books = Books {
            kept,
            buried: BTreeMap::new(),
            in_progress: BTreeSet::new(),
            awaited_bytes: 0,
            read_only: false,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                directory,
                unfinished,
                shelves,
                options,
                books: Mutex::new(books),
            }),
        })
    }

    /// Returns the data directory.
    #[must_use]
    pub fn directory(&self) -> &DataDirectory {
        &self.inner.directory
    }

    /// Begins the record of an image whose body, `IV ‖ ciphertext`, will have `body_bytes` bytes.
    ///
    /// That the image is kept already is no error here: the commit compares.
    ///
    /// # Errors
    ///
    /// When the disk has no room for it, when the same image is being written by another request,
    /// when the file name is too long, and when the disk refuses.
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
        Ok(self.inner.open_record(image)?.map(|(_, reader)| reader))
    }

    /// Returns what is known of an id.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn look_up(&self, image: ImageId) -> Result<Option<CatalogueItem>, StoreError> {
        if let Some(tombstone) = self.inner.books().buried.get(&image) {
            return Ok(Some(CatalogueItem::Tombstone(tombstone.clone())));
        }
        let reader = self.open_record(image)?;
        Ok(reader.map(|reader| CatalogueItem::Entry(reader.entry())))
    }

    /// Marks an image as deleted, on stable storage; fine when it is already.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn bury(&self, tombstone: &Tombstone) -> Result<(), StoreError> {
        let mut books = self.inner.books();
        books.buried.insert(tombstone.image, tombstone.clone());
        books.kept.remove(&tombstone.image);
        Ok(())
    }

    /// Returns the catalogue in short.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let books = self.inner.books();
        let mut buckets = vec![BucketDigest::default(); BUCKETS];
        let items = books.kept.keys().map(|image| (image, 0));
        for (image, tag) in items.chain(books.buried.keys().map(|image| (image, 1))) {
            let mut bytes = [0; 16];
            let hash = blake3::hash(&[image.as_bytes(), &[tag][..]].concat());
            bytes.copy_from_slice(&hash.as_bytes()[..16]);
            buckets[usize::from(image.as_bytes()[0])].0 ^= u128::from_be_bytes(bytes);
        }
        Summary {
            buckets,
            images: books.kept.len() as u64,
            tombstones: books.buried.len() as u64,
            complete: true,
        }
    }

    /// Returns everything in a bucket of the catalogue, in the order of ids.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn bucket(&self, bucket: u8) -> Result<Vec<CatalogueItem>, StoreError> {
        let books = self.inner.books();
        let ids: Vec<ImageId> = books.kept.keys().chain(books.buried.keys()).copied().collect();
        drop(books);
        let ids = ids.into_iter().filter(|image| image.as_bytes()[0] == bucket);
        ids.filter_map(|image| self.look_up(image).transpose()).collect()
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
        let ids: Vec<ImageId> = self.inner.books().kept.keys().copied().collect();
        let mut entries = Vec::new();
        for image in ids {
            entries.extend(self.open_record(image)?.map(|reader| reader.entry()));
        }
        entries.retain(|entry| entry.user == *user);
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.created_ms, entry.image)));
        entries.retain(|entry| after.is_none_or(|after| (entry.created_ms, entry.image) < after));
        entries.truncate(most);
        Ok(entries)
    }

    /// Says whether a record of the image is being written now.
    #[must_use]
    pub fn is_arriving(&self, image: ImageId) -> bool {
        self.inner.books().in_progress.contains(&image)
    }

    /// Takes a record out of the catalogue that is not what was written; its file is set aside.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn set_aside(&self, image: ImageId) -> Result<(), StoreError> {
        self.inner.books().kept.remove(&image);
        Ok(())
    }

    /// Says that nothing is missing any more that the directory's earlier life may have kept.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn complete(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns how many images are kept.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.inner.books().kept.len() as u64
    }
}

impl Inner {
    fn books(&self) -> MutexGuard<'_, Books> {
        // Every change of the books is a single step, so they are whole even after a panic.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, image: ImageId) -> Option<PathBuf> {
        let place = *self.books().kept.get(&image)?;
        Some(self.shelves.path_of(place, image))
    }

    fn open_record(&self, image: ImageId) -> Result<Option<(PathBuf, RecordReader)>, StoreError> {
        let Some(path) = self.find(image) else {
            return Ok(None);
        };
        match RecordReader::open(&path, &self.directory.identity().cluster, image) {
            Ok(reader) => Ok(Some((path, reader))),
            Err(source) => Err(StoreError::Record { path, source }),
        }
    }

    /// Returns what the disk has left beyond the reserve; `None` where it does not say.
    fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        let free = disk::free_bytes(&self.unfinished).map_err(StoreError::io("measure", &self.unfinished))?;
        Ok(free.map(|free| free.saturating_sub(self.options.reserve_bytes)))
    }

    /// Stops writing for good once a sync has failed.
    fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::SyncFailed { .. }) {
            self.books().read_only = true;
        }
    }
}
