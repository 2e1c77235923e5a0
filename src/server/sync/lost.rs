//! Images of which no good copy is left anywhere: told once, and waited for no longer.
//!
//! A node that set a record aside says of that image, and of a list, that its own not knowing says
//! nothing. That holds until another copy is found, or until it is known that there is none: every
//! other member has shown its catalogue, the image stands in none of them, and each says so once
//! more when it is asked for it by name: a record that a node could not open when it started stands in
//! no catalogue, and may be good.

use std::collections::BTreeMap;

use super::Sync;
use super::compare::Compared;
use super::fetch::is_lost;
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
            let is_nowhere =
                !wanted.names(image) && self.is_still_lacking(image).await && self.nobody_knows(image).await;
            if is_nowhere && self.context.lacks.lost(image) {
                self.context.events.publish(Fact::ImageLost { image });
            }
        }
    }

    /// Says whether an image is not here either, and not on its way.
    async fn is_still_lacking(&self, image: ImageId) -> bool {
        let lacking = self.context.on_disk(move |store| {
            // In this order: what stops arriving between the two questions is kept.
            Ok(!store.is_arriving(image) && is_lost(store.look_up(image).as_ref()))
        });
        matches!(lacking.await, Some(Ok(true)))
    }

    /// Says whether every other member says that it does not know an image.
    async fn nobody_knows(&self, image: ImageId) -> bool {
        let me = self.context.config.id;
        for peer in self.context.config.cluster.members.ids().filter(|&id| id != me) {
            if !matches!(self.context.data.look_up(peer, image).await, Ok((None, _))) {
                return false;
            }
        }
        true
    }
}
