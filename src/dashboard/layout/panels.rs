//! The places of the panels between the banner and the keys, from the top down.

use ratatui::layout::{Constraint, Layout as Split, Rect};

use super::{Contents, NodesForm, Panel};

/// The narrowest screen that shows elections beside the logs, where they are one thing among others.
const WIDE: u16 = 150;

/// The same where elections are all there is.
const WIDE_OF_ELECTIONS: u16 = 100;

/// The least height of a panel whose lines go on and on.
const LINES_MIN: u16 = 5;

/// How high a card is of a node that has nothing but its state, its age and its last heartbeat.
const SMALL_CARD: u16 = 5;

/// Gives each panel its place, from the top down, as long as there is room.
pub(super) fn panels(
    body: Rect,
    nodes: u16,
    form: NodesForm,
    tall: bool,
    contents: Contents,
) -> Vec<(Panel, Rect)> {
    let nodes_height = match (form, contents) {
        (NodesForm::Cards, Contents::Everything | Contents::Story) => 8 + u16::from(tall),
        (NodesForm::Cards, Contents::Elections) => SMALL_CARD,
        (NodesForm::Lines, _) => nodes + 2,
    };
    // A border, a line for each node, and the axis.
    let timeline_height = nodes + 3;
    let mut panels = Vec::new();
    let mut left = body;
    panels.extend(take(&mut left, nodes_height).map(|area| (Panel::Nodes, area)));
    // A border, a heading and a line for each node; on a tall screen uploads take more.
    let middle_height = (nodes + 3).max(if tall { body.height / 5 } else { 0 });
    match contents {
        // What is told is a story of leaders: who led when says more than who was given what.
        Contents::Story if left.height < middle_height + timeline_height => {}
        Contents::Everything | Contents::Story => {
            if let Some(middle) = take(&mut left, middle_height) {
                panels.extend(rotation_and_uploads(middle));
            }
        }
        Contents::Elections if left.height >= timeline_height + LINES_MIN => {}
        Contents::Elections if left.height >= timeline_height => {
            panels.extend(timeline_and_elections(left));
            return panels;
        }
        // Half of the nodes would be no timeline; it has a key of its own.
        Contents::Elections if left.height >= LINES_MIN => {
            panels.push((Panel::Elections, left));
            return panels;
        }
        Contents::Elections => {}
    }
    panels.extend(take(&mut left, timeline_height).map(|area| (Panel::Timeline, area)));
    if left.height >= LINES_MIN {
        panels.extend(elections_and_logs(left, contents));
    } else {
        // What is too low for a panel goes to the ones above it.
        grow(&mut panels, left.height);
    }
    panels
}

/// Takes so many lines from the top of what is left, if it has them.
fn take(left: &mut Rect, height: u16) -> Option<Rect> {
    if height > left.height {
        return None;
    }
    let [taken, rest] = Split::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(*left);
    *left = rest;
    Some(taken)
}

fn rotation_and_uploads(middle: Rect) -> [(Panel, Rect); 2] {
    let rotation_width = (middle.width / 3).clamp(30, 48);
    let [rotation, uploads] =
        Split::horizontal([Constraint::Length(rotation_width), Constraint::Fill(1)]).areas(middle);
    [(Panel::Rotation, rotation), (Panel::Uploads, uploads)]
}

/// On a low screen the two stand side by side.
fn timeline_and_elections(left: Rect) -> [(Panel, Rect); 2] {
    let [timeline, elections] = Split::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(left);
    [(Panel::Timeline, timeline), (Panel::Elections, elections)]
}

fn elections_and_logs(left: Rect, contents: Contents) -> Vec<(Panel, Rect)> {
    let elections_width = match contents {
        Contents::Everything | Contents::Story if left.width >= WIDE => left.width * 2 / 5,
        Contents::Everything | Contents::Story => 0,
        Contents::Elections if left.width >= WIDE_OF_ELECTIONS => left.width / 2,
        Contents::Elections => left.width,
    };
    let [logs, elections] =
        Split::horizontal([Constraint::Fill(1), Constraint::Length(elections_width)]).areas(left);
    let panels = [(Panel::Elections, elections), (Panel::Logs, logs)];
    panels.into_iter().filter(|(_, area)| area.width > 0).collect()
}

/// Gives so many lines more to the panels that end lowest.
fn grow(panels: &mut [(Panel, Rect)], lines: u16) {
    let bottom = panels.iter().map(|(_, area)| area.bottom()).max();
    for (_, area) in panels
        .iter_mut()
        .filter(|(_, area)| Some(area.bottom()) == bottom)
    {
        area.height += lines;
    }
}
