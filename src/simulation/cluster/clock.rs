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
