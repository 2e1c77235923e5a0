//! Which images are arriving, and that a newer attempt takes the place of an older one.
//!
//! A node that froze in the middle of an upload leaves its copies open on the others, and the client
//! comes again by another node: it must not wait until the frozen one is given up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::id::ImageId;

/// The images that are arriving; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Table>>);

/// Guarded for a look-up or a change of one entry at a time.
#[derive(Debug, Default)]
struct Table {
    entered: u64,
    newest: BTreeMap<ImageId, (u64, CancellationToken)>,
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
    pub(crate) fn enter(&self, image: ImageId) -> Arrival {
        let mut table = self.lock();
        table.entered += 1;
        let number = table.entered;
        let superseded = CancellationToken::new();
        if let Some((_, older)) = table.newest.insert(image, (number, superseded.clone())) {
            older.cancel();
        }
        Arrival {
            image,
            number,
            superseded,
            all: self.clone(),
        }
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
        if newest.is_some_and(|(number, _)| *number == self.number) {
            table.newest.remove(&self.image);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_arrival_of_an_image_ends_the_older_and_no_other() {
        let arrivals = Arrivals::default();
        let of = |number| ImageId::from_bytes([number; 16]);
        let (first, other) = (arrivals.enter(of(1)), arrivals.enter(of(2)));
        let second = arrivals.enter(of(1));
        assert!(first.superseded.is_cancelled());
        assert!(!other.superseded.is_cancelled());
        drop(first);
        assert!(!second.superseded.is_cancelled());
        let third = arrivals.enter(of(1));
        assert!(second.superseded.is_cancelled(), "it was still known");
        drop((second, third, other));
        assert!(arrivals.lock().newest.is_empty());
    }
}
