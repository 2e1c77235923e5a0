//! The one place of a node that reads clocks.
//!
//! Owns the origin that [`Time`] counts from, and says in which life the process is. Decisions get
//! the time from here as a value.

use std::time::{Duration, Instant, SystemTime};

use crate::id::Generation;
use crate::time::Time;

/// A process's monotonic clock, counted from when it was made, and the wall clock beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    generation: Generation,
}

impl Clock {
    /// Starts the clock of this life of the process.
    pub(crate) fn start() -> Self {
        let born_ms = u64::try_from(wall().as_millis()).unwrap_or(u64::MAX);
        Self {
            origin: Instant::now(),
            generation: Generation(born_ms),
        }
    }

    /// Returns the time now.
    pub(crate) fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    /// Returns the time since the Unix epoch; for people, never for order.
    #[expect(
        clippy::unused_self,
        reason = "whoever reads a wall clock asks the node's clock for it"
    )]
    pub(crate) fn wall(&self) -> Duration {
        wall()
    }

    /// Returns which life of the process this is.
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Returns `time` as the runtime's timers count it.
    pub(crate) fn instant(&self, time: Time) -> tokio::time::Instant {
        (self.origin + time.since(Time::ZERO)).into()
    }
}

/// A clock set before 1970 reads as 1970.
fn wall() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_becomes_the_instant_it_was_read_at() {
        let clock = Clock::start();
        let before = tokio::time::Instant::now();
        let time = clock.now();
        let after = tokio::time::Instant::now();
        assert!(before <= clock.instant(time) && clock.instant(time) <= after);
    }
}
