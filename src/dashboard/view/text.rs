//! Text in cells: cut and wrapped by how wide a terminal draws it, never by how many letters it has.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::dashboard::theme::Theme;

/// How many bytes are looked at for a cell: what a letter with its accents takes, with room to spare.
///
/// A stranger's line may hold thousands of marks that take no cell; it is cut rather than measured.
const CELL_BYTES_MAX: usize = 16;

/// Returns how many cells a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Puts text on the row `y` from `x` on, cut with a mark before `right`; returns where it ends.
pub(super) fn put(
    buffer: &mut Buffer,
    theme: Theme,
    (x, y): (u16, u16),
    right: u16,
    text: &str,
    style: Style,
) -> u16 {
    let room = usize::from(right.saturating_sub(x));
    if room == 0 || !Rect::new(x, y, 1, 1).intersects(buffer.area) {
        return x;
    }
    let end = text.floor_char_boundary(room * CELL_BYTES_MAX);
    if end == text.len() && width(text) <= room {
        return buffer.set_stringn(x, y, text, room, style).0;
    }
    let (at, _) = buffer.set_stringn(x, y, &text[..end], room - 1, style);
    buffer.set_stringn(at, y, theme.pick("…", ">"), 1, style).0
}

/// Returns text that takes at most `room` cells, cut with a mark.
pub(super) fn cut(theme: Theme, text: &str, room: usize) -> String {
    let end = text.floor_char_boundary(room.saturating_mul(CELL_BYTES_MAX));
    if end == text.len() && width(text) <= room {
        return text.to_owned();
    }
    let mut shown = String::new();
    for letter in text[..end].chars() {
        shown.push(letter);
        if width(&shown) + 1 > room {
            shown.pop();
            break;
        }
    }
    if room > 0 {
        shown.push_str(theme.pick("…", ">"));
    }
    shown
}

/// Breaks text into lines of at most `room` cells, between words where it can.
pub(super) fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let needed = width(word);
        if used > 0 && used + 1 + needed > room {
            lines.push(String::new());
            used = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if needed <= room {
            line.push_str(word);
            used += needed;
        } else {
            used = broken(&mut lines, word, room, used);
        }
    }
    lines
}

/// Breaks a word that is longer than a line; returns how many cells of the last line are used.
fn broken(lines: &mut Vec<String>, word: &str, room: usize, mut used: usize) -> usize {
    let mut letters = [0; 4];
    for letter in word.chars() {
        let needed = width(letter.encode_utf8(&mut letters));
        if used > 0 && used + needed > room {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(letter);
        }
        used += needed;
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::theme::{Charset, Palette};

    fn drawn(text: &str, room: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        let theme = Theme::new(Palette::None, Charset::Unicode);
        let end = put(&mut buffer, theme, (2, 0), 2 + room, text, Style::new());
        assert!(end <= 2 + room, "ends within its room");
        let row: String = (0..20).map(|x| buffer[(x, 0)].symbol().to_owned()).collect();
        row.trim_end().to_owned()
    }

    #[test]
    fn text_that_fits_is_whole_and_longer_text_says_that_it_is_cut() {
        assert_eq!(drawn("abcde", 5), "  abcde");
        assert_eq!(drawn("abcdef", 5), "  abcd…");
        assert_eq!(drawn("abcdef", 1), "  …");
        assert_eq!(drawn("abcdef", 0), "");
    }

    #[test]
    fn wide_letters_are_never_halved() {
        assert_eq!(drawn("日本語", 6), "  日 本 語");
        assert_eq!(drawn("日本語", 5), "  日 本 …");
        assert_eq!(drawn("日本語", 4), "  日 …");
    }

    #[test]
    fn a_letter_under_a_thousand_accents_is_cut_rather_than_measured() {
        let text = format!("a{}b", "\u{301}".repeat(60_000));
        assert!(drawn(&text, 3).ends_with('…'));
    }

    #[test]
    fn text_wraps_between_words_and_breaks_only_what_fits_nowhere() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("一二三四 five", 5), ["一二", "三四", "five"]);
        assert_eq!(wrapped("", 5), [""]);
        for room in 1..9 {
            for line in wrapped("ends of words longer than any line", room) {
                assert!(width(&line) <= room, "{line:?} in {room}");
            }
        }
    }
}
