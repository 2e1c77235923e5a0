//! How long the last failovers took: the shortest, the median, the longest.

use std::time::Duration;

use super::{Failover, Leadership};

/// How many of the last failovers count.
///
/// Enough that one odd run does not move their median, few enough that what was tuned soon shows.
const RUNS_MAX: usize = 20;

/// How many there must be: of a single one there is nothing to compare.
const RUNS_MIN: usize = 2;

/// How long some failovers took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// How many they are.
    pub runs: usize,
    /// The shortest.
    pub min: Duration,
    /// The one in the middle; of an even number, the mean of the two in the middle.
    pub median: Duration,
    /// The longest.
    pub max: Duration,
}

impl Spread {
    /// Folds durations, in whatever order; `None` of too few.
    fn of(mut took: Vec<Duration>) -> Option<Self> {
        if took.len() < RUNS_MIN {
            return None;
        }
        took.sort_unstable();
        let (lower, upper) = (took[(took.len() - 1) / 2], took[took.len() / 2]);
        Some(Self {
            runs: took.len(),
            min: *took.first()?,
            median: lower.saturating_add(upper) / 2,
            max: *took.last()?,
        })
    }
}

impl Failover {
    /// Returns how long nobody served, of a whole failure: one that was detected, and had an heir elected.
    #[must_use]
    pub fn whole(&self) -> Option<Duration> {
        let known = self.suspected.and(self.elected);
        known.and(self.serving).filter(|_| self.is_failure())
    }
}

impl Leadership {
    /// Returns how long the last whole failovers took; `None` while there are too few.
    #[must_use]
    pub fn spread(&self) -> Option<Spread> {
        let whole = self.history.iter().rev().filter_map(Failover::whole);
        Spread::of(whole.take(RUNS_MAX).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cause;
    use super::*;
    use crate::id::NodeId;
    use crate::time::Time;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A leader that was killed, and an heir that served after so long.
    fn killed(millis: u64) -> Failover {
        Failover {
            suspected: Some(ms(1)),
            elected: Some(ms(2)),
            serving: Some(ms(millis)),
            ..Failover::new(Cause::Killed(NodeId::MIN), None, Time::ZERO)
        }
    }

    fn spread(history: impl IntoIterator<Item = Failover>) -> Option<Spread> {
        let mut leadership = Leadership::default();
        leadership.history.extend(history);
        leadership.spread()
    }

    #[test]
    fn the_median_of_an_odd_number_is_the_one_in_the_middle() {
        let (runs, min, median, max) = (5, ms(131), ms(140), ms(171));
        let expected = Spread {
            runs,
            min,
            median,
            max,
        };
        assert_eq!(spread([150, 131, 171, 140, 135].map(killed)), Some(expected));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let (runs, min, median, max) = (4, ms(10), ms(25), ms(90));
        let expected = Spread {
            runs,
            min,
            median,
            max,
        };
        assert_eq!(spread([90, 20, 30, 10].map(killed)), Some(expected));
    }

    #[test]
    fn one_alone_is_no_distribution() {
        assert_eq!(spread([]), None);
        assert_eq!(spread([killed(4)]), None);
    }

    #[test]
    fn only_the_last_ones_count() {
        let found = spread((1..=60).map(killed)).expect("enough");
        let runs = RUNS_MAX as u64;
        assert_eq!(
            (found.runs as u64, found.min, found.max),
            (runs, ms(61 - runs), ms(60))
        );
    }

    #[test]
    fn what_is_no_whole_failure_does_not_count() {
        let undetected = Failover {
            suspected: None,
            ..killed(1)
        };
        let unelected = Failover {
            elected: None,
            ..killed(1)
        };
        let unserved = Failover {
            serving: None,
            ..killed(1)
        };
        let handed_over = Failover {
            cause: Cause::HandedOver(NodeId::MIN),
            ..killed(1)
        };
        let started = Failover {
            cause: Cause::Start,
            ..killed(1)
        };
        let others = [undetected, unelected, unserved, handed_over, started];
        assert_eq!(spread(others), None);
        let found = spread(others.into_iter().chain([killed(7), killed(9)])).expect("two");
        assert_eq!((found.runs, found.min), (2, ms(7)));
    }
}
