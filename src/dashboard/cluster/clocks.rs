//! Other people's clocks, read off by what they tell.
//!
//! Every process stamps its events by a clock of its own, counted from its own start. The least
//! delayed event of a clock says how far it is from ours; with that, a stamp is worth more than the
//! moment at which it was heard: events of different nodes stand in their true order even when
//! their reader was late.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{Generation, NodeId};
use crate::time::Time;

/// How much a clock may fall behind ours, as a part of the time that passes: 1 in this many.
///
/// Quartz is off by less than 1 in 10,000; the rest is room for clocks that are being corrected.
const DRIFT_PARTS: u128 = 1000;

/// How much later than it is a clock may be read at most, for all that is known.
const LATE_MAX: Duration = Duration::from_millis(20);

/// Whose clock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// One life of a node.
    Node(NodeId, Generation),
    /// The owner of the processes.
    Supervisor,
}

/// How far other clocks are from ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks(BTreeMap<Source, Offset>);

#[derive(Debug, Clone, Copy)]
struct Offset {
    /// Ours minus theirs, in nanoseconds.
    nanos: i128,
    /// How much of that was taken off because of messages that seemed to arrive before they were sent.
    corrected: i128,
    heard: Time,
}

impl Clocks {
    /// Returns when, on our clock, something happened that was `told` by theirs and `heard` by ours.
    pub(super) fn read(&mut self, source: Source, told: Time, heard: Time) -> Time {
        let delayed = i128::from(heard.as_nanos()) - i128::from(told.as_nanos());
        if let Source::Node(node, generation) = source {
            // Nothing is heard of a life once the next one has spoken.
            self.0.retain(|other, _| match other {
                Source::Node(of, life) => *of != node || *life == generation,
                Source::Supervisor => true,
            });
        }
        let offset = self.0.entry(source).or_insert(Offset {
            nanos: delayed,
            corrected: 0,
            heard,
        });
        let drift = heard.since(offset.heard).as_nanos() / DRIFT_PARTS;
        let drifted = offset
            .nanos
            .saturating_add(i128::try_from(drift).unwrap_or(i128::MAX));
        // What has drifted back was corrected for nothing, or for long enough.
        let drift = i128::try_from(drift).unwrap_or(i128::MAX);
        *offset = Offset {
            nanos: delayed.min(drifted),
            corrected: offset.corrected.saturating_sub(drift).max(0),
            heard,
        };
        let nanos = u64::try_from(i128::from(told.as_nanos()) + offset.nanos).unwrap_or(0);
        Time::ZERO + Duration::from_nanos(nanos)
    }

    /// Reads the clock of a node's life that much earlier: no event was heard before it happened, so
    /// that what is known of a clock is never too early, and may be too late.
    ///
    /// A node is heard within milliseconds now and then: what is more than [`LATE_MAX`] is a mistake.
    pub(super) fn correct(&mut self, node: NodeId, by: Duration) {
        let by = i128::try_from(by.as_nanos()).unwrap_or(0);
        let late_max = i128::try_from(LATE_MAX.as_nanos()).unwrap_or(0);
        for (source, offset) in &mut self.0 {
            match source {
                Source::Node(of, _) if *of == node => {
                    let by = by.min(late_max - offset.corrected).max(0);
                    offset.nanos = offset.nanos.saturating_sub(by);
                    offset.corrected += by;
                }
                Source::Node(..) | Source::Supervisor => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Time {
        Time::from_nanos(ms * 1_000_000)
    }

    fn of_node(node: u16) -> NodeId {
        NodeId::new(node).expect("not zero")
    }

    fn of(node: u16, generation: u64) -> Source {
        Source::Node(of_node(node), Generation(generation))
    }

    #[test]
    fn the_least_delayed_event_sets_the_clock() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.read(of(1, 7), at(100), at(1000)), at(1000));
        assert_eq!(clocks.read(of(1, 7), at(110), at(1003)), at(1003), "less delayed");
        assert_eq!(
            clocks.read(of(1, 7), at(120), at(1013)),
            at(1013),
            "as little delayed"
        );
    }

    #[test]
    fn events_heard_late_and_together_keep_their_distances() {
        let mut clocks = Clocks::default();
        clocks.read(of(1, 7), at(0), at(500));
        let first = clocks.read(of(1, 7), at(1000), at(9000));
        let second = clocks.read(of(1, 7), at(1004), at(9000));
        assert_eq!(second.since(first).as_millis(), 4);
        assert!(first < at(1510), "not when it was heard: {first:?}");
    }

    #[test]
    fn a_restarted_node_has_a_clock_of_its_own() {
        let mut clocks = Clocks::default();
        clocks.read(of(1, 7), at(5000), at(5000));
        assert_eq!(clocks.read(of(1, 8), at(0), at(6000)), at(6000));
        assert_eq!(clocks.0.len(), 1, "the old life is forgotten");
    }

    #[test]
    fn no_number_of_corrections_reads_a_clock_far_too_early() {
        let mut clocks = Clocks::default();
        clocks.read(of(1, 7), at(100), at(1000));
        for _ in 0..1000 {
            clocks.correct(of_node(1), Duration::from_millis(3));
        }
        assert_eq!(clocks.read(of(1, 7), at(100), at(1000)), at(980));
        clocks.read(of(1, 7), at(60_100), at(61_000));
        assert_eq!(
            clocks.read(of(1, 7), at(60_101), at(61_001)),
            at(61_001),
            "it drifts back"
        );
    }

    #[test]
    fn a_clock_that_is_ahead_of_ours_reads_no_time_before_its_origin() {
        let mut clocks = Clocks::default();
        clocks.read(of(1, 7), at(9000), at(10));
        assert_eq!(clocks.read(of(1, 7), at(1), at(11)), Time::ZERO);
    }
}
