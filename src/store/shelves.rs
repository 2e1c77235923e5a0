//! Where records stand: numbered directories, filled one after the other.
//!
//! ```text
//!   shelves/0000/000102030405060708090a0b0c0d0eff.record
//!   shelves/0000/…                                         4,096 of them, then
//!   shelves/0001/…
//! ```
//!
//! Owns the names and which shelf is next; knows nothing of what a record holds. Invariant: what
//! [`Shelves::place`] has returned from has its name on stable storage.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::StoreError;
use super::disk;
use crate::id::ImageId;

/// The directory of the shelves, in the data directory.
pub(super) const SHELVES: &str = "shelves";

/// How many records a shelf takes.
///
/// Few enough that listing and syncing one directory stays quick, many enough that a million
/// images make 250 directories.
pub(super) const SHELF_RECORDS: usize = 4096;

const RECORD_EXTENSION: &str = "record";

/// The number of a shelf, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelf(u32);

/// All shelves of a data directory.
#[derive(Debug)]
pub(super) struct Shelves {
    root: PathBuf,
    records_per_shelf: usize,
    /// Guards the rotation of shelves; held while one record gets its place, on blocking threads
    /// only, so that a full shelf never takes one more.
    filling: Mutex<Filling>,
}

/// The shelf that takes the next record.
#[derive(Debug)]
struct Filling {
    shelf: Shelf,
    records: usize,
}

impl Shelves {
    /// Opens the shelves of a data directory; returns also which record stands where.
    ///
    /// Reads names only. Every name that is found is synced, since the process that placed it may
    /// have died before it did so itself.
    pub(super) fn open(
        directory: &Path,
        records_per_shelf: usize,
    ) -> Result<(Self, BTreeMap<ImageId, Shelf>), StoreError> {
        let root = directory.join(SHELVES);
        disk::create_directory(&root).map_err(StoreError::io("create", &root))?;
        let mut kept = BTreeMap::new();
        let mut filling = Filling {
            shelf: Shelf(0),
            records: 0,
        };
        for shelf in shelves_in(&root)? {
            let path = shelf_path(&root, shelf);
            let records = records_in(&path).map_err(StoreError::io("read", &path))?;
            disk::sync_directory(&path).map_err(StoreError::io("sync", &path))?;
            filling = Filling {
                shelf,
                records: records.len(),
            };
            kept.extend(records.into_iter().map(|image| (image, shelf)));
        }
        disk::sync_directory(&root).map_err(StoreError::io("sync", &root))?;
        let shelves = Self {
            root,
            records_per_shelf,
            filling: Mutex::new(filling),
        };
        Ok((shelves, kept))
    }

    /// Returns where a record on that shelf is.
    pub(super) fn path_of(&self, place: Shelf, image: ImageId) -> PathBuf {
        shelf_path(&self.root, place).join(record_name(image))
    }

    /// Moves the finished file of an image to the next free place, durably.
    ///
    /// When only the last sync fails the file stays where it was moved: taking it away again would
    /// need a sync of the same disk to be known to have happened.
    pub(super) fn place(&self, finished: &Path, image: ImageId) -> Result<Shelf, StoreError> {
        // A holder that panicked has left a count that is at most one too low.
        let mut filling = self.filling.lock().unwrap_or_else(PoisonError::into_inner);
        if filling.records >= self.records_per_shelf {
            *filling = Filling {
                shelf: Shelf(filling.shelf.0 + 1),
                records: 0,
            };
        }
        let directory = shelf_path(&self.root, filling.shelf);
        if !directory.is_dir() {
            fs::create_dir(&directory).map_err(StoreError::io("create", &directory))?;
            sync_directory(&self.root)?;
        }
        let path = directory.join(record_name(image));
        fs::rename(finished, &path).map_err(StoreError::io("write", &path))?;
        filling.records += 1;
        sync_directory(&directory)?;
        Ok(filling.shelf)
    }
}

/// Syncs the names in a directory; unlike any other failure, this one is for good.
fn sync_directory(path: &Path) -> Result<(), StoreError> {
    disk::sync_directory(path).map_err(|source| StoreError::SyncFailed {
        path: path.to_owned(),
        source,
    })
}

/// Returns the name of the file of an image, on its shelf and before it gets there.
pub(super) fn record_name(image: ImageId) -> String {
    format!("{image}.{RECORD_EXTENSION}")
}

fn shelf_path(root: &Path, shelf: Shelf) -> PathBuf {
    root.join(format!("{:04}", shelf.0))
}

/// Lists the shelves there are, in the order of their numbers.
fn shelves_in(root: &Path) -> Result<Vec<Shelf>, StoreError> {
    let names = names_in(root).map_err(StoreError::io("read", root))?;
    let mut shelves: Vec<Shelf> = names
        .iter()
        .filter_map(|name| name.parse().ok().map(Shelf))
        .filter(|&shelf| shelf_path(root, shelf).is_dir())
        .collect();
    shelves.sort_unstable();
    shelves.dedup();
    Ok(shelves)
}

/// Lists the images whose records stand on a shelf; other names are somebody else's business.
fn records_in(shelf: &Path) -> io::Result<Vec<ImageId>> {
    let image = |name: &String| {
        let image = name.strip_suffix(RECORD_EXTENSION)?.strip_suffix('.')?;
        let image: ImageId = image.parse().ok()?;
        (record_name(image) == *name).then_some(image)
    };
    Ok(names_in(shelf)?.iter().filter_map(image).collect())
}

/// Lists the names in a directory that are UTF-8, as all of ours are.
fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}
