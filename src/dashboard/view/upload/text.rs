//! Text that fits: shortened by what it takes on the screen, not by its letters.

use std::path::Path;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::dashboard::dialog::listing::shown;
use crate::dashboard::theme::{Charset, Theme};

/// Returns `text` cut at its end to `width` cells, with a mark where it was cut.
pub(super) fn fit(text: &str, width: u16, theme: Theme) -> String {
    let width = usize::from(width);
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mark = mark(theme);
    let kept = beginning(text, width.saturating_sub(1));
    if width == 0 { kept } else { kept + mark }
}

/// Returns `text` cut in its middle, so that a name keeps its extension and a path its last folder.
pub(super) fn fit_middle(text: &str, width: u16, theme: Theme) -> String {
    let cells = usize::from(width);
    if Span::raw(text).width() <= cells {
        return text.to_owned();
    }
    let kept = cells.saturating_sub(1);
    let end = ending(text, kept / 2);
    let start = beginning(text, kept - Span::raw(&end).width());
    if cells == 0 {
        start
    } else {
        start + mark(theme) + &end
    }
}

fn mark(theme: Theme) -> &'static str {
    match theme.charset {
        Charset::Unicode => "…",
        Charset::Ascii => "~",
    }
}

/// Returns as many letters from the start as take at most `width` cells.
fn beginning(text: &str, width: usize) -> String {
    let span = Span::raw(text);
    taken(
        span.styled_graphemes(Style::new()).map(|letter| letter.symbol),
        width,
    )
    .collect()
}

/// Returns as many letters from the end as take at most `width` cells.
fn ending(text: &str, width: usize) -> String {
    let span = Span::raw(text);
    let letters: Vec<&str> = span
        .styled_graphemes(Style::new())
        .map(|letter| letter.symbol)
        .collect();
    let mut end: Vec<&str> = taken(letters.into_iter().rev(), width).collect();
    end.reverse();
    end.concat()
}

fn taken<'a>(letters: impl Iterator<Item = &'a str>, width: usize) -> impl Iterator<Item = &'a str> {
    letters.scan(width, |left, letter| {
        *left = left.checked_sub(Span::raw(letter).width())?;
        Some(letter)
    })
}

/// Returns the name of a file as a person may see it.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| shown(path), shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dashboard::theme::Palette;

    const THEME: Theme = Theme::new(Palette::None, Charset::Unicode);

    #[test]
    fn what_fits_stays_and_what_does_not_is_marked() {
        assert_eq!(fit("abc", 3, THEME), "abc");
        assert_eq!(fit("abcd", 3, THEME), "ab…");
        assert_eq!(fit_middle("holiday_in_rome.png", 11, THEME), "holid…e.png");
        assert_eq!(fit("abcd", 3, Theme::new(Palette::None, Charset::Ascii)), "ab~");
    }

    #[test]
    fn a_wide_letter_is_never_halved() {
        assert_eq!(fit("写真写真", 4, THEME), "写…");
        assert_eq!(fit_middle("写真写真", 6, THEME), "写…真");
    }

    proptest! {
        #[test]
        fn nothing_gets_wider_than_it_may(text in any::<String>(), width in 0_u16..40) {
            for cut in [fit(&text, width, THEME), fit_middle(&text, width, THEME)] {
                prop_assert!(Span::raw(&cut).width() <= usize::from(width), "{cut:?}");
            }
        }
    }
}
