//! The upload dialog: choose an image and a user, watch the broadcast, see what came of it.
//!
//! ```text
//!   choose --Enter--> watch --saved--> done
//!     ^  ^               |               |
//!     |  |               +--failed--> failed
//!     |  +----------- u -----------------+  |
//!     +--------------- everything kept -----+
//! ```
//!
//! It lives as long as the dashboard: closing it forgets pictures and listings, never the folder,
//! the user or an upload that runs. It reads and sends nothing; what it wants comes out as
//! [`Command`]s, and late answers to older questions are dropped.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::layout::{Rect, Size};

use super::browser::Browser;
use super::listing::Listing;
use super::panes::Panes;
use super::picture::{Pane, PictureRequest, Preview};
use super::user::UserField;
use crate::dashboard::keymap::Mode;
use crate::dashboard::message::Command;
use crate::event::line::printable;
use crate::id::UserName;
use crate::time::Time;
use crate::upload::UploadEvent;

mod actions;
mod pictures;
mod step;

pub use step::{Field, Step};

use pictures::{Learned, Pictures};

/// What a dialog is told at the start of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The folder to begin in.
    pub folder: PathBuf,
    /// The last users, the latest first.
    pub users: Vec<UserName>,
}

/// The upload dialog, shown or not.
#[derive(Debug)]
pub struct UploadDialog {
    shown: bool,
    screen: Size,
    field: Field,
    step: Step,
    browser: Browser,
    user: UserField,
    pictures: Pictures,
    now: Time,
}

impl UploadDialog {
    /// Makes a dialog that is not shown.
    #[must_use]
    pub fn new(start: Start, screen: Size) -> Self {
        let mut dialog = Self {
            shown: false,
            screen,
            field: Field::Files,
            step: Step::Choose,
            browser: Browser::new(start.folder),
            user: UserField::new(start.users),
            pictures: Pictures::default(),
            now: Time::ZERO,
        };
        dialog.measure();
        dialog
    }

    /// Says whether it is on the screen, and keys are meant for it.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Returns where it stands.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// Returns the field that keys go to.
    #[must_use]
    pub fn field(&self) -> Field {
        self.field
    }

    /// Returns the files.
    #[must_use]
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Returns the line for the user.
    #[must_use]
    pub fn user(&self) -> &UserField {
        &self.user
    }

    /// Returns the picture of the chosen file.
    #[must_use]
    pub fn picture(&self) -> &Pane {
        &self.pictures.image
    }

    /// Returns the picture of the encrypted bytes.
    #[must_use]
    pub fn ciphertext(&self) -> &Pane {
        &self.pictures.ciphertext
    }

    /// Returns the time that it was told last.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Takes in that time has passed.
    pub fn tick(&mut self, now: Time) {
        self.now = now;
    }

