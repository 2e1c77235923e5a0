//! How far a run has come and how much longer it takes, a line a block on standard error.
//!
//! A round of one contestant takes a hundred times as long as one of another, so each is judged by its
//! own rounds; one that has not had its turn yet is taken for the average of the others.

use std::time::{Duration, Instant};

use crate::contestant::Contestant;
use crate::kind::Kind;
use crate::plan::Plan;

/// The rounds of a contestant in a kind.
struct Part {
    kind: Kind,
    contestant: Contestant,
    rounds: usize,
    done: usize,
    took: Duration,
}

impl Part {
    fn average(&self) -> Option<Duration> {
        Some(self.took / u32::try_from(self.done).ok().filter(|&done| done > 0)?)
    }
}

/// How far a run has come.
pub(crate) struct Progress {
    began: Instant,
    parts: Vec<Part>,
}

impl Progress {
    pub(crate) fn begin(plan: &Plan) -> Self {
        let mut parts = Vec::new();
        for &kind in plan.kinds() {
            for contestant in plan.contestants(kind) {
                parts.push(Part {
                    kind,
                    contestant,
                    rounds: plan.rounds(contestant),
                    done: 0,
                    took: Duration::ZERO,
                });
            }
        }
        let began = Instant::now();
        Self { began, parts }
    }

    /// Notes a block, and says how much is left.
    pub(crate) fn done(&mut self, kind: Kind, contestant: Contestant, rounds: usize, took: Duration) {
        let mut parts = self.parts.iter_mut();
        let Some(part) = parts.find(|part| part.kind == kind && part.contestant == contestant) else {
            return;
        };
        part.done += rounds;
        part.took += took;
        let said = format!("{kind}, {contestant}: {} of {} rounds", part.done, part.rounds);
        let (gone, left) = (minutes(self.began.elapsed()), minutes(self.left()));
        eprintln!("{said}; {gone:.1} min gone, about {left:.1} min left");
    }

    fn left(&self) -> Duration {
        let left = |part: &Part| {
            let rounds = u32::try_from(part.rounds - part.done).unwrap_or(u32::MAX);
            self.expected(part) * rounds
        };
        self.parts.iter().map(left).sum()
    }

    /// Returns how long a round will take: as this one's did, or those of its contestant, or all.
    fn expected(&self, part: &Part) -> Duration {
        let of_contestant = self.mean(|other| other.contestant == part.contestant);
        let known = part.average().or(of_contestant);
        known.or_else(|| self.mean(|_| true)).unwrap_or_default()
    }

    fn mean(&self, counts: impl Fn(&Part) -> bool) -> Option<Duration> {
        let counted = self.parts.iter().filter(|part| counts(part));
        let averages: Vec<Duration> = counted.filter_map(Part::average).collect();
        let number = u32::try_from(averages.len()).ok().filter(|&number| number > 0)?;
        Some(averages.iter().sum::<Duration>() / number)
    }
}

fn minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}
