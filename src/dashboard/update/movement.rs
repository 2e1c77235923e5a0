//! Moving about: among nodes, among panels, and within what a panel shows.

use crossterm::event::{KeyCode, KeyEvent};

use crate::dashboard::cluster::logs::LogSource;
use crate::dashboard::layout::Panel;
use crate::dashboard::log_view::Stepped;
use crate::dashboard::model::Model;
use crate::dashboard::theme::Tone;
use crate::dashboard::view;
use crate::id::NodeId;

pub(super) fn select(model: &mut Model, key: KeyEvent) {
    let KeyCode::Char(digit) = key.code else { return };
    let node = digit
        .to_digit(10)
        .and_then(|digit| NodeId::new(u16::try_from(digit).ok()?));
    match node.filter(|node| model.cluster.nodes.contains_key(node)) {
        Some(node) => choose(model, node),
        None => model.say(Tone::Busy, format!("there is no node {digit}")),
    }
}

/// Chooses a node; logs of one node follow the choice.
pub(super) fn choose(model: &mut Model, node: NodeId) {
    model.selected = node;
    if matches!(model.logs.source, LogSource::Node(_)) {
        model.logs.look_at(LogSource::Node(node));
    }
}

#[derive(Clone, Copy)]
pub(super) enum Neighbour {
    Before,
    After,
}

/// Returns the neighbour of `current` in a ring.
pub(super) fn beside<T: Copy + PartialEq>(ring: &[T], current: T, neighbour: Neighbour) -> T {
    let Some(at) = ring.iter().position(|item| *item == current) else {
        return ring.first().copied().unwrap_or(current);
    };
    let step = match neighbour {
        Neighbour::Before => ring.len() - 1,
        Neighbour::After => 1,
    };
    ring[(at + step) % ring.len()]
}

pub(super) fn neighbour(model: &mut Model, neighbour: Neighbour) {
    let ring: Vec<NodeId> = model.cluster.nodes.keys().copied().collect();
    let node = beside(&ring, model.selected, neighbour);
    choose(model, node);
}

/// Changes to a panel that is shown; from one that is alone, to any.
pub(super) fn change_panel(model: &mut Model, neighbour: Neighbour) {
    let shown = model.layout().map(|layout| layout.panels).unwrap_or_default();
    let mut ring: Vec<Panel> = shown.into_iter().map(|(panel, _)| panel).collect();
    ring.sort_unstable();
    if model.zoomed || ring.is_empty() {
        ring = model.contents().panels();
    }
    model.focus = beside(&ring, model.focus, neighbour);
}

/// Looks at a panel: where it stands, or alone if it has no place or is looked at already.
pub(super) fn look_at(model: &mut Model, panel: Panel) {
    if model.focus == panel {
        model.zoomed = !model.zoomed;
        return;
    }
    model.zoomed = false;
    model.focus = panel;
    let shown = model.layout().is_some_and(|layout| layout.area(panel).is_some());
    model.zoomed = !shown;
}

pub(super) fn next_source(model: &mut Model) {
    let nodes = model.cluster.nodes.keys().copied().map(LogSource::Node);
    let ring: Vec<LogSource> = std::iter::once(LogSource::Merged).chain(nodes).collect();
    let source = beside(&ring, model.logs.source, Neighbour::After);
    model.logs.look_at(source);
    if let LogSource::Node(node) = source {
        model.selected = node;
    }
}

pub(super) fn clear_filter(model: &mut Model) {
    let page = model.page();
    let (lines, view) = model.shown_logs();
    view.clear(lines, page);
}

pub(super) fn step_to_match(model: &mut Model, neighbour: Neighbour) {
    let page = model.page();
    let (lines, view) = model.shown_logs();
    let stepped = match neighbour {
        Neighbour::Before => view.older_match(lines, page),
        Neighbour::After => view.newer_match(lines, page),
    };
    match (stepped, neighbour) {
        (Stepped::To, _) => {}
        (Stepped::Nowhere, Neighbour::Before) => model.say(Tone::Busy, "there is no older match"),
        (Stepped::Nowhere, Neighbour::After) => model.say(Tone::Busy, "no newer match; following"),
        (Stepped::Unfiltered, _) => model.say(Tone::Busy, "type / and what to look for first"),
    }
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Back(usize),
    Forward(usize),
    First,
    Last,
}

/// Moves in the panel that keys are meant for; where nothing scrolls, it moves among nodes.
pub(super) fn scroll(model: &mut Model, step: Step) {
    let page = model.page();
    match model.focus {
        Panel::Logs => {
            let (lines, view) = model.shown_logs();
            match step {
                Step::Back(count) => view.back(lines, count, page),
                Step::Forward(count) => view.forward(lines, count),
                Step::First => view.first(lines, page),
                Step::Last => view.follow(),
            }
        }
        Panel::Uploads => {
            let furthest = model.shown().requests.len().saturating_sub(1);
            model.uploads_scroll = moved(model.uploads_scroll, step, furthest);
        }
        Panel::Elections => {
            let furthest = view::election_lines(model.shown()).saturating_sub(1);
            model.elections_scroll = moved(model.elections_scroll, step, furthest);
        }
        Panel::Nodes | Panel::Rotation | Panel::Timeline => match step {
            Step::Back(_) | Step::First => neighbour(model, Neighbour::Before),
            Step::Forward(_) | Step::Last => neighbour(model, Neighbour::After),
        },
    }
}

/// Lists stand with their newest line on top: up is newer, and 0 the newest.
pub(super) fn moved(scroll: usize, step: Step, furthest: usize) -> usize {
    match step {
        Step::Back(lines) => scroll.saturating_sub(lines),
        Step::Forward(lines) => (scroll + lines).min(furthest),
        Step::First => 0,
        Step::Last => furthest,
    }
}
