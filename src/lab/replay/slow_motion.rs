//! Slow motion: where nodes elect, a simulation is shown so slowly that each message can be seen.
//!
//! An election is over within milliseconds, and minutes pass between two of them: no one speed shows
//! both. What lies before a step of an election is stretched, but never for longer than [`STEP_MAX`].

use std::time::Duration;

use super::Player;
use crate::dashboard::{Control, Message};
use crate::event::{Event, Fact, LinkDownReason};
use crate::lab::recording::{Entry, What};
use crate::time::Time;

/// How many times more slowly an election goes: a millisecond takes a second.
const STRETCH: f64 = 1000.0;

/// How long is waited for a step of an election at most: so that fifty steps take some seven seconds.
const STEP_MAX: Duration = Duration::from_millis(150);

impl Player {
    /// Goes on at the speed that suits what comes next.
    pub(super) fn slow_down_for(&mut self, next: &Entry, wall: Time) {
        let slowness = match (self.header().control, &next.what) {
            (Control::Simulated, What::Message(message)) if is_of_election(message) => {
                slowness(next.at.since(self.told_to))
            }
            _ => 1.0,
        };
        // Before a slow stretch the clock is put right: a moment too late is a whole election.
        if slowness > 1.0 {
            self.clock.slow_down(slowness, self.told_to, wall);
        } else if self.clock.slowness() > 1.0 {
            self.clock.slow_down(1.0, self.clock.position(wall), wall);
        }
    }
}

/// Returns how many times more slowly a span is shown before a step of an election.
fn slowness(span: Duration) -> f64 {
    let span = span.as_secs_f64().max(f64::MIN_POSITIVE);
    (STEP_MAX.as_secs_f64() / span).clamp(1.0, STRETCH)
}

/// Says whether it is a step of an election, or the loss of a connection that begins one.
const fn is_of_election(message: &Message) -> bool {
    let Message::Node(event) = message else {
        return false;
    };
    let Event { fact, .. } = &**event;
    matches!(
        fact,
        Fact::LeaderSuspected { .. }
            | Fact::ElectionStarted { .. }
            | Fact::QuorumMissing { .. }
            | Fact::ClaimStarted { .. }
            | Fact::Voted { .. }
            | Fact::BecameLeader { .. }
            | Fact::ServingStarted { .. }
            | Fact::ServingStopped { .. }
            | Fact::Following { .. }
            | Fact::SteppedDown { .. }
            | Fact::HandoverStarted { .. }
            | Fact::MessageReceived { .. }
            | Fact::LinkDown {
                reason: LinkDownReason::Closed,
                ..
            }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_stretched_and_what_is_long_is_not() {
        let shown = |span: Duration| span.mul_f64(slowness(span));
        let micros = Duration::from_micros;
        assert_eq!(shown(micros(100)), Duration::from_millis(100));
        assert_eq!(shown(micros(20_000)), STEP_MAX);
        assert_eq!(shown(Duration::from_secs(6)), Duration::from_secs(6));
        assert_eq!(shown(Duration::ZERO), Duration::ZERO);
    }
}
