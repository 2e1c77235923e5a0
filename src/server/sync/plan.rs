//! What differs between two catalogues, and what to fetch from whom: decisions without I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::id::{ImageId, NodeId};
use crate::protocol::{CatalogueItem, Tombstone};

/// How often catalogues are compared although nothing has happened.
///
/// A message may be lost, and where nothing differs a look costs each peer 10 KiB.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How soon catalogues are compared again when a look has not ended in sync.
///
/// Most of what stands in the way is over soon, a connection to a peer that has just come back, an
/// image on its way, and nobody tells of its end.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How long to rest between two looks, unless something happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pause {
    /// How many looks in a row have not ended in sync.
    in_vain: u32,
}

impl Pause {
    /// Returns the pause after a look: twice as long each time that it was in vain.
    pub(super) fn after(self, in_sync: bool) -> Self {
        let in_vain = if in_sync {
            0
        } else {
            self.in_vain.saturating_add(1)
        };
        Self { in_vain }
    }

    /// Returns how long it is.
    pub(super) fn span(self) -> Duration {
        let doubled = |times| LOOK_AGAIN.saturating_mul(2u32.saturating_pow(times));
        let in_vain = self.in_vain.checked_sub(1);
        in_vain.map_or(LOOK_EVERY, |times| doubled(times).min(LOOK_EVERY))
    }
}

/// What one catalogue lacks of another, or of a part of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lack {
    /// Marks of deletes.
    pub(super) tombstones: Vec<Tombstone>,
    /// Images that are neither kept nor marked.
    pub(super) images: Vec<ImageId>,
}

impl Lack {
    /// Compares one part of two catalogues.
    pub(super) fn between(mine: &[CatalogueItem], theirs: Vec<CatalogueItem>) -> Self {
        let mut known = BTreeMap::new();
        for item in mine {
            let buried = matches!(item, CatalogueItem::Tombstone(_));
            *known.entry(item.image()).or_insert(false) |= buried;
        }
        let mut lack = Self::default();
        for item in theirs {
            match (known.get(&item.image()), item) {
                (None | Some(false), CatalogueItem::Tombstone(tombstone)) => lack.tombstones.push(tombstone),
                (None, CatalogueItem::Entry(entry)) => lack.images.push(entry.image),
                (Some(true), CatalogueItem::Tombstone(_)) | (Some(_), CatalogueItem::Entry(_)) => {}
            }
        }
        lack
    }

    /// Adds what is lacking of another part.
    pub(super) fn add(&mut self, other: Self) {
        self.tombstones.extend(other.tombstones);
        self.images.extend(other.images);
    }

    /// Says whether nothing is lacking.
    pub(super) fn is_empty(&self) -> bool {
        self.tombstones.is_empty() && self.images.is_empty()
    }
}

/// Images that are lacking, and who has each.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    holders: BTreeMap<ImageId, Vec<NodeId>>,
    /// Peers that have failed a fetch lately: nothing more is asked of them.
    failed: BTreeSet<NodeId>,
}

impl Wanted {
    /// Notes that a peer has these.
    pub(super) fn add(&mut self, peer: NodeId, images: impl IntoIterator<Item = ImageId>) {
        for image in images {
            let holders = self.holders.entry(image).or_default();
            if !holders.contains(&peer) {
                holders.push(peer);
            }
        }
    }

    /// Says whether an image is lacking that somebody has.
    pub(super) fn names(&self, image: ImageId) -> bool {
        self.holders.contains_key(&image)
    }

    /// Returns how many images are lacking.
    pub(super) fn len(&self) -> usize {
        self.holders.len()
    }

    /// Returns all that are lacking, in the order of ids.
    pub(super) fn images(&self) -> Vec<ImageId> {
        self.holders.keys().copied().collect()
    }

    /// It is lacking no more: it came, or it was deleted, or another way brings it.
    pub(super) fn settle(&mut self, image: ImageId) {
        self.holders.remove(&image);
    }

    /// Returns whom to ask for an image; `None` when nobody is left.
    ///
    /// Images spread over their holders by their ids, which are random.
    pub(super) fn holder(&self, image: ImageId) -> Option<NodeId> {
        let holders = self.holders.get(&image)?;
        let asked: Vec<NodeId> = holders
            .iter()
            .copied()
            .filter(|holder| !self.failed.contains(holder))
            .collect();
        let turn = usize::from(image.as_bytes()[15]);
        asked.get(turn % asked.len().max(1)).copied()
    }

    /// A peer has no such image, or no good copy of it.
    pub(super) fn has_none(&mut self, peer: NodeId, image: ImageId) {
        if let Some(holders) = self.holders.get_mut(&image) {
            holders.retain(|&holder| holder != peer);
        }
    }

    /// A peer does not answer: nothing more is asked of it.
    pub(super) fn has_failed(&mut self, peer: NodeId) {
        self.failed.insert(peer);
    }

    /// Says whether something is still lacking that a peer said it has.
    pub(super) fn lacks_of(&self, peer: NodeId) -> bool {
        self.holders.values().any(|holders| holders.contains(&peer))
    }
}

/// Says how much is lacking, when that is news: at first, and each time half of it has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    told: Option<usize>,
}

impl Progress {
    /// Makes one that takes so many for granted.
    pub(super) fn told(missing: usize) -> Self {
        Self { told: Some(missing) }
    }

    /// Says whether a number was told.
    pub(super) fn has_told(&self) -> bool {
        self.told.is_some()
    }

    /// Returns the number if it is to be told.
    pub(super) fn tell(&mut self, missing: usize) -> Option<u64> {
        let news = missing > 0 && self.told.is_none_or(|told| missing <= told / 2 || missing > told);
        if news {
            self.told = Some(missing);
        }
        news.then_some(missing as u64)
    }
}

