//! The timeline: a row a node, coloured by who it believes leads; now is at the right edge.
//!
//! A cell is a bucket of time on the dashboard's clock, so the tape moves by whole cells. What is
//! shorter than a cell stays visible: a mark wins its cell, then a change of leader, then a moment
//! without one. Who is believed to lead can be read without colour, too:
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

use super::text::{put, width};
use crate::dashboard::cluster::node::NodeState;
use crate::dashboard::cluster::tape::{self, MarkKind};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::id::NodeId;

/// After how many cells the number of the leader is written again.
const LABEL_CELLS: u64 = 10;

/// How many cells the labels of the axis are at least apart.
const TICK_CELLS: u64 = 15;

/// The highest a row grows when the timeline is alone: its marks, three lines of belief, and a gap.
const ROW_HEIGHT_MAX: u16 = 5;

/// A cell of a row: what a node was in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cell {
    was: Was,
    /// Whether it knew no leader for a moment that ended within the cell.
    faltered: bool,
    /// Who came to lead within it, or has led so long that it is written again.
    label: Option<NodeId>,
    mark: Option<MarkKind>,
}

/// What a node was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Was {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It had no process.
    Gone,
    /// It believed that this node leads.
    Led(NodeId),
    /// It led.
    Leading(NodeId),
    /// It stood still.
    Frozen,
    /// It knew no leader.
    Leaderless,
}

impl Cell {
    /// Returns what is shown: a moment without a leader is not lost, unless another one came to lead.
    const fn shown(self) -> Was {
        if self.faltered && self.label.is_none() {
            Was::Leaderless
        } else {
            self.was
        }
    }
}

impl Was {
    fn of(span: &tape::Span) -> Self {
        match (span.state, span.leader) {
            (NodeState::NeverStarted, _) => Self::Unknown,
            (NodeState::Dead | NodeState::GivenUp | NodeState::Restarting | NodeState::OutOfReach, _) => {
                Self::Gone
            }
            (NodeState::Frozen, _) => Self::Frozen,
            (NodeState::Leading, Some(leader)) => Self::Leading(leader),
            (_, Some(leader)) => Self::Led(leader),
            (_, None) => Self::Leaderless,
        }
    }

    const fn leader(self) -> Option<NodeId> {
        match self {
            Self::Led(leader) | Self::Leading(leader) => Some(leader),
            Self::Unknown | Self::Gone | Self::Frozen | Self::Leaderless => None,
        }
    }
}

/// Draws the tape as far back as there is room.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let inside = super::panel(model, Panel::Timeline, title(model, area.width), area, buffer);
    let nodes: Vec<NodeId> = model.shown().nodes.keys().copied().collect();
    let count = u16::try_from(nodes.len()).unwrap_or(u16::MAX).max(1);
    let names = nodes.iter().map(|node| width(&node.to_string())).max();
    let margin = u16::try_from(names.unwrap_or(1)).unwrap_or(1) + 1;
    let below = if model.zoomed { 3 } else { 1 };
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
    if model.zoomed && y + 2 < inside.bottom() {
        let style = Style::new();
        for (piece, x) in pieces(&model.setup.theme, lane.x) {
            put(
                buffer,
                &model.setup.theme,
                (x, y + 2),
                inside.right(),
                &piece.content,
                style.patch(piece.style),
            );
        }
    }
}

/// Says what a cell stands for; on a wide screen also what its shapes mean.
fn title(model: &Model, room: u16) -> Vec<Span<'static>> {
    let theme = &model.setup.theme;
    let cell = model.tape_scale.cell();
    let cell = if cell < Duration::from_secs(1) {
        format!("0.{} s", cell.as_millis() / 100)
    } else {
        format!("{} s", cell.as_secs())
    };
    let mut title = vec![
        Span::styled("Timeline", theme.strong()),
        Span::styled(format!("  a cell is {cell}"), theme.quiet()),
        Span::styled(" (+ -)", theme.quiet()),
    ];
    let taken: usize = title.iter().map(Span::width).sum();
    let legend = legend(theme);
    let needed: usize = legend.iter().map(Span::width).sum();
    if !model.zoomed && taken + needed + 6 <= usize::from(room) {
        title.push(Span::raw("  "));
        title.extend(legend);
    }
    title
}

/// Returns what the shapes mean.
fn legend(theme: &Theme) -> Vec<Span<'static>> {
    let shapes = [
        (theme.pick("█", "="), Style::new(), "leads"),
        (theme.pick("━", "-"), Style::new(), "follows"),
        ("?", theme.tone(Tone::Busy), "no leader"),
        (theme.pick("·", "."), theme.quiet(), "gone"),
        symbol(theme, MarkKind::Elected, "elected"),
        symbol(theme, MarkKind::Death, "died"),
        symbol(theme, MarkKind::Frozen, "frozen"),
        symbol(theme, MarkKind::Upload, "upload"),
        symbol(theme, MarkKind::UploadFailed, "failed upload"),
    ];
    let mut spans = Vec::new();
    for (shape, style, meaning) in shapes {
        spans.push(Span::styled(shape, style));
        spans.push(Span::styled(format!(" {meaning}  "), theme.quiet()));
    }
    spans
}

