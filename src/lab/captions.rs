//! What a scenario shows, kept up with its cues: for a screen, and for a recording of a run without one.

use std::time::Duration;

use super::play::verdict::{Outcome, Played};
use super::play::{Cue, Player, line};
use crate::dashboard::lane::Lane;
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::time::Time;

/// How often the lane is shown and recorded while nothing else changes: it is told in tenths of a second,
/// and clients are acknowledged hundreds of uploads a second.
const LANE_INTERVAL: Duration = Duration::from_millis(100);

/// What is shown now, and what was last handed out.
#[derive(Debug)]
pub struct Captions {
    stage: Stage,
    handed_out: Option<Stage>,
    /// When it was, and whether something has changed since that waits for its time.
    handed_out_at: Time,
    waits: bool,
}

impl Captions {
    /// Makes what is shown before the scenario begins.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let stage = Stage {
            title: title.to_owned(),
            ..Stage::default()
        };
        Self {
            stage,
            handed_out: None,
            handed_out_at: Time::ZERO,
            waits: false,
        }
    }

    /// Folds in a cue; `played` says what it all came to by now.
    pub fn heard(&mut self, cue: &Cue, played: impl FnOnce() -> Played) {
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
                let played = played();
                if !played.passed() {
                    return;
                }
                // The lane stands below it.
                (NewsKind::Held, line::outcome(&played))
            }
            Cue::Wish(_) | Cue::Fault(_) | Cue::LoadOn(_) | Cue::LoadOff | Cue::Check => return,
        };
        self.stage.news = Some(News { kind, text });
    }

    /// Returns what is shown, if that has changed since it was last returned.
    pub fn changed(&mut self, player: &Player, lane: Lane, now: Time) -> Option<&Stage> {
        self.stage.waits = player.waits_for_next();
        self.stage.over = player.is_over();
        self.hand_out(lane, now)
    }

    /// Returns when to look again for what has changed already.
    #[must_use]
    pub fn due(&self) -> Option<Time> {
        self.waits.then(|| self.handed_out_at + LANE_INTERVAL)
    }

    fn hand_out(&mut self, lane: Lane, now: Time) -> Option<&Stage> {
        self.stage.lane = lane;
        self.waits = false;
        if let Some(last) = &self.handed_out {
            if *last == self.stage {
                return None;
            }
            if self.only_counts(last) && now < self.handed_out_at + LANE_INTERVAL {
                self.waits = true;
                return None;
            }
        }
        self.handed_out_at = now;
        Some(self.handed_out.insert(self.stage.clone()))
    }

    /// Says whether nothing has changed but how much was acknowledged, retried and failed.
    fn only_counts(&self, last: &Stage) -> bool {
        let Lane { clients, checked, .. } = last.lane;
        let same_load = (clients, checked) == (self.stage.lane.clients, self.stage.lane.checked);
        let before = Stage {
            lane: self.stage.lane,
            ..last.clone()
        };
        same_load && before == self.stage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    fn captions() -> Captions {
        Captions {
            stage: Stage::default(),
            handed_out: None,
            handed_out_at: Time::ZERO,
            waits: false,
        }
    }

    #[test]
    fn a_busy_lane_is_shown_ten_times_a_second_and_never_late() {
        let (mut captions, mut lane, mut shown) = (captions(), Lane::default(), Vec::new());
        lane.begins(at(0), 2);
        for ms in 0..=1000 {
            lane.acknowledges(at(ms));
            if let Some(stage) = captions.hand_out(lane, at(ms)) {
                shown.push(stage.lane.acknowledged);
            } else {
                assert_eq!(captions.due(), Some(at(ms / 100 * 100 + 100)));
            }
        }
        assert_eq!(shown, [1, 101, 201, 301, 401, 501, 601, 701, 801, 901, 1001]);
        lane.acknowledges(at(1001));
        assert!(captions.hand_out(lane, at(1001)).is_none());
        let due = captions.due().expect("the last one is not forgotten");
        assert_eq!(
            captions.hand_out(lane, due).map(|stage| stage.lane.acknowledged),
            Some(1002)
        );
        assert_eq!(captions.due(), None);
    }

    #[test]
    fn whatever_else_changes_is_shown_at_once() {
        let (mut captions, mut lane) = (captions(), Lane::default());
        lane.begins(at(0), 2);
        lane.acknowledges(at(1));
        assert!(captions.hand_out(lane, at(1)).is_some());
        captions.stage.caption = "Now.".to_owned();
        assert!(captions.hand_out(lane, at(2)).is_some());
        lane.ends(at(3));
        assert!(captions.hand_out(lane, at(3)).is_some());
        assert!(captions.hand_out(lane, at(4)).is_none());
        assert_eq!(captions.due(), None);
    }
}
