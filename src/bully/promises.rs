//! The promises that a leader counts, in the order in which it must act on them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Timing;
use crate::id::NodeId;
use crate::time::Time;

/// Workers that have promised, and until when the leader counts it.
///
/// Invariant: `deadlines` holds the one deadline of each promise, so what is due comes first.
#[derive(Debug, Default)]
pub(super) struct Promises {
    counted: BTreeMap<NodeId, CountedPromise>,
    deadlines: BTreeSet<(Time, NodeId)>,
    /// No promise runs for longer than this.
    longest: Time,
}

/// A worker's promise as the leader counts it.
#[derive(Debug, Clone, Copy)]
struct CountedPromise {
    until: Time,
    /// When the worker's next heartbeat is so late that the leader asks for it.
    overdue_at: Time,
    /// Whether the leader has asked for it since.
    asked: bool,
}

impl CountedPromise {
    /// When the leader must look at it again.
    fn deadline(&self) -> Time {
        if self.asked { self.until } else { self.overdue_at }
    }
}

impl Promises {
    /// Counts the promise that came with the leader's own time stamp, unless a longer one counts.
    pub(super) fn count(&mut self, from: NodeId, stamped: Time, timing: &Timing) {
        let counted = CountedPromise {
            until: stamped + timing.lease(),
            overdue_at: overdue_at(stamped, timing),
            asked: false,
        };
        let held = self.counted.get(&from).copied();
        if held.is_none_or(|held| counted.until > held.until) {
            self.remove(from);
            self.insert(from, counted);
        }
    }

    pub(super) fn remove(&mut self, id: NodeId) {
        if let Some(held) = self.counted.remove(&id) {
            self.deadlines.remove(&(held.deadline(), id));
        }
    }

    fn insert(&mut self, id: NodeId, promise: CountedPromise) {
        self.deadlines.insert((promise.deadline(), id));
        self.counted.insert(id, promise);
        self.longest = self.longest.max(promise.until);
    }

    /// Those that must be looked at, at `now`: what lapsed is among them, for who was not asked was to be.
    fn due(&self, now: Time) -> impl Iterator<Item = (NodeId, CountedPromise)> {
        let due = self.deadlines.iter().take_while(move |(at, _)| *at <= now);
        due.filter_map(|(_, id)| Some((*id, *self.counted.get(id)?)))
    }

    /// How many run.
    pub(super) fn running(&self, now: Time) -> usize {
        if self.longest <= now {
            return 0;
        }
        let lapsed = self.due(now).filter(|(_, promise)| promise.until <= now);
        self.counted.len() - lapsed.count()
    }

    /// The workers whose promises run.
    pub(super) fn of(&self, now: Time) -> impl Iterator<Item = NodeId> {
        self.counted
            .iter()
            .filter(move |(_, promise)| promise.until > now)
            .map(|(&id, _)| id)
    }

    /// Drops what has lapsed, and returns whose.
    pub(super) fn drop_lapsed(&mut self, now: Time) -> Vec<NodeId> {
        let lapsed = self.due(now).filter(|(_, promise)| promise.until <= now);
        let lapsed: Vec<NodeId> = lapsed.map(|(id, _)| id).collect();
        for &id in &lapsed {
            self.remove(id);
        }
        lapsed
    }

    /// Returns who must be asked for a heartbeat, in the order of ids, each once.
    pub(super) fn ask_overdue(&mut self, now: Time) -> Vec<NodeId> {
        let overdue = self.due(now).filter(|(_, promise)| !promise.asked);
        let mut overdue: Vec<(NodeId, CountedPromise)> = overdue.collect();
        overdue.sort_unstable_by_key(|(id, _)| *id);
        for &(id, promise) in &overdue {
            self.remove(id);
            self.insert(
                id,
                CountedPromise {
                    asked: true,
                    ..promise
                },
            );
        }
        overdue.into_iter().map(|(id, _)| id).collect()
    }

    /// When one of them must be looked at.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.deadlines.first().map(|(at, _)| *at)
    }
}

/// When a heartbeat that should have come is asked for: a quarter of the timeout late.
fn overdue_at(stamped: Time, timing: &Timing) -> Time {
    stamped + timing.heartbeat_interval + timing.heartbeat_timeout / 4
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_promise_is_asked_after_once_and_then_lapses() {
        // Heartbeats every 100 ms within 300 ms: overdue after 175 ms, counted for 250 ms.
        let timing = Timing::FAST;
        let mut promises = Promises::default();
        promises.count(id(3), at(0), &timing);
        promises.count(id(2), at(0), &timing);
        promises.count(id(1), at(60), &timing);
        assert_eq!(promises.next_deadline(), Some(at(175)));
        assert_eq!(promises.ask_overdue(at(174)), []);
        assert_eq!(promises.ask_overdue(at(175)), [id(2), id(3)]);
        assert_eq!(promises.ask_overdue(at(176)), []);
        assert_eq!((promises.running(at(249)), promises.running(at(250))), (3, 1));
        assert_eq!(promises.drop_lapsed(at(250)), [id(2), id(3)]);
        assert_eq!(promises.of(at(250)).collect::<Vec<_>>(), [id(1)]);
    }

    #[test]
    fn an_older_promise_shortens_no_newer_one() {
        let timing = Timing::FAST;
        let mut promises = Promises::default();
        promises.count(id(1), at(100), &timing);
        promises.count(id(1), at(50), &timing);
        assert_eq!((promises.running(at(349)), promises.running(at(350))), (1, 0));
        promises.remove(id(1));
        assert_eq!((promises.running(at(0)), promises.next_deadline()), (0, None));
    }
}
