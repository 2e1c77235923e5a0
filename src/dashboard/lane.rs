//! The client's lane: what the clients of a load came to, and how long nobody served them.
//!
//! Pure: whoever drives the clients tells what became of their uploads, and when. Being without
//! service is measured where it hurts: between two acknowledgements, of whichever clients. Only a pause
//! that is noticed and far longer than usual is an outage, both for the longest and for the sum.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Time;

/// How long no upload must have been acknowledged to count as time without service.
///
/// Below it a pause is a disk that syncs; nobody who waits for an image would notice it.
pub const NOTICED: Duration = Duration::from_millis(100);

/// How many times longer than usual a pause must be: as the last ones were, but for the longest of them.
///
/// Where every upload is slow, since a disk is or since each waits for a node that is cut off, nobody is
/// without service; one outage does not hide the next.
const UNUSUAL: u32 = 3;

/// How many pauses those are: the uploads of a moment, after which an outage is no longer what is usual.
const LAST: usize = 8;

/// The longest pause that counts as one of them: an outage says little about what is usual.
const USUAL_MAX: Duration = Duration::from_secs(1);

/// How long the first acknowledgement may take: clients have to connect, and nobody has been served before.
const SETTLING: Duration = Duration::from_secs(1);

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
    /// The longest outage, up to the last acknowledgement.
    longest_ns: u64,
    /// All outages together, up to the last acknowledgement.
    without_ns: u64,
    /// How long the last pauses were, in no order; 0 before there were any.
    #[serde(default)]
    last_ns: [u64; LAST],
    /// Since when nothing was acknowledged, while the load is on.
    since: Option<Time>,
    /// What came of reading back, the last time.
    pub checked: Option<Checked>,
    /// Whether the clients pause because no more can be remembered to be read back.
    #[serde(default)]
    pub full: bool,
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

    /// Folds in that they pause, since so many uploads were acknowledged that no more can be remembered.
    pub fn fills(&mut self, at: Time) {
        self.ends(at);
        self.full = true;
    }

    /// Folds in that an upload was acknowledged.
    pub fn acknowledges(&mut self, at: Time) {
        let ran = self.running(at);
        self.count(at);
        self.learn(ran);
        self.acknowledged += 1;
    }

    /// Returns the longest outage, the one that runs included.
    #[must_use]
    pub fn longest(&self, now: Time) -> Duration {
        Duration::from_nanos(self.longest_ns).max(self.outage(self.running(now)))
    }

    /// Returns all outages together, the one that runs included; never less than the longest.
    #[must_use]
    pub fn without_service(&self, now: Time) -> Duration {
        Duration::from_nanos(self.without_ns) + self.outage(self.running(now))
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

    /// Ends the pause that runs, and begins the next.
    fn count(&mut self, at: Time) {
        let ran = self.running(at);
        let outage = nanos(self.outage(ran));
        self.longest_ns = self.longest_ns.max(outage);
        self.without_ns = self.without_ns.saturating_add(outage);
        self.since = self.since.map(|_| at);
    }

    /// Learns from the pause that an acknowledgement ends how long pauses are.
    fn learn(&mut self, ran: Duration) {
        let turn = self.acknowledged % LAST as u64;
        if let Some(last) = usize::try_from(turn)
            .ok()
            .and_then(|turn| self.last_ns.get_mut(turn))
        {
            *last = nanos(ran.min(USUAL_MAX));
        }
    }

    /// Returns a pause if it is an outage, otherwise nothing.
    fn outage(&self, pause: Duration) -> Duration {
        let mut pauses = self.last_ns;
        pauses.sort_unstable();
        let usual = pauses.into_iter().rev().nth(1).unwrap_or_default();
        let least = match self.acknowledged {
            0 => SETTLING,
            _ => NOTICED.max(Duration::from_nanos(usual) * UNUSUAL),
        };
        if pause >= least { pause } else { Duration::ZERO }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
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
        assert_eq!(millis(lane.longest(at(1610))), 1200, "the one that runs counts");
        lane.ends(at(1610));
        assert_eq!(
            millis(lane.without_service(at(9999))),
            1540,
            "after the end nobody waits"
        );
        assert_eq!((lane.acknowledged, lane.clients), (4, 0));
    }

    #[test]
    fn the_sum_is_never_below_the_longest() {
        let mut lane = Lane::default();
        lane.begins(at(0), 1);
        for millis in [10, 20, 100, 110, 500, 505, 600] {
            lane.acknowledges(at(millis));
            let now = at(millis + 7);
            assert!(
                lane.without_service(now) >= lane.longest(now),
                "after {millis} ms: {lane:?}"
            );
        }
        assert_eq!(lane.longest(at(607)).as_millis(), 390);
    }

    #[test]
    fn where_every_upload_is_slow_nobody_is_without_service() {
        let mut lane = Lane::default();
        lane.begins(at(0), 1);
        for number in 1..=20 {
            lane.acknowledges(at(number * 300));
        }
        lane.ends(at(6150));
        // Until it is known what is usual.
        assert_eq!(lane.longest(at(6150)).as_millis(), 300);
        assert_eq!(lane.without_service(at(6150)).as_millis(), 300);
    }

    #[test]
    fn a_cluster_that_becomes_slow_is_soon_not_without_service() {
        let mut lane = Lane::default();
        lane.begins(at(0), 2);
        let mut now = 0;
        for pause in [10; 50]
            .into_iter()
            .chain([520])
            .chain([260; 50])
            .chain([510, 260])
        {
            now += pause;
            lane.acknowledges(at(now));
        }
        assert_eq!(lane.without_service(at(now)).as_millis(), 520 + 260);
    }

    #[test]
    fn connecting_is_no_outage_and_waiting_for_a_first_leader_is() {
        let mut lane = Lane::default();
        lane.begins(at(0), 1);
        assert_eq!(lane.without_service(at(400)), Duration::ZERO);
        assert_eq!(lane.without_service(at(1400)).as_millis(), 1400);
    }
}
