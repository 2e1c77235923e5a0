//! A key, as a person presses it, and how it is written.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, as a person presses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chord {
    /// A key alone; a capital letter is pressed with Shift.
    Key(KeyCode),
    /// A letter with Control.
    Ctrl(char),
    /// Any digit but 0.
    Digit,
}

impl Chord {
    pub(super) fn matches(self, event: KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Key(code) => event.code == code && !control && !alt,
            Self::Ctrl(letter) => event.code == KeyCode::Char(letter) && control && !alt,
            Self::Digit => matches!(event.code, KeyCode::Char('1'..='9')) && !control && !alt,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Digit => "1-9",
            Self::Ctrl(letter) => return write!(f, "Ctrl-{}", letter.to_ascii_uppercase()),
            Self::Key(code) => match code {
                KeyCode::Char(' ') => "Space",
                KeyCode::Char(letter) => return write!(f, "{letter}"),
                KeyCode::Tab => "Tab",
                KeyCode::BackTab => "Shift-Tab",
                KeyCode::Up => "Up",
                KeyCode::Down => "Down",
                KeyCode::Left => "Left",
                KeyCode::Right => "Right",
                KeyCode::PageUp => "PgUp",
                KeyCode::PageDown => "PgDn",
                KeyCode::Home => "Home",
                KeyCode::End => "End",
                KeyCode::Enter => "Enter",
                KeyCode::Esc => "Esc",
                other => return write!(f, "{other}"),
            },
        };
        f.write_str(name)
    }
}

pub(in crate::dashboard) const fn key(letter: char) -> Chord {
    Chord::Key(KeyCode::Char(letter))
}

pub(in crate::dashboard) const UP: Chord = Chord::Key(KeyCode::Up);
pub(in crate::dashboard) const DOWN: Chord = Chord::Key(KeyCode::Down);
pub(in crate::dashboard) const LEFT: Chord = Chord::Key(KeyCode::Left);
pub(in crate::dashboard) const RIGHT: Chord = Chord::Key(KeyCode::Right);
pub(in crate::dashboard) const TAB: Chord = Chord::Key(KeyCode::Tab);
pub(in crate::dashboard) const BACK_TAB: Chord = Chord::Key(KeyCode::BackTab);
pub(in crate::dashboard) const PAGE_UP: Chord = Chord::Key(KeyCode::PageUp);
pub(in crate::dashboard) const PAGE_DOWN: Chord = Chord::Key(KeyCode::PageDown);
pub(in crate::dashboard) const HOME: Chord = Chord::Key(KeyCode::Home);
pub(in crate::dashboard) const END: Chord = Chord::Key(KeyCode::End);
pub(in crate::dashboard) const ENTER: Chord = Chord::Key(KeyCode::Enter);
pub(in crate::dashboard) const ESCAPE: Chord = Chord::Key(KeyCode::Esc);
