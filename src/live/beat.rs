//! What a dashboard at work does though nothing happens: ages are told, processes looked at, frames drawn.

use std::io;
use std::time::Duration;

use super::Live;
use super::pace::Wanted;
use super::place::Place;
use crate::dashboard::theme::Tone;
use crate::dashboard::{Message, view};
use crate::time::Time;

/// How often the processes are looked at: what people call live, and cheap.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

impl Live {
    /// Returns when something is to be done though nothing happens.
    pub(super) fn due(&self) -> Option<Time> {
        match self.place {
            Place::Shown => {
                let frame = self.pace.due().filter(|_| self.screen.is_free());
                [frame, self.source.beat(&self.model)].into_iter().flatten().min()
            }
            Place::Away { look_at } => Some(look_at),
            Place::Paging | Place::Stopped | Place::Nowhere => None,
        }
    }

    pub(super) fn aged(&mut self) {
        let now = self.source.wall();
        match self.place {
            Place::Shown if self.source.beat(&self.model).is_some_and(|beat| beat <= now) => {
                self.source.beaten(now);
                self.tell(Message::Beat, Wanted::Soon);
                self.sample(now);
            }
            Place::Away { look_at } if look_at <= now => self.come_back(),
            Place::Shown | Place::Stopped | Place::Away { .. } | Place::Paging | Place::Nowhere => {}
        }
    }

    /// Looks once a second at what the processes use.
    fn sample(&mut self, now: Time) {
        if now.since(self.sampled) >= SAMPLE_INTERVAL {
            self.sampled = now;
            if let Some(trouble) = self.taping.trouble() {
                self.model.say(Tone::Bad, trouble);
            }
            self.source.sample();
            if let Some(message) = self.source.waiting() {
                self.told(message);
            }
        }
    }

    /// Draws a frame if one is due and the terminal took the last.
    pub(super) fn draw(&mut self) -> io::Result<()> {
        let now = self.source.wall();
        let due = self.pace.due().is_some_and(|due| due <= now);
        if self.place == Place::Shown && due && self.screen.is_free() {
            self.model.transport = self.source.transport();
            self.screen.draw(|frame| view(&self.model, frame))?;
            self.pace.drawn(now);
        }
        Ok(())
    }
}
