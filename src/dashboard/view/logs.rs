//! The logs: what nodes wrote, newest at the bottom; alone, they are plain text that copies cleanly.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::text::{self, put};
use crate::dashboard::cluster::logs::{Line, LineKind, LogSource};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::process::OutputStream;

/// The most letters of a filter that the heading shows.
const FILTER_SHOWN_MAX: usize = 24;

/// Draws the last lines that are looked at.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let cluster = model.shown();
    let mut inside = super::panel(model, Panel::Logs, title(model), area, buffer);
    if model.logs.is_typing() && inside.height > 1 {
        inside.height -= 1;
        let row = Rect {
            y: inside.bottom(),
            height: 1,
            ..inside
        };
        input(model, row, buffer);
    }
    let lines = model.logs.lines(&cluster.logs, usize::from(inside.height));
    if lines.is_empty() && inside.height > 0 {
        let theme = model.setup.theme;
        let said = match model.logs.filter() {
            "" => "nobody has said anything yet",
            _ => "no line holds this",
        };
        put(
            buffer,
            theme,
            (inside.x, inside.y),
            inside.right(),
            said,
            theme.quiet(),
        );
    }
    for (y, line) in (inside.y..inside.bottom()).zip(lines) {
        draw_line(
            model,
            line,
            Rect {
                y,
                height: 1,
                ..inside
            },
            buffer,
        );
    }
}

/// Says whose lines these are, through which filter, and whether they move.
fn title(model: &Model) -> Vec<Span<'static>> {
    let (theme, view, logs) = (model.setup.theme, &model.logs, &model.shown().logs);
    let mut title = vec![Span::styled("Logs ", theme.strong())];
    title.push(tab(theme, "all", view.source == LogSource::Merged));
    for node in model.shown().nodes.keys() {
        title.push(tab(
            theme,
            &node.to_string(),
            view.source == LogSource::Node(*node),
        ));
    }
    if !view.filter().is_empty() {
        let mut filter: String = view.filter().chars().take(FILTER_SHOWN_MAX).collect();
        if filter.len() < view.filter().len() {
            filter.push_str(theme.pick("…", ">"));
        }
        title.push(Span::styled(format!("  /{filter}"), theme.tone(Tone::Accent)));
    }
    if !view.follows() {
        let newer = view.newer(logs);
        let text = format!("  paused, {newer} newer: G follows");
        title.push(Span::styled(text, theme.tone(Tone::Busy)));
    }
    let dropped = logs.dropped(view.source);
    if dropped > 0 {
        title.push(Span::styled(format!("  {dropped} older gone"), theme.quiet()));
    }
    title
}

fn tab(theme: Theme, name: &str, chosen: bool) -> Span<'static> {
    if chosen {
        Span::styled(format!("[{name}]"), theme.tone(Tone::Accent).bold())
    } else {
        Span::styled(format!(" {name} "), theme.quiet())
    }
}

/// Draws the filter as it is typed, with its cursor; a longer one moves under it.
fn input(model: &Model, row: Rect, buffer: &mut Buffer) {
    let (theme, Some(input)) = (model.setup.theme, model.logs.input()) else {
        return;
    };
    let x = put(
        buffer,
        theme,
        (row.x, row.y),
        row.right(),
        "/",
        theme.tone(Tone::Accent).bold(),
    );
    let room = usize::from(row.right().saturating_sub(x + 1));
    let scroll = input.visual_scroll(room);
    let skipped = |text: &str| {
        let mut used = 0;
        let hidden = text.chars().take_while(|letter| {
            used += text::width(letter.encode_utf8(&mut [0; 4]));
            used <= scroll
        });
        hidden.map(char::len_utf8).sum::<usize>()
    };
    let start = skipped(input.value());
    put(
        buffer,
        theme,
        (x, row.y),
        row.right(),
        &input.value()[start..],
        Style::new(),
    );
    let cursor = x.saturating_add(u16::try_from(input.visual_cursor().saturating_sub(scroll)).unwrap_or(0));
    if cursor < row.right() {
        buffer[(cursor, row.y)].set_style(Style::new().reversed());
    }
}

/// Draws a line in columns; alone, as it was written.
fn draw_line(model: &Model, line: &Line, row: Rect, buffer: &mut Buffer) {
    let (theme, view) = (model.setup.theme, &model.logs);
    let (y, right) = (row.y, row.right());
    if view.is_current(line.id) {
        // Beneath the text, so that its matches are still seen.
        buffer.set_style(row, theme.selection());
    }
    let clock = words::clock(line.wall_ms);
    let mut x = put(buffer, theme, (row.x, y), right, &clock, theme.quiet()) + 1;
    let mut from = 0;
    if !model.zoomed {
        from = line.text.find(": ").map_or(0, |colon| colon + 2);
        let name = format!("{} ", line.node);
        x = put(buffer, theme, (x, y), right, &name, theme.node(line.node).bold());
        let (mark, style) = mark(theme, line.kind);
        x = put(buffer, theme, (x, y), right, mark, style) + 1;
    }
    // What is folded is no match of a filter, which finds each line itself.
    let folds = (line.folds > 0 && view.needle().is_empty()).then(|| format!("{} before it: ", line.folds));
    if let Some(folds) = folds {
        x = put(buffer, theme, (x, y), right, &folds, theme.quiet());
    }
    pieces(model, line, from, (x, y), right, buffer);
}

/// Puts a line's text from a byte on, with every match in it.
fn pieces(model: &Model, line: &Line, from: usize, (mut x, y): (u16, u16), right: u16, buffer: &mut Buffer) {
    let (theme, needle) = (model.setup.theme, model.logs.needle());
    let style = style(theme, line.kind);
    let found = theme.filled(Tone::Accent).underlined();
    let text = &*line.text;
    let mut at = from;
    let mut next = needle.find(text, 0);
    while let Some(place) = next.filter(|_| x < right) {
        next = needle.find(text, place.end);
        let (start, end) = (place.start.max(at), place.end.max(at));
        x = put(buffer, theme, (x, y), right, &text[at..start], style);
        x = put(buffer, theme, (x, y), right, &text[start..end], found);
        at = end;
    }
    if x < right {
        put(buffer, theme, (x, y), right, &text[at..], style);
    } else if at < text.len() && row_has(buffer, right) {
        buffer[(right - 1, y)].set_symbol(theme.pick("…", ">"));
    }
}

fn row_has(buffer: &Buffer, right: u16) -> bool {
    right > buffer.area.left() && right <= buffer.area.right()
}

/// Returns what tells kinds of lines apart without colour.
fn mark(theme: Theme, kind: LineKind) -> (&'static str, Style) {
    match kind {
        LineKind::Event => (" ", Style::new()),
        LineKind::Warning => ("!", theme.tone(Tone::Busy).bold()),
        LineKind::Process => ("#", theme.tone(Tone::Cold)),
        LineKind::Output(OutputStream::Stdout) => (theme.pick("›", "|"), theme.quiet()),
        LineKind::Output(OutputStream::Stderr) => (theme.pick("»", "!"), theme.tone(Tone::Busy)),
    }
}

fn style(theme: Theme, kind: LineKind) -> Style {
    match kind {
        LineKind::Event => Style::new(),
        LineKind::Warning | LineKind::Output(OutputStream::Stderr) => theme.tone(Tone::Busy),
        LineKind::Process => theme.tone(Tone::Cold),
        LineKind::Output(OutputStream::Stdout) => theme.quiet(),
    }
}
