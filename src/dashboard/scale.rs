//! How much time a cell of the timeline stands for: a few scales, from a failover to a quarter of an hour.

use std::time::Duration;

/// Every scale, the finest first.
const CELLS_MS: [u64; 7] = [100, 200, 500, 1000, 2000, 5000, 10_000];

/// Which of them is used first: a minute or two on a usual screen.
const FIRST: usize = 3;

/// How much time a cell stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(usize);

impl Default for Scale {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Scale {
    /// Returns how much time a cell stands for.
    #[must_use]
    pub const fn cell(self) -> Duration {
        Duration::from_millis(CELLS_MS[self.0])
    }

    /// Returns the scale that shows more of less time.
    #[must_use]
    pub const fn finer(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Returns the scale that shows less of more time.
    #[must_use]
    pub const fn coarser(self) -> Self {
        if self.0 + 1 < CELLS_MS.len() {
            Self(self.0 + 1)
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_both_ends() {
        let (mut finest, mut coarsest) = (Scale::default(), Scale::default());
        for _ in 0..20 {
            (finest, coarsest) = (finest.finer(), coarsest.coarser());
        }
        assert_eq!(finest.cell(), Duration::from_millis(100));
        assert_eq!(coarsest.cell(), Duration::from_secs(10));
        assert_eq!(finest.coarser().finer(), finest);
    }
}
