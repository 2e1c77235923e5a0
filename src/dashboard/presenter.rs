//! The dashboard before an audience: whether it is, and the key that was pressed last.

use std::time::Duration;

use super::theme::Contrast;
use crate::time::Time;

/// How long a key is shown: an audience looks up from the presenter's hands, and reads a line.
pub(super) const KEY_SPAN: Duration = Duration::from_secs(5);

/// Whether the dashboard is shown to an audience.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presenting {
    /// One person looks at it.
    #[default]
    No,
    /// Many do, from afar: the banner is large, the contrast high, and `q` does not quit.
    Yes,
}

impl Presenting {
    /// Returns the contrast that fits.
    #[must_use]
    pub const fn contrast(self) -> Contrast {
        match self {
            Self::No => Contrast::Normal,
            Self::Yes => Contrast::High,
        }
    }
}

/// Presenter mode as it stands.
#[derive(Debug, Default)]
pub struct Presenter {
    presenting: Presenting,
    shown: Option<ShownKey>,
}

/// A key that was pressed, as an audience is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownKey {
    /// The key.
    pub key: String,
    /// What it does.
    pub meaning: &'static str,
    until: Time,
}

impl Presenter {
    pub(super) const fn new(presenting: Presenting) -> Self {
        Self {
            presenting,
            shown: None,
        }
    }

    /// Says whether the dashboard is shown to an audience.
    #[must_use]
    pub const fn presenting(&self) -> Presenting {
        self.presenting
    }

    /// Says whether there is an audience.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.presenting == Presenting::Yes
    }

    /// Returns the key that was pressed lately.
    #[must_use]
    pub const fn shown(&self) -> Option<&ShownKey> {
        self.shown.as_ref()
    }

    /// Begins or ends, and returns which; an audience that is gone is shown nothing.
    pub(super) fn turn(&mut self) -> Presenting {
        self.presenting = match self.presenting {
            Presenting::No => Presenting::Yes,
            Presenting::Yes => Presenting::No,
        };
        self.shown = None;
        self.presenting
    }

    /// Shows a key until then, if there is an audience.
    pub(super) fn show(&mut self, key: String, meaning: &'static str, until: Time) {
        if self.is_on() {
            self.shown = Some(ShownKey { key, meaning, until });
        }
    }

    /// Ages what is shown.
    pub(super) fn tick(&mut self, now: Time) {
        if self.shown.as_ref().is_some_and(|shown| shown.until <= now) {
            self.shown = None;
        }
    }

    /// Shows no key any more: time has jumped, and it would not age.
    pub(super) fn show_none(&mut self) {
        self.shown = None;
    }
}
