//! The link matrix: rows send, columns hear; beside each row what that node believes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text::put;
use super::window;
use super::windows::{beside_border, keys_in};
use crate::dashboard::cluster::node::{Belief, Node};
use crate::dashboard::keymap::Mode;
use crate::dashboard::links::Cursor;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::event::line;
use crate::fault::Way;
use crate::id::NodeId;

/// How wide the names of rows are.
const NAME_WIDTH: u16 = 4;

/// How wide a cell is where there is room, and how narrow it may become.
const CELL_WIDTH: (u16, u16) = (11, 5);

/// How wide what a node believes is.
const BELIEF_WIDTH: u16 = 27;

/// How wide the window is at least: its keys must fit.
const WIDTH_MIN: u16 = 78;

/// Draws the matrix.
pub(super) fn draw(model: &Model, cursor: Cursor, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let nodes = &model.shown().nodes;
    let count = u16::try_from(nodes.len()).unwrap_or(u16::MAX).max(1);
    let room = area.width.saturating_sub(4 + NAME_WIDTH + BELIEF_WIDTH) / count;
    let cell = room.clamp(CELL_WIDTH.1, CELL_WIDTH.0);
    let width = (4 + NAME_WIDTH + cell * count + BELIEF_WIDTH).max(WIDTH_MIN);
    let keys = keys_in(
        model,
        Mode::Links,
        usize::from(width.min(area.width).saturating_sub(4)),
    );
    let height = count + 5 + u16::try_from(keys.len()).unwrap_or_default();
    let inside = window(
        model,
        "Links  rows send, columns hear",
        width,
        height,
        area,
        buffer,
    );
    let inside = beside_border(inside);
    let columns = Columns { inside, cell };
    columns.heading(model, buffer);
    for (row, node) in nodes.values().enumerate() {
        let y = inside.y + 1 + u16::try_from(row).unwrap_or(u16::MAX);
        if y < inside.bottom() {
            columns.row(model, node, cursor, y, buffer);
        }
    }
    let below = std::iter::once(chosen(model, cursor, theme)).chain(keys);
    for (y, line) in (inside.y + count + 2..inside.bottom()).zip(below) {
        line.render(
            Rect {
                y,
                height: 1,
                ..inside
            },
            buffer,
        );
    }
}

/// Where the cells stand.
struct Columns {
    inside: Rect,
    cell: u16,
}

impl Columns {
    fn x(&self, column: usize) -> u16 {
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        self.inside.x + NAME_WIDTH + self.cell.saturating_mul(column)
    }

    fn heading(&self, model: &Model, buffer: &mut Buffer) {
        let (theme, y, end) = (model.setup.theme, self.inside.y, self.inside.right());
        let nodes = &model.shown().nodes;
        for (column, id) in nodes.keys().enumerate() {
            let name = format!("{} {id}", theme.pick("→", "->"));
            let style = theme.node(*id).bold();
            put(buffer, theme, (self.x(column) + 1, y), end, &name, style);
        }
        let x = self.x(nodes.len()) + 1;
        put(buffer, theme, (x, y), end, "believes", theme.quiet());
    }

    fn row(&self, model: &Model, node: &Node, cursor: Cursor, y: u16, buffer: &mut Buffer) {
        let (theme, end) = (model.setup.theme, self.inside.right());
        let cluster = model.shown();
        let name = node.id.to_string();
        put(
            buffer,
            theme,
            (self.inside.x + 1, y),
            end,
            &name,
            theme.node(node.id).bold(),
        );
        for (column, &to) in cluster.nodes.keys().enumerate() {
            let x = self.x(column);
            let (text, style) = if to == node.id {
                of_itself(model, node)
            } else {
                cell(theme, cluster.way(node.id, to), self.cell - 2)
            };
            put(buffer, theme, (x + 1, y), x + self.cell, &text, style);
            if (node.id, to) == (cursor.from, cursor.to) {
                let place = Rect::new(x, y, self.cell - 1, 1).intersection(buffer.area);
                buffer.set_style(place, theme.selection());
                put(
                    buffer,
                    theme,
                    (x, y),
                    x + 1,
                    theme.pick("▸", ">"),
                    theme.tone(Tone::Accent),
                );
            }
        }
        let x = self.x(cluster.nodes.len()) + 1;
        let (belief, style) = believes(theme, node);
        put(buffer, theme, (x, y), end, &belief, style);
    }
}

