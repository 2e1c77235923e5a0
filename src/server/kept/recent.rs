//! Images that came while they were being listed: the survey does not know who keeps them.
//!
//! It knows by the digests of buckets. One that has changed since has something that the survey did
//! not see, so the few images of a page that stand in such a bucket are asked after one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::Serving;
use super::others::Others;
use crate::id::{ImageId, NodeId};
use crate::protocol::{BucketDigest, CatalogueItem, Entry};

/// How many images of one list are asked after.
///
/// A page has one in a bucket that changed, on average. Where uploads come faster than pages go out
/// the rest is listed as kept by this node, which is certain.
pub(super) const ASKED_MAX: usize = 256;

/// What other nodes keep of the images that were asked after.
#[derive(Debug, Default)]
pub(super) struct Recent {
    asked: BTreeSet<ImageId>,
    holders: BTreeMap<ImageId, Vec<NodeId>>,
    buried: BTreeSet<ImageId>,
}

impl Recent {
    /// Returns how many were asked after.
    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    /// Says whether an image was deleted meanwhile.
    pub(super) fn is_buried(&self, image: ImageId) -> bool {
        self.buried.contains(&image)
    }

    /// Returns the other nodes that keep an image.
    pub(super) fn holders(&self, image: ImageId) -> Vec<NodeId> {
        self.holders.get(&image).cloned().unwrap_or_default()
    }

    fn add(&mut self, peer: NodeId, image: ImageId, item: Option<&CatalogueItem>) {
        match item {
            Some(CatalogueItem::Entry(_)) => self.holders.entry(image).or_default().push(peer),
            Some(CatalogueItem::Tombstone(_)) => drop(self.buried.insert(image)),
            None => {}
        }
    }
}

/// Returns which of these images stand in a bucket that has changed.
pub(super) fn unsure(page: &[Entry], before: &[BucketDigest], now: &[BucketDigest]) -> BTreeSet<ImageId> {
    let changed = |image: &ImageId| {
        let bucket = usize::from(image.as_bytes()[0]);
        before.get(bucket) != now.get(bucket)
    };
    page.iter().map(|entry| entry.image).filter(changed).collect()
}

impl Serving<'_> {
    /// Asks these nodes after some images; who is silent is taken to keep none.
    pub(super) async fn ask_after(&self, nodes: &[NodeId], images: Vec<ImageId>) -> Recent {
        if images.is_empty() {
            return Recent::default();
        }
        let mut others = Others::ask(self.context, nodes, |data, peer| {
            let images = images.clone();
            async move {
                let mut items = Vec::new();
                for image in images {
                    items.push((image, data.look_up(peer, image).await?.0));
                }
                Ok(items)
            }
        });
        let mut recent = Recent::default();
        while let Some((peer, answer)) = others.next().await {
            for (image, item) in answer.unwrap_or_default() {
                recent.add(peer, image, item.as_ref());
            }
        }
        others.leave();
        recent.asked = images.into_iter().collect();
        recent
    }
}
