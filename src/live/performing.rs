//! A scenario on the dashboard: shown what is told, and what it wants is done and drawn.

use super::Live;
use super::pace::Wanted;
use crate::dashboard::Message;
use crate::dashboard::model::Ending;
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::lab::load;
use crate::lab::performance::Performance;
use crate::lab::play::verdict::{Outcome, Played};
use crate::lab::play::{Cue, line};
use crate::time::Time;

/// A scenario and what it shows.
#[derive(Debug)]
pub(super) struct Show {
    performance: Performance,
    stage: Stage,
}

impl Show {
    /// Makes the show of a scenario that has not begun.
    pub(super) fn new(performance: Performance) -> Self {
        let stage = Stage {
            title: performance.title().to_owned(),
            ..Stage::default()
        };
        Self { performance, stage }
    }

    /// Returns what it came to.
    pub(super) fn played(&self, now: Time) -> Played {
        self.performance.played(now)
    }

    /// Takes a cue for what is shown; returns it if it is for the processes.
    fn show(&mut self, cue: Cue, now: Time) -> Option<Cue> {
        let (kind, text) = match cue {
            Cue::Say(text) => {
                self.stage.caption = text;
                return None;
            }
            Cue::Doing { text, .. } => (NewsKind::Done, text),
            Cue::Watching(text) => (NewsKind::Watched, text),
            Cue::Judged(verdict) => {
                let kind = match verdict.outcome {
                    Outcome::Held => NewsKind::Held,
                    Outcome::Failed => NewsKind::Failed,
                };
                (kind, line::found(&verdict))
            }
            Cue::Over => {
                let played = self.performance.played(now);
                if !played.passed() {
                    return None;
                }
                (NewsKind::Held, line::ended(&played))
            }
            Cue::Wish(_) | Cue::Fault(_) => return Some(cue),
            Cue::LoadOn(_) | Cue::LoadOff | Cue::Check => return None,
        };
        self.stage.news = Some(News { kind, text });
        None
    }
}

impl Live {
    /// Shows the scenario what was told, and does what it wants until it waits.
    pub(super) fn perform(&mut self) {
        if self.model.ending != Ending::No {
            return;
        }
        loop {
            let now = self.source.now();
            let Some(show) = &mut self.show else { return };
            let cues = show.performance.look(now, &self.model.cluster);
            if cues.is_empty() {
                break;
            }
            self.carry_on(cues);
            // What comes of it is told before the scenario goes on.
            if let Some(message) = self.source.waiting() {
                self.told(message);
            }
        }
        self.show_stage();
    }

    /// Shows the scenario one of many things that are told.
    pub(super) fn glance(&mut self) {
        let now = self.source.now();
        let Some(show) = self.show.as_mut().filter(|_| self.model.ending == Ending::No) else {
            return;
        };
        let cues = show.performance.glance(now, &self.model.cluster);
        self.carry_on(cues);
    }

    /// Takes news of the load.
    pub(super) fn heard_of_load(&mut self, news: load::News) {
        let now = self.source.now();
        if let Some(show) = &mut self.show {
            let cues = show.performance.heard(now, news);
            self.carry_on(cues);
        }
    }

    /// Goes on from a caption.
    pub(super) fn next_caption(&mut self) {
        if let Some(show) = &mut self.show {
            show.performance.next();
        }
    }

    /// Returns when the scenario is to be shown something though nothing is told.
    pub(super) fn show_due(&self) -> Option<Time> {
        let show = self.show.as_ref().filter(|_| self.model.ending == Ending::No)?;
        show.performance.due()
    }

    fn carry_on(&mut self, cues: Vec<Cue>) {
        for cue in cues {
            let now = self.source.now();
            let Some(show) = &mut self.show else { return };
            match show.show(cue, now) {
                Some(Cue::Wish(wish)) => self.source.wish(wish),
                Some(Cue::Fault(fault)) => {
                    if let Err(why) = self.source.fault(&fault) {
                        let refused = show.performance.refused(now, why.to_string());
                        for cue in refused {
                            let _ = show.show(cue, now);
                        }
                    }
                }
                Some(_) | None => {}
            }
        }
    }

    /// Tells the dashboard what the scenario shows, if that has changed.
    fn show_stage(&mut self) {
        let Some(show) = &mut self.show else { return };
        show.stage.lane = *show.performance.lane();
        show.stage.waits = show.performance.waits_for_next();
        if self.model.stage.as_ref() != Some(&show.stage) {
            let stage = show.stage.clone();
            self.tell(Message::Stage(Box::new(stage)), Wanted::Soon);
        }
    }
}

/// Waits for news of a load; without one, for ever.
pub(super) async fn news(show: &mut Option<Show>) -> load::News {
    match show {
        Some(show) => show.performance.news().await,
        None => std::future::pending().await,
    }
}
