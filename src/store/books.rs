//! What the store knows without asking the disk: counts, digests, and what is going on now.

use std::collections::BTreeSet;

use super::index::{Toggle, Turn};
use super::shelves::Kind;
use crate::id::ImageId;
use crate::protocol::{BUCKETS, BucketDigest, Summary};

/// The books of a store.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) tally: Tally,
    /// Images whose records are being written.
    pub(super) in_progress: BTreeSet<ImageId>,
    /// What the uploads in progress have yet to write.
    pub(super) awaited_bytes: u64,
    /// How many records and tombstones are nearly whole and not yet committed: who may join a batch.
    pub(super) joining: usize,
    /// Images of which a damaged file lies aside.
    pub(super) set_aside: BTreeSet<ImageId>,
    /// Images whose tombstones say nothing: that they are deleted is known here, but cannot be told.
    pub(super) lost_marks: BTreeSet<ImageId>,
    /// Why nothing is written any more, once that is so.
    pub(super) read_only: Option<String>,
}

/// The catalogue in short, kept up to date item by item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) images: u64,
    pub(super) tombstones: u64,
    buckets: Box<[u128; BUCKETS]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            images: 0,
            tombstones: 0,
            buckets: Box::new([0; BUCKETS]),
        }
    }
}

impl Tally {
    /// Counts what appeared or went.
    pub(super) fn toggle(&mut self, toggle: Toggle) {
        let Toggle { image, kind, turn } = toggle;
        self.buckets[usize::from(image.as_bytes()[0])] ^= contribution(image, kind);
        let count = match kind {
            Kind::Record => &mut self.images,
            Kind::Tombstone => &mut self.tombstones,
        };
        *count = match turn {
            Turn::Appeared => *count + 1,
            Turn::Gone => count.saturating_sub(1),
        };
    }

    /// Returns the catalogue in short; `complete` is for the data directory to say.
    pub(super) fn summary(&self, complete: bool) -> Summary {
        Summary {
            buckets: self.buckets.iter().copied().map(BucketDigest).collect(),
            images: self.images,
            tombstones: self.tombstones,
            complete,
            new: false,
            abreast: false,
        }
    }
}

/// What an item contributes to the digest of its bucket: 16 bytes of BLAKE3(id ‖ tag).
///
/// Nodes compare these, so no version may make them otherwise.
fn contribution(image: ImageId, kind: Kind) -> u128 {
    let tag = match kind {
        Kind::Record => 0,
        Kind::Tombstone => 1,
    };
    let mut item = [tag; 17];
    item[..16].copy_from_slice(image.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::hash(&item).as_bytes()[..16]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toggle(byte: u8, kind: Kind, turn: Turn) -> Toggle {
        Toggle {
            image: ImageId::from_bytes([byte; 16]),
            kind,
            turn,
        }
    }

    #[test]
    fn digests_do_not_depend_on_the_way_to_a_catalogue() {
        let mut straight = Tally::default();
        straight.toggle(toggle(1, Kind::Record, Turn::Appeared));
        straight.toggle(toggle(2, Kind::Tombstone, Turn::Appeared));
        let mut winding = Tally::default();
        winding.toggle(toggle(2, Kind::Record, Turn::Appeared));
        winding.toggle(toggle(2, Kind::Tombstone, Turn::Appeared));
        winding.toggle(toggle(2, Kind::Record, Turn::Gone));
        winding.toggle(toggle(1, Kind::Record, Turn::Appeared));
        assert_eq!(winding, straight);
        let differing: Vec<u8> = {
            let other = Tally::default().summary(true);
            straight.summary(true).differing(&other).collect()
        };
        assert_eq!(differing, [1, 2]);
    }

    #[test]
    fn an_image_contributes_what_every_version_of_the_program_says() {
        let hash = blake3::hash(&[&[7; 16][..], &[0]].concat());
        let mut tally = Tally::default();
        tally.toggle(toggle(7, Kind::Record, Turn::Appeared));
        let bucket = tally.summary(true).buckets[7];
        assert_eq!(bucket.to_string(), hash.to_hex()[..32]);
    }
}
