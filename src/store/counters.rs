//! What the committer has done since the start, for whoever measures it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::protocol::StoreCounters;

/// Counters that many threads may read and the committer adds to.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) batches: AtomicU64,
    pub(super) records: AtomicU64,
    pub(super) tombstones: AtomicU64,
    pub(super) directory_syncs: AtomicU64,
    pub(super) index_syncs: AtomicU64,
}

impl Counters {
    /// Returns the counts of now; one may be ahead of another by what happens meanwhile.
    pub(super) fn read(&self) -> StoreCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreCounters {
            batches: read(&self.batches),
            records: read(&self.records),
            tombstones: read(&self.tombstones),
            directory_syncs: read(&self.directory_syncs),
            index_syncs: read(&self.index_syncs),
        }
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
