//! The elections, message by message, the newest on top; each reads down like a sequence diagram.
//!
//! ```text
//!               1           2           3
//! node 3 killed: node 2 leads in epoch 2 after 4.0 ms, 2 messages, 5 s ago
//!       +0 ms   │           │           ✖  3 killed with -9
//!     +1.0 ms   │           ◆           ┊  2 asks who is there (round 2)
//!     +2.0 ms   ◀──election─●           ┊
//! ```
//!
//! Where there is no room for a lane a node, a step is a line of words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::text::{put, width};
use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::elections::{Election, Happening, Step};
use crate::dashboard::cluster::node::NodeState;
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::Fact;
use crate::event::process::ProcessSignal;
use crate::id::NodeId;

/// How wide the column of times is: `+999.99 s`.
const TIME_WIDTH: u16 = 9;

/// The narrowest column of words beside the lanes.
const WORDS_WIDTH_MIN: u16 = 38;

/// The narrowest and the widest distance of two lanes: an arrow, and the longest message on one.
const LANE_WIDTH: (u16, u16) = (4, 14);

/// A line of the panel.
enum Line<'a> {
    Heading(&'a Election),
    Step(&'a Election, usize),
    Dropped(u64),
    Blank,
}

/// Returns how many lines there are to scroll through.
pub(in crate::dashboard) fn lines(cluster: &Cluster) -> usize {
    cluster
        .elections
        .newest()
        .map(|election| of(election).count())
        .sum()
}

fn of(election: &Election) -> impl Iterator<Item = Line<'_>> {
    let steps = (0..election.steps.len()).map(|index| Line::Step(election, index));
    let dropped = (election.dropped > 0).then_some(Line::Dropped(election.dropped));
    std::iter::once(Line::Heading(election))
        .chain(dropped)
        .chain(steps)
        .chain([Line::Blank])
}

