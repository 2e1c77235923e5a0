//! Deleting: a tombstone is written, becomes durable, and only then the record goes.
//!
//! Tombstones are what the reserve of the disk is for, so none of it is kept from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::committer::Work;
use super::error::is_full;
use super::index::Known;
use super::mutation::Mutation;
use super::reservation::{Joining, Unfinished};
use super::shelves::{Kind, file_name};
use super::{Inner, StoreError, damage, tombstone};
use crate::protocol::Tombstone;

/// Numbers unfinished tombstones, since the same image may be deleted twice at a time.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Marks an image as deleted, on stable storage, and removes its record.
pub(super) fn bury(store: &Arc<Inner>, tombstone: &Tombstone) -> Result<(), StoreError> {
    let core = &store.core;
    if let Known::Buried(..) = core.known(tombstone.image)? {
        return Ok(());
    }
    core.writable()?;
    let _joining = Joining::announce(core);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{number}-{}", file_name(tombstone.image, Kind::Tombstone));
    let mut file = Unfinished::new(core, &name);
    write(store, tombstone, &file)?;
    if core.options.mutated(Mutation::UnlinkBeforeTombstone)
        && let Some((path, _)) = core.open_record(tombstone.image)?
    {
        let _ = core.disk.remove(&path);
    }
    let done = store.committer.submit(Work::Bury {
        finished: file.path.clone(),
        tombstone: tombstone.clone(),
    })?;
    file.moved = !done.unneeded;
    core.books().lost_marks.remove(&tombstone.image);
    if let Some(record) = done.superseded {
        // The tombstone hides it already; a file that cannot be removed is swept at the next start.
        let _ = core.disk.remove(&record);
    }
    damage::forget_set_aside(core, tombstone.image);
    Ok(())
}

/// Writes the file of a tombstone and syncs it.
fn write(store: &Inner, tombstone: &Tombstone, file: &Unfinished) -> Result<(), StoreError> {
    let core = &store.core;
    let bytes = tombstone::encode(tombstone, &core.directory.identity().cluster);
    let refused = |error| {
        if is_full(&error) {
            StoreError::ReserveUsedUp
        } else {
            StoreError::io("write", &file.path)(error)
        }
    };
    let written = core.disk.create(&file.path).map_err(refused)?;
    written.write_all_at(&bytes, 0).map_err(refused)?;
    if core.options.mutated(Mutation::NoRecordSync) {
        return Ok(());
    }
    written.sync_data().map_err(|source| {
        if is_full(&source) {
            refused(source)
        } else {
            core.note(StoreError::sync(&file.path)(source))
        }
    })
}
