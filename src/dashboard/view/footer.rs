//! The footer: the keys that work now, or what the last one did.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::put;
use super::{key_hint, transport};
use crate::dashboard::cluster::node::{Node, NodeState};
use crate::dashboard::faults::{self, Fault};
use crate::dashboard::keymap::{self, Action, Binding, Mode};
use crate::dashboard::model::{Control, Model};
use crate::dashboard::playback;
use crate::dashboard::theme::Tone;

/// Draws as many keys as there is room for, the most important first, and always help and quit.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let area = draw_key(model, area, buffer);
    if let Some(toast) = &model.toast {
        let text = format!(" {}", toast.text);
        buffer.set_style(area, theme.filled(toast.tone));
        Line::raw(text).render(area, buffer);
        return;
    }
    let (always, rest): (Vec<_>, Vec<_>) = shown(model)
        .into_iter()
        .partition(|binding| matches!(binding.action, Action::Help | Action::Quit));
    let ends = Line::from(hints(model, always, usize::MAX)).alignment(Alignment::Right);
    let room = usize::from(area.width).saturating_sub(ends.width() + 2);
    let mut keys = Line::default();
    if let Some(shown) = &model.transport {
        keys.extend(transport::spans(theme, model.setup.control, shown));
    }
    keys.extend(hints(model, rest, room.saturating_sub(keys.width())));
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    ends.render(inside, buffer);
    keys.render(inside, buffer);
}

/// Draws the key that an audience is told of, with its meaning; returns the room beside it.
fn draw_key(model: &Model, area: Rect, buffer: &mut Buffer) -> Rect {
    let Some(shown) = model.presenter.shown() else {
        return area;
    };
    let theme = model.setup.theme;
    // At least as much is left for what came of it.
    let right = area.x + area.width / 2;
    let key = format!(" {} ", shown.key);
    let x = put(
        buffer,
        theme,
        (area.x, area.y),
        right,
        &key,
        theme.filled(Tone::Accent),
    );
    let meaning = format!(" {} ", shown.meaning);
    let x = put(buffer, theme, (x, area.y), right, &meaning, theme.selection());
    Rect {
        x,
        width: area.right() - x,
        ..area
    }
}

/// Returns the keys of the mode and of those below it that the footer shows.
fn shown(model: &Model) -> Vec<&'static Binding> {
    let mut shown = Vec::new();
    if model.transport.is_some() && playback::has_keys(model.mode()) {
        shown.extend(keymap::bindings(Mode::Replay).filter(|binding| !binding.label.is_empty()));
    }
    let mut asked = Some(model.mode());
    while let Some(mode) = asked {
        shown.extend(keymap::bindings(mode).filter(|binding| !binding.label.is_empty()));
        asked = mode.below();
    }
    shown.retain(|binding: &&Binding| makes_sense(model, binding.action));
    shown
}

/// Says whether an action could do something now.
fn makes_sense(model: &Model, action: Action) -> bool {
    if model.presenter.is_on() && action == Action::Quit {
        return false;
    }
    if model.transport.is_some() {
        return !playback::needs_a_cluster(action);
    }
    let ours = model.setup.control == Control::Supervised;
    let fault = Fault::ALL.into_iter().find(|fault| fault.action() == action);
    match fault {
        Some(fault) => ours && faults::wishes(fault, &model.cluster, model.selected).is_ok(),
        None => ours || action != Action::Faults,
    }
}

fn hints(model: &Model, bindings: Vec<&Binding>, room: usize) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut width = 0;
    for binding in bindings {
        let (key, label) = (binding.first_key(), label(model, binding));
        let needed = key.chars().count() + 1 + label.len() + 2;
        if width + needed > room {
            break;
        }
        width += needed;
        spans.extend(key_hint(model.setup.theme, &key, label));
        spans.push(Span::raw("  "));
    }
    spans
}

/// Returns what a key does now: some do two things.
fn label(model: &Model, binding: &Binding) -> &'static str {
    let chosen = model.cluster.nodes.get(&model.selected).map(Node::state);
    match (&model.transport, binding.action) {
        (Some(transport), Action::Play) => playback::play_label(transport.motion),
        (_, Action::FreezeOrThaw) if chosen == Some(NodeState::Frozen) => "thaw",
        (_, _) => binding.label,
    }
}
