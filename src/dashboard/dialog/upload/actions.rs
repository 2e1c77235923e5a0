//! What keys do in the upload dialog: a mode is a step, or a field of the first one.

use std::path::PathBuf;

use super::{Field, Step, UploadDialog, list};
use crate::dashboard::dialog::broadcast::Broadcast;
use crate::dashboard::dialog::listing::shown;
use crate::dashboard::keymap::{Action, Mode};
use crate::dashboard::message::Command;
use crate::id::UserName;

/// Why an upload that somebody gave up ended.
const CANCELLED: &str = "cancelled; the outcome is unknown; repeating the upload is safe";

impl UploadDialog {
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
            Action::PageUp => self.browser.page_up(),
            Action::PageDown => self.browser.page_down(),
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
        if self.must_wait() {
            return Vec::new();
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

    /// Says whether another path was asked for, and tells so: what is chosen is not what was meant.
    fn must_wait(&mut self) -> bool {
        let Some(path) = self.browser.opening().map(shown) else {
            return false;
        };
        self.browser
            .complain(format!("still opening {path}; wait, or open another"));
        true
    }

    fn upload(&mut self) -> Vec<Command> {
        if self.must_wait() {
            return Vec::new();
        }
        if self.browser.typed_path().is_some() {
            self.browser
                .complain("a path was typed and not opened; Enter opens it");
            self.field = Field::Files;
            return Vec::new();
        }
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
        self.pictures.forget_ciphertext();
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

    /// Goes back to choosing, with everything as it was.
    pub(super) fn choose(&mut self) -> Vec<Command> {
        self.step = Step::Choose;
        self.field = Field::Files;
        self.pictures.forget_ciphertext();
        list(Some(self.browser.reopen()))
    }

    fn copy(&self) -> Option<Command> {
        match &self.step {
            Step::Done { receipt, .. } => Some(Command::Copy(match &receipt.saved {
                Some(path) => path.to_string_lossy().into_owned(),
                None => receipt.image.to_string(),
            })),
            Step::Failed { reason, .. } => Some(Command::Copy(reason.clone())),
            Step::Choose | Step::Watch(_) => None,
        }
    }
}
