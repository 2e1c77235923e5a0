//! What is wrong with the text of a scenario: where, what was expected, and what was probably meant.

use std::fmt;

use crate::event::line::{escaped, printable};

/// How many mistakes of one text are told.
///
/// After so many it is no scenario, and nobody reads on.
pub const MISTAKES_MAX: usize = 20;

/// How much of a wrong word is repeated.
const FOUND_MAX: usize = 40;

/// One place that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column of its first letter, from 1.
    pub column: usize,
    /// What should stand there.
    pub expected: String,
    /// What stands there; none at the end of a line.
    pub found: Option<String>,
    /// The word that was probably meant.
    pub meant: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)?;
        match &self.found {
            Some(found) => {
                let found: String = found.chars().take(FOUND_MAX).collect();
                write!(f, ", found `{}`", escaped(&found))?;
            }
            None => f.write_str(", found nothing more")?,
        }
        match &self.meant {
            Some(meant) => write!(f, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a text; at least one place, in the order of lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// Says it with the lines themselves and a mark below each place, as a compiler would.
    #[must_use]
    pub fn shown(&self, file: &str, text: &str) -> String {
        let (lines, file): (Vec<&str>, _) = (text.lines().collect(), escaped(file));
        let shown = self.0.iter().map(|mistake| {
            let Mistake { line, column, .. } = mistake;
            let source = lines.get(line - 1).copied().unwrap_or_default();
            let source: String = source.chars().map(pictured).collect();
            let number = line.to_string();
            let (margin, room) = (" ".repeat(number.len()), " ".repeat(column - 1));
            format!("{file}:{line}:{column}: {mistake}\n {number} | {source}\n {margin} | {room}^")
        });
        shown.collect::<Vec<_>>().join("\n")
    }
}

/// Returns a letter that takes one cell, so that the mark stands below the place: a tab is a space, and what
/// a terminal would obey is the picture of its name.
fn pictured(letter: char) -> char {
    match letter {
        '\t' => ' ',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        _ if printable(letter.encode_utf8(&mut [0; 4])) == "\u{fffd}" => '\u{fffd}',
        _ => letter,
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let apart = if index > 0 { "\n" } else { "" };
            write!(
                f,
                "{apart}line {}, column {}: {mistake}",
                mistake.line, mistake.column
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
