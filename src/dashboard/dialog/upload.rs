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
use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::layout::{Rect, Size};

use super::broadcast::Broadcast;
use super::browser::Browser;
use super::listing::Listing;
use super::panes::Panes;
use super::picture::{Pane, PictureRequest, Preview, Subject};
use super::user::UserField;
use crate::dashboard::keymap::{Action, Mode};
use crate::dashboard::message::Command;
use crate::event::line::printable;
use crate::id::UserName;
use crate::time::Time;
use crate::upload::{Receipt, UploadEvent};

/// Why an upload that somebody gave up ended.
const CANCELLED: &str = "cancelled; the outcome is unknown; repeating the upload is safe";

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
    /// The picture of the chosen file, and which file that is.
    picture: Pane,
    pictured: Option<PathBuf>,
    /// Its width and height, once known.
    dimensions: Option<(u32, u32)>,
    /// The picture of the encrypted bytes.
    ciphertext: Pane,
    /// How many pictures were asked for.
    asked: u64,
    now: Time,
}

/// Which field keys go to while an image is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Field {
    /// The list of files.
    #[default]
    Files,
    /// The user.
    User,
}

/// Where the dialog stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An image is chosen.
    Choose,
    /// An upload runs.
    Watch(Broadcast),
    /// It is done.
    Done {
        /// How it went.
        broadcast: Broadcast,
        /// What it came to.
        receipt: Receipt,
        /// How long it took.
        took: Duration,
    },
    /// It failed.
    Failed {
        /// How it went.
        broadcast: Broadcast,
        /// Why, and what to do.
        reason: String,
    },
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
            picture: Pane::Empty,
            pictured: None,
            dimensions: None,
            ciphertext: Pane::Empty,
            asked: 0,
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
        &self.picture
    }

    /// Returns the picture of the encrypted bytes.
    #[must_use]
    pub fn ciphertext(&self) -> &Pane {
        &self.ciphertext
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
        self.picture = Pane::Empty;
        self.pictured = None;
        self.ciphertext = Pane::Empty;
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
        self.pictured = None;
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
        let Some(other) = self.picture.take(preview) else {
            let dimensions = self.picture.picture().map(|picture| picture.dimensions);
            let learned = dimensions.is_some() && dimensions != self.dimensions;
            self.dimensions = dimensions.or(self.dimensions);
            return if learned {
                self.look_at_ciphertext()
            } else {
                Vec::new()
            };
        };
        self.ciphertext.take(other);
        Vec::new()
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

    /// Does what a key means in a mode of the dialog; what means nothing there does nothing.
    pub fn act(&mut self, mode: Mode, action: Action) -> Vec<Command> {
        match (mode, action) {
            (Mode::Find, Action::Close) => {
                self.browser.end_find();
                self.look()
            }
            (_, Action::Close) => {
                self.close();
                Vec::new()
            }
            (Mode::Files | Mode::Find, _) => self.act_on_files(action),
            (Mode::User, _) => self.act_on_user(action),
            (Mode::Watch, Action::Cancel) => self.cancel(),
            (Mode::Failed, Action::Again) => self.again(),
            (Mode::Done | Mode::Failed, Action::Another) => self.choose(),
            (Mode::Done | Mode::Failed, Action::Copy) => self.copy().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn act_on_files(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Up => self.browser.move_by(-1),
            Action::Down => self.browser.move_by(1),
            Action::PageUp => self.browser.page(false),
            Action::PageDown => self.browser.page(true),
            Action::First => self.browser.go_to(0),
            Action::Last => self.browser.go_to(usize::MAX),
            Action::Scope => self.browser.toggle_scope(),
            Action::Filter => self.browser.start_find(),
            Action::NextField => self.field = Field::User,
            Action::Into => return list(self.browser.open_chosen()),
            Action::Parent => return list(self.browser.open_parent()),
            Action::Confirm => return self.go_on(),
            _ => {}
        }
        self.look()
    }

    fn act_on_user(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Up => self.user.older(),
            Action::Down => self.user.newer(),
            Action::NextField => self.field = Field::Files,
            Action::Confirm => return self.upload(),
            _ => {}
        }
        Vec::new()
    }

    /// Goes into a folder or to a path that was typed, or on to the user when it is a file.
    fn go_on(&mut self) -> Vec<Command> {
        if let Some(text) = self.browser.typed_path().map(str::to_owned) {
            return list(self.browser.open_text(&text));
        }
        if let Some(folder) = self.browser.open_chosen() {
            return list(Some(folder));
        }
        if self.browser.chosen_file().is_some() {
            self.field = Field::User;
        } else if self.browser.chosen().is_some() {
            self.browser.complain("that is no regular file; choose an image");
        }
        Vec::new()
    }

    fn upload(&mut self) -> Vec<Command> {
        let Some(user) = self.user.name() else {
            return Vec::new();
        };
        let Some((file, bytes)) = self.browser.chosen_file() else {
            self.browser.complain("choose an image first");
            self.field = Field::Files;
            return Vec::new();
        };
        self.user.remember(&user);
        self.start(user, file, bytes)
    }

    fn start(&mut self, user: UserName, file: PathBuf, bytes: u64) -> Vec<Command> {
        let broadcast = Broadcast::new(user.clone(), file.clone(), bytes, self.now);
        self.step = Step::Watch(broadcast);
        self.ciphertext = Pane::Empty;
        vec![Command::Upload { user, file }]
    }

    fn again(&mut self) -> Vec<Command> {
        let Step::Failed { broadcast, .. } = &self.step else {
            return Vec::new();
        };
        let Broadcast {
            user, file, bytes, ..
        } = broadcast.clone();
        self.start(user, file, bytes)
    }

    fn cancel(&mut self) -> Vec<Command> {
        self.fail(CANCELLED.to_owned());
        vec![Command::CancelUpload]
    }

    fn fail(&mut self, reason: String) {
        if let Step::Watch(broadcast) = &self.step {
            let broadcast = broadcast.clone();
            self.step = Step::Failed { broadcast, reason };
        }
    }

    /// Goes back to choosing, with everything as it was.
    fn choose(&mut self) -> Vec<Command> {
        self.step = Step::Choose;
        self.field = Field::Files;
        self.ciphertext = Pane::Empty;
        list(Some(self.browser.reopen()))
    }

    fn copy(&self) -> Option<Command> {
        match &self.step {
            Step::Done { receipt, .. } => Some(Command::Copy(receipt.saved.to_string_lossy().into_owned())),
            Step::Failed { reason, .. } => Some(Command::Copy(reason.clone())),
            Step::Choose | Step::Watch(_) => None,
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
        let file = self.subject();
        if self.pictured == file {
            return Vec::new();
        }
        self.pictured.clone_from(&file);
        let Some(file) = file else {
            self.picture = Pane::Empty;
            return Vec::new();
        };
        let (pane, command) = self.ask(Subject::Image(file));
        self.picture = pane;
        vec![command]
    }

    /// Asks for the encrypted bytes to be drawn, once there are some and somebody looks.
    fn look_at_ciphertext(&mut self) -> Vec<Command> {
        let Step::Done { receipt, .. } = &self.step else {
            return Vec::new();
        };
        let (file, like) = (receipt.saved.clone(), self.dimensions);
        let (pane, command) = self.ask(Subject::Ciphertext { file, like });
        self.ciphertext = pane;
        vec![command]
    }

    fn ask(&mut self, subject: Subject) -> (Pane, Command) {
        self.asked += 1;
        let number = self.asked;
        let area = self.panes().picture();
        let request = PictureRequest {
            number,
            subject,
            area,
        };
        (Pane::Asked { number }, Command::Preview(request))
    }
}

fn list(path: Option<PathBuf>) -> Vec<Command> {
    path.map(Command::List).into_iter().collect()
}

#[cfg(test)]
mod tests;
