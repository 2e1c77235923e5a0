//! The help: every key by mode, what the shapes mean, and what must be known of keys made from names.
//!
//! Sections stand in as many columns as there is room for; what is too high scrolls as a whole.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::text::{put, wrapped};
use super::window;
use crate::dashboard::cluster::node::NodeState;
use crate::dashboard::keymap::{self, Mode};
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;

/// How wide the names of keys are drawn, their gap included.
const KEY_WIDTH: u16 = 15;

/// How wide a column is, its gap included: a key, and the longest sentence about one.
const COLUMN_WIDTH: u16 = 64;

/// How wide what is said about the program is: what the narrowest screen has room for.
const ABOUT_WIDTH: usize = 55;

/// What is said about the program.
const ABOUT: &str = "The demonstration key of a user is made from the user's name. A name is no secret: whoever \
                     knows it can decrypt the images.";

/// A line of the help: what stands before the gap, in which style, and what stands behind it.
struct Entry {
    key: String,
    style: Style,
    said: String,
}

/// A heading and its lines.
struct Section {
    title: String,
    entries: Vec<Entry>,
}

impl Section {
    fn height(&self) -> usize {
        self.entries.len() + 2
    }
}

/// Draws the help from a line on.
pub(super) fn draw(model: &Model, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let (size, columns) = (window_size(area.as_size()), columns(theme, area.as_size()));
    let title = "Help  Esc closes, Up and Down scroll";
    let inside = window(model, title, size.width, size.height, area, buffer);
    let scroll = scroll.min(furthest(model));
    let mut x = inside.x + 1;
    for column in columns {
        let right = inside.right().min(x.saturating_add(COLUMN_WIDTH - 1));
        let rows = lines(theme, &column).skip(scroll);
        for (y, (key, style, said)) in (inside.y..inside.bottom()).zip(rows) {
            put(buffer, theme, (x, y), right, key, style);
            put(buffer, theme, (x + KEY_WIDTH, y), right, said, Style::new());
        }
        x = x.saturating_add(COLUMN_WIDTH);
    }
}

/// Returns how many lines can be scrolled.
pub(in crate::dashboard) fn furthest(model: &Model) -> usize {
    let columns = columns(model.setup.theme, model.size);
    let shown = usize::from(window_size(model.size).height.saturating_sub(2));
    columns
        .iter()
        .map(|column| height(column))
        .max()
        .unwrap_or(0)
        .saturating_sub(shown)
}

fn window_size(area: Size) -> Size {
    let count = columns_in(area);
    Size::new(
        (count * COLUMN_WIDTH + 3).min(area.width),
        area.height.saturating_sub(2),
    )
}

fn columns_in(area: Size) -> u16 {
    (area.width.saturating_sub(3) / COLUMN_WIDTH).clamp(1, 3)
}

fn height(column: &[Section]) -> usize {
    column
        .iter()
        .map(Section::height)
        .sum::<usize>()
        .saturating_sub(1)
}

fn lines(theme: Theme, column: &[Section]) -> impl Iterator<Item = (&str, Style, &str)> {
    let strong = theme.strong();
    column.iter().flat_map(move |section| {
        let entries = section.entries.iter();
        std::iter::once((section.title.as_str(), strong, ""))
            .chain(entries.map(|entry| (entry.key.as_str(), entry.style, entry.said.as_str())))
            .chain([("", strong, "")])
    })
}

/// Spreads the sections over columns in their order, so that the highest one is as low as can be.
fn columns(theme: Theme, area: Size) -> Vec<Vec<Section>> {
    let count = usize::from(columns_in(area));
    let heights: Vec<usize> = sections(theme).iter().map(Section::height).collect();
    let lowest = heights.iter().copied().max().unwrap_or(0);
    let limit = (lowest..=heights.iter().sum()).find(|limit| needed(&heights, *limit) <= count);
    let limit = limit.unwrap_or(usize::MAX);
    let mut columns: Vec<Vec<Section>> = vec![Vec::new()];
    let mut used = 0;
    for section in sections(theme) {
        if used > 0 && used + section.height() > limit {
            columns.push(Vec::new());
            used = 0;
        }
        used += section.height();
        if let Some(column) = columns.last_mut() {
            column.push(section);
        }
    }
    columns
}

/// Returns how many columns of a height sections need.
fn needed(heights: &[usize], limit: usize) -> usize {
    let mut used = 0;
    let mut count = 1;
    for height in heights {
        if used > 0 && used + height > limit {
            count += 1;
            used = 0;
        }
        used += height;
    }
    count
}

fn sections(theme: Theme) -> Vec<Section> {
    let mut sections: Vec<Section> = Mode::ALL.into_iter().map(|mode| keys_of(theme, mode)).collect();
    sections.push(states(theme));
    sections.push(about());
    sections
}

fn keys_of(theme: Theme, mode: Mode) -> Section {
    let entries = keymap::bindings(mode).map(|binding| {
        let chords: Vec<String> = binding.chords.iter().map(ToString::to_string).collect();
        Entry {
            key: chords.join(" "),
            style: theme.tone(Tone::Accent).bold(),
            said: binding.help.to_owned(),
        }
    });
    Section {
        title: mode.title().to_owned(),
        entries: entries.collect(),
    }
}

fn states(theme: Theme) -> Section {
    let entries = NodeState::ALL.into_iter().map(|state| Entry {
        key: theme.shape(state).to_owned(),
        style: theme.state(state).bold(),
        said: format!("{:<14}{}", state.word(), words::meaning(state)),
    });
    Section {
        title: "What a node is".to_owned(),
        entries: entries.collect(),
    }
}

fn about() -> Section {
    let entries = wrapped(ABOUT, ABOUT_WIDTH);
    let entries = entries.into_iter().map(|line| Entry {
        key: line,
        style: Style::new(),
        said: String::new(),
    });
    Section {
        title: format!("heirloom {}", env!("CARGO_PKG_VERSION")),
        entries: entries.collect(),
    }
}
