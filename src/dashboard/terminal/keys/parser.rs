//! What the bytes of a terminal mean: keys and pastes, as xterm and its descendants send them.
//!
//! Pure: bytes go in, however they are cut, and keys come out; that nothing more came is told, too.
//! What it does not know it drops whole. It keeps a few bytes of a sequence and a bounded part of a
//! paste, whatever comes. Focus, mouse and answers are never asked for and are dropped, those that
//! are strings up to their end: else an answer that comes late would be typed.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::unheard::{Passed, Unheard};
use super::Typed;

mod unheard;

const ESCAPE: u8 = 0x1b;

/// How much of a paste is kept; no field takes more than a path, and no path is longer.
pub(super) const PASTE_BYTES_MAX: usize = 4096;

/// The longest sequence that is understood; the longest of a key has ten bytes.
const SEQUENCE_BYTES_MAX: usize = 32;

/// After this an escape is the key and not the beginning of another.
///
/// A terminal sends a sequence at once; a network may cut it in two, rarely, and close together.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(10);

/// After this a paste has ended though its end never came; else every key would be taken for text.
const PASTE_PATIENCE: Duration = Duration::from_secs(1);

const PASTE_END: &[u8] = b"\x1b[201~";

/// Takes bytes and says what they mean.
#[derive(Debug, Default)]
pub(super) struct Parser {
    /// The beginning of something.
    begun: Vec<u8>,
    paste: Option<Paste>,
    /// What is passed over to its end.
    unheard: Option<Unheard>,
}

/// A paste that is coming in.
#[derive(Debug, Default)]
struct Paste {
    kept: Vec<u8>,
    /// How many bytes of [`PASTE_END`] came last.
    ended: usize,
}

/// What a beginning turned out to be.
enum Meaning {
    /// More is needed.
    Open,
    /// Nothing that is known.
    Unknown,
    Key(KeyEvent),
    /// A paste begins.
    Paste,
    /// Something begins that is for nobody here.
    Unheard(Unheard),
}

impl Parser {
    /// Takes bytes and adds what they mean to `typed`.
    pub(super) fn feed(&mut self, bytes: &[u8], typed: &mut Vec<Typed>) {
        for &byte in bytes {
            if let Some(paste) = &mut self.paste {
                if paste.take(byte) {
                    self.end_paste(typed);
                }
                continue;
            }
            if let Some(unheard) = &mut self.unheard {
                match unheard.take(byte) {
                    Passed::Over => continue,
                    Passed::Last => {
                        self.unheard = None;
                        continue;
                    }
                    Passed::Before => self.end_unheard(),
                }
            }
            self.take(byte, typed);
        }
    }

    fn take(&mut self, byte: u8, typed: &mut Vec<Typed>) {
        if self.stands_alone(byte) {
            self.give_up_waiting(typed);
        }
        self.begun.push(byte);
        match meaning(&self.begun) {
            Meaning::Open if self.begun.len() < SEQUENCE_BYTES_MAX => return,
            // Only a sequence of numbers is as long as that.
            Meaning::Open => self.unheard = Some(Unheard::Numbers),
            Meaning::Unknown => {}
            Meaning::Key(key) => typed.push(Typed::Key(key)),
            Meaning::Paste => self.paste = Some(Paste::default()),
            Meaning::Unheard(unheard) => self.unheard = Some(unheard),
        }
        self.begun.clear();
    }

    /// Says whether what has begun ends before this byte: a sequence holds no control character.
    fn stands_alone(&self, byte: u8) -> bool {
        let begun = self.begun.len();
        (byte == ESCAPE && begun > 0) || (byte < b' ' && begun > 1)
    }

    /// Takes what has come of something unheard for all of it, but an escape at its end.
    fn end_unheard(&mut self) {
        if self.unheard.take() == Some(Unheard::Ending) {
            // The escape was the key, or the beginning of another.
            self.begun.push(ESCAPE);
        }
    }

    /// Returns how long more is waited for; without an end when nothing has begun.
    pub(super) fn patience(&self) -> Option<Duration> {
        if self.paste.is_some() {
            Some(PASTE_PATIENCE)
        } else if self.unheard.is_some() {
            Some(unheard::PATIENCE)
        } else {
            (!self.begun.is_empty()).then_some(ESCAPE_PATIENCE)
        }
    }

    /// Is told that nothing came for that long.
    pub(super) fn nothing_came(&mut self, typed: &mut Vec<Typed>) {
        if self.paste.is_some() {
            self.end_paste(typed);
        } else {
            self.end_unheard();
            self.give_up_waiting(typed);
        }
    }

    fn end_paste(&mut self, typed: &mut Vec<Typed>) {
        if let Some(paste) = self.paste.take() {
            typed.push(Typed::Paste(paste.text()));
        }
    }

    /// Takes what has begun for what it is by itself.
    fn give_up_waiting(&mut self, typed: &mut Vec<Typed>) {
        match self.begun.as_slice() {
            [ESCAPE] => typed.push(key(KeyCode::Esc, KeyModifiers::NONE)),
            [ESCAPE, letter] if letter.is_ascii() => {
                let code = KeyCode::Char(char::from(*letter));
                typed.push(key(code, shift_of(char::from(*letter)) | KeyModifiers::ALT));
            }
            _ => {}
        }
        self.begun.clear();
    }
}

