//! Records that are not what was written: found by a slow walk, set aside, replaced.

use std::sync::Arc;

use super::committer::Work;
use super::core::Core;
use super::reservation::{Joining, Reservation};
use super::shelves::{Kind, Shelf, file_name};
use super::{Inner, RecordError, StoreError};
use crate::id::ImageId;

/// A record that a scrub has read through.
#[derive(Debug)]
pub struct Scrubbed {
    /// Its image.
    pub image: ImageId,
    /// How many bytes of body were read, for whoever paces the walk.
    pub bytes: u64,
    /// Whether it is what was written.
    pub verdict: Result<(), RecordError>,
}

/// Reads a record through, and sets it aside if it is damaged.
///
/// What was read is what is set aside: meanwhile nobody else may write the image.
pub(super) fn set_aside_if_damaged(
    store: &Arc<Inner>,
    image: ImageId,
) -> Result<Option<RecordError>, StoreError> {
    let _alone = match Reservation::take(&store.core, image, 0) {
        Ok(alone) => alone,
        // Whoever writes compares with what is kept, and replaces it unless it is good.
        Err(StoreError::InProgress(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let damage = match store.core.open_record(image) {
        Ok(Some((_, record))) => record.verify().err(),
        Ok(None) => None,
        Err(StoreError::Record { source, .. }) => Some(source),
        Err(error) => return Err(error),
    };
    let damage = damage.filter(RecordError::is_damage);
    if damage.is_some() {
        set_aside(store, image)?;
    }
    Ok(damage)
}

/// Takes a record off the shelves and out of the catalogue; keeps its file for people to look at.
///
/// Only for whoever may write the image.
pub(super) fn set_aside(store: &Arc<Inner>, image: ImageId) -> Result<(), StoreError> {
    let _joining = Joining::announce(&store.core);
    store.committer.submit(Work::SetAside(image))?;
    Ok(())
}

/// Removes the damaged file of an image that is whole again, or deleted.
pub(super) fn forget_set_aside(core: &Core, image: ImageId) {
    if core.books().set_aside.remove(&image) {
        // Nothing depends on it: the next start finds it again, and a person may remove it.
        let _ = core
            .disk
            .remove(&core.damaged.join(file_name(image, Kind::Record)));
    }
}

/// Reads the record through that comes after `after` in the order of ids; `None` at the end.
pub(super) fn scrub_step(core: &Core, after: Option<ImageId>) -> Result<Option<Scrubbed>, StoreError> {
    let mut after = after;
    while let Some((image, shelf)) = core.ask_index(|view| view.next_record(after))? {
        if let Some(scrubbed) = scrub(core, image, shelf)? {
            return Ok(Some(scrubbed));
        }
        after = Some(image);
    }
    Ok(None)
}

/// Reads one record through; `None` when it has been taken away meanwhile.
fn scrub(core: &Core, image: ImageId, shelf: Shelf) -> Result<Option<Scrubbed>, StoreError> {
    let mut bytes = 0;
    let verdict = match core.open_at(shelf, image) {
        Ok((_, reader)) => {
            bytes = reader.body_bytes();
            reader.verify().map(drop)
        }
        Err(StoreError::Record { source, .. }) if source.is_missing() => {
            if core.open_record(image).is_ok_and(|found| found.is_none()) {
                return Ok(None);
            }
            Err(source)
        }
        Err(StoreError::Record { source, .. }) => Err(source),
        Err(error) => return Err(error),
    };
    Ok(Some(Scrubbed {
        image,
        bytes,
        verdict,
    }))
}
