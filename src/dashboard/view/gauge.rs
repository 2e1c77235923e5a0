//! Bars and sparklines.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::dashboard::cluster::samples::Samples;
use crate::dashboard::theme::{Charset, Theme};

/// Returns a bar of `room` cells, `part` of it full.
pub(super) fn bar(theme: Theme, part: f64, room: usize) -> (String, String) {
    let cells = (part * room as f64).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a few hundred"
    )]
    let full = (cells as usize).min(room);
    let (on, off) = (theme.pick("━", "="), theme.pick("─", "-"));
    (on.repeat(full), off.repeat(room - full))
}

/// Draws a figure over time, and what it is now.
pub(super) fn figure(
    theme: Theme,
    style: Style,
    name: &str,
    samples: &Samples,
    width: u16,
    scale_min: u64,
    text: &str,
) -> Line<'static> {
    let room = usize::from(width).saturating_sub(name.len() + 2 + text.chars().count());
    let scale = samples.peak(room).max(scale_min);
    let line: String = samples
        .newest(room)
        .map(|sample| level(theme, sample, scale))
        .collect();
    let padding = room.saturating_sub(line.chars().count());
    Line::from(vec![
        Span::styled(format!("{name} "), theme.quiet()),
        Span::raw(" ".repeat(padding)),
        Span::styled(line, style),
        Span::raw(format!(" {text}")),
    ])
}

fn level(theme: Theme, sample: u64, scale: u64) -> char {
    const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 8] = ['_', '_', '.', '.', ':', ':', '|', '|'];
    let levels = match theme.charset {
        Charset::Unicode => UNICODE,
        Charset::Ascii => ASCII,
    };
    let step = u128::from(sample) * 7 / u128::from(scale.max(1));
    levels[usize::try_from(step).unwrap_or(7).min(7)]
}
