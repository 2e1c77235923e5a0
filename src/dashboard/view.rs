//! Draws the model: one panel a file, each a pure function of the model and its place.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Widget, Wrap};

use super::layout::{Panel, SIZE_MIN};
use super::model::{Model, Window};
use super::theme::{Charset, Theme, Tone};

mod banner;
mod elections;
mod footer;
mod gauge;
mod help;
mod links;
mod logs;
mod nodes;
mod rotation;
mod stage;
mod text;
mod timeline;
mod transport;
mod upload;
mod uploads;
mod windows;

pub(super) use elections::lines as election_lines;
pub(super) use help::furthest as help_furthest;

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let Some(layout) = model.layout().filter(|_| area.as_size() == model.size) else {
        return too_small(model, area, buffer);
    };
    banner::draw(model, layout.banner_form, layout.banner, buffer);
    for (panel, area) in &layout.panels {
        match panel {
            Panel::Nodes => nodes::draw(model, layout.nodes_form, *area, buffer),
            Panel::Rotation => rotation::draw(model, *area, buffer),
            Panel::Uploads => uploads::draw(model, *area, buffer),
            Panel::Timeline => timeline::draw(model, *area, buffer),
            Panel::Elections => elections::draw(model, *area, buffer),
            Panel::Logs => logs::draw(model, *area, buffer),
        }
    }
    footer::draw(model, layout.footer, buffer);
    if let (Some(stage), Some(place)) = (&model.stage, model.places().1) {
        stage::draw(stage, model.setup.theme, model.shown_at(), place, buffer);
    }
    upload::draw(&model.upload, model.setup.theme, area, buffer);
    match &model.window {
        None => {}
        Some(Window::Help { scroll }) => help::draw(model, *scroll, area, buffer),
        Some(Window::Links(cursor)) => links::draw(model, *cursor, area, buffer),
        Some(Window::Quit) => windows::quit(model, area, buffer),
        Some(Window::Why) => windows::why(model, area, buffer),
        Some(Window::Faults { chosen }) => windows::faults(model, *chosen, area, buffer),
    }
}

/// Says what is needed and what still goes on, in whatever room there is.
fn too_small(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (needed, theme) = (SIZE_MIN, model.setup.theme);
    let leader = match model.cluster.leader() {
        Some(leader) => format!("node {leader} leads; all goes on"),
        None => "no leader now; all goes on".to_owned(),
    };
    let mut lines = vec![
        Line::styled(
            format!("needs {} x {}", needed.width, needed.height),
            theme.strong(),
        ),
        Line::styled(format!("is {} x {}", area.width, area.height), theme.quiet()),
        Line::from(leader),
    ];
    if let Some(stage) = &model.stage {
        lines.push(Line::styled(stage.caption.as_str(), theme.strong()));
        let next = if stage.waits { "Space or Enter: next" } else { "" };
        lines.push(Line::raw(next));
    }
    let text = Paragraph::new(lines)
        .alignment(Alignment::Center)
        .wrap(Wrap { trim: true });
    text.render(area, buffer);
}

/// Draws the frame of a panel and returns the room inside; a panel that is alone has only a heading.
fn panel(model: &Model, panel: Panel, title: Vec<Span<'_>>, area: Rect, buffer: &mut Buffer) -> Rect {
    let theme = model.setup.theme;
    let focused = model.focus == panel && model.window.is_none();
    if model.zoomed {
        let [heading, inside] = ratatui::layout::Layout::vertical([
            ratatui::layout::Constraint::Length(1),
            ratatui::layout::Constraint::Fill(1),
        ])
        .areas(area);
        Line::from(title).style(theme.strong()).render(heading, buffer);
        return inside;
    }
    let block = frame_of(theme, focused).title(padded(title, theme.border(focused)));
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}

/// Returns the border of a panel.
fn frame_of(theme: Theme, focused: bool) -> Block<'static> {
    let block = Block::bordered().border_style(theme.border(focused));
    match theme.charset {
        Charset::Ascii => block.border_set(ASCII_BORDER),
        Charset::Unicode if focused => block.border_type(BorderType::Thick),
        Charset::Unicode => block.border_type(BorderType::Rounded),
    }
}

/// A border of ASCII only.
const ASCII_BORDER: ratatui::symbols::border::Set<'_> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Keeps a title off the border.
fn padded(title: Vec<Span<'_>>, border: ratatui::style::Style) -> Line<'_> {
    let mut spans = vec![Span::styled(" ", border)];
    spans.extend(title);
    spans.push(Span::styled(" ", border));
    Line::from(spans)
}

/// Draws an empty window in the middle and returns the room inside.
fn window(model: &Model, title: &str, width: u16, height: u16, area: Rect, buffer: &mut Buffer) -> Rect {
    let theme = model.setup.theme;
    let (width, height) = (width.min(area.width), height.min(area.height));
    let place = Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    );
    Clear.render(place, buffer);
    let title = vec![Span::styled(title.to_owned(), theme.strong())];
    let block = frame_of(theme, true).title(padded(title, theme.border(true)));
    let inside = block.inner(place);
    block.render(place, buffer);
    inside
}

/// Returns a key as the footer and the windows show it: the key, then what it does.
fn key_hint(theme: Theme, key: &str, label: &str) -> [Span<'static>; 3] {
    [
        Span::styled(key.to_owned(), theme.tone(Tone::Accent).bold()),
        Span::raw(" "),
        Span::styled(label.to_owned(), theme.quiet()),
    ]
}

#[cfg(test)]
mod tests;
