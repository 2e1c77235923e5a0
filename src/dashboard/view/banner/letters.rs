//! Letters of dots, five high and up to five wide: capitals, digits, and the unit of a stopwatch.

/// How many dots high every letter is.
pub(super) const DOTS_HIGH: usize = 5;

/// The rows of a letter, from the top; `#` is a dot.
type Glyph = [&'static str; DOTS_HIGH];

/// A text of dots.
pub(super) struct Dots([String; DOTS_HIGH]);

impl Dots {
    /// Sets a text; `None` when it has a letter that there is none of.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut rows: [String; DOTS_HIGH] = Default::default();
        for letter in text.chars() {
            for (row, dots) in rows.iter_mut().zip(glyph(letter)?) {
                if !row.is_empty() {
                    row.push(' ');
                }
                row.push_str(dots);
            }
        }
        Some(Self(rows))
    }

    pub(super) fn width(&self) -> usize {
        self.0[0].len()
    }

    /// Says whether there is a dot; outside of the text there is none.
    pub(super) fn is_set(&self, x: usize, y: usize) -> bool {
        self.0
            .get(y)
            .is_some_and(|row| row.as_bytes().get(x) == Some(&b'#'))
    }
}

#[rustfmt::skip] // A letter a line.
const fn glyph(letter: char) -> Option<Glyph> {
    Some(match letter {
        'A' => [" ## ", "#  #", "####", "#  #", "#  #"],
        'B' => ["### ", "#  #", "### ", "#  #", "### "],
        'C' => [" ###", "#   ", "#   ", "#   ", " ###"],
        'D' => ["### ", "#  #", "#  #", "#  #", "### "],
        'E' => ["###", "#  ", "## ", "#  ", "###"],
        'F' => ["###", "#  ", "## ", "#  ", "#  "],
        'G' => [" ###", "#   ", "# ##", "#  #", " ###"],
        'H' => ["#  #", "#  #", "####", "#  #", "#  #"],
        'I' => ["#", "#", "#", "#", "#"],
        'J' => ["  #", "  #", "  #", "# #", " # "],
        'K' => ["#  #", "# # ", "##  ", "# # ", "#  #"],
        'L' => ["#  ", "#  ", "#  ", "#  ", "###"],
        'M' => ["#   #", "## ##", "# # #", "#   #", "#   #"],
        'N' => ["#   #", "##  #", "# # #", "#  ##", "#   #"],
        'O' => [" ## ", "#  #", "#  #", "#  #", " ## "],
        'P' => ["### ", "#  #", "### ", "#   ", "#   "],
        'Q' => [" ## ", "#  #", "#  #", "# # ", " # #"],
        'R' => ["### ", "#  #", "### ", "# # ", "#  #"],
        'S' => [" ###", "#   ", " ## ", "   #", "### "],
        'T' => ["###", " # ", " # ", " # ", " # "],
        'U' => ["#  #", "#  #", "#  #", "#  #", " ## "],
        'V' => ["#   #", "#   #", " # # ", " # # ", "  #  "],
        'W' => ["#   #", "#   #", "# # #", "## ##", "#   #"],
        'X' => ["# #", "# #", " # ", "# #", "# #"],
        'Y' => ["# #", "# #", " # ", " # ", " # "],
        'Z' => ["####", "   #", " ## ", "#   ", "####"],
        '0' => ["###", "# #", "# #", "# #", "###"],
        '1' => [" # ", "## ", " # ", " # ", "###"],
        '2' => ["###", "  #", "###", "#  ", "###"],
        '3' => ["###", "  #", "###", "  #", "###"],
        '4' => ["# #", "# #", "###", "  #", "  #"],
        '5' => ["###", "#  ", "###", "  #", "###"],
        '6' => ["###", "#  ", "###", "# #", "###"],
        '7' => ["###", "  #", "  #", "  #", "  #"],
        '8' => ["###", "# #", "###", "# #", "###"],
        '9' => ["###", "# #", "###", "  #", "###"],
        's' => ["   ", "   ", " ##", " # ", "## "],
        '.' => [" ", " ", " ", " ", "#"],
        ' ' => [" ", " ", " ", " ", " "],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789s. ";

    #[test]
    fn every_letter_is_a_rectangle_and_unlike_the_others() {
        let mut seen = Vec::new();
        for letter in ALL.chars() {
            let glyph = glyph(letter).expect("there is one");
            assert!(glyph.iter().all(|row| row.len() == glyph[0].len()), "{letter}");
            assert!(!seen.contains(&glyph), "{letter} looks like another");
            seen.push(glyph);
        }
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters_with_a_gap_between_each() {
        let dots = Dots::of("IL.").expect("known");
        assert_eq!(dots.width(), 1 + 1 + 3 + 1 + 1);
        assert!(dots.is_set(0, 0) && !dots.is_set(1, 0) && dots.is_set(6, 4));
        assert!(!dots.is_set(0, DOTS_HIGH) && !dots.is_set(7, 4));
    }

    #[test]
    fn an_unknown_letter_is_not_guessed() {
        assert!(Dots::of("NODE ★").is_none());
    }
}
