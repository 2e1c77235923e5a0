//! A recording, or a simulation, as it is shown: where it stands, how fast it goes, and what a key asks of it.
//!
//! Who plays the recording owns all this; the dashboard shows it and passes keys on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How a recording stands, for the line at the bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Transport {
    /// How far into the recording the screen is.
    pub position: Duration,
    /// How long the recording is.
    pub length: Duration,
    /// How fast it plays.
    pub speed: Speed,
    /// Whether it goes more slowly for a while.
    pub pace: Pace,
    /// Whether it plays.
    pub motion: Motion,
    /// What a person should know of the recording, such as that it was cut off.
    pub remark: Option<String>,
}

/// Whether a recording goes as fast as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It does.
    AsAsked,
    /// What happens now would be over too soon to be seen.
    SlowMotion,
}

/// Whether a recording moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// It plays.
    Playing,
    /// It stands still.
    Paused,
    /// It is on its way to another place.
    Seeking,
    /// There is nothing more.
    Ended,
}

/// What a person asks of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Playback {
    /// Stand still, or go on; at the end, begin again.
    PauseOrPlay,
    /// Go to the next event and stand still.
    Step,
    /// Go back a little.
    SkipBack,
    /// Go on a little.
    SkipForward,
    /// Go to where the election before this place began.
    PreviousElection,
    /// Go to where the next election begins.
    NextElection,
    /// Play more slowly.
    Slower,
    /// Play faster.
    Faster,
    /// Go to the beginning.
    ToStart,
    /// Go to the end.
    ToEnd,
}

/// How many times faster than it happened a recording plays: from a tenth to a hundred.
///
/// Slower nothing seems to happen, faster nothing can be seen.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Speed(f64);

/// A text that is no speed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no speed; give a number from 0.1 to 100, such as 0.5")]
pub struct ParseSpeedError(String);

impl Speed {
    /// As it happened.
    pub const ONE: Self = Self(1.0);

    /// The speeds that keys choose from.
    const STEPS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 25.0, 50.0, 100.0];

    /// Returns the next faster one.
    #[must_use]
    pub fn faster(self) -> Self {
        let faster = Self::STEPS.into_iter().find(|step| *step > self.0);
        faster.map_or(self, Self)
    }

    /// Returns the next slower one.
    #[must_use]
    pub fn slower(self) -> Self {
        let slower = Self::STEPS.into_iter().rev().find(|step| *step < self.0);
        slower.map_or(self, Self)
    }

    /// Returns how much of the recording plays in `span`.
    #[must_use]
    pub fn plays(self, span: Duration) -> Duration {
        Duration::try_from_secs_f64(span.as_secs_f64() * self.0).unwrap_or(Duration::MAX)
    }

    /// Returns how long `span` of the recording takes.
    #[must_use]
    pub fn takes(self, span: Duration) -> Duration {
        Duration::try_from_secs_f64(span.as_secs_f64() / self.0).unwrap_or(Duration::MAX)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.0)
    }
}

impl FromStr for Speed {
    type Err = ParseSpeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok();
        let [slowest, .., fastest] = Self::STEPS;
        let speed = number.filter(|number| (slowest..=fastest).contains(number));
        speed.map(Self).ok_or_else(|| ParseSpeedError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_from_a_tenth_to_a_hundred() {
        for good in ["0.1", "1", "0.25x", "100"] {
            assert!(good.parse::<Speed>().is_ok(), "{good}");
        }
        for bad in ["0", "-1", "101", "NaN", "inf", "", "fast"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_go_from_any_speed_to_the_next_and_stop_at_the_ends() {
        let odd: Speed = "3".parse().expect("a speed");
        assert_eq!(
            (odd.faster().to_string(), odd.slower().to_string()),
            ("4x".to_owned(), "2x".to_owned())
        );
        let mut speed = Speed::ONE;
        for _ in 0..20 {
            speed = speed.faster();
        }
        assert_eq!(speed.to_string(), "100x");
        for _ in 0..20 {
            speed = speed.slower();
        }
        assert_eq!(speed.to_string(), "0.1x");
    }
}