/// Returns the parts of the legend, each with where it stands.
fn pieces(theme: &Theme, x: u16) -> impl Iterator<Item = (Span<'static>, u16)> {
    legend(theme).into_iter().scan(x, |x, span| {
        let at = *x;
        *x = x.saturating_add(u16::try_from(span.width()).unwrap_or(u16::MAX));
        Some((span, at))
    })
}

const fn glyph(theme: &Theme, kind: MarkKind) -> (&'static str, Tone) {
    match kind {
        MarkKind::Upload => (theme.pick("▴", "^"), Tone::Good),
        MarkKind::UploadFailed => (theme.pick("▿", "!"), Tone::Bad),
        MarkKind::Elected => (theme.pick("★", "*"), Tone::Good),
        MarkKind::Frozen => (theme.pick("‖", "|"), Tone::Cold),
        MarkKind::Death => (theme.pick("✖", "X"), Tone::Bad),
    }
}

fn symbol(theme: &Theme, kind: MarkKind, meaning: &'static str) -> (&'static str, Style, &'static str) {
    let (shape, tone) = glyph(theme, kind);
    (shape, theme.tone(tone).bold(), meaning)
}

/// Draws a node's row; a tall one has its marks above what the node believed.
fn draw_row(model: &Model, node: NodeId, x: u16, lane: Rect, buffer: &mut Buffer) {
    let theme = &model.setup.theme;
    let cells = cells(model, node, lane.width);
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
            let (symbol, style) = drawn(theme, cell.shown());
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

const fn drawn_shape(theme: &Theme, was: Was) -> &'static str {
    match was {
        Was::Unknown => " ",
        Was::Gone => theme.pick("·", "."),
        Was::Led(_) => theme.pick("━", "-"),
        Was::Leading(_) => theme.pick("█", "="),
        Was::Frozen => theme.pick("╌", ":"),
        Was::Leaderless => "?",
    }
}

fn drawn(theme: &Theme, was: Was) -> (&'static str, Style) {
    let style = match was {
        Was::Unknown => Style::new(),
        Was::Gone => theme.tone(Tone::Absent),
        Was::Led(leader) | Was::Leading(leader) => theme.node(leader),
        Was::Frozen => theme.tone(Tone::Cold),
        Was::Leaderless => theme.tone(Tone::Busy),
    };
    (drawn_shape(theme, was), style)
}

/// Writes who was believed to lead into the row; a longer number needs cells that say nothing else.
fn labels(theme: &Theme, cells: &[Cell], row: Rect, marks_above: bool, buffer: &mut Buffer) {
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

/// Returns what a node was in each of the last `count` stretches of time, the last of which is now.
fn cells(model: &Model, node: NodeId, count: u16) -> Vec<Cell> {
    let (tape, cell) = (&model.shown().tape, nanos(model.tape_scale.cell()));
    let last = model.shown_at().as_nanos() / cell;
    let index = |at: crate::time::Time| {
        let ago = last.saturating_sub(at.as_nanos() / cell);
        u64::from(count)
            .checked_sub(ago + 1)
            .and_then(|index| usize::try_from(index).ok())
    };
    let mut cells = vec![Cell::default(); usize::from(count)];
    let mut before = None;
    for span in tape.spans(node) {
        let was = Was::of(span);
        fill(&mut cells, index(span.from), was, before);
        // Who comes back is said to follow, even if it follows whom it followed before.
        before = match was {
            Was::Unknown | Was::Gone => None,
            Was::Led(leader) | Was::Leading(leader) => Some(leader),
            Was::Frozen | Was::Leaderless => before,
        };
    }
    for mark in tape.marks().filter(|mark| mark.node == node) {
        if let Some(cell) = index(mark.at).and_then(|index| cells.get_mut(index)) {
            cell.mark = cell.mark.max(Some(mark.kind));
        }
    }
    repeat_labels(&mut cells, last);
    cells
}

/// Fills a row from a cell on, or from its left edge; `before` is who was believed to lead before.
fn fill(cells: &mut [Cell], from: Option<usize>, was: Was, before: Option<NodeId>) {
    let start = from.unwrap_or(0).min(cells.len());
    let Some((first, rest)) = cells[start..].split_first_mut() else {
        return;
    };
    for cell in rest {
        *cell = Cell {
            was,
            ..Cell::default()
        };
    }
    first.faltered |= from.is_some() && first.was == Was::Leaderless;
    first.was = was;
    if from.is_none() || was.leader() != before {
        first.label = was.leader().or(first.label);
    }
}

/// Writes the leader again at fixed times, so that the labels move with the tape.
fn repeat_labels(cells: &mut [Cell], last: u64) {
    let count = cells.len() as u64;
    let mut labelled = None;
    for (index, cell) in (0_u64..).zip(cells) {
        let bucket = (last + index + 1).checked_sub(count);
        let due = bucket.is_some_and(|bucket| bucket.is_multiple_of(LABEL_CELLS));
        let crowded = labelled.is_some_and(|labelled| index < labelled + LABEL_CELLS / 2);
        if due && !crowded && cell.label.is_none() {
            cell.label = cell.shown().leader();
        }
        if cell.label.is_some() {
            labelled = Some(index);
        }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// Says how long ago the cells above it are.
fn axis(model: &Model, row: Rect, buffer: &mut Buffer) {
    const STEPS_MS: [u64; 12] = [
        2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 1_200_000,
    ];
    let theme = &model.setup.theme;
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
