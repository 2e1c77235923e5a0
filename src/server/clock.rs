//! The one place of a node that reads clocks.
//!
//! Owns the origin that [`Time`] counts from, and says in which life the process is. Decisions get
//! the time from here as a value.
//!
//! Invariant: the time goes on while the host sleeps, as it does for everybody else. A leader whose
//! host was suspended wakes up with its promises expired, and not beside its heir. The runtime's
//! timers, and [`std::time::Instant`], stand still meanwhile; they only ever say when to look again.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use crate::id::Generation;
use crate::time::Time;

/// The clock that counts sleep.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;
/// The clock that counts sleep: here the monotonic one does.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

/// A process's monotonic clock, counted from when it was made, and the wall clock beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Since the system's own origin.
    origin: Duration,
    generation: Generation,
}

impl Clock {
    /// Starts the clock of this life of the process.
    pub(crate) fn start() -> Self {
        let born_ms = u64::try_from(wall().as_millis()).unwrap_or(u64::MAX);
        Self {
            origin: reading(),
            generation: Generation(born_ms),
        }
    }

    /// Returns the time now.
    pub(crate) fn now(&self) -> Time {
        Time::ZERO + reading().saturating_sub(self.origin)
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

    /// Returns when the runtime's timers will have come to `time`; now when that has passed.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        Instant::now() + time.since(self.now())
    }
}

fn reading() -> Duration {
    let reading = clock_gettime(CLOCK);
    // A clock that counts from the start of the system is never negative.
    Duration::try_from(reading).unwrap_or_default()
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
    fn a_time_to_come_becomes_the_instant_it_comes_at() {
        let clock = Clock::start();
        let span = Duration::from_mins(1);
        let before = Instant::now();
        let time = clock.now() + span;
        let instant = clock.instant(time);
        let after = Instant::now();
        assert!(before + span <= instant + (after - before) && instant <= after + span);
    }

    #[test]
    fn a_time_that_has_passed_is_now() {
        let clock = Clock::start();
        let before = Instant::now();
        let instant = clock.instant(Time::ZERO);
        assert!(before <= instant && instant <= Instant::now());
    }

    /// On a host that has never slept the two clocks of Linux read the same, so that no reading
    /// alone tells them apart.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_time_counts_what_the_host_has_slept() {
        assert_eq!(CLOCK, ClockId::Boottime);
        let (before, reading, after) = (clock_gettime(CLOCK), reading(), clock_gettime(CLOCK));
        let span = |reading| Duration::try_from(reading).expect("not negative");
        assert!(span(before) <= reading && reading <= span(after));
    }
}
