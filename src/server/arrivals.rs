//! Which images are arriving, and that a newer attempt takes the place of an older one.
//!
//! A node that froze in the middle of an upload leaves its copies open on the others, and the client
//! comes again by another node: it must not wait until the frozen one is given up. Which attempt is
//! the newer one is said by what assigned it, not by which came last: a node that wakes up goes on
//! with what it had.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::id::{Ballot, ImageId, RequestId};

/// Which attempt at an image something belongs to; the greater one is the newer.
///
/// A client offers again only when it has given up, so within a reign the numbers of its attempts
/// grow; and one leader at a time assigns, so over reigns their ballots do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attempt {
    /// Nobody assigned it: an image that was kept before is brought once more.
    Repair,
    /// A leader assigned it.
    Assigned(Ballot, RequestId),
}

/// A newer attempt at the same image is arriving already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stale;

/// The images that are arriving; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Table>>);

/// Guarded for a look-up or a change of one entry at a time.
#[derive(Debug, Default)]
struct Table {
    entered: u64,
    newest: BTreeMap<ImageId, Newest>,
}

/// The newest attempt at an image.
#[derive(Debug)]
struct Newest {
    number: u64,
    attempt: Attempt,
    superseded: CancellationToken,
}

/// An image that is arriving; it has arrived, or not, when this is dropped.
#[derive(Debug)]
pub(crate) struct Arrival {
    image: ImageId,
    number: u64,
    superseded: CancellationToken,
    all: Arrivals,
}

impl Arrivals {
    /// Begins an arrival; an older one of the same image is told to end.
    ///
    /// Only for what was found to be current: whatever enters ends what it finds there. The same
    /// attempt once more is its sender's second try.
    ///
    /// # Errors
    ///
    /// When a newer one is there.
    pub(crate) fn enter(&self, image: ImageId, attempt: Attempt) -> Result<Arrival, Stale> {
        let mut table = self.lock();
        if table
            .newest
            .get(&image)
            .is_some_and(|newest| newest.attempt > attempt)
        {
            return Err(Stale);
        }
        table.entered += 1;
        let number = table.entered;
        let superseded = CancellationToken::new();
        let newest = Newest {
            number,
            attempt,
            superseded: superseded.clone(),
        };
        if let Some(older) = table.newest.insert(image, newest) {
            older.superseded.cancel();
        }
        Ok(Arrival {
            image,
            number,
            superseded,
            all: self.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arrival {
    /// Resolves when a newer attempt has taken its place.
    pub(crate) async fn superseded(&self) {
        self.superseded.cancelled().await;
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut table = self.all.lock();
        let newest = table.newest.get(&self.image);
        if newest.is_some_and(|newest| newest.number == self.number) {
            table.newest.remove(&self.image);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};

    fn image(number: u8) -> ImageId {
        ImageId::from_bytes([number; 16])
    }

    fn attempt(epoch: u64, leader: u16, request: u64) -> Attempt {
        let epoch = Epoch(epoch);
        let id = NodeId::new(leader).expect("not zero");
        Attempt::Assigned(Ballot { epoch, id }, RequestId(request))
    }

    #[test]
    fn a_newer_arrival_of_an_image_ends_the_older_and_no_other() {
        let arrivals = Arrivals::default();
        let enter = |of, request| arrivals.enter(image(of), attempt(1, 3, request)).expect("newer");
        let (first, other) = (enter(1, 1), enter(2, 2));
        let second = enter(1, 3);
        assert!(first.superseded.is_cancelled());
        assert!(!other.superseded.is_cancelled());
        drop(first);
        assert!(!second.superseded.is_cancelled());
        let third = enter(1, 3);
        assert!(second.superseded.is_cancelled(), "it was still known");
        drop((second, third, other));
        assert!(arrivals.lock().newest.is_empty());
    }

    #[test]
    fn what_comes_last_is_not_the_newer_attempt_for_that() {
        let arrivals = Arrivals::default();
        let newest = arrivals.enter(image(1), attempt(5, 2, 1)).expect("the first");
        for stale in [
            attempt(4, 3, 9),
            attempt(5, 1, 9),
            attempt(5, 2, 0),
            Attempt::Repair,
        ] {
            assert!(matches!(arrivals.enter(image(1), stale), Err(Stale)), "{stale:?}");
            assert!(!newest.superseded.is_cancelled());
        }
        drop(newest);
        let repair = arrivals
            .enter(image(1), Attempt::Repair)
            .expect("nothing is there");
        let _upload = arrivals.enter(image(1), attempt(4, 3, 9)).expect("an upload");
        assert!(repair.superseded.is_cancelled());
    }
}
