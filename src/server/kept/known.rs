//! What a quorum knows of one image.

use super::{KeptError, Serving};
use crate::id::{ImageId, NodeId};
use crate::protocol::CatalogueItem;
use crate::server::data::answer::on_disk;
use crate::server::kept::others::{Others, Silence};

/// What the nodes that were asked know of an image.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// A mark of a delete wins, whoever knows of it.
    item: Option<CatalogueItem>,
    /// The other nodes that keep it, those that answered first first.
    holders: Vec<NodeId>,
    /// How many of the answers say something when they say nothing.
    complete: usize,
    silence: Silence,
}

impl Known {
    /// Returns what is known of the image.
    pub(super) fn item(&self) -> Option<&CatalogueItem> {
        self.item.as_ref()
    }

    /// Returns the other nodes that keep it.
    pub(super) fn holders(&self) -> &[NodeId] {
        &self.holders
    }

    fn add(&mut self, from: NodeId, item: Option<CatalogueItem>, complete: bool) {
        if complete {
            self.complete += 1;
        } else {
            self.silence.note(format_args!("node {from} has not caught up"));
        }
        match (&self.item, item) {
            (Some(CatalogueItem::Tombstone(_)), _) | (_, None) => {}
            (_, Some(item)) => self.item = Some(item),
        }
    }

    fn is_deleted(&self) -> bool {
        matches!(self.item, Some(CatalogueItem::Tombstone(_)))
    }
}

impl Serving<'_> {
    /// Asks a quorum what it knows of an image; a mark of a delete needs no quorum to count.
    ///
    /// # Errors
    ///
    /// When too few nodes could be asked that have caught up.
    pub(super) async fn look_up(&self, image: ImageId) -> Result<Known, KeptError> {
        let needed = self.assignment.quorum;
        let mut others = Others::ask(self.context, self.linked, move |data, peer| async move {
            data.look_up(peer, image).await
        });
        let mut known = self.look_up_here(image).await;
        while known.complete < needed && !known.is_deleted() {
            match others.next().await {
                Some((peer, Ok((item, complete)))) => {
                    if matches!(item, Some(CatalogueItem::Entry(_))) {
                        known.holders.push(peer);
                    }
                    known.add(peer, item, complete);
                }
                Some((_, Err(error))) => known.silence.note(error),
                None => {
                    return Err(KeptError::NoQuorum {
                        counted: known.complete,
                        needed,
                        silence: known.silence,
                    });
                }
            }
        }
        others.leave();
        if !known.is_deleted() {
            self.still_enough(known.complete).await?;
        }
        Ok(known)
    }

    /// A node whose own disk refuses can still ask the others.
    async fn look_up_here(&self, image: ImageId) -> Known {
        let mut known = Known::default();
        let before = self.context.lacks.may_have_kept(image);
        let looked_up = on_disk(self.context, move |store| {
            Ok((store.look_up(image)?, store.summary().complete))
        });
        match looked_up.await {
            Ok((item, complete)) => {
                // Who lost a record knows nothing by not knowing it.
                let may_have_kept = before || self.context.lacks.may_have_kept(image);
                let complete = complete && self.counts() && !may_have_kept;
                known.add(self.context.config.id, item, complete);
            }
            Err(error) => known.silence.note(error),
        }
        known
    }
}
