//! Text that is looked for in lines, in whatever case.
//!
//! A filter is asked about every kept line in every frame, so that asking allocates nothing, and
//! what cannot begin a match is passed over many bytes at a time.

use std::ops::Range;

use memchr::memchr2_iter;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Needle {
    /// Its lower-case letters; empty finds everything, and nothing in particular.
    folded: String,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        Self {
            folded: text.to_lowercase(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Says whether a line holds it.
    pub(super) fn is_in(&self, line: &str) -> bool {
        self.is_empty() || self.find(line, 0).is_some()
    }

    /// Returns where it stands in a line, at `from` or behind.
    pub(super) fn find(&self, line: &str, from: usize) -> Option<Range<usize>> {
        match self.folded.as_bytes() {
            [] => None,
            needle if self.folded.is_ascii() => {
                let at = ascii_at(line.as_bytes().get(from..)?, needle)? + from;
                Some(at..at + needle.len())
            }
            _ => self.find_folded(line, from),
        }
    }

    /// Compares letter by letter, each in lower case.
    fn find_folded(&self, line: &str, from: usize) -> Option<Range<usize>> {
        let rest = line.get(from..)?;
        rest.char_indices().find_map(|(start, _)| {
            let mut wanted = self.folded.chars();
            let mut left = wanted.next();
            for (at, letter) in rest[start..].char_indices() {
                for folded in letter.to_lowercase() {
                    if left != Some(folded) {
                        return None;
                    }
                    left = wanted.next();
                }
                if left.is_none() {
                    let end = start + at + letter.len_utf8();
                    return Some(from + start..from + end);
                }
            }
            None
        })
    }
}

/// Returns where an ASCII needle in lower case first stands, in whatever case.
fn ascii_at(line: &[u8], needle: &[u8]) -> Option<usize> {
    let starts = &line[..(line.len() + 1).checked_sub(needle.len())?];
    let first = needle.first()?;
    memchr2_iter(*first, first.to_ascii_uppercase(), starts)
        .find(|&at| line[at..at + needle.len()].eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_does_not_matter() {
        let needle = Needle::new("LeAder");
        assert_eq!(needle.find("I am the LEADER!", 0), Some(9..15));
        assert_eq!(needle.find("I am the LEADER!", 10), None);
        assert!(Needle::new("ÉTÉ").is_in("un été chaud"));
        assert_eq!(Needle::new("straße").find("die Straße", 0), Some(4..11));
    }

    #[test]
    fn nothing_finds_every_line_and_no_place_in_it() {
        assert!(Needle::new("").is_in("anything"));
        assert_eq!(Needle::new("").find("anything", 0), None);
    }

    proptest! {
        #[test]
        fn it_finds_what_the_slow_way_finds(line in "[a-eA-E@`. ]{0,200}", needle in "[a-eA-E@`]{1,4}") {
            let found = Needle::new(&needle).find(&line, 0).map(|found| found.start);
            prop_assert_eq!(found, line.to_lowercase().find(&needle.to_lowercase()));
        }

        #[test]
        fn what_it_finds_is_always_whole_letters(line in ".{0,40}", needle in ".{1,3}") {
            if let Some(found) = Needle::new(&needle).find(&line, 0) {
                prop_assert!(line.get(found).is_some());
            }
        }
    }
}
