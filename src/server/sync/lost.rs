//! Images of which no good copy is left anywhere: told once, and waited for no longer.
//!
//! A node that set a record aside says of that image, and of a list, that its own not knowing says
//! nothing. That holds until another copy is found, or until it is known that there is none: every
//! other member has shown its catalogue, and the image stands in none of them. Whether those are
//! complete does not matter: what a member has forgotten it has no copy of either.

use std::collections::BTreeMap;

use super::Sync;
use super::compare::Compared;
use super::plan::Wanted;
use crate::event::Fact;
use crate::id::{ImageId, NodeId};

impl Sync {
    /// Gives up those of `damaged` that nobody has.
    ///
    /// They were set aside before the comparison began: what was set aside since may have been here
    /// when it was compared, and was no difference then.
    pub(super) async fn give_up_lost(
        &self,
        damaged: Vec<ImageId>,
        compared: &BTreeMap<NodeId, Compared>,
        wanted: &Wanted,
    ) {
        let me = self.context.config.id;
        let members = self.context.config.cluster.members.ids();
        let mut others = members.filter(|&member| member != me);
        if !others.all(|member| compared.contains_key(&member)) {
            return;
        }
        for image in damaged {
            if !wanted.names(image) && self.is_still_lacking(image).await && self.context.lacks.lost(image) {
                self.context.events.publish(Fact::ImageLost { image });
            }
        }
    }

    /// Says whether an image is not here either, and not on its way.
    async fn is_still_lacking(&self, image: ImageId) -> bool {
        let lacking = self.context.on_disk(move |store| {
            // In this order: what stops arriving between the two questions is kept.
            Ok(!store.is_arriving(image) && store.look_up(image)?.is_none())
        });
        matches!(lacking.await, Some(Ok(true)))
    }
}
