//! What a person and the system say to a dashboard at work: keys, signals, that the terminal is gone.

use super::pace::Wanted;
use super::place::Place;
use super::signals::Asked;
use super::{CTRL_C, Live, Reason};
use crate::dashboard::Message;
use crate::dashboard::model::Ending;
use crate::dashboard::terminal::Typed;

impl Live {
    /// Takes everything that is typed already, and draws once for all of it.
    pub(super) fn typed(&mut self, first: Typed) {
        let mut next = Some(first);
        while let Some(typed) = next {
            match typed {
                Typed::Gone => return self.hung_up(),
                // Typed ahead of somebody who has the terminal now: nobody saw what it would do.
                Typed::Key(_) | Typed::Paste(_) if self.place != Place::Shown => {}
                Typed::Key(key) => self.tell(Message::Key(key), Wanted::Now),
                Typed::Paste(text) => self.tell(Message::Paste(text), Wanted::Now),
            }
            next = self.keys.waiting();
        }
    }

    pub(super) fn asked(&mut self, asked: Asked) {
        match asked {
            // The pager has a use of its own for it.
            Asked::Interrupt if self.place == Place::Paging => {}
            Asked::Interrupt => self.tell(Message::Key(CTRL_C), Wanted::Now),
            Asked::Terminate => {
                let again = self.model.ending != Ending::No;
                self.close_pager();
                self.end(
                    Reason::Asked,
                    if again { Ending::Killing } else { Ending::Stopping },
                );
            }
            Asked::Quit => {
                self.close_pager();
                self.end(Reason::Asked, Ending::Killing);
            }
            Asked::HangUp => self.hung_up(),
            Asked::Stop => self.suspend(),
            Asked::Continue => self.continued(),
            Asked::Resize => self.resized(),
        }
    }

    /// Ends at once: nobody sees how it ends, and the terminal's port may be wanted again.
    fn hung_up(&mut self) {
        self.place = Place::Nowhere;
        self.close_pager();
        self.end(Reason::HungUp, Ending::Killing);
    }

    fn resized(&mut self) {
        self.screen.fit();
        self.tell(Message::Resized(self.screen.size()), Wanted::Now);
    }
}
