//! What others have noticed that this node lacks, until the sync task has seen to it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::id::{ImageId, NodeId};

/// How many missed images are remembered by name.
///
/// A node that misses more has fallen behind, and compares whole catalogues instead.
const MISSED_MAX: usize = 4096;

/// What others have noticed that this node lacks.
#[derive(Debug, Default)]
pub(crate) struct Lacks {
    /// Guards the sets, for a look or a change.
    noticed: Mutex<Noticed>,
    /// Rings when images are missed that are named.
    named: Notify,
    /// Rings when whole catalogues are to be compared.
    more: Notify,
}

/// What has been noticed since the sync task last looked.
#[derive(Debug, Default)]
struct Noticed {
    missed: BTreeMap<ImageId, NodeId>,
    /// Records that are damaged and have not been fetched again, and who is being asked for each.
    set_aside: BTreeMap<ImageId, Option<NodeId>>,
    /// Whether more is lacking than is named here.
    more: bool,
    owed: Owed,
}

/// What was acknowledged without this node, until it was fetched or catalogues were compared since.
#[derive(Debug, Default)]
struct Owed {
    /// How often something was missed.
    noted: u64,
    /// The images that were, and when each was noted.
    images: BTreeMap<ImageId, u64>,
    /// When something was last noted that found no room among them.
    unnamed: Option<u64>,
}

/// How much had been missed at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MissedSoFar(u64);

impl Lacks {
    /// Notes which records are of no use when a node starts.
    pub(crate) fn of(set_aside: Vec<ImageId>) -> Self {
        let lacks = Self::default();
        for image in set_aside {
            lacks.set_aside(image);
        }
        lacks
    }

    /// A peer says that an image, or the mark of a delete, was acknowledged without this node.
    pub(crate) fn missed(&self, image: ImageId, from: NodeId) {
        let mut noticed = self.lock();
        noticed.owed.note(image);
        let has_room = noticed.missed.len() < MISSED_MAX;
        if has_room {
            noticed.missed.insert(image, from);
        }
        drop(noticed);
        if has_room {
            self.named.notify_one();
        } else {
            self.look_again();
        }
    }

    /// Says whether something was acknowledged without this node that it has not fetched since.
    pub(crate) fn owes(&self) -> bool {
        let noticed = self.lock();
        !noticed.owed.images.is_empty() || noticed.owed.unnamed.is_some()
    }

    /// Returns how much has been missed so far.
    pub(super) fn missed_so_far(&self) -> MissedSoFar {
        MissedSoFar(self.lock().owed.noted)
    }

    /// A missed image is kept now, or its delete is marked.
    pub(super) fn settled(&self, image: ImageId) {
        self.lock().owed.images.remove(&image);
    }

    /// Nothing is lacking of what had been missed until some moment.
    pub(super) fn settled_until(&self, MissedSoFar(until): MissedSoFar) {
        let owed = &mut self.lock().owed;
        owed.images.retain(|_, noted| *noted > until);
        owed.unnamed = owed.unnamed.filter(|noted| *noted > until);
    }

    /// A record has been set aside.
    pub(crate) fn set_aside(&self, image: ImageId) {
        self.lock().set_aside.insert(image, None);
        self.look_again();
    }

    /// More is lacking than is named: whole catalogues are to be compared.
    pub(super) fn look_again(&self) {
        self.lock().more = true;
        self.more.notify_one();
    }

    /// Says whether this node's not keeping an image may be for a damage of its own.
    pub(crate) fn may_have_kept(&self, image: ImageId) -> bool {
        self.lock().set_aside.contains_key(&image)
    }

    /// Says whether a record is set aside that has not been fetched again.
    pub(crate) fn any_set_aside(&self) -> bool {
        !self.lock().set_aside.is_empty()
    }

    /// A peer is asked for an image, or none is any more; of note if its record is set aside.
    pub(super) fn asked(&self, image: ImageId, peer: Option<NodeId>) {
        if let Some(asked) = self.lock().set_aside.get_mut(&image) {
            *asked = peer;
        }
    }

