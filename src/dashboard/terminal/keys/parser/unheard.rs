//! What a terminal sends that is for nobody here: answers, which nothing asked for, passed to their end.
//!
//! An answer about a colour or the name of a terminal is a string, and may come because of a program
//! that ran before. Nothing of it is kept, however long it is. A pause ends it, or a control
//! character: else a key that looks like its beginning would make the keyboard dead.

use std::time::Duration;

use super::ESCAPE;

/// After this it has ended though its end never came.
///
/// A network may cut an answer in two, close together; a person types the next key later.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

const BELL: u8 = 0x07;

/// Something that is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unheard {
    /// A string, of which the first byte has come, up to a bell, or to an escape and a backslash.
    Text,
    /// The same, whose escape has come.
    Ending,
    /// A control sequence that is too long for a key, up to the byte that names it.
    Numbers,
}

/// What a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// A part of it.
    Over,
    /// Its end.
    Last,
    /// None of it: it has ended before.
    Before,
}

impl Unheard {
    /// Takes the next byte.
    pub(super) fn take(&mut self, byte: u8) -> Passed {
        match (*self, byte) {
            (Self::Text, BELL) | (Self::Ending, b'\\') | (Self::Numbers, 0x40..=0x7e) => Passed::Last,
            (Self::Text, ESCAPE) => {
                *self = Self::Ending;
                Passed::Over
            }
            // It holds no control character: that one is a key.
            (Self::Ending, _) | (Self::Text | Self::Numbers, ..b' ') => Passed::Before,
            (Self::Text | Self::Numbers, _) => Passed::Over,
        }
    }
}
