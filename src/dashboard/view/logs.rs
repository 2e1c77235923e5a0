//! The logs: what nodes wrote, newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dashboard::cluster::logs::{Line as LogLine, LineKind, LogSource};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::process::OutputStream;

/// Draws the last lines that are looked at.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let cluster = model.shown();
    let inside = super::panel(model, Panel::Logs, title(model), area, buffer);
    let lines = model.logs.lines(&cluster.logs, usize::from(inside.height));
    for (y, line) in (inside.y..inside.bottom()).zip(lines) {
        let place = Rect {
            y,
            height: 1,
            ..inside
        };
        drawn(&model.setup.theme, line).render(place, buffer);
    }
}

fn title(model: &Model) -> Vec<Span<'static>> {
    let (theme, view) = (&model.setup.theme, &model.logs);
    let whose = match view.source {
        LogSource::Merged => "Logs".to_owned(),
        LogSource::Node(node) => format!("Logs of node {node}"),
    };
    let mut title = vec![Span::styled(whose, theme.strong())];
    if view.is_typing() {
        title.push(Span::styled(
            format!("  /{}_", view.filter()),
            theme.tone(Tone::Accent),
        ));
    } else if !view.filter().is_empty() {
        title.push(Span::styled(
            format!("  only {:?}", view.filter()),
            theme.tone(Tone::Accent),
        ));
    }
    if !view.follows() {
        title.push(Span::styled("  paused; G follows", theme.tone(Tone::Busy)));
    }
    let dropped = model.shown().logs.dropped(view.source);
    if dropped > 0 {
        title.push(Span::styled(
            format!("  {dropped} older lines gone"),
            theme.quiet(),
        ));
    }
    title
}

fn drawn<'a>(theme: &Theme, line: &'a LogLine) -> Line<'a> {
    let style = match line.kind {
        LineKind::Event => ratatui::style::Style::new(),
        LineKind::Warning | LineKind::Output(OutputStream::Stderr) => theme.tone(Tone::Busy),
        LineKind::Process => theme.tone(Tone::Cold),
        LineKind::Output(OutputStream::Stdout) => theme.quiet(),
    };
    let clock = words::clock(line.wall_ms);
    let (name, rest) = line.text.split_once(": ").unwrap_or(("", &line.text));
    Line::from(vec![
        Span::styled(format!("{clock} "), theme.quiet()),
        Span::styled(name, theme.node(line.node)),
        Span::styled(": ", theme.quiet()),
        Span::styled(rest, style),
    ])
}
