//! Changes of the index: what is written into which tables.
//!
//! Every change leaves the same rows however often it is made, and says what appeared or went by
//! it, so that counts and digests can follow without a look at the whole.

use redb::{ReadableTable, Table, WriteTransaction};

use super::IndexError;
use super::tables::{
    BY_USER, IMAGES, ImageRow, TOMBSTONES, TombstoneRow, UNREADABLE, UserRow, image_row, number_of,
};
use crate::id::ImageId;
use crate::protocol::{Entry, Tombstone};
use crate::store::shelves::{Kind, Shelf};

/// One change.
#[derive(Debug, Clone)]
pub(in crate::store) enum Change {
    /// The record of an image stands on a shelf.
    Keep(Entry, Shelf),
    /// The tombstone of an image stands on a shelf; there is no record any more.
    Bury(Tombstone, Shelf),
    /// A file stands on a shelf, and is not what its name says.
    Mistrust(ImageId, Kind, Shelf),
    /// There is no such file any more.
    Forget(ImageId, Kind),
}

/// Something that appeared in the catalogue, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Toggle {
    pub(in crate::store) image: ImageId,
    pub(in crate::store) kind: Kind,
    pub(in crate::store) turn: Turn,
}

/// Which way an item turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Turn {
    Appeared,
    Gone,
}

/// Makes changes in the order in which they come.
pub(super) fn apply(transaction: &WriteTransaction, changes: &[Change]) -> Result<Vec<Toggle>, IndexError> {
    let mut tables = Tables {
        images: transaction.open_table(IMAGES)?,
        by_user: transaction.open_table(BY_USER)?,
        tombstones: transaction.open_table(TOMBSTONES)?,
        unreadable: transaction.open_table(UNREADABLE)?,
        toggles: Vec::new(),
    };
    for change in changes {
        match change {
            Change::Keep(entry, shelf) => tables.keep(entry, *shelf)?,
            Change::Bury(tombstone, shelf) => tables.bury(tombstone, *shelf)?,
            Change::Mistrust(image, kind, shelf) => tables.mistrust(*image, *kind, *shelf)?,
            Change::Forget(image, kind) => tables.forget(*image, *kind)?,
        }
    }
    Ok(tables.toggles)
}

struct Tables<'t> {
    images: Table<'t, u128, ImageRow<'static>>,
    by_user: Table<'t, UserRow<'static>, ()>,
    tombstones: Table<'t, u128, TombstoneRow<'static>>,
    unreadable: Table<'t, (u128, bool), u32>,
    toggles: Vec<Toggle>,
}

impl Tables<'_> {
    fn keep(&mut self, entry: &Entry, shelf: Shelf) -> Result<(), IndexError> {
        self.forget(entry.image, Kind::Record)?;
        let id = number_of(entry.image);
        self.images.insert(id, image_row(entry, shelf))?;
        self.by_user
            .insert((entry.user.as_str(), entry.created_ms, id), ())?;
        self.tell(entry.image, Kind::Record, Turn::Appeared);
        Ok(())
    }

    fn bury(&mut self, tombstone: &Tombstone, shelf: Shelf) -> Result<(), IndexError> {
        self.forget(tombstone.image, Kind::Record)?;
        self.forget(tombstone.image, Kind::Tombstone)?;
        let row = (shelf.0, tombstone.user.as_str(), tombstone.deleted_ms);
        self.tombstones.insert(number_of(tombstone.image), row)?;
        self.tell(tombstone.image, Kind::Tombstone, Turn::Appeared);
        Ok(())
    }

    fn mistrust(&mut self, image: ImageId, kind: Kind, shelf: Shelf) -> Result<(), IndexError> {
        self.forget(image, kind)?;
        let key = (number_of(image), kind == Kind::Tombstone);
        self.unreadable.insert(key, shelf.0)?;
        Ok(())
    }

    fn forget(&mut self, image: ImageId, kind: Kind) -> Result<(), IndexError> {
        let id = number_of(image);
        self.unreadable.remove((id, kind == Kind::Tombstone))?;
        let was_there = match kind {
            Kind::Tombstone => self.tombstones.remove(id)?.is_some(),
            Kind::Record => self.forget_image(id)?,
        };
        if was_there {
            self.tell(image, kind, Turn::Gone);
        }
        Ok(())
    }

    fn forget_image(&mut self, id: u128) -> Result<bool, IndexError> {
        let Some(row) = self.images.get(id)? else {
            return Ok(false);
        };
        let (_, _, _, created_ms, _, user, _) = row.value();
        self.by_user.remove((user, created_ms, id))?;
        drop(row);
        self.images.remove(id)?;
        Ok(true)
    }

    fn tell(&mut self, image: ImageId, kind: Kind, turn: Turn) {
        self.toggles.push(Toggle { image, kind, turn });
    }
}
