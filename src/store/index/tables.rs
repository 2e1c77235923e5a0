//! The tables of the index, and what their rows mean.
//!
//! | table        | key                        | value                                              |
//! | ------------ | -------------------------- | -------------------------------------------------- |
//! | `about`      | `format`, `cluster`, `disk`| whose index it is                                  |
//! | `images`     | id                         | shelf, body bytes, kind, created, epoch, user, file|
//! | `by_user`    | user, created, id          | nothing: for lists, newest first                   |
//! | `tombstones` | id                         | shelf, user, deleted                               |
//! | `unreadable` | id, whether a tombstone    | shelf of a file that is not what its name says     |
//!
//! An id is its 16 bytes as a big-endian number, so that both have the same order.

use redb::TableDefinition;

use super::IndexError;
use crate::id::{Epoch, ImageId};
use crate::protocol::{Entry, ImageKind, Tombstone};
use crate::store::shelves::Shelf;

/// Shelf, body bytes, kind, created, epoch, user, file.
pub(super) type ImageRow<'a> = (u32, u64, u8, u64, u64, &'a str, &'a str);
/// User, created, id.
pub(super) type UserRow<'a> = (&'a str, u64, u128);
/// Shelf, user, deleted.
pub(super) type TombstoneRow<'a> = (u32, &'a str, u64);

pub(super) const ABOUT: TableDefinition<&str, &str> = TableDefinition::new("about");
pub(super) const IMAGES: TableDefinition<u128, ImageRow<'static>> = TableDefinition::new("images");
pub(super) const BY_USER: TableDefinition<UserRow<'static>, ()> = TableDefinition::new("by_user");
pub(super) const TOMBSTONES: TableDefinition<u128, TombstoneRow<'static>> =
    TableDefinition::new("tombstones");
pub(super) const UNREADABLE: TableDefinition<(u128, bool), u32> = TableDefinition::new("unreadable");

pub(super) fn number_of(image: ImageId) -> u128 {
    u128::from_be_bytes(*image.as_bytes())
}

pub(super) fn image_of(number: u128) -> ImageId {
    ImageId::from_bytes(number.to_be_bytes())
}

/// Makes the row of an image on a shelf.
pub(super) fn image_row(entry: &Entry, shelf: Shelf) -> ImageRow<'_> {
    (
        shelf.0,
        entry.body_bytes,
        kind_code(entry.kind),
        entry.created_ms,
        entry.epoch.0,
        entry.user.as_str(),
        &entry.file,
    )
}

/// Reads the row of an image.
pub(super) fn entry_of(image: ImageId, row: ImageRow<'_>) -> Result<(Shelf, Entry), IndexError> {
    let (shelf, body_bytes, kind, created_ms, epoch, user, file) = row;
    let entry = Entry {
        image,
        user: user.parse().map_err(|_| IndexError::Garbled)?,
        file: file.to_owned(),
        kind: kind_of(kind)?,
        body_bytes,
        created_ms,
        epoch: Epoch(epoch),
    };
    Ok((Shelf(shelf), entry))
}

/// Reads the row of a tombstone.
pub(super) fn tombstone_of(image: ImageId, row: TombstoneRow<'_>) -> Result<(Shelf, Tombstone), IndexError> {
    let (shelf, user, deleted_ms) = row;
    let tombstone = Tombstone {
        image,
        user: user.parse().map_err(|_| IndexError::Garbled)?,
        deleted_ms,
    };
    Ok((Shelf(shelf), tombstone))
}

/// Every kind of image with its number in the index; a number is never used for another one.
const KINDS: [(u8, ImageKind); 7] = [
    (0, ImageKind::Png),
    (1, ImageKind::Jpeg),
    (2, ImageKind::Gif),
    (3, ImageKind::Webp),
    (4, ImageKind::Bmp),
    (5, ImageKind::Tiff),
    (6, ImageKind::Avif),
];

const fn kind_code(kind: ImageKind) -> u8 {
    match kind {
        ImageKind::Png => 0,
        ImageKind::Jpeg => 1,
        ImageKind::Gif => 2,
        ImageKind::Webp => 3,
        ImageKind::Bmp => 4,
        ImageKind::Tiff => 5,
        ImageKind::Avif => 6,
    }
}

fn kind_of(code: u8) -> Result<ImageKind, IndexError> {
    let found = KINDS.iter().find(|(number, _)| *number == code);
    found.map(|(_, kind)| *kind).ok_or(IndexError::Garbled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_as_what_it_was_made_of() {
        for (code, kind) in KINDS {
            let entry = Entry {
                image: image_of(1 << 100),
                user: "alice".parse().expect("a name"),
                file: "a.png".to_owned(),
                kind,
                body_bytes: 17,
                created_ms: 3,
                epoch: Epoch(9),
            };
            let row = image_row(&entry, Shelf(4));
            assert_eq!(row.2, code);
            let read = entry_of(entry.image, row).expect("makes sense");
            assert_eq!(read, (Shelf(4), entry.clone()));
        }
        assert!(matches!(kind_of(7), Err(IndexError::Garbled)));
    }
}
