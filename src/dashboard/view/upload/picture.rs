//! A picture in its pane: half-blocks in colour, letters where there are no colours.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Text;
use ratatui::widgets::{Paragraph, Widget, Wrap};
use ratatui_image::Image;

use crate::dashboard::dialog::picture::{Drawn, PIXELS_PER_CELL, Pane, Pixels};
use crate::dashboard::theme::{Charset, Palette, Theme};

/// Letters from dark to bright, for a picture without colours.
const RAMP: &str = " .:-=+*#%@";

/// Draws what a pane shows in the middle of `area`; `empty` is said when nothing was asked for.
pub(super) fn draw(pane: &Pane, empty: &str, theme: Theme, area: Rect, buffer: &mut Buffer) {
    match pane {
        Pane::Empty => say(empty, theme, area, buffer),
        Pane::Asked { .. } => say(theme.pick("…", "..."), theme, area, buffer),
        Pane::Refused(reason) => say(reason, theme, area, buffer),
        Pane::Ready(picture) => match &picture.drawn {
            Drawn::Pixels(pixels) => draw_pixels(pixels, theme, area, buffer),
            Drawn::Terminal(protocol) => {
                let size = protocol.size();
                let place = middle(area, size.width, size.height);
                Image::new(protocol).render(place, buffer);
            }
        },
    }
}

fn say(words: &str, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let lines = Paragraph::new(Text::raw(words))
        .style(theme.quiet())
        .wrap(Wrap { trim: true })
        .centered();
    let width = area.width.saturating_sub(2).max(1);
    let height = u16::try_from(words.len().div_ceil(usize::from(width)))
        .unwrap_or(u16::MAX)
        .saturating_add(1);
    lines.render(middle(area, width, height), buffer);
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    area.centered(
        Constraint::Length(width.min(area.width)),
        Constraint::Length(height.min(area.height)),
    )
}

fn draw_pixels(pixels: &Pixels, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let rows = pixels.height().div_ceil(PIXELS_PER_CELL);
    let place = middle(area, pixels.width(), rows);
    for y in 0..place.height {
        for x in 0..place.width {
            let upper = pixels.at(x, y * PIXELS_PER_CELL);
            let lower = pixels.at(x, y * PIXELS_PER_CELL + 1);
            if let (Some(upper), Some(cell)) = (upper, buffer.cell_mut((place.x + x, place.y + y))) {
                let (symbol, style) = drawn(upper, lower, theme);
                cell.set_symbol(symbol).set_style(style);
            }
        }
    }
}

/// Returns what stands for two pixels, one above the other.
fn drawn(upper: [u8; 3], lower: Option<[u8; 3]>, theme: Theme) -> (&'static str, Style) {
    let rgb = |[red, green, blue]: [u8; 3]| Color::Rgb(red, green, blue);
    match (theme.palette, theme.charset) {
        (Palette::None, _) | (_, Charset::Ascii) => (letter(upper, lower), Style::new()),
        (Palette::Dark | Palette::Light, Charset::Unicode) => {
            let style = Style::new().fg(rgb(upper));
            ("▀", lower.map_or(style, |lower| style.bg(rgb(lower))))
        }
    }
}

fn letter(upper: [u8; 3], lower: Option<[u8; 3]>) -> &'static str {
    let brightness = usize::midpoint(brightness(upper), brightness(lower.unwrap_or(upper)));
    let step = brightness * (RAMP.len() - 1) / 255;
    &RAMP[step..=step]
}

/// Returns how bright a colour looks, from 0 to 255.
fn brightness([red, green, blue]: [u8; 3]) -> usize {
    (usize::from(red) * 299 + usize::from(green) * 587 + usize::from(blue) * 114) / 1000
}
