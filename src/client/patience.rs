//! How long a request of any kind goes on trying, and how long it pauses in between.
//!
//! Reads no clock: the time is handed in. As long as something moves it may take as long as it takes;
//! what is limited is the time in which nothing does.

use std::time::{Duration, Instant};

use crate::upload::Obstacle;

/// The pause after the first attempt that came to nothing; it doubles with each further one.
///
/// A handover leaves nobody serving for milliseconds: most second attempts succeed.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest pause between two attempts.
///
/// Half a second more is not felt after an election of several, and costs the nodes nothing.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long every member may refuse before the client concludes that none is running.
///
/// An election never closes a port, so waiting helps only while nodes are being started; a person
/// who forgot to start them should not wait for the whole deadline.
const NOBODY_PATIENCE: Duration = Duration::from_secs(3);

/// The most attempts that may fail after their node had sent something, be it a piece of an image or
/// an answer.
///
/// A healthy cluster needs one, and each node that dies costs one more. Beyond this whatever
/// moves moves in vain, and the deadline alone would never notice.
const TRANSFERS_MAX: u32 = 20;

/// What is left of a client's patience with one request.
#[derive(Debug)]
pub(super) struct Patience {
    deadline: Duration,
    moved_at: Instant,
    nobody_since: Option<Instant>,
    pause: Duration,
    /// In how many attempts a node has sent something.
    transfers: u32,
}

impl Patience {
    /// Begins `now`; nothing may move for `deadline`.
    pub(super) fn new(deadline: Duration, now: Instant) -> Self {
        Self {
            deadline,
            moved_at: now,
            nobody_since: None,
            pause: Duration::ZERO,
            transfers: 0,
        }
    }

    /// Notes that in an attempt the node sent something, the last of it `then`.
    pub(super) fn moved(&mut self, then: Instant) {
        self.moved_at = self.moved_at.max(then);
        self.pause = Duration::ZERO;
        self.transfers += 1;
    }

    /// Returns how long to pause after an attempt ended `now` in `obstacle`; `None` to give up.
    pub(super) fn after(&mut self, obstacle: &Obstacle, now: Instant) -> Option<Duration> {
        let nobody_for = self.nobody_for(obstacle, now);
        let spent = nobody_for >= NOBODY_PATIENCE
            || self.transfers >= TRANSFERS_MAX
            || now.duration_since(self.moved_at) >= self.deadline;
        if spent {
            return None;
        }
        let pause = self.pause;
        self.pause = (pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        Some(pause)
    }

    /// Returns for how long no member has been there that speaks to this client.
    fn nobody_for(&mut self, obstacle: &Obstacle, now: Instant) -> Duration {
        match obstacle {
            Obstacle::NobodyListens | Obstacle::Refused { .. } => {
                now.duration_since(*self.nobody_since.get_or_insert(now))
            }
            Obstacle::NoLeader { .. } | Obstacle::EveryoneDeclines | Obstacle::Attempt { .. } => {
                self.nobody_since = None;
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;
    use crate::upload::Setback;

    const DEADLINE: Duration = Duration::from_secs(30);

    fn no_leader() -> Obstacle {
        Obstacle::NoLeader {
            missing: std::collections::BTreeMap::new(),
        }
    }

    fn failed(why: Setback) -> Obstacle {
        let node = NodeId::new(2).expect("not zero");
        Obstacle::Attempt { node, why }
    }

    #[test]
    fn pauses_grow_until_something_moves() {
        let start = Instant::now();
        let mut patience = Patience::new(DEADLINE, start);
        let pauses: Vec<u128> = (0..6)
            .map(|_| {
                let pause = patience.after(&no_leader(), start).expect("patient");
                pause.as_millis()
            })
            .collect();
        assert_eq!(pauses, [0, 50, 100, 200, 400, 500]);
        patience.moved(start);
        assert_eq!(
            patience.after(&failed(Setback::Lost), start),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn the_deadline_runs_from_the_last_movement() {
        let start = Instant::now();
        let mut patience = Patience::new(DEADLINE, start);
        let late = start + Duration::from_secs(29);
        assert!(patience.after(&no_leader(), late).is_some());
        patience.moved(late);
        assert!(patience.after(&no_leader(), start + DEADLINE).is_some());
        assert_eq!(patience.after(&no_leader(), late + DEADLINE), None);
    }

    #[test]
    fn nobody_there_is_concluded_before_the_deadline() {
        let start = Instant::now();
        let mut patience = Patience::new(DEADLINE, start);
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(patience.after(&Obstacle::NobodyListens, after(0)).is_some());
        assert!(patience.after(&no_leader(), after(2)).is_some());
        assert!(patience.after(&Obstacle::NobodyListens, after(4)).is_some());
        assert_eq!(patience.after(&Obstacle::NobodyListens, after(7)), None);
    }

    #[test]
    fn transfers_that_fail_for_ever_end_whatever_the_node_says() {
        let start = Instant::now();
        for why in [Setback::Lost, Setback::Busy, Setback::WaitedInVain] {
            let mut patience = Patience::new(DEADLINE, start);
            let failed = (0..1000)
                .take_while(|_| {
                    patience.moved(start);
                    patience.after(&failed(why.clone()), start).is_some()
                })
                .count();
            assert_eq!(failed, 19);
        }
    }

    #[test]
    fn attempts_that_moved_nothing_are_limited_by_the_deadline_alone() {
        let start = Instant::now();
        let mut patience = Patience::new(DEADLINE, start);
        for _ in 0..1000 {
            assert!(patience.after(&failed(Setback::Busy), start).is_some());
        }
        assert_eq!(patience.after(&failed(Setback::Busy), start + DEADLINE), None);
    }
}
