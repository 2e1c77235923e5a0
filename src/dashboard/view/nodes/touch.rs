//! How a node is in touch with its leader: its last heartbeat as a gauge, or for whom it waits.

use ratatui::text::{Line, Span};

use crate::dashboard::cluster::node::{Belief, Node};
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::view::gauge::bar;
use crate::event::line;
use crate::id::NodeId;
use crate::time::Time;

/// Says how a node is in touch with its leader.
pub(super) fn touch(model: &Model, node: &Node, width: u16) -> Line<'static> {
    match &node.belief {
        Belief::NoQuorum { missing } => without_quorum(model.setup.theme, missing, width),
        Belief::Nothing | Belief::Electing | Belief::Follows(_) | Belief::Elected(_) | Belief::Leads(_) => {
            heartbeat(model, node, width)
        }
    }
}

/// Says that a node serves nobody, and for whom it waits.
fn without_quorum(theme: Theme, missing: &[NodeId], width: u16) -> Line<'static> {
    let waits = format!("waits for {}", line::nodes(missing));
    let long = format!("serves nobody: {waits}");
    let fits = long.len() <= usize::from(width);
    Line::styled(if fits { long } else { waits }, theme.tone(Tone::Bad))
}

/// Draws how long ago the last heartbeat was answered, against when the leader would be suspected.
fn heartbeat(model: &Model, node: &Node, width: u16) -> Line<'static> {
    let (theme, now) = (model.setup.theme, model.shown_at());
    let heart = theme.pick("♥ ", "hb ");
    let Some(at) = heard_at(model, node) else {
        return Line::styled(format!("{heart}none yet"), theme.quiet());
    };
    let (ago, limit) = (now.since(at), model.setup.timing.promise());
    let text = format!(" {:.1} s ago", ago.as_secs_f64());
    let room = usize::from(width).saturating_sub(heart.chars().count() + text.len());
    let left = 1.0 - (ago.as_secs_f64() / limit.as_secs_f64()).min(1.0);
    let tone = match left {
        left if left > 0.17 => Tone::Good,
        left if left > 0.0 => Tone::Busy,
        _ => Tone::Bad,
    };
    let (full, empty) = bar(theme, left, room);
    Line::from(vec![
        Span::styled(heart, theme.tone(tone)),
        Span::styled(full, theme.tone(tone)),
        Span::styled(empty, theme.border(false)),
        Span::raw(text),
    ])
}

/// Returns when a worker was last answered; of a leader, when it last answered anybody.
fn heard_at(model: &Model, node: &Node) -> Option<Time> {
    if !matches!(node.belief, Belief::Leads(_)) {
        return node.heartbeat.map(|heartbeat| heartbeat.at);
    }
    let answered = model.shown().nodes.values().filter_map(|other| other.heartbeat);
    let by_it = answered.filter(|heartbeat| heartbeat.leader == node.id);
    by_it.map(|heartbeat| heartbeat.at).max()
}
