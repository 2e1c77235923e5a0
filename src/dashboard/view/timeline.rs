//! The timeline: a row a node, coloured by who it believes leads; now is on the right.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dashboard::cluster::tape::{Mark, MarkKind};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::id::NodeId;
use crate::time::Time;

/// How much time a cell stands for.
const CELL: Duration = Duration::from_secs(1);

/// Draws the tape as far back as there is room.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.setup.theme;
    let title = vec![Span::styled("Timeline", theme.strong())];
    let inside = super::panel(model, Panel::Timeline, title, area, buffer);
    let row = Rect {
        x: inside.x + 2,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    for (y, node) in (inside.y..inside.bottom()).zip(model.shown().nodes.keys()) {
        Line::styled(node.to_string(), theme.node(*node).bold()).render(
            Rect {
                y,
                height: 1,
                ..inside
            },
            buffer,
        );
        draw_row(model, *node, Rect { y, height: 1, ..row }, buffer);
    }
}

fn draw_row(model: &Model, node: NodeId, area: Rect, buffer: &mut Buffer) {
    let (theme, tape, now) = (&model.setup.theme, &model.shown().tape, model.shown_at());
    let left = now - CELL * u32::from(area.width);
    for span in tape.spans(node) {
        let from = column(span.from, left, area);
        let style = span
            .leader
            .map_or(theme.state(span.state), |leader| theme.node(leader));
        let shape = match span.leader {
            Some(_) => theme.pick("━", "-"),
            None => theme.shape(span.state),
        };
        for x in from..area.right() {
            buffer[(x, area.y)].set_symbol(shape).set_style(style);
        }
    }
    for mark in tape.marks().filter(|mark| mark.node == node && mark.at >= left) {
        let x = column(mark.at, left, area);
        let (symbol, tone) = symbol(theme, mark);
        if x < area.right() {
            buffer[(x, area.y)]
                .set_symbol(symbol)
                .set_style(theme.tone(tone).bold());
        }
    }
}

fn column(at: Time, left: Time, area: Rect) -> u16 {
    let cells = at.since(left).as_nanos() / CELL.as_nanos();
    area.x
        + u16::try_from(cells)
            .unwrap_or(u16::MAX)
            .min(area.width.saturating_sub(1))
}

fn symbol(theme: &Theme, mark: &Mark) -> (&'static str, Tone) {
    match mark.kind {
        MarkKind::Upload => (theme.pick("▴", "^"), Tone::Good),
        MarkKind::UploadFailed => (theme.pick("▿", "!"), Tone::Bad),
        MarkKind::Elected => (theme.pick("★", "*"), Tone::Good),
        MarkKind::Frozen => (theme.pick("‖", "="), Tone::Cold),
        MarkKind::Death => (theme.pick("✖", "X"), Tone::Bad),
    }
}
