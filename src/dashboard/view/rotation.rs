//! The rotation: turns given since the reign began, a bar a node, and whose turn is next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::dashboard::cluster::rotation::Rotation;
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::Tone;
use crate::event::WorkerState;
use crate::id::NodeId;

/// Draws a line a node.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, rotation) = (model.setup.theme, &model.shown().rotation);
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
    let nodes = &model.shown().nodes;
    // Every bar has the room that the longest text leaves, so that bars can be compared.
    let texts = nodes.keys().map(|node| text(model, *node).chars().count());
    let room = usize::from(inside.width).saturating_sub(texts.max().unwrap_or(0) + 5);
    for (y, node) in (inside.y + 1..inside.bottom()).zip(nodes.keys()) {
        let place = Rect {
            y,
            height: 1,
            ..inside
        };
        line(model, *node, room).render(place, buffer);
    }
}

fn line(model: &Model, node: NodeId, room: usize) -> Line<'static> {
    let (theme, cluster) = (model.setup.theme, model.shown());
    let rotation = &cluster.rotation;
    let mark = if is_next(rotation, node) {
        Span::styled(theme.pick("▶ ", "> "), theme.tone(Tone::Accent).bold())
    } else {
        Span::raw("  ")
    };
    let tally = rotation.tally(node);
    let counts = cluster.nodes.keys().map(|node| rotation.tally(*node).assigned);
    let most = counts.max().unwrap_or(0).max(1);
    let cells = u128::from(tally.assigned) * room as u128 / u128::from(most);
    let cells = usize::try_from(cells).unwrap_or(room).min(room);
    let style = if tally.state == Some(WorkerState::Active) {
        theme.node(node)
    } else {
        theme.quiet()
    };
    Line::from(vec![
        mark,
        Span::styled(format!("{node} "), theme.node(node).bold()),
        Span::styled(theme.pick("█", "#").repeat(cells), style),
        Span::styled(theme.pick("·", ".").repeat(room - cells), theme.border(false)),
        Span::raw(format!(" {}", text(model, node))),
    ])
}

fn is_next(rotation: &Rotation, node: NodeId) -> bool {
    rotation.next == Some(node) && rotation.tally(node).state == Some(WorkerState::Active)
}

/// Says how many turns a node was given, and what is special about it.
fn text(model: &Model, node: NodeId) -> String {
    let (rotation, requests) = (&model.shown().rotation, &model.shown().requests);
    let tally = rotation.tally(node);
    let works = tally.in_flight() > 0 && requests.is_at_work(node, model.shown_at());
    let special = match tally.state {
        Some(WorkerState::Active) if is_next(rotation, node) => " next",
        // With a comma: so many turns were given to it, and it works at one or some of them.
        Some(WorkerState::Active) if works => ", at work",
        Some(WorkerState::Active) => "",
        Some(WorkerState::Draining) => " draining",
        Some(WorkerState::CatchingUp) => " catching up",
        Some(WorkerState::Suspect) => " silent",
        Some(WorkerState::Down) | None => " out",
    };
    match tally.failed {
        0 => format!("{}{special}", tally.assigned),
        failed => format!("{}{special}, {failed} failed", tally.assigned),
    }
}