/// Draws as many lines as there is room for.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, cluster) = (model.setup.theme, model.shown());
    let title = vec![Span::styled("Elections", theme.strong())];
    let mut inside = super::panel(model, Panel::Elections, title, area, buffer);
    if cluster.elections.newest().next().is_none() {
        if inside.height > 0 {
            let said = if model.is_simulated() {
                "no election yet"
            } else {
                "no election yet; ! kills the leader"
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
        return;
    }
    let lanes = Lanes::of(cluster, inside);
    if let Some(lanes) = lanes.as_ref().filter(|_| inside.height > 3) {
        for (node, x) in lanes.all() {
            let style = theme.node(node).bold();
            put(
                buffer,
                theme,
                (x, inside.y),
                inside.right(),
                &node.to_string(),
                style,
            );
        }
        inside.y += 1;
        inside.height -= 1;
    }
    let hidden = hidden_steps(model, usize::from(inside.height));
    let told = cluster.elections.newest().flat_map(of).enumerate();
    let shown = told
        .filter(|(line, _)| *line == 0 || *line > hidden)
        .map(|(_, line)| line)
        .skip(model.elections_scroll);
    for (y, line) in (inside.y..inside.bottom()).zip(shown) {
        let row = Rect {
            y,
            height: 1,
            ..inside
        };
        match line {
            Line::Heading(election) => heading(model, election, row, buffer),
            Line::Dropped(count) => {
                let text = format!("({count} steps in between are forgotten)");
                put(buffer, theme, (row.x, y), row.right(), &text, theme.quiet());
            }
            Line::Step(election, index) => step(theme, lanes.as_ref(), election, index, row, buffer),
            Line::Blank => {}
        }
    }
}

/// Returns how many steps of the newest election are passed over below its heading.
///
/// In slow motion its last step is what a person looks at, as long as it goes on and nobody scrolls.
fn hidden_steps(model: &Model, height: usize) -> usize {
    let follows = model.is_simulated() && model.elections_scroll == 0;
    let newest = model.shown().elections.newest().next();
    match newest.filter(|newest| follows && !newest.is_settled()) {
        // The blank line at its end needs no room.
        Some(newest) => (of(newest).count() - 1).saturating_sub(height),
        None => 0,
    }
}

fn heading(model: &Model, election: &Election, row: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let text = words::election(model.shown_at(), election);
    let style = match (election.outcome, election.is_settled()) {
        (Some(_), _) | (None, true) => theme.strong(),
        (None, false) => theme.tone(Tone::Bad).bold(),
    };
    put(buffer, theme, (row.x, row.y), row.right(), &text, style);
}

fn step(
    theme: Theme,
    lanes: Option<&Lanes>,
    election: &Election,
    index: usize,
    row: Rect,
    buffer: &mut Buffer,
) {
    let step = &election.steps[index];
    let time = words::step_time(election.began(), step);
    let x = row.x + TIME_WIDTH.saturating_sub(u16::try_from(width(&time)).unwrap_or(TIME_WIDTH));
    put(buffer, theme, (x, row.y), row.right(), &time, theme.quiet());
    match lanes {
        Some(lanes) => {
            lanes.lifelines(theme, &election.steps[..=index], row.y, buffer);
            in_lanes(theme, lanes, step, row, buffer);
        }
        None => in_words(theme, step, row, buffer),
    }
}

/// Draws a message as an arrow between two lanes, and a fact as a shape on one, with its words beside.
fn in_lanes(theme: Theme, lanes: &Lanes, step: &Step, row: Rect, buffer: &mut Buffer) {
    let said = match &step.what {
        Happening::Message { from, .. } => {
            let arrow = (lanes.at(*from), lanes.at(step.node));
            if let (Some(from_x), Some(to_x)) = arrow
                && arrow_with_label(
                    theme,
                    *from,
                    (from_x, to_x),
                    row.y,
                    &words::step_words(step),
                    buffer,
                )
            {
                return;
            }
            *from
        }
        Happening::Fact(_) | Happening::Signal(_) | Happening::Exit => {
            if let Some(x) = lanes.at(step.node) {
                let (shape, style) = shape(theme, step);
                put(buffer, theme, (x, row.y), row.right(), shape, style);
            }
            step.node
        }
    };
    let who = format!("{said} ");
    let x = put(
        buffer,
        theme,
        (lanes.words, row.y),
        row.right(),
        &who,
        theme.node(said).bold(),
    );
    put(
        buffer,
        theme,
        (x, row.y),
        row.right(),
        &words::step_words(step),
        emphasis(theme, step),
    );
}

/// Draws `●─claim─▶`; says whether the label found room on it.
fn arrow_with_label(
    theme: Theme,
    sender: NodeId,
    (from, to): (u16, u16),
    y: u16,
    label: &str,
    buffer: &mut Buffer,
) -> bool {
    let style = theme.node(sender);
    let (left, right) = (from.min(to), from.max(to));
    for x in left..=right {
        buffer[(x, y)].set_symbol(theme.pick("─", "-")).set_style(style);
    }
    let head = if from < to {
        theme.pick("▶", ">")
    } else {
        theme.pick("◀", "<")
    };
    buffer[(from, y)].set_symbol(theme.pick("●", "o"));
    buffer[(to, y)].set_symbol(head);
    let needed = u16::try_from(width(label)).unwrap_or(u16::MAX);
    let fits = needed < (right - left).saturating_sub(1);
    if fits {
        let x = left + (right - left - needed) / 2 + 1;
        put(buffer, theme, (x, y), right, label, style.bold());
    }
    fits
}

/// Draws a step without lanes: from whom to whom, and what.
fn in_words(theme: Theme, step: &Step, row: Rect, buffer: &mut Buffer) {
    let (right, y) = (row.right(), row.y);
    let start = row.x + TIME_WIDTH + 2;
    let mut x = start;
    if let Happening::Message { from, .. } = step.what {
        x = put(
            buffer,
            theme,
            (x, y),
            right,
            &from.to_string(),
            theme.node(from).bold(),
        );
        x = put(
            buffer,
            theme,
            (x, y),
            right,
            theme.pick(" ──▶ ", " --> "),
            theme.node(from),
        );
    }
    x = put(
        buffer,
        theme,
        (x, y),
        right,
        &step.node.to_string(),
        theme.node(step.node).bold(),
    );
    let (shape, style) = shape(theme, step);
    x = x.max(start + 7) + 1;
    x = put(buffer, theme, (x, y), right, shape, style) + 1;
    put(
        buffer,
        theme,
        (x, y),
        right,
        &words::step_words(step),
        emphasis(theme, step),
    );
}

/// Returns the shape of what happened, that of the state it brings where there is one.
fn shape(theme: Theme, step: &Step) -> (&'static str, Style) {
    let state = match &step.what {
        Happening::Exit | Happening::Signal(ProcessSignal::Kill) => NodeState::Dead,
        Happening::Signal(ProcessSignal::Freeze) => NodeState::Frozen,
        Happening::Signal(ProcessSignal::Terminate) => NodeState::Stopping,
        Happening::Signal(ProcessSignal::Thaw) => NodeState::Following,
        Happening::Message { .. } => return (" ", Style::new()),
        Happening::Fact(fact) => match fact {
            Fact::ServingStarted { .. } => NodeState::Leading,
            Fact::Following { .. } => NodeState::Following,
            Fact::QuorumMissing { .. } => NodeState::CutOff,
            _ => return (theme.pick("◆", "+"), theme.node(step.node)),
        },
    };
    (theme.shape(state), theme.state(state).bold())
}

fn emphasis(theme: Theme, step: &Step) -> Style {
    match &step.what {
        Happening::Fact(Fact::ServingStarted { .. }) => theme.tone(Tone::Good).bold(),
        Happening::Exit
        | Happening::Signal(_)
        | Happening::Fact(Fact::LeaderSuspected { .. } | Fact::QuorumMissing { .. }) => theme.tone(Tone::Bad),
        Happening::Message { .. } | Happening::Fact(_) => Style::new(),
    }
}

/// Where the nodes' lanes stand.
struct Lanes {
    nodes: Vec<NodeId>,
    first: u16,
    distance: u16,
    /// Where the words beside them begin.
    words: u16,
}

impl Lanes {
    /// Gives each node a lane; `None` when there is no room for that.
    fn of(cluster: &Cluster, area: Rect) -> Option<Self> {
        let nodes: Vec<NodeId> = cluster.nodes.keys().copied().collect();
        let gaps = u16::try_from(nodes.len()).ok()?.checked_sub(1)?;
        let room = area.width.checked_sub(TIME_WIDTH + 3 + 2 + WORDS_WIDTH_MIN)?;
        let (least, most) = LANE_WIDTH;
        let distance = room.checked_div(gaps).unwrap_or(most).min(most);
        let first = area.x + TIME_WIDTH + 3;
        (distance >= least).then_some(Self {
            nodes,
            first,
            distance,
            words: first + gaps * distance + 3,
        })
    }

    fn all(&self) -> impl Iterator<Item = (NodeId, u16)> {
        let columns = (0..).map(|index| self.first + index * self.distance);
        self.nodes.iter().copied().zip(columns)
    }

    fn at(&self, node: NodeId) -> Option<u16> {
        self.all().find(|(lane, _)| *lane == node).map(|(_, x)| x)
    }

    /// Draws every node's line, broken where its process is gone.
    fn lifelines(&self, theme: Theme, steps: &[Step], y: u16, buffer: &mut Buffer) {
        for (node, x) in self.all() {
            let of_node = steps.iter().rev().find(|step| step.node == node);
            let gone = of_node.is_some_and(|step| step.what == Happening::Exit);
            let symbol = if gone {
                theme.pick("┊", ":")
            } else {
                theme.pick("│", "|")
            };
            buffer[(x, y)].set_symbol(symbol).set_style(theme.quiet());
        }
    }
}
