//! Making an index agree with the shelves.

use std::collections::BTreeSet;
use std::path::Path;

use super::listing::Listing;
use crate::id::{ClusterName, ImageId};
use crate::protocol::Entry;
use crate::store::books::Tally;
use crate::store::directory::DataDirectory;
use crate::store::disk::Disk;
use crate::store::index::{Change, Index, IndexError, Toggle, Turn};
use crate::store::record::{RecordError, RecordReader};
use crate::store::shelves::{Kind, Shelf, Shelves};
use crate::store::tombstone;

/// How many changes are made in one transaction.
///
/// Few enough that their pages fit the cache of the index several times over.
const CHANGES: usize = 1024;

/// How two lists of files differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Difference {
    /// The file stands there, and the index does not know it, or knows it elsewhere.
    Unknown(ImageId, Shelf),
    /// The index knows a file that is not there.
    Missing(ImageId),
}

/// What an index is to agree with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) directory: &'a DataDirectory,
    pub(super) shelves: &'a Shelves,
    pub(super) listing: &'a Listing,
    /// The images of which a damaged record lies aside.
    pub(super) set_aside: &'a BTreeSet<ImageId>,
}

impl Found<'_> {
    /// Says whether a file was taken away by somebody else than the store.
    ///
    /// The store removes a record once its tombstone stands, or moves it aside, and never a tombstone.
    fn was_taken(&self, kind: Kind, difference: Difference) -> bool {
        match (kind, difference) {
            (_, Difference::Unknown(..)) => false,
            (Kind::Tombstone, Difference::Missing(_)) => true,
            (Kind::Record, Difference::Missing(image)) => {
                let tombstones = &self.listing.tombstones;
                let is_buried = tombstones.binary_search_by_key(&image, |(id, _)| *id).is_ok();
                !is_buried && !self.set_aside.contains(&image)
            }
        }
    }
}

/// Makes an index agree with the shelves; returns what is in it then.
///
/// A directory from which files were taken is marked incomplete first: once the index has forgotten
/// them, nobody could tell.
pub(super) fn reconcile(index: &Index, found: Found<'_>) -> Result<Tally, IndexError> {
    let mut tally = Tally::default();
    let mut todo = Vec::new();
    for kind in [Kind::Record, Kind::Tombstone] {
        let view = index.view()?;
        let counted = view.files(kind)?.inspect(|file| {
            if let Ok((image, _)) = *file {
                let turn = Turn::Appeared;
                tally.toggle(Toggle { image, kind, turn });
            }
        });
        let differences = differences(found.listing.of(kind), counted)?;
        if differences
            .iter()
            .any(|&difference| found.was_taken(kind, difference))
        {
            found.directory.doubt()?;
        }
        // What was unreadable is looked at again: it may have been put back, or be gone.
        let mistrusted = view.mistrusted(kind)?.into_iter().map(Difference::Missing);
        todo.extend(mistrusted.chain(differences).map(|difference| (kind, difference)));
    }
    let reader = Reader {
        shelves: found.shelves,
        disk: found.disk,
        cluster: &found.directory.identity().cluster,
    };
    for todo in todo.chunks(CHANGES) {
        let changes: Vec<Change> = todo
            .iter()
            .map(|(kind, difference)| reader.change(*kind, *difference))
            .collect();
        for toggle in index.apply(&changes)? {
            tally.toggle(toggle);
        }
    }
    if !todo.is_empty() {
        index.sync()?;
    }
    Ok(tally)
}

/// Compares the files on the shelves with those in the index, both in the order of ids.
pub(in crate::store) fn differences(
    files: &[(ImageId, Shelf)],
    indexed: impl Iterator<Item = Result<(ImageId, Shelf), IndexError>>,
) -> Result<Vec<Difference>, IndexError> {
    let mut differences = Vec::new();
    let mut files = files.iter().copied().peekable();
    for row in indexed {
        let (image, known) = row?;
        while let Some((new, shelf)) = files.next_if(|(file, _)| *file < image) {
            differences.push(Difference::Unknown(new, shelf));
        }
        match files.next_if(|(file, _)| *file == image) {
            Some((_, shelf)) if shelf == known => {}
            Some((_, shelf)) => differences.push(Difference::Unknown(image, shelf)),
            None => differences.push(Difference::Missing(image)),
        }
    }
    differences.extend(files.map(|(image, shelf)| Difference::Unknown(image, shelf)));
    Ok(differences)
}

/// Reads what the index does not know.
struct Reader<'a> {
    shelves: &'a Shelves,
    disk: &'a dyn Disk,
    cluster: &'a ClusterName,
}

impl Reader<'_> {
    fn change(&self, kind: Kind, difference: Difference) -> Change {
        let (image, shelf) = match difference {
            Difference::Missing(image) => return Change::Forget(image, kind),
            Difference::Unknown(image, shelf) => (image, shelf),
        };
        let path = self.shelves.path(shelf, image, kind);
        let change = match kind {
            Kind::Record => self.entry(&path, image).map(|entry| Change::Keep(entry, shelf)),
            Kind::Tombstone => tombstone::read(self.disk, &path, self.cluster, image)
                .map(|tombstone| Change::Bury(tombstone, shelf)),
        };
        // A file that cannot be read is no reason not to start: the other nodes have the image.
        change.unwrap_or(Change::Mistrust(image, kind, shelf))
    }

    fn entry(&self, path: &Path, image: ImageId) -> Result<Entry, RecordError> {
        let reader = RecordReader::open_ends(self.disk, path, self.cluster, image)?;
        reader.check_end()?;
        Ok(reader.entry())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(byte: u8, shelf: u32) -> (ImageId, Shelf) {
        (ImageId::from_bytes([byte; 16]), Shelf(shelf))
    }

    #[test]
    fn only_what_differs_is_told() {
        let files = [file(1, 0), file(3, 0), file(4, 2), file(6, 2)];
        let indexed = [file(2, 0), file(3, 0), file(4, 1), file(9, 0)];
        let found = differences(&files, indexed.into_iter().map(Ok)).expect("readable");
        assert_eq!(
            found,
            [
                Difference::Unknown(file(1, 0).0, Shelf(0)),
                Difference::Missing(file(2, 0).0),
                Difference::Unknown(file(4, 2).0, Shelf(2)),
                Difference::Unknown(file(6, 2).0, Shelf(2)),
                Difference::Missing(file(9, 0).0),
            ]
        );
        let same = differences(&files, files.into_iter().map(Ok)).expect("readable");
        assert_eq!(same, []);
    }
}
