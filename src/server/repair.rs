//! A kept record that turns out to be damaged, whoever noticed: set aside, told, and fetched again.

use super::context::Context;
use super::reading::ReadingError;
use crate::event::Fact;
use crate::id::ImageId;

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
        .on_disk(move |store| store.set_aside_if_damaged(image))
        .await;
    if let Some(Ok(Some(damage))) = found {
        let reason = damage.to_string();
        context.events.publish(Fact::RecordDamaged { image, reason });
        context.lacks.set_aside(image);
    }
}
