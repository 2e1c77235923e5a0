//! Where records and tombstones stand: numbered directories, filled one after the other.
//!
//! ```text
//!   shelves/0000/000102030405060708090a0b0c0d0eff.record
//!   shelves/0000/0f0e0d0c0b0a09080706050403020100.tombstone
//!   shelves/0000/…                                            4,096 of them, then
//!   shelves/0001/…
//! ```
//!
//! Owns the names and which shelf is next; knows nothing of what a file holds.

use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::Disk;
use crate::id::ImageId;

/// The directory of the shelves, in the data directory.
pub(super) const SHELVES: &str = "shelves";

/// How many files a shelf takes; a batch that has begun goes on it whole, so a few more may stand there.
///
/// Few enough that listing and syncing one directory stays quick, many enough that a million
/// images make 250 directories.
pub(super) const SHELF_FILES: usize = 4096;

/// What a file on a shelf is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Record,
    Tombstone,
}

impl Kind {
    const fn extension(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Tombstone => "tombstone",
        }
    }
}

/// The number of a shelf, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelf(pub(super) u32);

/// All shelves of a data directory.
#[derive(Debug)]
pub(super) struct Shelves {
    root: PathBuf,
}

impl Shelves {
    /// Names the shelves of a data directory.
    pub(super) fn of(directory: &Path) -> Self {
        Self {
            root: directory.join(SHELVES),
        }
    }

    /// Returns the directory that holds them.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where a shelf is.
    pub(super) fn directory(&self, shelf: Shelf) -> PathBuf {
        self.root.join(format!("{:04}", shelf.0))
    }

    /// Returns where a file on that shelf is.
    pub(super) fn path(&self, shelf: Shelf, image: ImageId, kind: Kind) -> PathBuf {
        self.directory(shelf).join(file_name(image, kind))
    }

    /// Lists the shelves there are, in the order of their numbers.
    pub(super) fn list(&self, disk: &dyn Disk) -> Result<Vec<Shelf>, StoreError> {
        let names = disk
            .list(&self.root)
            .map_err(StoreError::io("read", &self.root))?;
        let mut shelves: Vec<Shelf> = names
            .iter()
            .filter(|name| name.is_directory)
            .filter_map(|name| name.name.parse().ok().map(Shelf))
            // `7` and `+7` parse too, and are not ours.
            .filter(|&shelf| names.iter().any(|name| name.name == format!("{:04}", shelf.0)))
            .collect();
        shelves.sort_unstable();
        shelves.dedup();
        Ok(shelves)
    }

    /// Lists the files of images on a shelf, in no order; other names are somebody else's business.
    pub(super) fn files(&self, disk: &dyn Disk, shelf: Shelf) -> Result<Vec<(ImageId, Kind)>, StoreError> {
        let directory = self.directory(shelf);
        let names = disk
            .list(&directory)
            .map_err(StoreError::io("read", &directory))?;
        Ok(names.iter().filter_map(|name| parse(&name.name)).collect())
    }
}

/// Returns the name of the file of an image.
pub(super) fn file_name(image: ImageId, kind: Kind) -> String {
    format!("{image}.{}", kind.extension())
}

/// Reads the name of the file of an image; none when it is none of ours.
pub(super) fn parse(name: &str) -> Option<(ImageId, Kind)> {
    let (id, extension) = name.split_once('.')?;
    let image: ImageId = id.parse().ok()?;
    [Kind::Record, Kind::Tombstone]
        .into_iter()
        .find(|kind| kind.extension() == extension && file_name(image, *kind) == name)
        .map(|kind| (image, kind))
}

/// The shelf that takes the next files.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) shelf: Shelf,
    pub(super) files: usize,
    /// Whether its directory is known to be there, durably.
    pub(super) stands: bool,
}

impl Filling {
    /// Returns a shelf that has room; makes it when it is not there yet.
    pub(super) fn next(
        &mut self,
        shelves: &Shelves,
        disk: &dyn Disk,
        files_max: usize,
    ) -> Result<Shelf, StoreError> {
        if self.files >= files_max {
            *self = Self {
                shelf: Shelf(self.shelf.0 + 1),
                files: 0,
                stands: false,
            };
        }
        if !self.stands {
            let directory = shelves.directory(self.shelf);
            disk.create_directory(&directory)
                .map_err(StoreError::io("create", &directory))?;
            disk.sync_directory(&shelves.root)
                .map_err(StoreError::sync(&shelves.root))?;
            self.stands = true;
        }
        Ok(self.shelf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_read() {
        let image = ImageId::from_bytes([0xab; 16]);
        for kind in [Kind::Record, Kind::Tombstone] {
            assert_eq!(parse(&file_name(image, kind)), Some((image, kind)));
        }
        for name in [
            "notes.txt",
            "abababababababababababababababab",
            "ABABABABABABABABABABABABABABABAB.record",
            "abababababababababababababababab.record.damaged",
            "abababababababababababababababab.Record",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
