//! The player: leads a cluster through a scenario, and judges what is seen.
//!
//! Pure. Whoever drives it folds what is told into a [`Cluster`](crate::dashboard::cluster::Cluster) and a
//! [`Lane`](crate::dashboard::lane::Lane), shows it both with the time, and carries out the [`Cue`]s that come back: wishes,
//! faults, captions, verdicts. After something was done it asks to be shown the cluster once more,
//! with what came of it, and after a fault until every node that it is about has said that it obeys,
//! before it goes on: a condition is never judged by what was before.

use std::time::Duration;

use self::doing::{Doing, Manner, Watch};
use self::scene::Scene;
use self::spreading::{SPREADING_PATIENCE, Spreading};
use self::verdict::{Outcome, Verdict};
use super::scenario::action::Action;
use super::scenario::condition::{Condition, Limit};
use super::scenario::{Expectation, Instruction, Scenario};
use crate::config::Timing;
use crate::dashboard::lane::Checked;
use crate::id::Ballot;
use crate::time::Time;

mod acting;
mod cue;
mod doing;
pub mod line;
pub mod scene;
mod spreading;
pub mod verdict;

pub use cue::{Cue, Pace};

/// How long everything may take to be read back before that is a failure of its own.
///
/// A demonstration uploads hundreds of small images, which are read in a second or two.
const CHECK_PATIENCE: Duration = Duration::from_mins(1);

/// How long a caption stays at least, where nobody presses a key for the next.
const READ_MIN: Duration = Duration::from_millis(1500);

/// How long a caption stays a letter: people read some twenty a second.
const READ_A_LETTER: Duration = Duration::from_millis(50);

/// A scenario that is played.
#[derive(Debug)]
pub struct Player {
    scenario: Scenario,
    timing: Timing,
    pace: Pace,
    /// The step that is done, by its place.
    at: usize,
    doing: Doing,
    /// The fault that was done last, until it holds.
    spreading: Option<Spreading>,
    began: Option<Time>,
    /// When nothing more happened.
    ended: Option<Time>,
    /// When something was last done, unless time was let pass since.
    acted: Option<Time>,
    /// The newest reign that served when something was last done.
    led: Option<Ballot>,
    verdicts: Vec<Verdict>,
}

/// Whether the player can go on at once.
enum Progress {
    Again,
    Waits,
}

impl Player {
    /// Makes the player of a scenario in a cluster of this timing.
    #[must_use]
    pub fn new(scenario: Scenario, timing: Timing, pace: Pace) -> Self {
        Self {
            scenario,
            timing,
            pace,
            at: 0,
            doing: Doing::Begins,
            spreading: None,
            began: None,
            ended: None,
            acted: None,
            led: None,
            verdicts: Vec::new(),
        }
    }