/// Returns what the cell of a node with itself says: what is wrong with its clock and its disk.
fn of_itself(model: &Model, node: &Node) -> (String, Style) {
    let theme = model.setup.theme;
    if node.clock_stands_for(model.shown_at()).is_some() {
        return ("clock".to_owned(), theme.tone(Tone::Cold));
    }
    if !node.faults.disk_delay.is_zero() {
        return ("disk".to_owned(), theme.tone(Tone::Busy));
    }
    (theme.pick("·", ".").to_owned(), theme.quiet())
}

/// Returns what a cell says of a way: a line where nothing is wrong, else the worst that fits.
fn cell(theme: Theme, way: Way, room: u16) -> (String, Style) {
    if way.is_sound() {
        return (theme.pick("───", "---").to_owned(), theme.tone(Tone::Good));
    }
    if way.cut {
        return (
            theme
                .pick("✕ cut", "x cut")
                .chars()
                .take(usize::from(room.max(5)))
                .collect(),
            theme.tone(Tone::Bad),
        );
    }
    let late = way.delay + way.jitter;
    let late = (!late.is_zero()).then(|| format!("{}ms", way.delay.as_millis()));
    let lost = (way.loss_percent > 0).then(|| format!("{}%", way.loss_percent));
    let both: Vec<String> = late.iter().chain(&lost).cloned().collect();
    let text = both.join(" ");
    let text = if text.chars().count() > usize::from(room) {
        both.into_iter().next().unwrap_or_default()
    } else {
        text
    };
    (text, theme.tone(Tone::Busy))
}

/// Returns what a node says about who leads, in its own words.
fn believes(theme: Theme, node: &Node) -> (String, Style) {
    let state = node.state();
    let said = match &node.belief {
        Belief::Leads(ballot) => format!("I lead, epoch {}", ballot.epoch),
        Belief::Elected(ballot) => format!("elected, epoch {}", ballot.epoch),
        Belief::Follows(ballot) => format!("node {} leads, epoch {}", ballot.id, ballot.epoch),
        Belief::NoQuorum { missing } => format!("no quorum without {}", ids(missing)),
        Belief::Nothing | Belief::Electing => state.word().to_owned(),
    };
    let said = if state.is_alive() {
        said
    } else {
        state.word().to_owned()
    };
    (format!("{} {said}", theme.shape(state)), theme.state(state))
}

fn ids(nodes: &[NodeId]) -> String {
    let ids: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    ids.join(", ")
}

/// Says what is wrong with the chosen way, and with the disk and the clock of its sender.
fn chosen(model: &Model, cursor: Cursor, theme: Theme) -> Line<'static> {
    let way = model.shown().way(cursor.from, cursor.to);
    let of_way = if way.is_sound() {
        "nothing is wrong".to_owned()
    } else {
        way.to_string()
    };
    let of_way = format!("{} to {}: {of_way}", line::nodes(&[cursor.from]), cursor.to);
    let node = model.shown().nodes.get(&cursor.from);
    let disk = node
        .map(|node| node.faults.disk_delay)
        .filter(|delay| !delay.is_zero());
    let disk = disk.map(|delay| format!("; its disk: {} ms slower", delay.as_millis()));
    let stands = node.and_then(|node| node.clock_stands_for(model.shown_at()));
    let clock = stands.map(|left| format!("; its clock: stands still for {:.1} s", left.as_secs_f64()));
    Line::from(vec![
        Span::styled(of_way, theme.strong()),
        Span::raw(disk.unwrap_or_default()),
        Span::raw(clock.unwrap_or_default()),
    ])
}
