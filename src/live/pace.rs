//! When the next frame is drawn: a key at once, events a few times a second, and nothing otherwise.
//!
//! Pure. What is wanted stays wanted until it is drawn, however long the terminal stands still.

use std::time::Duration;

use crate::time::Time;

/// The shortest time between two frames that nobody asked for by a key: thirty a second.
///
/// More cannot be read, and a cluster that tells a lot would keep a processor busy.
const FRAME_INTERVAL: Duration = Duration::from_millis(33);

/// How soon a frame is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wanted {
    /// Together with what else happens in this moment.
    Soon,
    /// At once: a person waits for it.
    Now,
}

/// Knows which frame is due.
#[derive(Debug, Default)]
pub(super) struct Pace {
    wanted: Option<Wanted>,
    drawn: Option<Time>,
}

impl Pace {
    /// Asks for a frame.
    pub(super) fn want(&mut self, wanted: Wanted) {
        self.wanted = self.wanted.max(Some(wanted));
    }

    /// Returns from when on the next frame may be drawn; `None` when none is wanted.
    pub(super) fn due(&self) -> Option<Time> {
        let soon = self.drawn.map_or(Time::ZERO, |drawn| drawn + FRAME_INTERVAL);
        self.wanted.map(|wanted| match wanted {
            Wanted::Now => Time::ZERO,
            Wanted::Soon => soon,
        })
    }

    /// Is told that a frame was drawn.
    pub(super) fn drawn(&mut self, now: Time) {
        self.wanted = None;
        self.drawn = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_while_nothing_happens() {
        let mut pace = Pace::default();
        assert_eq!(pace.due(), None);
        pace.want(Wanted::Soon);
        assert_eq!(pace.due(), Some(Time::ZERO), "the first frame waits for nothing");
        pace.drawn(Time::from_nanos(5));
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn events_wait_for_each_other_and_a_key_for_nobody() {
        let mut pace = Pace::default();
        let drawn = Time::from_nanos(5);
        pace.drawn(drawn);
        pace.want(Wanted::Soon);
        assert_eq!(pace.due(), Some(drawn + FRAME_INTERVAL));
        pace.want(Wanted::Now);
        pace.want(Wanted::Soon);
        assert_eq!(pace.due(), Some(Time::ZERO));
    }
}
