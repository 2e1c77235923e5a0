//! Windows over the panels: help, quit, why, faults.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::{key_hint, window};
use crate::dashboard::faults::Fault;
use crate::dashboard::keymap::{self, Mode};
use crate::dashboard::model::Model;
use crate::dashboard::why;

/// Draws every key, mode by mode.
pub(super) fn help(model: &Model, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let theme = &model.setup.theme;
    let inside = window(model, "Help", 78, area.height.saturating_sub(2), area, buffer);
    let mut lines = Vec::new();
    for mode in Mode::ALL {
        lines.push(Line::styled(mode.title(), theme.strong()));
        for binding in keymap::bindings(mode) {
            let chords: Vec<String> = binding.chords.iter().map(ToString::to_string).collect();
            let keys = format!("  {:<14}", chords.join(" "));
            lines.push(Line::from(key_hint(theme, &keys, binding.help).to_vec()));
        }
    }
    let furthest = lines.len().saturating_sub(usize::from(inside.height));
    let lines: Vec<_> = lines.into_iter().skip(scroll.min(furthest)).collect();
    Paragraph::new(lines).render(inside, buffer);
}

/// Asks whether to quit.
pub(super) fn quit(model: &Model, area: Rect, buffer: &mut Buffer) {
    let inside = window(model, "Quit?", 50, 6, area, buffer);
    let lines = vec![
        Line::raw("Every node is stopped in order; images stay."),
        Line::raw(""),
        keys(model, Mode::Quitting),
    ];
    Paragraph::new(lines).render(inside, buffer);
}

/// Says why the chosen node is what it is.
pub(super) fn why(model: &Model, area: Rect, buffer: &mut Buffer) {
    let title = format!("Why is node {} what it is?", model.selected);
    let lines: Vec<Line<'static>> = why::because(model).into_iter().map(Line::raw).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let inside = window(model, &title, 76, height, area, buffer);
    Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .render(inside, buffer);
}

/// Draws the menu of faults.
pub(super) fn faults(model: &Model, chosen: usize, area: Rect, buffer: &mut Buffer) {
    let theme = &model.setup.theme;
    let height = u16::try_from(Fault::ALL.len()).unwrap_or(u16::MAX) + 4;
    let title = format!("Faults: node {}", model.selected);
    let inside = window(model, &title, 60, height, area, buffer);
    for (index, (y, fault)) in (inside.y..inside.bottom()).zip(Fault::ALL).enumerate() {
        let place = Rect {
            y,
            height: 1,
            ..inside
        };
        let binding = keymap::bindings(Mode::Main).find(|binding| binding.action == fault.action());
        if let Some(binding) = binding {
            let key = binding
                .chords
                .first()
                .map_or_else(String::new, ToString::to_string);
            Line::from(key_hint(theme, &format!(" {key}"), binding.help).to_vec()).render(place, buffer);
        }
        if index == chosen {
            buffer.set_style(place, theme.selection());
        }
    }
    let bottom = Rect {
        y: inside.bottom().saturating_sub(1),
        height: 1,
        ..inside
    };
    keys(model, Mode::Faults).render(bottom, buffer);
}

fn keys(model: &Model, mode: Mode) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = Vec::new();
    for binding in keymap::bindings(mode).filter(|binding| !binding.label.is_empty()) {
        let key = binding
            .chords
            .first()
            .map_or_else(String::new, ToString::to_string);
        spans.extend(key_hint(&model.setup.theme, &key, binding.label));
        spans.push(Span::raw("  "));
    }
    Line::from(spans)
}
