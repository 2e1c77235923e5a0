//! The names on all shelves.

use crate::id::ImageId;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::shelves::{Filling, Kind, Shelf, Shelves};

/// Which files stand where, in the order of ids, one an id and kind.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) records: Vec<(ImageId, Shelf)>,
    pub(super) tombstones: Vec<(ImageId, Shelf)>,
    /// The last shelf.
    pub(super) filling: Filling,
}

impl Listing {
    /// Lists all shelves, and syncs them.
    pub(super) fn read(shelves: &Shelves, disk: &dyn Disk) -> Result<Self, StoreError> {
        let mut listing = Self {
            records: Vec::new(),
            tombstones: Vec::new(),
            filling: Filling {
                shelf: Shelf(0),
                files: 0,
                stands: false,
            },
        };
        for shelf in shelves.list(disk)? {
            let directory = shelves.directory(shelf);
            let files = shelves.files(disk, shelf)?;
            disk.sync_directory(&directory)
                .map_err(StoreError::io("sync", &directory))?;
            listing.filling = Filling {
                shelf,
                files: files.len(),
                stands: true,
            };
            for (image, kind) in files {
                listing.of_mut(kind).push((image, shelf));
            }
        }
        disk.sync_directory(shelves.root())
            .map_err(StoreError::io("sync", shelves.root()))?;
        for kind in [Kind::Record, Kind::Tombstone] {
            one_an_id(listing.of_mut(kind));
        }
        Ok(listing)
    }

    /// Returns where the files of a kind stand.
    pub(super) fn of(&self, kind: Kind) -> &[(ImageId, Shelf)] {
        match kind {
            Kind::Record => &self.records,
            Kind::Tombstone => &self.tombstones,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Vec<(ImageId, Shelf)> {
        match kind {
            Kind::Record => &mut self.records,
            Kind::Tombstone => &mut self.tombstones,
        }
    }

    /// Removes the records that stand beside their tombstones.
    ///
    /// Their names may come back with a crash; then they are removed again.
    pub(super) fn sweep_buried(&mut self, shelves: &Shelves, disk: &dyn Disk) -> Result<(), StoreError> {
        let Self {
            records, tombstones, ..
        } = self;
        let is_buried = |image: &ImageId| tombstones.binary_search_by_key(image, |(id, _)| *id).is_ok();
        for (image, shelf) in records.iter().filter(|(image, _)| is_buried(image)) {
            let path = shelves.path(*shelf, *image, Kind::Record);
            disk.remove(&path).map_err(StoreError::io("remove", &path))?;
        }
        records.retain(|(image, _)| !is_buried(image));
        Ok(())
    }
}

/// Sorts by id; of a file that stands on two shelves, put there by hand, the last counts.
pub(in crate::store) fn one_an_id(files: &mut Vec<(ImageId, Shelf)>) {
    files.sort_unstable_by_key(|&(image, shelf)| (image, std::cmp::Reverse(shelf)));
    files.dedup_by_key(|(image, _)| *image);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_of_an_image_the_last_counts() {
        let image = |byte| ImageId::from_bytes([byte; 16]);
        let mut files = vec![(image(2), Shelf(0)), (image(1), Shelf(0)), (image(1), Shelf(3))];
        one_an_id(&mut files);
        assert_eq!(files, [(image(1), Shelf(3)), (image(2), Shelf(0))]);
    }
}
