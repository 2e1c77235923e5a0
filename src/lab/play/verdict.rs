//! What was found, and what a scenario came to in the end.

use std::time::Duration;

use super::Player;
use crate::dashboard::lane::Lane;
use crate::lab::scenario::Step;
use crate::time::Time;

/// What was found by one wait or expectation, or why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its line, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// When it was found, since the beginning.
    pub at: Duration,
    /// How long it took to be found.
    pub took: Duration,
    /// How long ago something was last done; none before the first time, and after a time that was let pass.
    pub after_action: Option<Duration>,
    /// Whether it is so.
    pub outcome: Outcome,
    /// What was seen: how it is so, or what is instead.
    pub seen: String,
}

/// Whether something is as expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is.
    Held,
    /// It is not, and the scenario fails.
    Failed,
}

/// What a scenario came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What it shows.
    pub title: String,
    /// What was found, in order.
    pub verdicts: Vec<Verdict>,
    /// What was never found out, because something failed before: lines and what they say.
    pub skipped: Vec<(usize, String)>,
    /// What the load came to.
    pub lane: Lane,
    /// The longest time without an acknowledgement.
    pub longest: Duration,
    /// All noticed ones together.
    pub without_service: Duration,
    /// How long it was played.
    pub took: Duration,
}

impl Player {
    /// Returns what it came to by `now`; once it is over, nobody's looking at it makes it longer.
    #[must_use]
    pub fn played(&self, now: Time, lane: &Lane) -> Played {
        let now = self.ended.unwrap_or(now);
        let left = self.scenario.steps.iter().skip(self.at);
        let left = left.filter(|step| step.what.is_judged());
        let judged = |step: &&Step| self.verdicts.iter().all(|verdict| verdict.line != step.line);
        Played {
            title: self.scenario.title.clone(),
            verdicts: self.verdicts.clone(),
            skipped: left
                .filter(judged)
                .map(|step| (step.line, step.what.to_string()))
                .collect(),
            lane: *lane,
            longest: lane.longest(now),
            without_service: lane.without_service(now),
            took: now.since(self.began.unwrap_or(now)),
        }
    }
}

impl Played {
    /// Returns what failed it.
    #[must_use]
    pub fn failure(&self) -> Option<&Verdict> {
        self.verdicts
            .iter()
            .find(|verdict| verdict.outcome == Outcome::Failed)
    }

    /// Says whether it was played to its end, and everything was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failure().is_none() && self.skipped.is_empty()
    }
}
