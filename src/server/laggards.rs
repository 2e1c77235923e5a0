//! Peers that held up a transfer lately, and when each is given another chance.
//!
//! A frozen peer costs every transfer its patience that counts on it. So one that cost a transfer
//! its patience gets no copies for a while; then one transfer tries it again, while the others go
//! on without it. Whoever keeps failing is tried less and less often. Reads no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::id::NodeId;

/// For how long a peer is spared that held up a transfer for the first time.
const SPARED_MIN: Duration = Duration::from_secs(1);

/// For how long a peer is spared at most.
///
/// A frozen one then costs one transfer its patience in so long; one that thaws is back as soon, and
/// has fetched by then what it missed.
const SPARED_MAX: Duration = Duration::from_secs(8);

/// The peers that held up a transfer lately.
#[derive(Debug, Default)]
pub(crate) struct Laggards(Mutex<BTreeMap<NodeId, Spared>>);

/// Guarded for a look-up or a change of one peer at a time.
#[derive(Debug, Clone, Copy)]
struct Spared {
    span: Duration,
    until: Instant,
    /// Whether it has been tried since it last held up a transfer.
    tried: bool,
}

impl Spared {
    fn from(now: Instant, span: Duration) -> Self {
        Self {
            span,
            until: now + span,
            tried: false,
        }
    }
}

impl Laggards {
    /// Returns who should get no copy `now`; whose time is over is tried once, by whoever asks.
    pub(crate) fn spared(&self, now: Instant) -> BTreeSet<NodeId> {
        let mut all = self.lock();
        let mut spared = BTreeSet::new();
        for (&peer, one) in all.iter_mut() {
            if now < one.until {
                spared.insert(peer);
            } else {
                one.until = now + one.span;
                one.tried = true;
            }
        }
        spared
    }

    /// Notes that a peer held up a transfer.
    pub(crate) fn lagged(&self, peer: NodeId, now: Instant) {
        let mut all = self.lock();
        let span = match all.get(&peer) {
            // The same standstill, seen by another transfer that had begun before it was known.
            Some(one) if !one.tried => return,
            Some(one) => (one.span * 2).min(SPARED_MAX),
            None => SPARED_MIN,
        };
        all.insert(peer, Spared::from(now, span));
    }

    /// Notes that a peer keeps up.
    pub(crate) fn kept_up(&self, peer: NodeId) {
        self.lock().remove(&peer);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeId, Spared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> NodeId {
        NodeId::new(2).expect("not zero")
    }

    #[test]
    fn a_laggard_is_spared_for_a_while_and_then_tried_by_one() {
        let (laggards, now) = (Laggards::default(), Instant::now());
        assert!(laggards.spared(now).is_empty());
        laggards.lagged(peer(), now);
        assert_eq!(laggards.spared(now), [peer()].into());
        let later = now + SPARED_MIN;
        assert!(laggards.spared(later).is_empty(), "one tries it");
        assert_eq!(laggards.spared(later), [peer()].into(), "the others wait");
        laggards.kept_up(peer());
        assert!(laggards.spared(later).is_empty());
    }

    #[test]
    fn whoever_lags_again_is_spared_for_longer_but_one_standstill_counts_once() {
        let (laggards, mut now) = (Laggards::default(), Instant::now());
        let mut spans = Vec::new();
        for _ in 0..5 {
            laggards.spared(now);
            let patience = Duration::from_millis(250);
            laggards.lagged(peer(), now + patience);
            laggards.lagged(peer(), now + patience);
            let until = laggards.lock()[&peer()].until;
            spans.push(until.duration_since(now + patience).as_secs());
            now = until;
        }
        assert_eq!(spans, [1, 2, 4, 8, 8]);
    }
}
