//! What many rounds came to, in the order of size.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::race::Mark;
use crate::round::Round;

/// The rounds of one contestant and one kind.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    took: BTreeMap<Mark, Vec<Duration>>,
    pub(crate) rounds: usize,
    /// Terms beyond the one that a failover needs.
    pub(crate) more_terms: u64,
    /// Changes of leader or term while nothing was done to anybody.
    pub(crate) unasked: u64,
    /// Rounds in which the leader or its term changed once more when the struck one came back.
    pub(crate) upset: u64,
}

impl Figures {
    pub(crate) fn add(&mut self, round: Round) {
        self.rounds += 1;
        self.more_terms += round.terms.saturating_sub(1);
        self.unasked += round.unasked;
        self.upset += u64::from(round.is_upset);
        for (mark, took) in round.took {
            let times = self.took.entry(mark).or_default();
            let at = times.partition_point(|&other| other <= took);
            times.insert(at, took);
        }
    }

    /// The moments that were seen.
    pub(crate) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.took.keys().copied()
    }

    /// Returns the time within which so many of a hundred rounds had come to a moment.
    pub(crate) fn percentile(&self, mark: Mark, percent: usize) -> Option<Duration> {
        let times = self.took.get(&mark)?;
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times.get(rank - 1).copied()
    }
}
