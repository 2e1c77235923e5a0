//! The start of a store: what is unfinished goes, and the index is made to agree with the shelves.
//!
//! ```text
//!   unfinished/*                            removed
//!   a record beside its tombstone           removed: the tombstone wins
//!   index.redb missing, damaged, foreign    made anew from the shelves
//!   a file the index does not know          its header and its end are read
//!   a row without a file                    goes
//! ```
//!
//! Reads names, and the headers of files whose names the index does not know where they are; never
//! a body. Everything that is found is synced, since the process that placed it may have died
//! before it did so itself. The index is opened under another name: a process that dies of a
//! damaged one leaves that name behind, and the next start does not open it again.

mod listing;
mod reconcile;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::books::{Books, Tally};
use super::core::Core;
use super::counters::Counters;
use super::disk::Disk;
use super::index::{Index, IndexError, Owner};
use super::options::Options;
use super::shelves::{Filling, Kind, Shelves, parse};
use super::{DataDirectory, StoreError, parent_of};
use crate::id::ImageId;
use listing::Listing;
pub(super) use listing::one_an_id;
use reconcile::reconcile;
pub(super) use reconcile::{Difference, differences};

/// The directory of what has not been committed, in the data directory.
pub(super) const UNFINISHED: &str = "unfinished";

/// The directory of records that are not what was written, in the data directory.
pub(super) const DAMAGED: &str = "damaged";

/// The index, in the data directory.
pub(super) const INDEX: &str = "index.redb";

/// What the index is called while it is opened.
const OPENING: &str = "index.opening";

/// Whether the index that is there may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// As far as it agrees with the shelves.
    Index,
    /// Not at all: a new one is made.
    ShelvesOnly,
}

/// Brings a data directory in order; returns the store in it.
pub(super) fn start(
    disk: Box<dyn Disk>,
    directory: DataDirectory,
    options: Options,
    trust: Trust,
) -> Result<(Core, Filling), StoreError> {
    let root = directory.path().to_owned();
    let unfinished = root.join(UNFINISHED);
    let damaged = root.join(DAMAGED);
    let shelves = Shelves::of(&root);
    for path in [&unfinished, &damaged, shelves.root()] {
        make_directory(&*disk, path)?;
    }
    sweep(&*disk, &unfinished)?;
    let mut listing = Listing::read(&shelves, &*disk)?;
    listing.sweep_buried(&shelves, &*disk)?;
    let mut books = Books {
        set_aside: set_aside(&*disk, &damaged)?,
        ..Books::default()
    };
    let opening = Opening {
        disk: &*disk,
        root: &root,
        owner: Owner {
            cluster: directory.identity().cluster.clone(),
            disk: directory.disk_id(),
        },
        shelves: &shelves,
        listing: &listing,
    };
    let index = opening.index(trust, &mut books)?;
    books.lost_marks = lost_marks(&index, &root)?;
    let filling = listing.filling;
    let shelves_stamp = disk
        .stamp(shelves.root())
        .map_err(StoreError::io("read", shelves.root()))?;
    let core = Core {
        disk,
        index,
        index_path: root.join(INDEX),
        shelves,
        shelves_stamp,
        unfinished,
        damaged,
        options,
        counters: Counters::default(),
        books: books.into(),
        directory,
    };
    Ok((core, filling))
}

/// Creates a directory in the data directory, durably; fine when it exists.
fn make_directory(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    if disk
        .create_directory(path)
        .map_err(StoreError::io("create", path))?
    {
        let parent = parent_of(path);
        disk.sync_directory(parent)
            .map_err(StoreError::io("sync", parent))?;
    }
    Ok(())
}

/// Removes what was not committed.
fn sweep(disk: &dyn Disk, unfinished: &Path) -> Result<(), StoreError> {
    let names = disk
        .list(unfinished)
        .map_err(StoreError::io("read", unfinished))?;
    for name in names {
        let path = unfinished.join(name.name);
        disk.remove(&path).map_err(StoreError::io("remove", &path))?;
    }
    Ok(())
}

/// Lists the images of which a damaged record lies aside.
fn set_aside(disk: &dyn Disk, damaged: &Path) -> Result<BTreeSet<ImageId>, StoreError> {
    let names = disk.list(damaged).map_err(StoreError::io("read", damaged))?;
    let images = names.iter().filter_map(|name| parse(&name.name));
    Ok(images
        .filter(|(_, kind)| *kind == Kind::Record)
        .map(|(image, _)| image)
        .collect())
}

/// Lists the images whose tombstones cannot be read.
fn lost_marks(index: &Index, root: &Path) -> Result<BTreeSet<ImageId>, StoreError> {
    let mistrusted = index.view().and_then(|view| view.mistrusted(Kind::Tombstone));
    let images = mistrusted.map_err(|source| StoreError::IndexUnusable {
        path: root.join(INDEX),
        source,
    })?;
    Ok(images.into_iter().collect())
}

/// What is needed to open an index.
struct Opening<'a> {
    disk: &'a dyn Disk,
    root: &'a Path,
    owner: Owner,
    shelves: &'a Shelves,
    listing: &'a Listing,
}

impl Opening<'_> {
    /// Returns an index that agrees with the shelves, and counts what is in it.
    fn index(&self, trust: Trust, books: &mut Books) -> Result<Index, StoreError> {
        let path = self.root.join(INDEX);
        let failed = |source| StoreError::IndexUnusable {
            path: path.clone(),
            source,
        };
        let found = match trust {
            Trust::Index => self.open_found(),
            Trust::ShelvesOnly => Err(IndexError::Foreign),
        };
        // Whatever is wrong with it, everything in it can be read from the shelves.
        let found = found.and_then(|index| {
            let tally = self.reconcile(&index)?;
            Ok((index, tally))
        });
        let (index, tally) = match found {
            Ok(found) => found,
            Err(_) => self.make().map_err(failed)?,
        };
        books.tally = tally;
        self.disk
            .rename(&self.opening(), &path)
            .map_err(StoreError::io("rename", &path))?;
        self.disk
            .sync_directory(self.root)
            .map_err(StoreError::io("sync", self.root))?;
        Ok(index)
    }

    fn opening(&self) -> PathBuf {
        self.root.join(OPENING)
    }

    /// Opens the index that is there.
    fn open_found(&self) -> Result<Index, IndexError> {
        match self.disk.remove(&self.opening()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        self.disk.rename(&self.root.join(INDEX), &self.opening())?;
        Index::open(self.disk.open_to_write(&self.opening())?, &self.owner)
    }

    /// Makes a new index from the shelves.
    fn make(&self) -> Result<(Index, Tally), IndexError> {
        let index = Index::create(self.disk, &self.opening(), &self.owner)?;
        let tally = self.reconcile(&index)?;
        Ok((index, tally))
    }

    fn reconcile(&self, index: &Index) -> Result<Tally, IndexError> {
        reconcile(index, self.listing, self.shelves, self.disk, &self.owner.cluster)
    }
}
