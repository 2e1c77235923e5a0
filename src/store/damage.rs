//! Records that are not what was written: found by a slow walk, set aside, replaced.

use std::sync::Arc;

use super::committer::Work;
use super::core::Core;
use super::reservation::{Joining, Reservation};
use super::shelves::{Kind, Shelf, file_name};
use super::{Inner, RecordError, RecordReader, StoreError};
use crate::id::ImageId;

/// A record that is to be read through; whoever reads it decides how fast.
#[derive(Debug)]
pub struct ToScrub {
    /// Its image.
    pub image: ImageId,
    /// The record at its beginning, or why it cannot even be opened.
    pub opened: Result<Box<RecordReader>, RecordError>,
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

/// Opens the record that comes after `after` in the order of ids; `None` at the end.
pub(super) fn next_to_scrub(core: &Core, after: Option<ImageId>) -> Result<Option<ToScrub>, StoreError> {
    let mut after = after;
    while let Some((image, shelf)) = core.ask_index(|view| view.next_record(after))? {
        if let Some(opened) = open(core, image, shelf)? {
            return Ok(Some(ToScrub { image, opened }));
        }
        after = Some(image);
    }
    Ok(None)
}

/// Opens one record; `None` when it has been taken away meanwhile.
fn open(
    core: &Core,
    image: ImageId,
    shelf: Shelf,
) -> Result<Option<Result<Box<RecordReader>, RecordError>>, StoreError> {
    match core.open_at(shelf, image) {
        Ok((_, reader)) => Ok(Some(Ok(Box::new(reader)))),
        Err(StoreError::Record { source, .. }) => {
            let gone = source.is_missing() && core.open_record(image).is_ok_and(|found| found.is_none());
            Ok((!gone).then_some(Err(source)))
        }
        Err(error) => Err(error),
    }
}
