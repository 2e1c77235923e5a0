//! What is counted of many uploads.
//!
//! Pure: how long an upload took is handed in.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::upload::Receipt;

/// The longest latency that is told apart, in microseconds: an hour, which no upload here takes.
const LATENCY_MAX_US: u64 = 3_600_000_000;

/// How many digits of a latency are kept: figures within a thousandth, in 200 KB.
const DIGITS: u8 = 3;

/// What many uploads came to.
#[derive(Debug, Clone)]
pub struct Tally {
    /// How many were acknowledged.
    pub uploads: u64,
    /// How many failed.
    pub errors: u64,
    /// How many further attempts all of them took.
    pub retries: u64,
    /// How many bytes of plain images were acknowledged.
    pub bytes: u64,
    /// The fewest copies of any; none before the first.
    pub copies_min: Option<usize>,
    /// How many members the cluster has; none before the first.
    pub members: Option<usize>,
    /// What the last error was.
    pub last_error: Option<String>,
    copies: u64,
    latencies_us: Histogram<u64>,
}

/// How long uploads took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latencies {
    /// Half of them took no longer.
    pub p50: Duration,
    /// Nine of ten took no longer.
    pub p90: Duration,
    /// Ninety-nine of a hundred took no longer.
    pub p99: Duration,
    /// None took longer.
    pub max: Duration,
}

impl Default for Tally {
    fn default() -> Self {
        let latencies_us = Histogram::new_with_max(LATENCY_MAX_US, DIGITS);
        Self {
            uploads: 0,
            errors: 0,
            retries: 0,
            bytes: 0,
            copies_min: None,
            members: None,
            last_error: None,
            copies: 0,
            latencies_us: latencies_us
                .expect("the largest is more than twice the smallest, and 3 digits are few"),
        }
    }
}

impl Tally {
    /// Counts an upload that was acknowledged.
    pub(super) fn done(&mut self, receipt: &Receipt, took: Duration, retries: u64) {
        self.uploads += 1;
        self.retries += retries;
        self.bytes += receipt.bytes;
        self.copies += receipt.copies as u64;
        self.copies_min = Some(self.copies_min.unwrap_or(usize::MAX).min(receipt.copies));
        self.members = Some(receipt.members);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latencies_us.saturating_record(took_us);
    }

    /// Counts an upload that failed.
    pub(super) fn failed(&mut self, error: String, retries: u64) {
        self.errors += 1;
        self.retries += retries;
        self.last_error = Some(error);
    }

    /// Returns on how many nodes an image is on average; none before the first.
    #[must_use]
    pub fn copies_average(&self) -> Option<f64> {
        (self.uploads > 0).then(|| self.copies as f64 / self.uploads as f64)
    }

    /// Returns how long uploads took; none before the first.
    #[must_use]
    pub fn latencies(&self) -> Option<Latencies> {
        let at = |quantile| Duration::from_micros(self.latencies_us.value_at_quantile(quantile));
        (self.uploads > 0).then(|| Latencies {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: Duration::from_micros(self.latencies_us.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ImageId, NodeId};

    fn receipt(copies: usize) -> Receipt {
        let node = NodeId::new(1).expect("not zero");
        Receipt {
            image: ImageId::from_bytes([1; 16]),
            saved: None,
            leader: node,
            server: node,
            bytes: 1000,
            copies,
            members: 3,
            digest: String::new(),
        }
    }

    #[test]
    fn before_the_first_upload_there_are_no_figures() {
        let tally = Tally::default();
        assert_eq!((tally.latencies(), tally.copies_average()), (None, None));
    }

    #[test]
    fn latencies_are_those_of_the_uploads_that_were_acknowledged() {
        let mut tally = Tally::default();
        for millis in 1..=100 {
            tally.done(&receipt(3), Duration::from_millis(millis), 0);
        }
        tally.failed("no".to_owned(), 2);
        let latencies = tally.latencies().expect("some");
        let millis = |span: Duration| (span.as_secs_f64() * 1000.0).round();
        assert_eq!((millis(latencies.p50), millis(latencies.p90)), (50.0, 90.0));
        assert_eq!((millis(latencies.p99), millis(latencies.max)), (99.0, 100.0));
        assert_eq!((tally.uploads, tally.errors, tally.retries), (100, 1, 2));
        assert_eq!(tally.bytes, 100_000);
    }

    #[test]
    fn the_fewest_copies_of_any_are_remembered() {
        let mut tally = Tally::default();
        for copies in [3, 1, 2] {
            tally.done(&receipt(copies), Duration::ZERO, 0);
        }
        assert_eq!(tally.copies_min, Some(1));
        assert_eq!(tally.copies_average(), Some(2.0));
        assert_eq!(tally.members, Some(3));
    }
}
