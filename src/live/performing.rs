//! A scenario on the dashboard: shown what is told, and what it wants is done and drawn.

use std::collections::VecDeque;

use super::Live;
use super::pace::Wanted;
use crate::dashboard::Message;
use crate::dashboard::model::Ending;
use crate::lab::captions::Captions;
use crate::lab::load;
use crate::lab::performance::Performance;
use crate::lab::play::Cue;
use crate::lab::play::verdict::Played;
use crate::time::Time;

/// A scenario and what it shows.
#[derive(Debug)]
pub(super) struct Show {
    performance: Performance,
    captions: Captions,
}

impl Show {
    /// Makes the show of a scenario that has not begun.
    pub(super) fn new(performance: Performance) -> Self {
        let captions = Captions::new(&performance);
        Self {
            performance,
            captions,
        }
    }

    /// Returns what it came to.
    pub(super) fn played(&self, now: Time) -> Played {
        self.performance.played(now)
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

    /// Ends what the scenario does, because somebody wants the end.
    pub(super) fn end_show(&mut self) {
        let now = self.source.now();
        if let Some(show) = &mut self.show {
            show.performance.end(now);
        }
    }

    /// Returns when the scenario is to be shown something though nothing is told.
    pub(super) fn show_due(&self) -> Option<Time> {
        let show = self.show.as_ref().filter(|_| self.model.ending == Ending::No)?;
        show.performance.due()
    }

    fn carry_on(&mut self, cues: Vec<Cue>) {
        let mut cues = VecDeque::from(cues);
        while let Some(cue) = cues.pop_front() {
            let now = self.source.now();
            let Some(show) = &mut self.show else { return };
            show.captions.heard(&cue, &show.performance, now);
            match cue {
                Cue::Wish(wish) => self.source.wish(wish),
                Cue::Fault(fault) => {
                    if let Err(why) = self.source.fault(&fault) {
                        cues.extend(show.performance.refused(now, why.to_string()));
                    }
                }
                Cue::Say(_)
                | Cue::Doing { .. }
                | Cue::Watching(_)
                | Cue::Judged(_)
                | Cue::LoadOn(_)
                | Cue::LoadOff
                | Cue::Check
                | Cue::Over => {}
            }
        }
    }

    /// Tells the dashboard what the scenario shows, if that has changed.
    fn show_stage(&mut self) {
        let Some(show) = &mut self.show else { return };
        if let Some(stage) = show.captions.changed(&show.performance) {
            let stage = Box::new(stage.clone());
            self.tell(Message::Stage(stage), Wanted::Soon);
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
