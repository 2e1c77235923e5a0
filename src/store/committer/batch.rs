//! One batch: names are changed one after the other, then made durable together.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::{Done, Work};
use crate::id::ImageId;
use crate::protocol::{Entry, Tombstone};
use crate::store::StoreError;
use crate::store::core::Core;
use crate::store::counters::count;
use crate::store::index::{Change, Known, View};
use crate::store::mutation::Mutation;
use crate::store::shelves::{Filling, Kind, Shelf, file_name};

/// What a new name may need: one more block of its directory.
const NAME_BYTES: u64 = 4096;

/// A batch while it is carried out.
pub(super) struct Batch<'a> {
    core: &'a Core,
    view: View,
    /// What this batch has made of images so far; the view is older.
    now: BTreeMap<ImageId, Known>,
    /// The directories whose names have changed.
    touched: BTreeSet<PathBuf>,
    changes: Vec<Change>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(core: &'a Core) -> Result<Self, StoreError> {
        Ok(Self {
            core,
            view: core.view()?,
            now: BTreeMap::new(),
            touched: BTreeSet::new(),
            changes: Vec::new(),
        })
    }

    /// Changes the names that a piece of work is about; they are not durable yet.
    ///
    /// When only a later sync fails the files stay where they were moved: taking them away again
    /// would need a sync of the same disk to be known to have happened.
    pub(super) fn carry_out(&mut self, work: &Work, filling: &mut Filling) -> Result<Done, StoreError> {
        match work {
            Work::Keep { finished, entry } => self.keep(finished, entry, filling),
            Work::Bury { finished, tombstone } => self.bury(finished, tombstone, filling),
            Work::SetAside(image) => self.set_aside(*image),
        }
    }

    fn keep(&mut self, finished: &Path, entry: &Entry, filling: &mut Filling) -> Result<Done, StoreError> {
        let image = entry.image;
        let damaged = match self.known(image)? {
            Known::Buried(..) | Known::BuriedUnreadably(_) => return Err(StoreError::Buried(image)),
            // Its writer compares before it asks, and no other may write meanwhile.
            Known::Kept(..) => return Err(StoreError::Conflict(image)),
            Known::Unreadable(shelf) => Some(shelf),
            Known::Nothing => None,
        };
        let shelf = self.place(finished, image, Kind::Record, damaged, filling)?;
        count(&self.core.counters.records);
        self.now.insert(image, Known::Kept(shelf, entry.clone()));
        self.changes.push(Change::Keep(entry.clone(), shelf));
        Ok(Done::default())
    }

    fn bury(
        &mut self,
        finished: &Path,
        tombstone: &Tombstone,
        filling: &mut Filling,
    ) -> Result<Done, StoreError> {
        let image = tombstone.image;
        let (damaged, record) = match self.known(image)? {
            Known::Buried(..) => {
                return Ok(Done {
                    unneeded: true,
                    superseded: None,
                });
            }
            Known::BuriedUnreadably(shelf) => (Some(shelf), None),
            Known::Kept(shelf, _) | Known::Unreadable(shelf) => (None, Some(shelf)),
            Known::Nothing => (None, None),
        };
        let shelf = self.place(finished, image, Kind::Tombstone, damaged, filling)?;
        count(&self.core.counters.tombstones);
        self.now.insert(image, Known::Buried(shelf, tombstone.clone()));
        self.changes.push(Change::Bury(tombstone.clone(), shelf));
        Ok(Done {
            unneeded: false,
            superseded: record.map(|shelf| self.core.shelves.path(shelf, image, Kind::Record)),
        })
    }

    fn set_aside(&mut self, image: ImageId) -> Result<Done, StoreError> {
        let (Known::Kept(shelf, _) | Known::Unreadable(shelf)) = self.known(image)? else {
            return Ok(Done::default());
        };
        let path = self.core.shelves.path(shelf, image, Kind::Record);
        let aside = self.core.damaged.join(file_name(image, Kind::Record));
        match self.core.disk.rename(&path, &aside) {
            Ok(()) => drop(self.core.books().set_aside.insert(image)),
            // Somebody has taken the file away; all there is left to do is to forget it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("set aside", &path)(error)),
        }
        // Were the old name not synced too, a crash could bring it back beside its successor.
        self.touched.insert(self.core.shelves.directory(shelf));
        self.touched.insert(self.core.damaged.clone());
        self.now.insert(image, Known::Nothing);
        self.changes.push(Change::Forget(image, Kind::Record));
        Ok(Done::default())
    }

    fn known(&self, image: ImageId) -> Result<Known, StoreError> {
        match self.now.get(&image) {
            Some(known) => Ok(known.clone()),
            None => self
                .view
                .known(image)
                .map_err(|error| self.core.index_failed(error)),
        }
    }

    /// Moves a finished file onto a shelf: over the damaged one of its name, or where there is room.
    fn place(
        &mut self,
        finished: &Path,
        image: ImageId,
        kind: Kind,
        damaged: Option<Shelf>,
        filling: &mut Filling,
    ) -> Result<Shelf, StoreError> {
        let core = self.core;
        let shelf = match damaged {
            Some(shelf) => shelf,
            None => filling.next(&core.shelves, &*core.disk, core.options.files_per_shelf)?,
        };
        self.rename(finished, &core.shelves.path(shelf, image, kind))?;
        self.touched.insert(core.shelves.directory(shelf));
        if damaged.is_none() {
            filling.files += 1;
        }
        Ok(shelf)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let renamed = self.core.disk.rename(from, to);
        renamed.map_err(|error| self.core.refused(to, NAME_BYTES, error))
    }

    /// Makes everything durable, and visible; returns also how many changes there were.
    pub(super) fn finish(self) -> (usize, Result<(), StoreError>) {
        let changes = self.changes.len();
        let finished = self.sync().and_then(|()| self.publish());
        (changes, finished)
    }

    fn sync(&self) -> Result<(), StoreError> {
        if self.core.options.mutated(Mutation::NoDirectorySync) {
            return Ok(());
        }
        for directory in &self.touched {
            let synced = self.core.disk.sync_directory(directory);
            synced.map_err(StoreError::sync(directory))?;
            count(&self.core.counters.directory_syncs);
        }
        Ok(())
    }

    fn publish(&self) -> Result<(), StoreError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let applied = self.core.index.apply(&self.changes);
        let toggles = applied.map_err(|error| self.core.index_failed(error))?;
        let mut books = self.core.books();
        for toggle in toggles {
            books.tally.toggle(toggle);
        }
        Ok(())
    }
}
