//! The keys: one table that feeds the handler, the footer, the help and the manual.
//!
//! A key means something in a mode. What a mode does not bind falls through to the mode below it
//! (see [`Mode::below`]), so that moving about works in every panel, and Ctrl-C everywhere.

use crossterm::event::KeyEvent;

mod action;
mod chord;
mod mode;
mod table;

pub use action::Action;
pub use chord::Chord;
pub(super) use chord::{
    BACK_TAB, DOWN, END, ENTER, ESCAPE, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, TAB, UP, key,
};
pub use mode::Mode;
pub use table::BINDINGS;

/// What a key does in a mode, and how that is told.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub mode: Mode,
    /// By which keys; the first is shown where there is room for one.
    pub chords: &'static [Chord],
    /// What it does.
    pub action: Action,
    /// A word or two for the footer; empty when the footer does not show it.
    pub label: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
}

impl Binding {
    /// Returns the key that is shown where there is room for one.
    #[must_use]
    pub fn first_key(&self) -> String {
        self.chords.first().map_or_else(String::new, ToString::to_string)
    }
}

pub(super) const fn bind(
    mode: Mode,
    chords: &'static [Chord],
    action: Action,
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        mode,
        chords,
        action,
        label,
        help,
    }
}

/// Returns what a key does in a mode, or in one below it.
#[must_use]
pub fn action(mode: Mode, event: KeyEvent) -> Option<Action> {
    let mut asked = Some(mode);
    while let Some(mode) = asked {
        if let Some(action) = own_action(mode, event) {
            return Some(action);
        }
        asked = mode.below();
    }
    None
}

/// Returns what a key does in a mode itself.
#[must_use]
pub fn own_action(mode: Mode, event: KeyEvent) -> Option<Action> {
    let bound = bindings(mode).find(|binding| binding.chords.iter().any(|chord| chord.matches(event)));
    bound.map(|binding| binding.action)
}

/// Returns the keys of one mode.
pub fn bindings(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    let all = BINDINGS.iter().chain(super::dialog::keys::BINDINGS);
    all.filter(move |binding| binding.mode == mode)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn press(letter: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)
    }

    #[test]
    fn no_key_means_two_things_in_one_mode() {
        for mode in Mode::ALL {
            let chords: Vec<Chord> = bindings(mode)
                .flat_map(|binding| binding.chords)
                .copied()
                .collect();
            for (index, chord) in chords.iter().enumerate() {
                assert!(!chords[..index].contains(chord), "{chord} in {mode:?}");
            }
        }
    }

    #[test]
    fn every_mode_has_keys_and_a_way_out() {
        for mode in Mode::ALL {
            assert!(bindings(mode).next().is_some(), "{mode:?}");
            let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            assert_eq!(action(mode, interrupt), Some(Action::Interrupt), "{mode:?}");
        }
    }

    #[test]
    fn a_panel_of_logs_still_kills_leaders() {
        assert_eq!(action(Mode::Logs, press('!')), Some(Action::KillLeader));
        assert_eq!(action(Mode::Logs, press('n')), Some(Action::OlderMatch));
        assert_eq!(action(Mode::Main, press('n')), None);
    }

    #[test]
    fn what_is_typed_into_a_filter_kills_nobody() {
        for letter in ['!', 'X', 'q', 'c', '1'] {
            assert_eq!(action(Mode::Filter, press(letter)), None);
        }
    }

    #[test]
    fn a_letter_with_control_is_another_key() {
        let control = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert_eq!(action(Mode::Main, control), None);
        let shifted = KeyEvent::new(KeyCode::Char('X'), KeyModifiers::SHIFT);
        assert_eq!(action(Mode::Main, shifted), Some(Action::Kill));
    }
}
