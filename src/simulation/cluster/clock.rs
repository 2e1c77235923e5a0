//! A monotonic clock with an origin of its own, which can stand still for a while.

use std::time::Duration;

use crate::time::Time;

/// A monotonic clock with an origin of its own, which can stand still for a while.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) ahead: Duration,
    pub(super) behind: Duration,
    pub(super) stall: Option<(Time, Time)>,
}

impl Clock {
    pub(super) fn read(&self, real: Time) -> Time {
        let stalled = self
            .stall
            .map_or(Duration::ZERO, |(from, until)| real.min(until).since(from));
        real + self.ahead - self.behind - stalled
    }

    /// Returns what it would read had nobody let it stand still.
    ///
    /// What happens is stamped by it, as by a real node: whoever watches a fault must not be misled by it.
    pub(super) fn unstalled(&self, real: Time) -> Time {
        real + self.ahead
    }

    pub(super) fn stall(&mut self, now: Time, span: Duration) {
        let over = self.stall.is_none_or(|(_, until)| until <= now);
        if over {
            self.behind += self
                .stall
                .map_or(Duration::ZERO, |(from, until)| until.since(from));
            self.stall = Some((now, now + span));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_stamps_what_happens_in_time() {
        let at = |ms: u64| Time::from_nanos(ms * 1_000_000);
        let mut clock = Clock {
            ahead: Duration::from_millis(7),
            ..Clock::default()
        };
        clock.stall(at(100), Duration::from_millis(50));
        clock.stall(at(200), Duration::from_millis(50));
        assert_eq!(clock.read(at(300)), at(207));
        assert_eq!(clock.unstalled(at(300)), at(307));
    }
}