    /// Returns what the scenario is about.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.scenario.title
    }

    /// Looks at the cluster as it is at `now`, and returns what is to be done, in order.
    pub fn look(&mut self, now: Time, scene: &Scene<'_>) -> Vec<Cue> {
        self.began.get_or_insert(now);
        let mut cues = Vec::new();
        while let Progress::Again = self.go_on(now, scene, &mut cues) {}
        cues
    }

    /// Looks at one of many things that are told at once: only what must last is judged by it.
    pub fn glance(&mut self, now: Time, scene: &Scene<'_>) -> Vec<Cue> {
        match self.doing {
            Doing::Watches(watch) if watch.manner == Manner::Lasts => self.look(now, scene),
            Doing::Watches(_)
            | Doing::Begins
            | Doing::Reads(_)
            | Doing::Pauses(_)
            | Doing::Acted
            | Doing::Spreads { .. }
            | Doing::Checks { .. }
            | Doing::Over => Vec::new(),
        }
    }

    /// Folds in what came of reading back, or why it could not be done.
    pub fn checked(&mut self, now: Time, checked: &Result<Checked, String>) -> Vec<Cue> {
        let Doing::Checks { since } = self.doing else {
            return Vec::new();
        };
        let (outcome, seen) = match checked {
            Ok(Checked { acknowledged, lost }) => {
                let outcome = if *lost == 0 {
                    Outcome::Held
                } else {
                    Outcome::Failed
                };
                (outcome, format!("{acknowledged} acknowledged, {lost} lost"))
            }
            Err(why) => (Outcome::Failed, format!("it could not be found out: {why}")),
        };
        let mut cues = Vec::new();
        self.judge(now, since, outcome, seen, &mut cues);
        cues
    }

    /// Goes on from a caption, because somebody asks for the next.
    pub fn next(&mut self) {
        if let Doing::Reads(_) = self.doing {
            self.doing = Doing::Reads(Some(Time::ZERO));
        }
    }

    /// Says whether it waits for somebody to ask for the next.
    #[must_use]
    pub fn waits_for_next(&self) -> bool {
        self.doing == Doing::Reads(None)
    }

    /// Says whether nothing more happens.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.doing == Doing::Over
    }

    /// Returns when it is to look again though nothing was told; `None` while only news matter.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.doing {
            Doing::Begins | Doing::Acted => Some(Time::ZERO),
            Doing::Reads(until) => until,
            Doing::Pauses(until) => Some(until),
            Doing::Spreads { since } => Some(since + SPREADING_PATIENCE),
            Doing::Watches(watch) => Some(watch.until),
            Doing::Checks { since } => Some(since + CHECK_PATIENCE),
            Doing::Over => None,
        }
    }

    fn go_on(&mut self, now: Time, scene: &Scene<'_>, cues: &mut Vec<Cue>) -> Progress {
        match self.doing {
            Doing::Begins => self.begin(now, scene, cues),
            Doing::Reads(Some(until)) | Doing::Pauses(until) if until <= now => self.step_on(),
            Doing::Acted => self.spread(now, scene, now, cues),
            Doing::Spreads { since } => self.spread(now, scene, since, cues),
            Doing::Watches(watch) => self.watch(now, scene, watch, cues),
            Doing::Checks { since } if now >= since + CHECK_PATIENCE => {
                let seen = "not everything could be read back in time".to_owned();
                self.judge(now, since, Outcome::Failed, seen, cues);
                Progress::Again
            }
            Doing::Reads(_) | Doing::Pauses(_) | Doing::Checks { .. } | Doing::Over => Progress::Waits,
        }
    }

    fn step_on(&mut self) -> Progress {
        self.at += 1;
        self.doing = Doing::Begins;
        Progress::Again
    }

    fn begin(&mut self, now: Time, scene: &Scene<'_>, cues: &mut Vec<Cue>) -> Progress {
        let Some(step) = self.scenario.steps.get(self.at).cloned() else {
            self.end(now, cues);
            return Progress::Waits;
        };
        self.doing = match step.what {
            Instruction::Say(text) => {
                let read = self.reading(now, &text);
                if read != Doing::Reads(Some(now)) {
                    self.acted = None;
                }
                cues.push(Cue::Say(text));
                read
            }
            Instruction::Pause(span) => {
                self.acted = None;
                Doing::Pauses(now + span)
            }
            Instruction::Do(action) => return self.act(now, scene, step.line, &action, cues),
            Instruction::Wait { until, within } => {
                self.watches(now, scene, &step.what, (until, within, Manner::Comes), cues)
            }
            Instruction::Expect(Expectation::Within(condition, within)) => {
                self.watches(now, scene, &step.what, (condition, within, Manner::Comes), cues)
            }
            Instruction::Expect(Expectation::For(condition, span)) => {
                self.watches(now, scene, &step.what, (condition, span, Manner::Lasts), cues)
            }
            Instruction::Expect(Expectation::NothingLost) => {
                cues.extend([Cue::Watching(step.what.to_string()), Cue::Check]);
                Doing::Checks { since: now }
            }
            Instruction::Expect(Expectation::NoneFailed) => {
                let (outcome, seen) = scene.failures();
                self.judge(now, now, outcome, seen, cues);
                return Progress::Again;
            }
        };
        Progress::Again
    }

    fn reading(&self, now: Time, text: &str) -> Doing {
        let letters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        match self.pace {
            Pace::Unread => Doing::Reads(Some(now)),
            Pace::Read => Doing::Reads(Some(now + READ_MIN + READ_A_LETTER.saturating_mul(letters))),
            Pace::Stepped => Doing::Reads(None),
        }
    }

    fn watches(
        &self,
        now: Time,
        scene: &Scene<'_>,
        what: &Instruction,
        (condition, limit, manner): (Condition, Limit, Manner),
        cues: &mut Vec<Cue>,
    ) -> Doing {
        cues.push(Cue::Watching(what.to_string()));
        Doing::Watches(Watch {
            condition,
            since: now,
            until: now + limit.of(&self.timing),
            uploads: scene.lane.acknowledged,
            manner,
        })
    }

    fn watch(&mut self, now: Time, scene: &Scene<'_>, watch: Watch, cues: &mut Vec<Cue>) -> Progress {
        let Watch { condition, since, .. } = watch;
        let holds = scene.holds(condition, self.led, watch.uploads);
        let in_time = now <= watch.until;
        let outcome = match watch.manner {
            // Whoever looks late and sees it all the same cannot say that it was in time.
            Manner::Comes if holds && in_time => Outcome::Held,
            Manner::Comes if now >= watch.until => Outcome::Failed,
            Manner::Lasts if !holds => Outcome::Failed,
            Manner::Lasts if now >= watch.until => Outcome::Held,
            Manner::Comes | Manner::Lasts => return Progress::Waits,
        };
        let seen = match outcome {
            Outcome::Held => scene.briefly(condition),
            Outcome::Failed => scene.at_length(condition, now),
        };
        self.judge(now, since, outcome, seen, cues);
        Progress::Again
    }

    /// Notes what was found; after a failure nothing more happens.
    fn judge(&mut self, now: Time, since: Time, outcome: Outcome, seen: String, cues: &mut Vec<Cue>) {
        let Some(step) = self.scenario.steps.get(self.at) else {
            return;
        };
        let began = self.began.unwrap_or(now);
        let verdict = Verdict {
            line: step.line,
            text: step.what.to_string(),
            at: now.since(began),
            took: now.since(since),
            after_action: self.acted.map(|acted| now.since(acted)),
            outcome,
            seen,
        };
        self.verdicts.push(verdict.clone());
        cues.push(Cue::Judged(verdict));
        match outcome {
            Outcome::Held => {
                self.step_on();
            }
            Outcome::Failed => self.end(now, cues),
        }
    }

    fn end(&mut self, now: Time, cues: &mut Vec<Cue>) {
        self.doing = Doing::Over;
        self.ended = Some(now);
        cues.push(Cue::Over);
    }

    fn act(
        &mut self,
        now: Time,
        scene: &Scene<'_>,
        line: usize,
        action: &Action,
        cues: &mut Vec<Cue>,
    ) -> Progress {
        let (whom, does) = match acting::cues_of(scene, action) {
            Ok(cues) => cues,
            Err(why) => {
                self.judge(now, now, Outcome::Failed, why, cues);
                return Progress::Waits;
            }
        };
        if !matches!(action, Action::LoadOn(_) | Action::LoadOff) {
            self.acted = Some(now);
            self.led = scene.newest_reign().max(self.led);
        }
        let text = if whom.is_empty() {
            action.to_string()
        } else {
            format!("{action} ({whom})")
        };
        cues.push(Cue::Doing { line, text });
        self.spreading = does.iter().find_map(|cue| match cue {
            Cue::Fault(fault) => Some(Spreading::new(scene, fault.clone())),
            _ => None,
        });
        cues.extend(does);
        self.doing = Doing::Acted;
        Progress::Waits
    }
}

#[cfg(test)]
mod tests;