    /// Returns the mode in which keys are read.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match (&self.step, self.field) {
            (Step::Choose, Field::Files) if self.browser.find().is_some() => Mode::Find,
            (Step::Choose, Field::Files) => Mode::Files,
            (Step::Choose, Field::User) => Mode::User,
            (Step::Watch(_), _) => Mode::Watch,
            (Step::Done { .. }, _) => Mode::Done,
            (Step::Failed { .. }, _) => Mode::Failed,
        }
    }

    /// Shows the dialog: the upload that runs or failed unseen, or a file to choose.
    pub fn open(&mut self) -> Vec<Command> {
        self.shown = true;
        match self.step {
            Step::Watch(_) | Step::Failed { .. } => self.look(),
            Step::Choose | Step::Done { .. } => self.choose(),
        }
    }

    /// Takes it off the screen; an upload that runs goes on.
    pub fn close(&mut self) {
        self.shown = false;
        self.pictures.forget();
        self.browser.forget();
        match self.step {
            Step::Watch(_) => {}
            Step::Choose | Step::Done { .. } | Step::Failed { .. } => self.step = Step::Choose,
        }
    }

    /// Takes in that the terminal has another size.
    pub fn resized(&mut self, screen: Size) -> Vec<Command> {
        self.screen = screen;
        self.measure();
        if !self.shown {
            return Vec::new();
        }
        self.pictures.make_anew();
        let mut commands = self.look();
        commands.extend(self.look_at_ciphertext());
        commands
    }

    /// Takes a key that means nothing where it was pressed: in a line it is typed.
    pub fn typed(&mut self, key: KeyEvent) -> Vec<Command> {
        match self.mode() {
            Mode::Find => {
                self.browser.find_key(key);
                self.look()
            }
            Mode::User => {
                self.user.key(key);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Takes what was pasted: a name for the user field, for the files a path to go to.
    pub fn paste(&mut self, text: &str) -> Vec<Command> {
        match self.mode() {
            Mode::User => {
                self.user.paste(text);
                Vec::new()
            }
            Mode::Files | Mode::Find => list(self.browser.open_text(text)),
            _ => Vec::new(),
        }
    }

    /// Takes what was found in a folder; an answer that nobody waits for changes nothing.
    pub fn listed(&mut self, listing: Listing) -> Vec<Command> {
        if self.shown && self.browser.take(listing) {
            self.look()
        } else {
            Vec::new()
        }
    }

    /// Takes a picture; one that nobody waits for is dropped.
    pub fn previewed(&mut self, preview: Preview) -> Vec<Command> {
        match self.pictures.take(preview) {
            Learned::Dimensions => self.look_at_ciphertext(),
            Learned::Nothing => Vec::new(),
        }
    }

    /// Takes what happened in the upload that runs.
    pub fn uploaded(&mut self, event: &UploadEvent) -> Vec<Command> {
        let now = self.now;
        let Step::Watch(broadcast) = &mut self.step else {
            return Vec::new();
        };
        broadcast.take(now, event);
        match event {
            UploadEvent::Saved(_) if !self.shown => {
                // Nobody looks: the log of uploads tells it.
                self.step = Step::Choose;
                Vec::new()
            }
            UploadEvent::Saved(receipt) => {
                let (broadcast, receipt) = (broadcast.clone(), receipt.clone());
                let took = now.since(broadcast.started);
                self.step = Step::Done {
                    broadcast,
                    receipt,
                    took,
                };
                self.look_at_ciphertext()
            }
            UploadEvent::Failed { reason } => {
                self.fail(printable(reason).into_owned());
                Vec::new()
            }
            UploadEvent::Broadcasting { .. }
            | UploadEvent::Sending { .. }
            | UploadEvent::Answered { .. }
            | UploadEvent::Assigned { .. }
            | UploadEvent::Progress { .. }
            | UploadEvent::Retrying(_) => Vec::new(),
        }
    }

    fn fail(&mut self, reason: String) {
        if let Step::Watch(broadcast) = &self.step {
            let broadcast = broadcast.clone();
            self.step = Step::Failed { broadcast, reason };
        }
    }

    fn measure(&mut self) {
        self.browser.set_rows(self.panes().rows());
    }

    fn panes(&self) -> Panes {
        Panes::of(Rect::from(self.screen))
    }

    /// Returns the file that is to be seen now.
    fn subject(&self) -> Option<PathBuf> {
        match &self.step {
            Step::Choose => self.browser.chosen_file().map(|(file, _)| file),
            Step::Watch(broadcast) | Step::Done { broadcast, .. } | Step::Failed { broadcast, .. } => {
                Some(broadcast.file.clone())
            }
        }
    }

    /// Asks for the picture of the file that is to be seen now, unless it is there.
    fn look(&mut self) -> Vec<Command> {
        let area = self.panes().picture();
        preview(self.pictures.look(self.subject(), area))
    }

    /// Asks for the encrypted bytes to be drawn, once there are some.
    fn look_at_ciphertext(&mut self) -> Vec<Command> {
        let Step::Done { receipt, .. } = &self.step else {
            return Vec::new();
        };
        let Some(saved) = receipt.saved.clone() else {
            return Vec::new();
        };
        let area = self.panes().picture();
        preview(Some(self.pictures.look_at_ciphertext(saved, area)))
    }
}

fn preview(request: Option<PictureRequest>) -> Vec<Command> {
    request.map(Command::Preview).into_iter().collect()
}

fn list(path: Option<PathBuf>) -> Vec<Command> {
    path.map(Command::List).into_iter().collect()
}

#[cfg(test)]
mod tests;
