//! The field for whose image it is: one line, the last users a key away.
//!
//! The line never holds more than a user name may, nor a control character, whatever is pasted.

use crossterm::event::KeyEvent;
use tui_input::{Input, InputRequest};

use crate::dashboard::update::typed;
use crate::id::{USER_NAME_BYTES_MAX, UserName};

/// How many of the last users are offered; more than a glance takes in helps nobody.
pub const USERS_OFFERED_MAX: usize = 8;

/// A line to type a user name into.
#[derive(Debug, Clone, Default)]
pub struct UserField {
    input: Input,
    /// The last users, the latest first.
    offered: Vec<UserName>,
    /// Which of them stands in the line, if it was put there by a key.
    nth: Option<usize>,
    /// What is wrong, once somebody asked or something was refused.
    problem: Option<String>,
}

impl UserField {
    /// Makes a field that holds the latest of `offered`, if there is one.
    #[must_use]
    pub fn new(mut offered: Vec<UserName>) -> Self {
        offered.truncate(USERS_OFFERED_MAX);
        let mut field = Self {
            offered,
            ..Self::default()
        };
        field.offer(0);
        field
    }

    /// Returns the line.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Returns how many characters stand before the cursor.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// Returns the last users, the latest first.
    #[must_use]
    pub fn offered(&self) -> &[UserName] {
        &self.offered
    }

    /// Returns what is wrong with the line, if something was found to be.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Returns the name, or leaves what is wrong with it to be shown.
    pub fn name(&mut self) -> Option<UserName> {
        let parsed = self.text().parse::<UserName>();
        self.problem = parsed.as_ref().err().map(ToString::to_string);
        parsed.ok()
    }

    /// Puts a user first among the last ones.
    pub fn remember(&mut self, name: &UserName) {
        self.offered.retain(|offered| offered != name);
        self.offered.insert(0, name.clone());
        self.offered.truncate(USERS_OFFERED_MAX);
        self.nth = Some(0);
    }

    /// Puts the next older user into the line.
    pub fn older(&mut self) {
        self.offer(self.nth.map_or(0, |nth| nth + 1));
    }

    /// Puts the next newer user into the line.
    pub fn newer(&mut self) {
        self.offer(self.nth.map_or(0, |nth| nth.saturating_sub(1)));
    }

    fn offer(&mut self, nth: usize) {
        if let Some(name) = self.offered.get(nth) {
            self.input = Input::new(name.as_str().to_owned());
            self.nth = Some(nth);
            self.problem = None;
        }
    }

    /// Takes a key that edits the line; others change nothing.
    pub fn key(&mut self, key: KeyEvent) {
        let Some(request) = typed(key) else { return };
        self.problem = None;
        if let InputRequest::InsertChar(letter) = request {
            return self.insert(letter.encode_utf8(&mut [0; 4]));
        }
        self.nth = None;
        self.input.handle(request);
    }

    /// Takes what was pasted: its first line, as much of it as a name may hold.
    pub fn paste(&mut self, text: &str) {
        self.problem = None;
        // One byte more than fits, so that what is too long is noticed; a megabyte is not read.
        let beginning = &text[..text.floor_char_boundary(2 * USER_NAME_BYTES_MAX)];
        self.insert(beginning.trim_start().lines().next().unwrap_or("").trim_end());
    }

    fn insert(&mut self, text: &str) {
        self.nth = None;
        for c in text.chars() {
            if c.is_control() {
                self.problem = Some("control characters were left out".to_owned());
            } else if self.text().len() + c.len_utf8() > USER_NAME_BYTES_MAX {
                self.problem = Some(format!("a name has at most {USER_NAME_BYTES_MAX} bytes"));
                return;
            } else {
                self.input.handle(InputRequest::InsertChar(c));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> UserName {
        text.parse().expect("valid")
    }

    fn field(offered: &[&str]) -> UserField {
        UserField::new(offered.iter().map(|text| name(text)).collect())
    }

    fn press(field: &mut UserField, code: KeyCode) {
        field.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn the_latest_user_stands_in_the_line_and_older_ones_follow() {
        let mut field = field(&["carol", "bob", "alice"]);
        assert_eq!(field.text(), "carol");
        field.older();
        assert_eq!(field.text(), "bob");
        field.older();
        field.older();
        assert_eq!(field.text(), "alice", "the oldest stays");
        field.newer();
        assert_eq!(field.name(), Some(name("bob")));
    }

    #[test]
    fn what_is_typed_is_edited_between_the_words() {
        let mut field = field(&[]);
        "ada l".chars().for_each(|c| press(&mut field, KeyCode::Char(c)));
        press(&mut field, KeyCode::Home);
        press(&mut field, KeyCode::Delete);
        press(&mut field, KeyCode::Char('A'));
        assert_eq!((field.text(), field.cursor()), ("Ada l", 1));
        field.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(field.text(), "da l");
    }

    #[test]
    fn a_letter_with_alt_is_not_typed() {
        let mut field = field(&[]);
        field.key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT));
        assert_eq!(field.text(), "");
    }

    #[test]
    fn an_empty_line_is_told_what_is_wrong_when_it_is_asked_for() {
        let mut field = field(&[]);
        assert_eq!(field.problem(), None);
        assert_eq!(field.name(), None);
        assert_eq!(
            field.problem(),
            Some("user name is empty; give at least one character")
        );
        press(&mut field, KeyCode::Char('a'));
        assert_eq!(field.problem(), None);
    }

    #[test]
    fn a_megabyte_is_cut_at_what_a_name_may_hold() {
        let mut field = field(&[]);
        field.paste(&"ä".repeat(500_000));
        assert_eq!(field.text(), "ä".repeat(32));
        assert_eq!(field.problem(), Some("a name has at most 64 bytes"));
        assert!(field.name().is_some());
    }

    #[test]
    fn of_a_paste_the_first_line_counts_without_control_characters() {
        let mut field = field(&[]);
        field.paste("  ada\u{1b}[2J \nbob\n");
        assert_eq!(field.text(), "ada[2J");
        assert_eq!(field.problem(), Some("control characters were left out"));
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_and_typed_the_line_is_a_name_or_empty(
            pasted in any::<String>(),
            typed in proptest::collection::vec(any::<char>(), 0..80),
        ) {
            let mut field = field(&["bob"]);
            field.paste(&pasted);
            for letter in typed {
                press(&mut field, KeyCode::Char(letter));
            }
            prop_assert!(field.text().is_empty() || field.name().is_some());
        }
    }
}
