//! The timeline: a row a node, coloured by who it believes leads; now is at the right edge.
//!
//! A cell is a bucket of time on the dashboard's clock, so the tape moves by whole cells. What is
//! shorter than a cell stays visible: a mark wins its cell, then a change of leader, then a moment
//! without one. Uploads are no mark, for they may be in every cell: they change the shape of what the
//! node was. Who is believed to lead can be read without colour, too:
//!
//! ```text
//! 1 3━━━━━━━━━2━━━━━━━━━2━━━
//! 2 3━━━━━━━━━★█████████2███
//! 3 ★█████████✖·············
//!   └-20 s              now┘
//! ```

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use self::cells::{Cell, Was, cells, nanos};
use super::text::{put, width};
use crate::dashboard::cluster::tape::MarkKind;
use crate::dashboard::layout::Contents;
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::id::NodeId;

mod cells;

/// How many cells the labels of the axis are at least apart.
const TICK_CELLS: u64 = 15;

/// The highest a row grows when the timeline is alone: its marks, three lines of belief, and a gap.
const ROW_HEIGHT_MAX: u16 = 5;

/// Draws the tape as far back as there is room.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let inside = super::panel(model, Panel::Timeline, title(model, area.width), area, buffer);
    let nodes: Vec<NodeId> = model.shown().nodes.keys().copied().collect();
    let count = u16::try_from(nodes.len()).unwrap_or(u16::MAX).max(1);
    let names = nodes.iter().map(|node| width(&node.to_string())).max();
    let margin = u16::try_from(names.unwrap_or(1)).unwrap_or(1) + 1;
    // The axis; alone, also a gap and the legend.
    let below = if model.zoomed { 4 } else { 1 };
    let room = inside.height.saturating_sub(below).max(1);
    let height = (room / count).clamp(1, ROW_HEIGHT_MAX);
    let lane = Rect {
        x: inside.x + margin.min(inside.width),
        width: inside.width.saturating_sub(margin),
        height,
        ..inside
    };
    let mut y = inside.y;
    for node in nodes {
        if y + height > inside.bottom() {
            return;
        }
        draw_row(model, node, inside.x, Rect { y, ..lane }, buffer);
        y += height;
    }
    if y < inside.bottom() {
        axis(model, Rect { y, height: 1, ..lane }, buffer);
    }
    if model.zoomed {
        let place = Rect {
            y: y + 2,
            height: inside.bottom().saturating_sub(y + 2),
            ..lane
        };
        draw_legend(model, place, buffer);
    }
}

/// Draws the legend, in as many lines as it takes.
fn draw_legend(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let (mut x, mut y) = (area.x, area.y);
    for pair in legend(model).chunks(2) {
        let needed: usize = pair.iter().map(Span::width).sum();
        if usize::from(area.right().saturating_sub(x)) < needed {
            (x, y) = (area.x, y + 1);
        }
        if y >= area.bottom() {
            return;
        }
        for span in pair {
            x = put(buffer, theme, (x, y), area.right(), &span.content, span.style);
        }
    }
}

/// Says what a cell stands for; on a wide screen also what its shapes mean.
fn title(model: &Model, room: u16) -> Vec<Span<'static>> {
    let theme = model.setup.theme;
    let cell = model.tape_scale.cell();
    let cell = if cell < Duration::from_secs(1) {
        format!("0.{} s", cell.as_millis() / 100)
    } else {
        format!("{} s", cell.as_secs())
    };
    // Where something is played, + and - are about its speed.
    let keys = if model.transport.is_some() {
        " (> <)"
    } else {
        " (+ -)"
    };
    let mut title = vec![
        Span::styled("Timeline", theme.strong()),
        Span::styled(format!("  a cell is {cell}"), theme.quiet()),
        Span::styled(keys, theme.quiet()),
    ];
    let taken: usize = title.iter().map(Span::width).sum();
    let legend = legend(model);
    let needed: usize = legend.iter().map(Span::width).sum();
    if !model.zoomed && taken + needed + 6 <= usize::from(room) {
        title.push(Span::raw("  "));
        title.extend(legend);
    }
    title
}

/// Returns what the shapes mean.
fn legend(model: &Model) -> Vec<Span<'static>> {
    let theme = model.setup.theme;
    let shapes = [
        (theme.pick("█", "="), Style::new(), "leads"),
        (theme.pick("━", "-"), Style::new(), "follows"),
        ("?", theme.tone(Tone::Busy), "no leader"),
        (theme.pick("·", "."), theme.quiet(), "gone"),
        symbol(theme, MarkKind::Elected, "elected"),
        symbol(theme, MarkKind::Death, "died"),
        symbol(theme, MarkKind::Frozen, "frozen"),
        symbol(theme, MarkKind::Upload, "with uploads"),
        symbol(theme, MarkKind::UploadFailed, "failed upload"),
    ];
    // The last two are of uploads.
    let count = match model.contents() {
        Contents::Everything | Contents::Story => shapes.len(),
        Contents::Elections => shapes.len() - 2,
    };
    let mut spans = Vec::new();
    for (shape, style, meaning) in shapes.into_iter().take(count) {
        spans.push(Span::styled(shape, style));
        spans.push(Span::styled(format!(" {meaning}  "), theme.quiet()));
    }
    spans
}

