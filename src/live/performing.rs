//! A scenario on the dashboard: shown what is told, and what it wants is done and drawn.

use super::Live;
use super::pace::Wanted;
use super::source::Source;
use crate::dashboard::Message;
use crate::dashboard::model::Ending;
use crate::event::process::Wish;
use crate::fault::{Fault, FaultError};
use crate::lab::load;
use crate::lab::performance::{Hands, Performance};
use crate::time::Time;

impl Hands for Source {
    fn now(&mut self) -> Time {
        Self::now(self)
    }

    fn wish(&mut self, wish: Wish) {
        Self::wish(self, wish);
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        Self::fault(self, fault)
    }
}

impl Live {
    /// Shows the scenario what was told, and does what it wants until it waits.
    pub(super) fn perform(&mut self) {
        while self.goes_on() {
            // What comes of it is told before the scenario goes on.
            if let Some(message) = self.source.waiting() {
                self.told(message);
            }
        }
        self.show_stage();
    }

    /// Goes on with the scenario; returns whether something was done.
    fn goes_on(&mut self) -> bool {
        let show = self.show.as_mut().filter(|_| self.model.ending == Ending::No);
        show.is_some_and(|show| show.look(&mut self.source, &self.model.cluster))
    }

    /// Shows the scenario one of many things that are told.
    pub(super) fn glance(&mut self) {
        if let Some(show) = self.show.as_mut().filter(|_| self.model.ending == Ending::No) {
            show.glance(&mut self.source, &self.model.cluster);
        }
    }

    /// Takes news of the load.
    pub(super) fn heard_of_load(&mut self, news: load::News) {
        if let Some(show) = &mut self.show {
            show.heard(&mut self.source, news);
        }
    }

    /// Goes on from a caption.
    pub(super) fn next_caption(&mut self) {
        if let Some(show) = &mut self.show {
            show.next();
        }
    }

    /// Ends what the scenario does, because somebody wants the end: how it stood is shown last by its recording.
    pub(super) fn end_show(&mut self) {
        let now = self.source.now();
        if let Some(show) = &mut self.show {
            show.end(now);
            self.recorded_to.get_or_insert(now);
        }
    }

    /// Returns when the scenario is to be shown something though nothing is told.
    pub(super) fn show_due(&self) -> Option<Time> {
        let show = self.show.as_ref().filter(|_| self.model.ending == Ending::No)?;
        show.due()
    }

    /// Tells the dashboard what the scenario shows, if that has changed.
    fn show_stage(&mut self) {
        let now = self.source.now();
        let show = self.show.as_mut().filter(|_| self.model.ending == Ending::No);
        if let Some(stage) = show.and_then(|show| show.on_stage(now)) {
            let stage = Box::new(stage.clone());
            self.tell(Message::Stage(stage), Wanted::Soon);
        }
    }
}

/// Waits for news of a load; without one, for ever.
pub(super) async fn news(show: &mut Option<Performance>) -> load::News {
    match show {
        Some(show) => show.news().await,
        None => std::future::pending().await,
    }
}