impl Paste {
    /// Takes a byte; returns whether the paste has ended with it.
    fn take(&mut self, byte: u8) -> bool {
        if byte == PASTE_END[self.ended] {
            self.ended += 1;
            return self.ended == PASTE_END.len();
        }
        // What looked like the end was text. Only its first byte is an escape.
        let mistaken = std::mem::take(&mut self.ended);
        self.keep(&PASTE_END[..mistaken]);
        if byte == ESCAPE {
            self.ended = 1;
        } else {
            self.keep(&[byte]);
        }
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = PASTE_BYTES_MAX - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Returns the text; a character that was cut off at the end is left out.
    fn text(self) -> String {
        let whole = match std::str::from_utf8(&self.kept) {
            Err(error) if error.error_len().is_none() => &self.kept[..error.valid_up_to()],
            Ok(_) | Err(_) => &self.kept,
        };
        String::from_utf8_lossy(whole).into_owned()
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Typed {
    Typed::Key(KeyEvent::new(code, modifiers))
}

fn plain(code: KeyCode) -> Meaning {
    Meaning::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn shift_of(char: char) -> KeyModifiers {
    if char.is_uppercase() {
        KeyModifiers::SHIFT
    } else {
        KeyModifiers::NONE
    }
}

fn meaning(begun: &[u8]) -> Meaning {
    match begun {
        [] | [ESCAPE] | [ESCAPE, b']' | b'P' | b'_' | b'^' | b'X'] => Meaning::Open,
        [ESCAPE, b']' | b'P' | b'_' | b'^' | b'X', _] => Meaning::Unheard(Unheard::Text),
        [ESCAPE, b'[', rest @ ..] => control_sequence(rest),
        [ESCAPE, b'O', rest @ ..] => match rest {
            [] => Meaning::Open,
            [last, ..] => named_by_letter(*last).map_or(Meaning::Unknown, plain),
        },
        [ESCAPE, rest @ ..] => match simple(rest) {
            Meaning::Key(mut key) => {
                key.modifiers |= KeyModifiers::ALT;
                Meaning::Key(key)
            }
            other => other,
        },
        bytes => simple(bytes),
    }
}

/// Understands a key that is no sequence: a control character, or a character in UTF-8.
fn simple(bytes: &[u8]) -> Meaning {
    let control = |letter: u8| {
        let code = KeyCode::Char(char::from(letter));
        Meaning::Key(KeyEvent::new(code, KeyModifiers::CONTROL))
    };
    match bytes[0] {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        // A terminal sends the one or the other; so Ctrl-H is no key of its own.
        0x7f | 0x08 => plain(KeyCode::Backspace),
        0 => control(b' '),
        byte @ 0x01..=0x1a => control(byte - 1 + b'a'),
        byte @ 0x1c..=0x1f => control(byte - 0x1c + b'4'),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.chars().next().map_or(Meaning::Unknown, |char| {
                Meaning::Key(KeyEvent::new(KeyCode::Char(char), shift_of(char)))
            }),
            Err(error) if error.error_len().is_none() => Meaning::Open,
            Err(_) => Meaning::Unknown,
        },
    }
}

/// Understands what follows `ESC [`: parameters, then one byte that names the key.
fn control_sequence(rest: &[u8]) -> Meaning {
    let (last, parameters) = match rest {
        // The console of Linux sends its first function keys by two brackets.
        [] | [b'['] => return Meaning::Open,
        [b'[', letter @ b'A'..=b'E'] => return plain(KeyCode::F(letter - b'A' + 1)),
        [parameters @ .., last] => (*last, parameters),
    };
    if !(0x40..=0x7e).contains(&last) {
        return Meaning::Open;
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(number);
    let first = numbers.next().flatten();
    let modifiers = modifiers_of(numbers.next().flatten());
    let code = match (last, first) {
        (b'~', Some(200)) => return Meaning::Paste,
        (b'~', Some(number)) => named_by_number(number),
        (b'Z', _) => return Meaning::Key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)),
        (letter, _) => named_by_letter(letter),
    };
    code.map_or(Meaning::Unknown, |code| {
        Meaning::Key(KeyEvent::new(code, modifiers))
    })
}

fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Modifiers are sent as bits, plus one.
fn modifiers_of(number: Option<u16>) -> KeyModifiers {
    let bits = number.unwrap_or(1).saturating_sub(1);
    let known = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ];
    let held = known.into_iter().filter(|(bit, _)| bits & bit != 0);
    held.map(|(_, modifier)| modifier).collect()
}

fn named_by_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn named_by_number(number: u16) -> Option<KeyCode> {
    // The gaps were keys of a terminal of 1983.
    let function = |offset: u16| u8::try_from(number - offset).ok().map(KeyCode::F);
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(10),
        17..=21 => function(11),
        23..=24 => function(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