const fn glyph(theme: Theme, kind: MarkKind) -> (&'static str, Tone) {
    match kind {
        // In the shape of what the node was: one that leads, and one that follows.
        MarkKind::Upload => (theme.pick("▆┻", "#+"), Tone::Good),
        MarkKind::UploadFailed => (theme.pick("▿", "!"), Tone::Bad),
        MarkKind::Elected => (theme.pick("★", "*"), Tone::Good),
        MarkKind::Frozen => (theme.pick("‖", "|"), Tone::Cold),
        MarkKind::Death => (theme.pick("✖", "X"), Tone::Bad),
    }
}

fn symbol(theme: Theme, kind: MarkKind, meaning: &'static str) -> (&'static str, Style, &'static str) {
    let (shape, tone) = glyph(theme, kind);
    (shape, theme.tone(tone).bold(), meaning)
}

/// Draws a node's row; a tall one has its marks above what the node believed.
fn draw_row(model: &Model, node: NodeId, x: u16, lane: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let cells = cells(
        &model.shown().tape,
        node,
        model.shown_at(),
        model.tape_scale,
        lane.width,
    );
    let marks_above = u16::from(lane.height > 1);
    let gap = u16::from(lane.height > 2);
    let band = lane.y + marks_above..lane.bottom() - gap;
    let middle = band.start + (band.end - 1 - band.start) / 2;
    put(
        buffer,
        theme,
        (x, middle),
        lane.x,
        &node.to_string(),
        theme.node(node).bold(),
    );
    for (x, cell) in (lane.x..lane.right()).zip(&cells) {
        for y in band.clone() {
            let (symbol, style) = drawn(theme, cell);
            buffer[(x, y)].set_symbol(symbol).set_style(style);
        }
        if let Some(kind) = cell.mark {
            let (symbol, tone) = glyph(theme, kind);
            let style = theme.tone(tone).bold();
            buffer[(x, lane.y)].set_symbol(symbol).set_style(style);
        }
    }
    labels(
        theme,
        &cells,
        Rect {
            y: middle,
            height: 1,
            ..lane
        },
        marks_above > 0,
        buffer,
    );
}

const fn drawn_shape(theme: Theme, was: Was, uploads: bool) -> &'static str {
    match was {
        Was::Unknown => " ",
        Was::Gone => theme.pick("·", "."),
        Was::Led(_) if uploads => theme.pick("┻", "+"),
        Was::Led(_) => theme.pick("━", "-"),
        Was::Leading(_) if uploads => theme.pick("▆", "#"),
        Was::Leading(_) => theme.pick("█", "="),
        Was::Frozen => theme.pick("╌", ":"),
        Was::Leaderless => "?",
    }
}

fn drawn(theme: Theme, cell: &Cell) -> (&'static str, Style) {
    let was = cell.shown();
    let style = match was {
        Was::Unknown => Style::new(),
        Was::Gone => theme.tone(Tone::Absent),
        Was::Led(leader) | Was::Leading(leader) => theme.node(leader),
        Was::Frozen => theme.tone(Tone::Cold),
        Was::Leaderless => theme.tone(Tone::Busy),
    };
    (drawn_shape(theme, was, cell.uploads), style)
}

/// Writes who was believed to lead into the row; a longer number needs cells that say nothing else.
fn labels(theme: Theme, cells: &[Cell], row: Rect, marks_above: bool, buffer: &mut Buffer) {
    for (index, cell) in cells.iter().enumerate() {
        let Some(leader) = cell.label else { continue };
        let text = leader.to_string();
        let free =
            |cell: &Cell| cell.shown().leader() == Some(leader) && (marks_above || cell.mark.is_none());
        let taken = cells.get(index..index + text.len());
        if taken.is_some_and(|taken| taken.iter().all(free)) {
            let style = match cell.was {
                Was::Leading(_) => theme.node(leader).reversed().bold(),
                _ => theme.node(leader).bold(),
            };
            let x = row.x + u16::try_from(index).unwrap_or(u16::MAX);
            put(buffer, theme, (x, row.y), row.right(), &text, style);
        }
    }
}

/// Says how long ago the cells above it are.
fn axis(model: &Model, row: Rect, buffer: &mut Buffer) {
    const STEPS_MS: [u64; 12] = [
        2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 1_200_000,
    ];
    let theme = model.setup.theme;
    let cell = nanos(model.tape_scale.cell()) / 1_000_000;
    let step = STEPS_MS
        .into_iter()
        .find(|step| step / cell >= TICK_CELLS)
        .unwrap_or(1_200_000);
    let now = format!("now{}", theme.pick("┘", "'"));
    let last = row.right().saturating_sub(1);
    let start = row.right().saturating_sub(4).max(row.x);
    put(buffer, theme, (start, row.y), row.right(), &now, theme.quiet());
    for tick in 1_u64.. {
        let Ok(ago) = u16::try_from(tick * step / cell) else {
            break;
        };
        let Some(x) = last.checked_sub(ago).filter(|x| *x >= row.x) else {
            break;
        };
        let seconds = tick * step / 1000;
        let text = if seconds < 120 {
            format!("{}-{seconds} s", theme.pick("└", "`"))
        } else {
            format!("{}-{} min", theme.pick("└", "`"), words_minutes(seconds))
        };
        put(buffer, theme, (x, row.y), row.right(), &text, theme.quiet());
    }
}

fn words_minutes(seconds: u64) -> String {
    match seconds % 60 {
        0 => (seconds / 60).to_string(),
        rest => format!("{}:{rest:02}", seconds / 60),
    }
}
