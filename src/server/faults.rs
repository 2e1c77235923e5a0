//! What is wrong with this node on purpose: cuts, delays and losses of its links, a slow disk.
//!
//! ```text
//!   faults connection --> Faults --> Gate of each connection with a peer --> Heard, Said
//!                            \-----> diallers (a way that is cut leads nowhere), SyncDelay
//! ```
//!
//! Owns what holds now, and wakes whoever waits for it to change. A cut way is silence where it is
//! heard: nothing that comes by it is seen, neither bytes nor ends nor refusals, until it is healed.
//! Decides nothing about which faults there are; a node that takes none has gates that stand open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Wait, Poll, Waker};
use std::time::Duration;

pub(crate) use self::gate::Gate;
pub(crate) use self::heard::Heard;
pub(crate) use self::said::Said;
use crate::fault::{NodeFaults, Way};
use crate::id::NodeId;
use crate::store::SyncDelay;

mod gate;
mod heard;
mod said;
pub(super) mod serve;

/// What is wrong with a node on purpose; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Faults(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allowed: bool,
    /// How much longer its syncs take.
    disk: SyncDelay,
    /// Guards what holds, for a look or a change, and who waits for it to change.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    faults: NodeFaults,
    /// Who waits for a change, each at a place of its own until its [`Waiter`] is gone.
    waiting: BTreeMap<u64, Waker>,
    /// How many places were ever given.
    places: u64,
}

/// Somebody who waits for a change, and is forgotten with this.
#[derive(Debug, Default)]
struct Waiter(Option<Box<Place>>);

/// Where somebody waits who does.
#[derive(Debug)]
struct Place {
    faults: Faults,
    number: u64,
}

impl Faults {
    /// Makes what holds from the start; `None` for a node that takes no faults.
    pub(crate) fn new(at_start: Option<&NodeFaults>, disk: SyncDelay) -> Self {
        let faults = at_start.cloned().unwrap_or_default();
        disk.set(faults.disk_delay);
        Self(Arc::new(Inner {
            allowed: at_start.is_some(),
            disk,
            held: Mutex::new(Held {
                faults,
                ..Held::default()
            }),
        }))
    }

    /// Says whether the node takes faults at all.
    pub(crate) fn allowed(&self) -> bool {
        self.0.allowed
    }

    /// Returns what holds now; none when the node takes no faults.
    pub(crate) fn now(&self) -> Option<NodeFaults> {
        self.0.allowed.then(|| self.lock().faults.clone())
    }

    /// Replaces what holds, and says whether that is a change.
    pub(crate) fn set(&self, faults: NodeFaults) -> bool {
        let mut held = self.lock();
        if held.faults == faults {
            return false;
        }
        self.0.disk.set(faults.disk_delay);
        held.faults = faults;
        let waiting = std::mem::take(&mut held.waiting);
        drop(held);
        waiting.into_values().for_each(Waker::wake);
        true
    }

    /// Says whether an election message that came from a peer is lost.
    pub(crate) fn loses(&self, from: NodeId) -> bool {
        let percent = self.hears(from).loss_percent;
        percent > 0 && fastrand::u8(..100) < percent
    }

    /// Returns what is wrong with what comes from a peer.
    pub(crate) fn hears(&self, from: NodeId) -> Way {
        if !self.0.allowed {
            return Way::default();
        }
        self.lock().faults.hears.get(&from).copied().unwrap_or_default()
    }

    /// Says whether a peer can be dialled: a dial needs the way there and the way back.
    pub(crate) fn both_open(&self, peer: NodeId) -> bool {
        !self.0.allowed || self.lock().faults.both_open(peer)
    }

    /// Waits until a peer can be dialled.
    pub(crate) async fn until_both_open(&self, peer: NodeId) {
        let mut waiter = Waiter::default();
        let look = |faults: &NodeFaults| faults.both_open(peer).then_some(());
        std::future::poll_fn(|wait| self.poll(&mut waiter, wait, look)).await;
    }

    /// Looks for something in what holds; until it is there, every change is a reason to look again.
    fn poll<T>(
        &self,
        waiter: &mut Waiter,
        wait: &mut Wait<'_>,
        look: impl FnOnce(&NodeFaults) -> Option<T>,
    ) -> Poll<T> {
        let mut held = self.lock();
        if let Some(found) = look(&held.faults) {
            drop(held);
            *waiter = Waiter::default();
            return Poll::Ready(found);
        }
        let number = waiter.0.as_ref().map_or(held.places, |place| place.number);
        let before = held.waiting.insert(number, wait.waker().clone());
        if waiter.0.is_none() {
            held.places += 1;
            let faults = self.clone();
            waiter.0 = Some(Box::new(Place { faults, number }));
        }
        drop(held);
        // Only now: whoever is dropped with it may have waited, too.
        drop(before);
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(place) = &self.0 {
            let left = place.faults.lock().waiting.remove(&place.number);
            // The lock is open again: whoever is dropped with it may have waited, too.
            drop(left);
        }
    }
}

impl NodeFaults {
    fn both_open(&self, peer: NodeId) -> bool {
        let is_cut = |way: Option<&Way>| way.is_some_and(|way| way.cut);
        !is_cut(self.sends.get(&peer)) && !is_cut(self.hears.get(&peer))
    }
}

/// Returns how late something is, for this once.
fn lateness(way: Way) -> Duration {
    let span = u64::try_from((way.jitter * 2).as_nanos()).unwrap_or(u64::MAX);
    let jitter = Duration::from_nanos(fastrand::u64(..=span));
    (way.delay + jitter).saturating_sub(way.jitter)
}

#[cfg(test)]
mod tests;
