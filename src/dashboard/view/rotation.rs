//! The rotation: turns given since the reign began, a bar a node, and whose turn is next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dashboard::cluster::node::Node;
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::Tone;
use crate::event::WorkerState;

/// Draws a line a node.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, rotation) = (&model.setup.theme, &model.shown().rotation);
    let mut title = vec![Span::styled("Rotation", theme.strong())];
    if let Some(ballot) = rotation.ballot {
        let epoch = format!("  in epoch {}", ballot.epoch);
        title.push(Span::styled(epoch, theme.quiet()));
    }
    let inside = super::panel(model, Panel::Rotation, title, area, buffer);
    if inside.height == 0 {
        return;
    }
    let turns = rotation.assigned();
    let heading = match turns {
        0 => "    no turn given yet".to_owned(),
        1 => "    1 turn given".to_owned(),
        _ => format!("    {turns} turns given, spread {}", rotation.spread()),
    };
    let heading = Line::styled(heading, theme.quiet());
    heading.render(Rect { height: 1, ..inside }, buffer);
    let nodes = model.shown().nodes.values();
    for (y, node) in (inside.y + 1..inside.bottom()).zip(nodes) {
        let place = Rect {
            y,
            height: 1,
            ..inside
        };
        line(model, node, inside.width).render(place, buffer);
    }
}

fn line(model: &Model, node: &Node, width: u16) -> Line<'static> {
    let (theme, rotation) = (&model.setup.theme, &model.shown().rotation);
    let tally = rotation.tally(node.id);
    let takes_turns = tally.state == Some(WorkerState::Active);
    let next = rotation.next == Some(node.id) && takes_turns;
    let mark = match (next, theme.pick("▶", ">")) {
        (true, mark) => Span::styled(format!("{mark} "), theme.tone(Tone::Accent).bold()),
        (false, _) => Span::raw("  "),
    };
    let text = match (tally.state, tally.in_flight(), tally.failed) {
        (Some(WorkerState::Active), 0, 0) => tally.assigned.to_string(),
        (Some(WorkerState::Active), running, 0) if running > 0 => {
            format!("{} ({running} running)", tally.assigned)
        }
        (Some(WorkerState::Active), _, failed) => format!("{} ({failed} failed)", tally.assigned),
        (Some(WorkerState::Draining), ..) => format!("{} draining", tally.assigned),
        (Some(WorkerState::CatchingUp), ..) => format!("{} catching up", tally.assigned),
        (Some(WorkerState::Suspect), ..) => format!("{} silent", tally.assigned),
        (Some(WorkerState::Down) | None, ..) => format!("{} out", tally.assigned),
    };
    let next_text = if next { " next" } else { "" };
    let room = usize::from(width).saturating_sub(5 + text.len() + next_text.len());
    let most = model
        .shown()
        .nodes
        .keys()
        .map(|node| rotation.tally(*node).assigned)
        .max()
        .unwrap_or(0)
        .max(1);
    let cells = usize::try_from(tally.assigned * room as u64 / most)
        .unwrap_or(room)
        .min(room);
    let style = if takes_turns {
        theme.node(node.id)
    } else {
        theme.quiet()
    };
    Line::from(vec![
        mark,
        Span::styled(format!("{} ", node.id), theme.node(node.id).bold()),
        Span::styled(theme.pick("█", "#").repeat(cells), style),
        Span::styled(theme.pick("·", ".").repeat(room - cells), theme.border(false)),
        Span::raw(format!(" {text}")),
        Span::styled(next_text, theme.tone(Tone::Accent)),
    ])
}
