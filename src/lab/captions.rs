//! What a scenario shows, kept up with its cues: for a screen, and for a recording of a run without one.

use super::performance::Performance;
use super::play::verdict::Outcome;
use super::play::{Cue, line};
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::time::Time;

/// What is shown now, and what was last handed out.
#[derive(Debug)]
pub struct Captions {
    stage: Stage,
    handed_out: Option<Stage>,
}

impl Captions {
    /// Makes what is shown before the scenario begins.
    #[must_use]
    pub fn new(performance: &Performance) -> Self {
        let stage = Stage {
            title: performance.title().to_owned(),
            ..Stage::default()
        };
        Self {
            stage,
            handed_out: None,
        }
    }

    /// Folds in a cue.
    pub fn heard(&mut self, cue: &Cue, performance: &Performance, now: Time) {
        let (kind, text) = match cue {
            Cue::Say(text) => {
                self.stage.caption.clone_from(text);
                return;
            }
            Cue::Doing { text, .. } => (NewsKind::Done, text.clone()),
            Cue::Watching(text) => (NewsKind::Watched, text.clone()),
            Cue::Judged(verdict) => {
                let kind = match verdict.outcome {
                    Outcome::Held => NewsKind::Held,
                    Outcome::Failed => NewsKind::Failed,
                };
                (kind, line::found(verdict))
            }
            Cue::Over => {
                let played = performance.played(now);
                if !played.passed() {
                    return;
                }
                (NewsKind::Held, line::ended(&played))
            }
            Cue::Wish(_) | Cue::Fault(_) | Cue::LoadOn(_) | Cue::LoadOff | Cue::Check => return,
        };
        self.stage.news = Some(News { kind, text });
    }

    /// Returns what is shown, if that has changed since it was last returned.
    pub fn changed(&mut self, performance: &Performance) -> Option<&Stage> {
        self.stage.lane = *performance.lane();
        self.stage.waits = performance.waits_for_next();
        self.stage.over = performance.is_over();
        if self.handed_out.as_ref() == Some(&self.stage) {
            return None;
        }
        Some(self.handed_out.insert(self.stage.clone()))
    }
}