/// Says whether a new data directory lacks nothing that an earlier life of it may have kept.
///
/// What was acknowledged is on a majority of all members, this node perhaps among them: whoever has
/// caught up with more than the rest of the others has met somebody who has it. Where a majority is
/// as new as this one, nothing was acknowledged that could be lacking.
pub(super) fn is_complete(members: usize, caught_up_with: usize, as_new: usize) -> bool {
    let majority = members / 2 + 1;
    caught_up_with > members - majority || 1 + as_new >= majority
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, UserName};
    use crate::protocol::{Entry, ImageKind};

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn image(number: u8) -> ImageId {
        ImageId::from_bytes([number; 16])
    }

    fn alice() -> UserName {
        "alice".parse().expect("a name")
    }

    fn entry(number: u8) -> CatalogueItem {
        CatalogueItem::Entry(Entry {
            image: image(number),
            user: alice(),
            file: "a.png".to_owned(),
            kind: ImageKind::Png,
            body_bytes: 17,
            created_ms: 1,
            epoch: Epoch(1),
        })
    }

    fn tombstone(number: u8) -> Tombstone {
        Tombstone {
            image: image(number),
            user: alice(),
            deleted_ms: 2,
        }
    }

    fn mark(number: u8) -> CatalogueItem {
        CatalogueItem::Tombstone(tombstone(number))
    }

    #[test]
    fn what_the_other_has_and_i_do_not_is_lacking() {
        let lack = Lack::between(&[entry(1), entry(3)], vec![entry(1), entry(2), mark(4)]);
        assert_eq!(lack.images, [image(2)]);
        assert_eq!(lack.tombstones, [tombstone(4)]);
        assert!(Lack::between(&[entry(1), entry(3)], vec![entry(1)]).is_empty());
    }

    #[test]
    fn a_tombstone_wins_on_either_side() {
        let theirs = Lack::between(&[entry(1)], vec![mark(1)]);
        assert_eq!((theirs.tombstones, theirs.images), (vec![tombstone(1)], vec![]));
        assert!(Lack::between(&[mark(1)], vec![entry(1), mark(1)]).is_empty());
        assert!(Lack::between(&[mark(1), entry(1)], vec![entry(1)]).is_empty());
    }

    #[test]
    fn an_image_is_asked_of_one_holder_after_the_other() {
        let mut wanted = Wanted::default();
        wanted.add(id(1), [image(2)]);
        wanted.add(id(3), [image(2), image(3)]);
        let first = wanted.holder(image(2)).expect("two have it");
        wanted.has_none(first, image(2));
        let second = wanted.holder(image(2)).expect("the other");
        assert_ne!(first, second);
        wanted.has_none(second, image(2));
        assert_eq!(wanted.holder(image(2)), None);
        assert_eq!(
            wanted.holder(image(3)),
            Some(id(3)),
            "that says nothing of others"
        );
    }

    #[test]
    fn nothing_more_is_asked_of_a_peer_that_failed() {
        let mut wanted = Wanted::default();
        wanted.add(id(1), [image(1)]);
        wanted.add(id(2), [image(1), image(2)]);
        wanted.has_failed(id(2));
        assert_eq!(wanted.holder(image(1)), Some(id(1)));
        assert_eq!(wanted.holder(image(2)), None);
        assert!(wanted.lacks_of(id(2)), "what it has is lacking all the same");
        wanted.settle(image(1));
        assert!(!wanted.lacks_of(id(1)));
        assert_eq!(wanted.images(), [image(2)]);
    }

    #[test]
    fn images_spread_over_their_holders() {
        let mut wanted = Wanted::default();
        for peer in [1, 2, 3] {
            wanted.add(id(peer), (0..=255).map(image));
        }
        let asked = |peer| {
            let of = |&number: &u8| wanted.holder(image(number)) == Some(id(peer));
            (0..=255).filter(of).count()
        };
        assert!([1, 2, 3].into_iter().all(|peer| asked(peer) >= 85));
    }

    #[test]
    fn progress_is_told_at_first_and_at_every_half() {
        let mut progress = Progress::default();
        let told: Vec<u64> = (0..=100)
            .rev()
            .filter_map(|missing| progress.tell(missing))
            .collect();
        assert_eq!(told, [100, 50, 25, 12, 6, 3, 1]);
    }

    #[test]
    fn a_look_in_vain_is_followed_by_another_soon_and_by_more_ever_later() {
        let mut pause = Pause::default().after(true);
        assert_eq!(pause.span(), LOOK_EVERY);
        let spans: Vec<u128> = (0..40)
            .map(|_| {
                pause = pause.after(false);
                pause.span().as_millis()
            })
            .collect();
        assert_eq!(spans[..6], [250, 500, 1000, 2000, 4000, 5000]);
        assert_eq!(spans[39], 5000);
        assert_eq!(pause.after(true).span(), LOOK_EVERY);
    }

    #[test]
    fn a_new_directory_is_complete_once_it_has_met_who_must_have_what_it_had() {
        assert!(!is_complete(3, 1, 0));
        assert!(is_complete(3, 2, 0));
        assert!(!is_complete(5, 2, 1));
        assert!(is_complete(5, 3, 0));
        assert!(is_complete(2, 1, 0) && !is_complete(2, 0, 0));
    }

    #[test]
    fn in_a_new_cluster_nothing_can_be_lacking() {
        assert!(is_complete(1, 0, 0));
        assert!(is_complete(3, 0, 1) && !is_complete(3, 0, 0));
        assert!(is_complete(5, 0, 2) && !is_complete(5, 0, 1));
    }
}
