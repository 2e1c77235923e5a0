//! The index as it was at one moment: everything that is looked up.

use std::ops::Bound;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use super::IndexError;
use super::tables::{
    BY_USER, IMAGES, ImageRow, TOMBSTONES, TombstoneRow, UNREADABLE, UserRow, entry_of, image_of, number_of,
    tombstone_of,
};
use crate::id::{ImageId, UserName};
use crate::protocol::{CatalogueItem, Entry, Tombstone};
use crate::store::shelves::{Kind, Shelf};

/// What stands on the shelves under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Known {
    /// Nothing.
    Nothing,
    /// A record.
    Kept(Shelf, Entry),
    /// A file named as a record that is none.
    Unreadable(Shelf),
    /// A tombstone.
    Buried(Shelf, Tombstone),
    /// A file named as a tombstone that is none; its name counts all the same.
    BuriedUnreadably(Shelf),
}

/// Files with their shelves, one after the other.
pub(in crate::store) type Files<'a> = Box<dyn Iterator<Item = Result<(ImageId, Shelf), IndexError>> + 'a>;

/// The index at one moment.
pub(in crate::store) struct View {
    images: ReadOnlyTable<u128, ImageRow<'static>>,
    by_user: ReadOnlyTable<UserRow<'static>, ()>,
    tombstones: ReadOnlyTable<u128, TombstoneRow<'static>>,
    unreadable: ReadOnlyTable<(u128, bool), u32>,
}

impl View {
    pub(super) fn new(transaction: &ReadTransaction) -> Result<Self, IndexError> {
        Ok(Self {
            images: transaction.open_table(IMAGES)?,
            by_user: transaction.open_table(BY_USER)?,
            tombstones: transaction.open_table(TOMBSTONES)?,
            unreadable: transaction.open_table(UNREADABLE)?,
        })
    }

    /// Returns what stands on the shelves under an id; a tombstone wins.
    pub(in crate::store) fn known(&self, image: ImageId) -> Result<Known, IndexError> {
        let id = number_of(image);
        if let Some(row) = self.tombstones.get(id)? {
            let (shelf, tombstone) = tombstone_of(image, row.value())?;
            return Ok(Known::Buried(shelf, tombstone));
        }
        if let Some(row) = self.unreadable.get((id, true))? {
            return Ok(Known::BuriedUnreadably(Shelf(row.value())));
        }
        if let Some(row) = self.images.get(id)? {
            let (shelf, entry) = entry_of(image, row.value())?;
            return Ok(Known::Kept(shelf, entry));
        }
        let unreadable = self.unreadable.get((id, false))?;
        Ok(unreadable.map_or(Known::Nothing, |row| Known::Unreadable(Shelf(row.value()))))
    }

    /// Returns every image and tombstone whose id begins with that byte, in the order of ids.
    pub(in crate::store) fn bucket(&self, bucket: u8) -> Result<Vec<CatalogueItem>, IndexError> {
        let mut first = [0; 16];
        first[0] = bucket;
        let mut last = [0xff; 16];
        last[0] = bucket;
        let ids = u128::from_be_bytes(first)..=u128::from_be_bytes(last);
        let mut items = Vec::new();
        for row in self.images.range(ids.clone())? {
            let (id, row) = row?;
            let (_, entry) = entry_of(image_of(id.value()), row.value())?;
            items.push(CatalogueItem::Entry(entry));
        }
        for row in self.tombstones.range(ids)? {
            let (id, row) = row?;
            let (_, tombstone) = tombstone_of(image_of(id.value()), row.value())?;
            items.push(CatalogueItem::Tombstone(tombstone));
        }
        items.sort_by_key(CatalogueItem::image);
        Ok(items)
    }

    /// Returns up to `most` images of a user, newest first, that come after `after` in that order.
    pub(in crate::store) fn list(
        &self,
        user: &UserName,
        after: Option<(u64, ImageId)>,
        most: usize,
    ) -> Result<Vec<Entry>, IndexError> {
        let user = user.as_str();
        let oldest = Bound::Included((user, 0, 0));
        let newest = match after {
            Some((created_ms, image)) => Bound::Excluded((user, created_ms, number_of(image))),
            None => Bound::Included((user, u64::MAX, u128::MAX)),
        };
        let mut entries = Vec::new();
        for row in self.by_user.range((oldest, newest))?.rev().take(most) {
            let (key, _) = row?;
            let (_, _, id) = key.value();
            let row = self.images.get(id)?.ok_or(IndexError::Garbled)?;
            entries.push(entry_of(image_of(id), row.value())?.1);
        }
        Ok(entries)
    }

    /// Returns the first record, readable or not, that comes after `after` in the order of ids.
    pub(in crate::store) fn next_record(
        &self,
        after: Option<ImageId>,
    ) -> Result<Option<(ImageId, Shelf)>, IndexError> {
        let after = after.map_or(Bound::Unbounded, |image| Bound::Excluded(number_of(image)));
        let kept = match self.images.range((after, Bound::Unbounded))?.next() {
            Some(row) => {
                let (id, row) = row?;
                Some((id.value(), row.value().0))
            }
            None => None,
        };
        let beyond = after.map(|id| (id, true));
        let mut unreadable = None;
        for row in self.unreadable.range((beyond, Bound::Unbounded))? {
            let (key, shelf) = row?;
            let (id, is_tombstone) = key.value();
            if !is_tombstone {
                unreadable = Some((id, shelf.value()));
                break;
            }
        }
        let first = kept.into_iter().chain(unreadable).min();
        Ok(first.map(|(id, shelf)| (image_of(id), Shelf(shelf))))
    }

    /// Returns which files of a kind the index knows and trusts, in the order of ids.
    pub(in crate::store) fn files(&self, kind: Kind) -> Result<Files<'_>, IndexError> {
        Ok(match kind {
            Kind::Record => Box::new(self.images.iter()?.map(|row| {
                let (id, row) = row?;
                Ok((image_of(id.value()), Shelf(row.value().0)))
            })),
            Kind::Tombstone => Box::new(self.tombstones.iter()?.map(|row| {
                let (id, row) = row?;
                Ok((image_of(id.value()), Shelf(row.value().0)))
            })),
        })
    }

    /// Returns which files of a kind the index knows and does not trust, in the order of ids.
    pub(in crate::store) fn mistrusted(&self, kind: Kind) -> Result<Vec<ImageId>, IndexError> {
        let mut images = Vec::new();
        for row in self.unreadable.iter()? {
            let (key, _) = row?;
            let (id, is_tombstone) = key.value();
            if is_tombstone == (kind == Kind::Tombstone) {
                images.push(image_of(id));
            }
        }
        Ok(images)
    }
}
