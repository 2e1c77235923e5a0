//! A kept record that turns out to be damaged, whoever noticed: set aside, told, and fetched again.

use super::context::Context;
use super::reading::{ReadingError, is_damage};
use crate::event::Fact;
use crate::id::ImageId;
use crate::store::{RecordError, Store, StoreError};

/// Sets a record aside if reading it failed because of a damage.
///
/// A node that has no descriptor or memory left has lost nothing.
pub(crate) async fn set_aside_if_damaged(context: &Context, image: ImageId, error: &ReadingError) {
    if error.damage().is_some() {
        set_aside(context, image).await;
    }
}

/// Reads a record once more, and sets it aside unless it is good.
///
/// Whoever noticed may have read an earlier record of the image, which has been repaired meanwhile.
pub(crate) async fn set_aside(context: &Context, image: ImageId) {
    let found = context
        .on_disk(move |store| take_out_if_damaged(store, image))
        .await;
    if let Some(Ok(Some(damage))) = found {
        let reason = damage.to_string();
        context.events.publish(Fact::RecordDamaged { image, reason });
        context.lacks.set_aside(image);
    }
}

/// Returns what is wrong with a record; it is out of the catalogue then.
fn take_out_if_damaged(store: &Store, image: ImageId) -> Result<Option<RecordError>, StoreError> {
    let verified = match store.open_record(image) {
        Ok(Some(record)) => record.verify().map(drop),
        Ok(None) => return Ok(None),
        Err(StoreError::Record { source, .. }) => Err(source),
        Err(error) => return Err(error),
    };
    match verified {
        Err(damage) if is_damage(&damage) => {
            store.set_aside(image)?;
            Ok(Some(damage))
        }
        Ok(()) | Err(_) => Ok(None),
    }
}
