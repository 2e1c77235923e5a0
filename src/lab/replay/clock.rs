//! A clock that runs as fast as one likes, or stands still.

use std::time::Duration;

use crate::dashboard::transport::Speed;
use crate::time::Time;

/// Where a recording stands, by the time on the wall.
#[derive(Debug)]
pub(super) struct PlayClock {
    /// Where it stood at `since`.
    at: Time,
    since: Time,
    speed: Speed,
    /// How many times more slowly than that it goes for now.
    slowness: f64,
    plays: bool,
}

impl PlayClock {
    pub(super) const fn started(at: Time, speed: Speed, since: Time) -> Self {
        Self {
            at,
            since,
            speed,
            slowness: 1.0,
            plays: true,
        }
    }

    pub(super) const fn plays(&self) -> bool {
        self.plays
    }

    pub(super) const fn speed(&self) -> Speed {
        self.speed
    }

    pub(super) fn position(&self, wall: Time) -> Time {
        if self.plays {
            self.at + self.speed.plays(wall.since(self.since)).div_f64(self.slowness)
        } else {
            self.at
        }
    }

    /// Returns how long it takes from `wall` until it shows `at`, while it plays.
    pub(super) fn until(&self, at: Time, wall: Time) -> Duration {
        let takes = self.speed.takes(at.since(self.position(wall)));
        Duration::try_from_secs_f64(takes.as_secs_f64() * self.slowness).unwrap_or(Duration::MAX)
    }

    /// Goes so many times more slowly from `at` on, which it shows now; at 1 as fast as was asked.
    pub(super) fn slow_down(&mut self, slowness: f64, at: Time, wall: Time) {
        self.set(at, wall);
        self.slowness = slowness;
    }

    pub(super) const fn slowness(&self) -> f64 {
        self.slowness
    }

    pub(super) fn set(&mut self, at: Time, wall: Time) {
        (self.at, self.since) = (at, wall);
    }

    pub(super) fn pause(&mut self, wall: Time) {
        self.set(self.position(wall), wall);
        self.plays = false;
    }

    pub(super) fn play(&mut self, wall: Time) {
        self.since = wall;
        self.plays = true;
    }

    pub(super) fn set_speed(&mut self, speed: Speed, wall: Time) {
        self.set(self.position(wall), wall);
        self.speed = speed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Time {
        Time::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn it_goes_on_where_it_stood_whatever_its_speed() {
        let mut clock = PlayClock::started(at(100), Speed::ONE, at(0));
        assert_eq!(clock.position(at(10)), at(110));
        clock.set_speed(Speed::ONE.faster(), at(10));
        assert_eq!(clock.position(at(20)), at(130));
        assert_eq!(clock.until(at(150), at(20)), Duration::from_millis(10));
        clock.pause(at(20));
        assert_eq!(clock.position(at(9000)), at(130));
        clock.play(at(9000));
        assert_eq!(clock.position(at(9010)), at(150));
    }
}
