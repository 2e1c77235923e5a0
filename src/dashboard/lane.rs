//! The client's lane: what the clients of a load came to, and how long nobody served them.
//!
//! Pure: whoever drives the clients tells what became of their uploads, and when. Being without
//! service is measured where it hurts: between two acknowledgements, of whichever clients.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// How long no upload must have been acknowledged to count as time without service.
///
/// Below it a pause is a disk that syncs; nobody who waits for an image would notice it.
pub const NOTICED: Duration = Duration::from_millis(100);

/// What the clients of a load came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// How many clients upload now; 0 while the load is off.
    pub clients: u8,
    /// How many uploads were acknowledged.
    pub acknowledged: u64,
    /// How many further attempts they took.
    pub retried: u64,
    /// How many failed.
    pub failed: u64,
    /// The longest time without an acknowledgement, up to the last one.
    longest_ns: u64,
    /// All such times together that were noticed, up to the last one.
    without_ns: u64,
    /// Since when nothing was acknowledged, while the load is on.
    since: Option<Time>,
    /// What came of reading back, the last time.
    pub checked: Option<Checked>,
}

/// What came of reading back everything that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// How many uploads had been acknowledged.
    pub acknowledged: u64,
    /// How many of them are gone, or are not what was acknowledged.
    pub lost: u64,
}

impl Lane {
    /// Folds in that so many clients begin to upload.
    pub fn begins(&mut self, at: Time, clients: u8) {
        self.clients = clients;
        self.since = Some(at);
    }

    /// Folds in that they have ended.
    pub fn ends(&mut self, at: Time) {
        self.count(at);
        self.clients = 0;
        self.since = None;
    }

    /// Folds in that an upload was acknowledged.
    pub fn acknowledges(&mut self, at: Time) {
        self.count(at);
        self.acknowledged += 1;
    }

    /// Returns the longest time without an acknowledgement, the one that runs included.
    #[must_use]
    pub fn longest(&self, now: Time) -> Duration {
        Duration::from_nanos(self.longest_ns).max(self.running(now))
    }

    /// Returns all noticed times without an acknowledgement together, the one that runs included.
    #[must_use]
    pub fn without_service(&self, now: Time) -> Duration {
        Duration::from_nanos(self.without_ns) + noticed(self.running(now))
    }

    /// Says whether there has been a load at all.
    #[must_use]
    pub fn was_on(&self) -> bool {
        self.clients > 0
            || [self.acknowledged, self.failed, self.retried]
                .iter()
                .any(|count| *count > 0)
    }

    /// Returns for how long nothing has been acknowledged; zero while the load is off.
    #[must_use]
    pub fn running(&self, now: Time) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Ends the time that runs, and begins the next.
    fn count(&mut self, at: Time) {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let ran = self.running(at);
        self.longest_ns = self.longest_ns.max(nanos(ran));
        self.without_ns = self.without_ns.saturating_add(nanos(noticed(ran)));
        self.since = self.since.map(|_| at);
    }
}

fn noticed(span: Duration) -> Duration {
    if span >= NOTICED { span } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn time_without_service_is_what_lies_between_acknowledgements() {
        let mut lane = Lane::default();
        lane.begins(at(0), 2);
        for millis in [50, 60, 400, 410] {
            lane.acknowledges(at(millis));
        }
        let millis = |span: Duration| span.as_millis();
        assert_eq!(millis(lane.longest(at(420))), 340);
        assert_eq!(
            millis(lane.without_service(at(420))),
            340,
            "short ones do not count"
        );
        assert_eq!(millis(lane.longest(at(1410))), 1000, "the one that runs counts");
        lane.ends(at(610));
        assert_eq!(
            millis(lane.without_service(at(9999))),
            540,
            "after the end nobody waits"
        );
        assert_eq!((lane.acknowledged, lane.clients), (4, 0));
    }
}
