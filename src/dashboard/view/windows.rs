//! Windows over the panels: quit, why, faults.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::text::{put, wrapped};
use super::{key_hint, window};
use crate::dashboard::cluster::node::Node;
use crate::dashboard::faults::{self, Fault};
use crate::dashboard::keymap::{self, Mode};
use crate::dashboard::model::{Images, Model};
use crate::dashboard::theme::Tone;
use crate::dashboard::why;

/// How wide a window with sentences is.
const SENTENCES_WIDTH: u16 = 76;

/// How wide the menu of faults is, with room for the reasons.
const FAULTS_WIDTH: u16 = 84;

/// Where what a fault does begins, and where why it cannot be done now.
const FAULT_COLUMNS: (u16, u16) = (6, 42);

/// How wide the names of facts are.
const FACT_WIDTH: usize = 10;

/// Asks whether to quit, and says what happens then.
pub(super) fn quit(model: &Model, area: Rect, buffer: &mut Buffer) {
    let running = model
        .cluster
        .nodes
        .values()
        .filter(|node| node.has_process())
        .count();
    let stops = match running {
        0 => "No node runs.".to_owned(),
        1 => "1 node runs; it is stopped in order.".to_owned(),
        count => format!("{count} nodes run; they are stopped in order, the leader last."),
    };
    let images = match model.setup.images {
        Images::Stay => "Every image stays on disk and is there after the next start.",
        Images::Go => "What was uploaded goes with the demonstration's own folder.",
    };
    let lines = vec![
        Line::raw(stops),
        Line::raw(images),
        Line::raw(""),
        keys(model, Mode::Quitting),
    ];
    let inside = window(model, "Quit?", 66, 6, area, buffer);
    Paragraph::new(lines).render(beside_border(inside), buffer);
}

/// Says why the chosen node is what it is: facts first, then sentences.
pub(super) fn why(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, Some(node)) = (model.setup.theme, model.shown().nodes.get(&model.selected)) else {
        return;
    };
    let room = usize::from(SENTENCES_WIDTH.min(area.width).saturating_sub(4));
    let mut lines: Vec<Line<'static>> = why::facts(model, node)
        .into_iter()
        .map(|(name, fact)| {
            let name = Span::styled(format!("{name:<FACT_WIDTH$}"), theme.quiet());
            Line::from(vec![name, Span::raw(fact)])
        })
        .collect();
    lines.push(Line::raw(""));
    for sentence in why::because(model) {
        lines.extend(wrapped(&sentence, room).into_iter().map(Line::raw));
    }
    lines.push(Line::raw(""));
    lines.push(keys(model, Mode::Reading));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let title = why_title(node);
    let inside = window(model, &title, SENTENCES_WIDTH, height, area, buffer);
    Paragraph::new(lines).render(beside_border(inside), buffer);
    shape_in_title(model, node, inside, buffer);
}

fn why_title(node: &Node) -> String {
    format!("  Node {}: {}, why?", node.id, node.state().word())
}

/// Draws the state's shape into the room that the title left for it.
fn shape_in_title(model: &Model, node: &Node, inside: Rect, buffer: &mut Buffer) {
    let (theme, state) = (model.setup.theme, node.state());
    let place = (inside.x + 1, inside.y.saturating_sub(1));
    put(
        buffer,
        theme,
        place,
        inside.right(),
        theme.shape(state),
        theme.state(state).bold(),
    );
}

/// Draws the menu of faults: keys, what they do, and why some make no sense now.
pub(super) fn faults(model: &Model, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let height = u16::try_from(Fault::ALL.len())
        .unwrap_or(u16::MAX)
        .saturating_add(4);
    let title = format!("Faults  on node {}", model.selected);
    let inside = window(model, &title, FAULTS_WIDTH, height, area, buffer);
    let list = Rect {
        height: inside.height.saturating_sub(1),
        ..inside
    };
    for (index, (y, fault)) in (list.y..list.bottom()).zip(Fault::ALL).enumerate() {
        let row = Rect { y, height: 1, ..list };
        draw_fault(model, fault, row, buffer);
        if index == chosen {
            buffer.set_style(row, theme.selection());
            put(
                buffer,
                theme,
                (row.x, y),
                row.right(),
                theme.pick("▸", ">"),
                theme.tone(Tone::Accent),
            );
        }
    }
    let bottom = Rect {
        y: list.bottom(),
        height: inside.height - list.height,
        ..inside
    };
    keys(model, Mode::Faults).render(beside_border(bottom), buffer);
}

fn draw_fault(model: &Model, fault: Fault, row: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let Some(binding) = keymap::bindings(Mode::Main).find(|binding| binding.action == fault.action()) else {
        return;
    };
    let refused = faults::wishes(fault, &model.cluster, model.selected).err();
    let (key_style, style) = match refused {
        None => (theme.tone(Tone::Accent).bold(), Style::new()),
        Some(_) => (theme.tone(Tone::Absent), theme.tone(Tone::Absent)),
    };
    let key = binding.first_key();
    let (does, because) = FAULT_COLUMNS;
    put(buffer, theme, (row.x + 2, row.y), row.right(), &key, key_style);
    let end = put(
        buffer,
        theme,
        (row.x + does, row.y),
        row.right(),
        binding.help,
        style,
    );
    if let Some(reason) = refused {
        let x = end.max(row.x + because) + 1;
        put(buffer, theme, (x, row.y), row.right(), &reason, style);
    }
}

/// Returns the room inside a window without a cell at each side.
pub(super) fn beside_border(inside: Rect) -> Rect {
    Rect {
        x: inside.x + inside.width.min(1),
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

/// Returns the keys of a mode in as many lines as they need in so many cells.
pub(super) fn keys_in(model: &Model, mode: Mode, room: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::default()];
    for binding in keymap::bindings(mode).filter(|binding| !binding.label.is_empty()) {
        let mut hint = Line::from(key_hint(model.setup.theme, &binding.first_key(), binding.label).to_vec());
        hint.push_span(Span::raw("  "));
        if lines
            .last()
            .is_some_and(|line| line.width() + hint.width() > room + 2)
        {
            lines.push(Line::default());
        }
        if let Some(line) = lines.last_mut() {
            line.extend(hint.spans);
        }
    }
    lines
}

fn keys(model: &Model, mode: Mode) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for binding in keymap::bindings(mode).filter(|binding| !binding.label.is_empty()) {
        let key = binding.first_key();
        spans.extend(key_hint(model.setup.theme, &key, binding.label));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}
