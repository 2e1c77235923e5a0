//! The elections, message by message, the newest on top.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::words;

/// Draws a line a step.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = &model.setup.theme;
    let title = vec![Span::styled("Elections", theme.strong())];
    let inside = super::panel(model, Panel::Elections, title, area, buffer);
    let mut lines = Vec::new();
    for election in model.shown().elections.newest() {
        let began = election.began();
        lines.extend(election.steps.iter().map(|step| words::step(began, step)));
        lines.push(String::new());
    }
    let shown = lines.into_iter().skip(model.elections_scroll);
    for (y, line) in (inside.y..inside.bottom()).zip(shown) {
        Line::raw(line).render(
            Rect {
                y,
                height: 1,
                ..inside
            },
            buffer,
        );
    }
}
