//! The last samples of one figure, for a sparkline.

use std::collections::VecDeque;

/// How many samples are kept: two a column of the widest card, and a minute at one a second.
pub const SAMPLES_MAX: usize = 120;

/// A figure over time; the oldest sample is first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples(VecDeque<u64>);

impl Samples {
    /// Adds the newest sample, and forgets the oldest one when there are too many.
    pub(super) fn push(&mut self, sample: u64) {
        if self.0.len() == SAMPLES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    /// Forgets everything: the process they are about is gone.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the newest sample.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.0.back().copied()
    }

    /// Returns the largest of the newest `count` samples.
    #[must_use]
    pub fn peak(&self, count: usize) -> u64 {
        self.newest(count).max().unwrap_or(0)
    }

    /// Returns the newest `count` samples, the oldest of them first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = u64> {
        self.0.iter().copied().skip(self.0.len().saturating_sub(count))
    }
}
