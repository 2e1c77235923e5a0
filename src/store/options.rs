//! What tests set otherwise.

use std::time::Duration;

use super::mutation::Mutation;
use super::shelves::SHELF_FILES;

/// How much of the disk an upload leaves free.
///
/// Votes, tombstones and the index must still be written when images no longer fit; each takes a
/// block or two, so this is room for a thousand.
pub const RESERVE_BYTES: u64 = 8 * 1024 * 1024;

/// How many items may be committed before the index is synced.
///
/// After a crash the next start reads so many headers at most, which takes milliseconds; and one
/// sync more in so many is not noticed.
const INDEX_SYNC_ITEMS: usize = 256;

/// How long the store must be idle for the index to be synced before that.
const INDEX_SYNC_AFTER: Duration = Duration::from_secs(1);

/// How much of the index may wait in memory while the disk is full.
///
/// A batch changes half a megabyte of it at most. Beyond this deletes are refused as uploads are.
const INDEX_BEHIND_BYTES: u64 = 4 * 1024 * 1024;

/// How often an idle store looks whether its directory of images is still there.
///
/// One question to the file system; a busy store asks it with every batch.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What tests set otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) files_per_shelf: usize,
    pub(super) reserve_bytes: u64,
    pub(super) index_sync_items: usize,
    pub(super) index_sync_after: Duration,
    pub(super) look_every: Duration,
    pub(super) index_behind_bytes: u64,
    #[cfg(test)]
    pub(super) mutation: Option<Mutation>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            files_per_shelf: SHELF_FILES,
            reserve_bytes: RESERVE_BYTES,
            index_sync_items: INDEX_SYNC_ITEMS,
            index_sync_after: INDEX_SYNC_AFTER,
            look_every: LOOK_EVERY,
            index_behind_bytes: INDEX_BEHIND_BYTES,
            #[cfg(test)]
            mutation: None,
        }
    }
}

impl Options {
    /// Says whether a rule is broken on purpose.
    #[cfg(test)]
    pub(super) fn mutated(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Says that no rule is broken on purpose.
    #[cfg(not(test))]
    pub(super) const fn mutated(&self, _: Mutation) -> bool {
        let _ = self;
        false
    }
}
