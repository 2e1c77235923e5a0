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
    bell: Notify,
}

/// What has been noticed since the sync task last looked.
#[derive(Debug, Default)]
struct Noticed {
    missed: BTreeMap<ImageId, NodeId>,
    /// Records that are damaged and have not been fetched again, and who is being asked for each.
    set_aside: BTreeMap<ImageId, Option<NodeId>>,
    /// Whether more is lacking than is named here.
    more: bool,
}

/// What there is to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Errand {
    /// Images that this node missed, and who says so.
    pub(super) missed: BTreeMap<ImageId, NodeId>,
    /// Whether whole catalogues are to be compared.
    pub(super) round: bool,
}

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
        if noticed.missed.len() < MISSED_MAX {
            noticed.missed.insert(image, from);
        } else {
            noticed.more = true;
        }
        drop(noticed);
        self.bell.notify_one();
    }

    /// A record has been set aside.
    pub(crate) fn set_aside(&self, image: ImageId) {
        let mut noticed = self.lock();
        noticed.set_aside.insert(image, None);
        noticed.more = true;
        drop(noticed);
        self.bell.notify_one();
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

    /// Waits until there is something to do, and takes it out.
    pub(super) async fn errand(&self) -> Errand {
        loop {
            let errand = self.take();
            if errand != Errand::default() {
                return errand;
            }
            self.bell.notified().await;
        }
    }

    fn take(&self) -> Errand {
        let mut noticed = self.lock();
        Errand {
            missed: std::mem::take(&mut noticed.missed),
            round: std::mem::take(&mut noticed.more),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
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
        let errand = lacks.errand().await;
        assert_eq!((errand.missed.len(), errand.round), (MISSED_MAX, true));
        lacks.missed(image(0), from);
        let errand = lacks.errand().await;
        assert_eq!((errand.missed.len(), errand.round), (1, false));
    }

    #[tokio::test]
    async fn a_damaged_record_is_remembered_until_it_is_repaired() {
        let lacks = Lacks::default();
        lacks.set_aside(image(1));
        assert!(lacks.errand().await.round);
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
    fn a_lost_image_is_waited_for_no_longer() {
        let lacks = Lacks::default();
        lacks.set_aside(image(1));
        assert!(!lacks.lost(image(2)) && lacks.lost(image(1)));
        assert!(!lacks.lost(image(1)), "that is known");
        assert!(!lacks.any_set_aside() && !lacks.may_have_kept(image(1)));
    }
}