    /// An image is kept again, or deleted; returns who was asked for it, if its record was set aside.
    pub(super) fn repaired(&self, image: ImageId) -> Option<NodeId> {
        self.lock().set_aside.remove(&image).flatten()
    }

    /// An image is nowhere any more; says whether that is news.
    pub(super) fn lost(&self, image: ImageId) -> bool {
        self.lock().set_aside.remove(&image).is_some()
    }

    /// Returns the records that are set aside.
    pub(super) fn all_set_aside(&self) -> Vec<ImageId> {
        self.lock().set_aside.keys().copied().collect()
    }

    /// Waits until images are missed that are named, and takes them out, with who says so.
    pub(super) async fn named(&self) -> BTreeMap<ImageId, NodeId> {
        loop {
            let missed = std::mem::take(&mut self.lock().missed);
            if !missed.is_empty() {
                return missed;
            }
            self.named.notified().await;
        }
    }

    /// Waits until whole catalogues are to be compared, and takes that for begun.
    pub(super) async fn more(&self) {
        loop {
            if std::mem::take(&mut self.lock().more) {
                return;
            }
            self.more.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Owed {
    fn note(&mut self, image: ImageId) {
        self.noted += 1;
        if self.images.len() < MISSED_MAX {
            self.images.insert(image, self.noted);
        } else {
            self.unnamed = Some(self.noted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(number: usize) -> ImageId {
        ImageId::from_bytes((number as u128).to_be_bytes())
    }

    #[tokio::test]
    async fn who_missed_too_much_to_be_named_compares_all() {
        let lacks = Lacks::default();
        let from = NodeId::new(2).expect("not zero");
        for number in 0..=MISSED_MAX {
            lacks.missed(image(number), from);
        }
        lacks.more().await;
        assert_eq!(lacks.named().await.len(), MISSED_MAX);
        lacks.missed(image(0), from);
        assert_eq!(lacks.named().await.len(), 1);
        assert!(!lacks.lock().more, "all of it is named");
    }

    #[tokio::test]
    async fn a_damaged_record_is_remembered_until_it_is_repaired() {
        let lacks = Lacks::default();
        lacks.set_aside(image(1));
        lacks.more().await;
        assert!(lacks.may_have_kept(image(1)) && !lacks.may_have_kept(image(2)));
        let peer = NodeId::new(2).expect("not zero");
        lacks.asked(image(1), Some(peer));
        lacks.asked(image(2), Some(peer));
        assert_eq!(lacks.repaired(image(2)), None, "that one was good");
        assert_eq!(lacks.repaired(image(1)), Some(peer));
        assert_eq!(lacks.repaired(image(1)), None);
        assert!(!lacks.any_set_aside());
    }

    #[test]
    fn what_was_missed_is_owed_until_it_is_fetched_or_all_was_compared_since() {
        let lacks = Lacks::default();
        let from = NodeId::new(2).expect("not zero");
        lacks.missed(image(1), from);
        lacks.missed(image(2), from);
        let before = lacks.missed_so_far();
        lacks.settled(image(1));
        assert!(lacks.owes());
        lacks.missed(image(3), from);
        lacks.settled_until(before);
        assert!(lacks.owes(), "missed after the comparison had begun");
        lacks.settled(image(3));
        assert!(!lacks.owes());

        for number in 0..=MISSED_MAX {
            lacks.missed(image(number), from);
        }
        (0..MISSED_MAX).for_each(|number| lacks.settled(image(number)));
        assert!(lacks.owes(), "one was not named");
        lacks.settled_until(lacks.missed_so_far());
        assert!(!lacks.owes());
    }

    #[test]
    fn a_lost_image_is_waited_for_no_longer() {
        let lacks = Lacks::default();
        lacks.set_aside(image(1));
        assert!(!lacks.lost(image(2)) && lacks.lost(image(1)));
        assert!(!lacks.lost(image(1)), "that is known");
        assert!(!lacks.any_set_aside() && !lacks.may_have_kept(image(1)));
    }
}
