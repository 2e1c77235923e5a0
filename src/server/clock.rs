//! The one place of a node that reads clocks.
//!
//! Owns the origin that [`Time`] counts from, and says in which life the process is. Decisions get
//! the time from here as a value.
//!
//! Invariant: the time goes on while the host sleeps, as it does for everybody else. A leader whose
//! host was suspended wakes up with its promises expired, and not beside its heir. The runtime's
//! timers, and [`std::time::Instant`], stand still meanwhile; they only ever say when to look again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    /// Since the system's own origin.
    origin: Duration,
    generation: Generation,
    /// Guards what was done to it on purpose, for a look.
    stall: Arc<Mutex<Stall>>,
}

/// For how long a clock has stood still on purpose, and whether it does now.
#[derive(Debug, Default)]
struct Stall {
    /// By how much it is behind for good.
    behind: Duration,
    /// Since when it stands still and until when it will, on the clock that does not.
    standing: Option<(Time, Time)>,
}

impl Stall {
    /// Returns by how much the clock is behind at `real`, and how much longer it stands still.
    fn look(&mut self, real: Time) -> (Duration, Duration) {
        let Some((from, until)) = self.standing else {
            return (self.behind, Duration::ZERO);
        };
        if real < until {
            return (self.behind + real.since(from), until.since(real));
        }
        self.behind += until.since(from);
        self.standing = None;
        (self.behind, Duration::ZERO)
    }
}

impl Clock {
    /// Starts the clock of this life of the process.
    pub(crate) fn start() -> Self {
        let born_ms = u64::try_from(wall().as_millis()).unwrap_or(u64::MAX);
        Self {
            origin: reading(),
            generation: Generation(born_ms),
            stall: Arc::default(),
        }
    }

    /// Returns the time now.
    pub(crate) fn now(&self) -> Time {
        let real = self.real();
        let (behind, _) = self.locked().look(real);
        real - behind
    }

    /// Returns the time now as it is when nobody makes the clock stand still.
    ///
    /// What happens is stamped by it: whoever watches a fault must not be misled by it.
    pub(crate) fn real(&self) -> Time {
        Time::ZERO + reading().saturating_sub(self.origin)
    }

    /// Makes the clock stand still for a while from now on; it goes on from there.
    pub(crate) fn stall(&self, span: Duration) {
        let real = self.real();
        let mut stall = self.locked();
        let (_, left) = stall.look(real);
        let until = real + span.max(left);
        let from = stall.standing.map_or(real, |(from, _)| from);
        stall.standing = Some((from, until));
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

    fn locked(&self) -> MutexGuard<'_, Stall> {
        self.stall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the runtime's timers will have come to `time`; now when that has passed.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        let real = self.real();
        let (behind, standing) = self.locked().look(real);
        Instant::now() + standing + time.since(real - behind)
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

    #[test]
    fn a_clock_that_stands_still_goes_on_from_there() {
        let mut stall = Stall::default();
        let at = |ms: u64| Time::from_nanos(ms * 1_000_000);
        let ms = Duration::from_millis;
        stall.standing = Some((at(100), at(300)));
        assert_eq!(stall.look(at(150)), (ms(50), ms(150)));
        assert_eq!(stall.look(at(300)), (ms(200), ms(0)));
        assert_eq!(stall.look(at(1000)), (ms(200), ms(0)));
        stall.standing = Some((at(2000), at(2001)));
        assert_eq!(stall.look(at(3000)), (ms(201), ms(0)));
    }

    #[test]
    fn a_stall_is_seen_in_the_time_and_not_in_the_stamps() {
        let clock = Clock::start();
        clock.stall(Duration::from_hours(1));
        let (stands, real) = (clock.now(), clock.real());
        let later = clock.instant(stands + Duration::from_secs(1));
        assert_eq!(clock.now(), stands);
        assert!(real >= stands && clock.real() >= real);
        assert!(later > Instant::now() + Duration::from_mins(59));
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
