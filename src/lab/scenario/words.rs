//! One line of a scenario as words, each with its column; and what a person probably meant.
//!
//! `|` and `,` are words of their own. A `#` begins a remark that reaches to the end of the line.

use std::time::Duration;

use super::mistake::Mistake;
use super::print::Span;
use crate::id::NodeId;

/// The longest span that may be written.
///
/// A scenario is watched by people; what takes longer than this is a mistyped unit.
pub(super) const SPAN_MAX: Duration = Duration::from_hours(1);

/// How many letters may differ from the word that was probably meant.
const SLIPS_MAX: usize = 2;

/// The units of a span, the longest names first, in milliseconds.
const SPAN_UNITS: [(&str, u64); 3] = [("ms", 1), ("s", 1000), ("m", 60_000)];

/// The units of a size, in bytes.
const SIZE_UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1)];

/// The words of one line, read from left to right.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    line: usize,
    /// Each word behind the column of its first letter.
    all: Vec<(usize, &'a str)>,
    /// The column behind the last word.
    end: usize,
    at: usize,
}

impl<'a> Words<'a> {
    /// Splits a line; `line` is its number, from 1.
    pub(super) fn of(line: usize, text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut begun: Option<(usize, usize)> = None;
        let mut column = 0;
        for (at, letter) in text.char_indices() {
            column += 1;
            let apart = letter == '|' || letter == ',';
            if letter.is_whitespace() || letter == '#' || apart {
                words.extend(begun.take().map(|(from, first)| (first, &text[from..at])));
            } else {
                begun.get_or_insert((at, column));
            }
            if letter == '#' {
                break;
            }
            if apart {
                words.push((column, &text[at..=at]));
            }
        }
        words.extend(begun.map(|(from, first)| (first, &text[from..])));
        let end = words
            .last()
            .map_or(1, |(first, word)| first + word.chars().count() + 1);
        Self {
            line,
            all: words,
            end,
            at: 0,
        }
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Returns the next word and leaves it.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.all.get(self.at).map(|(_, word)| *word)
    }

    /// Takes the next word, if it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }

    /// Takes these words, if they all come next.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let from = self.at;
        let found = words.iter().all(|word| self.take(word));
        if !found {
            self.at = from;
        }
        found
    }

    /// Takes one word that must come.
    pub(super) fn must(&mut self, word: &'static str) -> Result<(), Mistake> {
        if self.take(word) {
            Ok(())
        } else {
            Err(self.wrong(&format!("`{word}`"), &[word]))
        }
    }

    /// Takes one of some words and returns what it stands for.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        expected: &str,
        choices: &[(&'static str, T)],
    ) -> Result<T, Mistake> {
        let chosen = choices.iter().find(|(word, _)| self.peek() == Some(word));
        if let Some((_, choice)) = chosen {
            self.at += 1;
            return Ok(*choice);
        }
        let known: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        Err(self.wrong(expected, &known))
    }

    /// Checks that nothing follows.
    pub(super) fn end(&self) -> Result<(), Mistake> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("the end of the line", &[])),
        }
    }

    /// Takes a span: `500ms`, `2s`, `1m`.
    pub(super) fn span(&mut self) -> Result<Duration, Mistake> {
        let millis = self.amount("a span such as `500ms` or `2s`", &SPAN_UNITS)?;
        let span = Duration::from_millis(millis);
        if span.is_zero() || span > SPAN_MAX {
            self.at -= 1;
            return Err(self.wrong(&format!("a span between `1ms` and `{}`", Span(SPAN_MAX)), &[]));
        }
        Ok(span)
    }

    /// Takes a size: `20KiB`, `1MiB`, `500B`.
    pub(super) fn size(&mut self) -> Result<u64, Mistake> {
        self.amount("a size such as `20KiB` or `1MiB`", &SIZE_UNITS)
    }

    /// Takes a whole number within limits.
    pub(super) fn number(&mut self, expected: &str, min: u64, max: u64) -> Result<u64, Mistake> {
        let number = self.peek().and_then(digits);
        match number {
            Some(number) if (min..=max).contains(&number) => {
                self.at += 1;
                Ok(number)
            }
            Some(_) | None => Err(self.wrong(expected, &[])),
        }
    }

    /// Takes the number of a node.
    pub(super) fn node(&mut self) -> Result<NodeId, Mistake> {
        let number = self.number("the number of a node, from 1", 1, u64::from(u16::MAX))?;
        let id = u16::try_from(number).ok().and_then(NodeId::new);
        Ok(id.expect("it was just seen to be within 1 and the largest"))
    }

    /// Takes the next word as a number that ends in one of these units.
    fn amount(&mut self, expected: &str, units: &[(&str, u64)]) -> Result<u64, Mistake> {
        let amount = self.peek().and_then(|word| {
            let written = units
                .iter()
                .find_map(|(unit, factor)| Some((digits(word.strip_suffix(unit)?)?, factor)));
            written.and_then(|(number, factor)| number.checked_mul(*factor))
        });
        self.at += usize::from(amount.is_some());
        amount.ok_or_else(|| self.wrong(expected, &[]))
    }

    /// Makes the mistake that the next word is; `known` are the words that could have been meant.
    pub(super) fn wrong(&self, expected: &str, known: &[&str]) -> Mistake {
        let (column, found) = match self.all.get(self.at) {
            Some((column, word)) => (*column, Some(*word)),
            None => (self.end, None),
        };
        Mistake {
            line: self.line,
            column,
            expected: expected.to_owned(),
            found: found.map(str::to_owned),
            meant: found.and_then(|found| nearest(found, known)).map(str::to_owned),
        }
    }

    /// Makes the same of the word before.
    pub(super) fn wrong_before(&self, expected: &str) -> Mistake {
        let before = Self {
            at: self.at.saturating_sub(1),
            ..self.clone()
        };
        before.wrong(expected, &[])
    }
}

/// Reads a number that is written in digits only: no sign, no space.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Returns the known word that was probably meant.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    let near = known.iter().map(|word| (slips(&found, word), *word)).min()?;
    let (slips, word) = near;
    let allowed = SLIPS_MAX.min(word.chars().count() / 2);
    (slips <= allowed).then_some(word)
}

/// Counts the letters to be added, dropped or changed to make one word of another.
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    // What is far longer than every word is far from each; nobody waits for the exact number.
    for (i, letter) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, wanted) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *wanted);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_columns_and_remarks_are_none() {
        let words = Words::of(3, "  cut é|b,c # not this");
        assert_eq!(
            words.all,
            [(3, "cut"), (7, "é"), (8, "|"), (9, "b"), (10, ","), (11, "c")]
        );
    }

    #[test]
    fn the_nearest_word_is_told_only_when_it_is_near() {
        let known = ["leader", "heir", "all"];
        assert_eq!(nearest("laeder", &known), Some("leader"));
        assert_eq!(nearest("Leader", &known), Some("leader"));
        assert_eq!(nearest("banana", &known), None);
        assert_eq!(nearest("x", &known), None);
    }

    #[test]
    fn spans_need_a_unit_and_stay_within_an_hour() {
        let span = |text| Words::of(1, text).span().map_err(|mistake| mistake.expected);
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("60m"), Ok(SPAN_MAX));
        for wrong in ["5", "ms", "-5s", "1.5s", "0s", "61m", "99999999999999999999s", ""] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
