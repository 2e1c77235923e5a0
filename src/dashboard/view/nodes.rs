//! The nodes: a card each where there is room, a line each where there is not.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use self::touch::touch;
use super::frame_of;
use super::gauge::figure;
use crate::dashboard::cluster::node::{Belief, Node, Process, Told};
use crate::dashboard::layout::{NodesForm, Panel};
use crate::dashboard::model::{Control, Model};
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::process::{CRASH_WINDOW, CRASHES_MAX};

mod cuts;
mod holdings;
mod lines;
mod touch;

/// The least memory that fills a sparkline, in bytes: a node with nothing to do has a third of it.
const MEMORY_SCALE_MIN: u64 = 24_000_000;

/// The least CPU that fills a sparkline, in thousandths of a core: what idles must look idle.
const CPU_SCALE_MIN: u64 = 100;

/// How high a card with everything in it is, inside its border.
const TALL_CARD: u16 = 7;

/// Draws all nodes in the order of ids.
pub(super) fn draw(model: &Model, form: NodesForm, area: Rect, buffer: &mut Buffer) {
    match form {
        NodesForm::Cards => cards(model, area, buffer),
        NodesForm::Lines => lines::draw(model, area, buffer),
    }
}

fn cards(model: &Model, area: Rect, buffer: &mut Buffer) {
    let nodes = &model.shown().nodes;
    let places = Layout::horizontal(nodes.values().map(|_| Constraint::Fill(1))).split(area);
    for (node, place) in nodes.values().zip(places.iter()) {
        card(model, node, *place, buffer);
    }
}

fn card(model: &Model, node: &Node, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let (state, chosen) = (node.state(), node.id == model.selected);
    let style = theme.state(state);
    let focused = chosen && model.focus == Panel::Nodes && model.window.is_none();
    let mark = if chosen { theme.pick("▸", ">") } else { " " };
    let title = Line::from(vec![
        Span::styled(mark, theme.tone(Tone::Accent)),
        Span::styled(format!("node {} ", node.id), theme.node(node.id).bold()),
    ]);
    let border = if chosen {
        theme.border(true)
    } else {
        theme.border(false)
    };
    let block = frame_of(theme, focused).border_style(border).title(title);
    let room = area.width.saturating_sub(2);
    let cuts = cuts::fitting(theme, model.shown(), node, model.shown_at(), room);
    let block = block.title_bottom(Line::from(cuts).alignment(Alignment::Right));
    let inside = block.inner(area);
    block.render(area, buffer);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    // The state is a bar as wide as the card: it is what is read from afar.
    let headline = Rect { height: 1, ..inside };
    buffer.set_style(headline, theme.bar(state));
    Line::styled(
        format!(" {} {}", theme.shape(state), state.word().to_uppercase()),
        Style::new(),
    )
    .render(headline, buffer);
    Line::styled(format!("{} ", beside_state(model, node)), Style::new())
        .alignment(Alignment::Right)
        .render(headline, buffer);
    let rows = card_rows(model, node, style, inside);
    for (row, line) in rows.into_iter().enumerate() {
        let y = inside.y + 1 + u16::try_from(row).unwrap_or(u16::MAX);
        if y < inside.bottom() {
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
}

/// Returns what stands beside the state: whom it follows, when it comes back.
fn beside_state(model: &Model, node: &Node) -> String {
    match &node.process {
        Process::Restarting { at, .. } => format!("in {:.1} s", at.since(model.shown_at()).as_secs_f64()),
        Process::Running {
            told: Told::Freeze { .. },
            ..
        } if model.setup.control == Control::Supervised => "p thaws it".to_owned(),
        Process::Running { .. } => beside_belief(model, &node.belief),
        Process::Unknown
        | Process::Down { .. }
        | Process::GivenUp { .. }
        | Process::Refusing { .. }
        | Process::OutOfReach { .. } => String::new(),
    }
}

fn beside_belief(model: &Model, belief: &Belief) -> String {
    match belief {
        Belief::Follows(ballot) => format!("{} {}", model.setup.theme.pick("→", "->"), ballot.id),
        Belief::Leads(ballot) | Belief::Elected(ballot) => format!("epoch {}", ballot.epoch),
        Belief::Nothing | Belief::Electing | Belief::NoQuorum { .. } => String::new(),
    }
}

fn card_rows(model: &Model, node: &Node, style: Style, inside: Rect) -> Vec<Line<'static>> {
    let theme = model.setup.theme;
    let now = model.shown_at();
    match &node.process {
        Process::Running { since, .. } if model.is_simulated() => {
            simulated(model, node, now.since(*since), inside.width)
        }
        Process::Running { pid, since, .. } => running(model, node, *pid, now.since(*since), style, inside),
        Process::Unknown if model.is_simulated() => Vec::new(),
        Process::Unknown => vec![
            Line::styled(format!("port {}", node.address.port()), theme.quiet()),
            Line::from(""),
            Line::from(super::key_hint(theme, "s", "starts it").to_vec()),
        ],
        Process::Restarting { ending, crashes, .. } => vec![
            Line::raw(ending.to_string()),
            Line::styled(
                format!("crash {crashes} of {CRASHES_MAX} in {}", words::age(CRASH_WINDOW)),
                theme.tone(Tone::Busy),
            ),
        ],
        Process::Down { ending, since } if model.is_simulated() => {
            gone(theme, node, &ending.to_string(), now.since(*since), inside)
                .into_iter()
                .take(2)
                .collect()
        }
        Process::Down { ending, since } => gone(theme, node, &ending.to_string(), now.since(*since), inside),
        Process::GivenUp {
            ending,
            since,
            crashes,
        } => {
            let mut rows = gone(theme, node, &ending.to_string(), now.since(*since), inside);
            rows.insert(
                1,
                Line::styled(format!("crashed {crashes} times"), theme.tone(Tone::Bad)),
            );
            rows
        }
        Process::Refusing { since } => vec![
            Line::raw("its port refuses connections"),
            Line::styled(format!("for {}", words::age(now.since(*since))), theme.quiet()),
            Line::from(""),
            Line::from(super::key_hint(theme, &format!("heirloom node {}", node.id), "starts it").to_vec()),
        ],
        Process::OutOfReach { reason, since } => vec![
            Line::raw(reason.clone()),
            Line::styled(format!("{} ago", words::age(now.since(*since))), theme.quiet()),
        ],
    }
}

fn running(
    model: &Model,
    node: &Node,
    pid: u32,
    up: Duration,
    style: Style,
    inside: Rect,
) -> Vec<Line<'static>> {
    let (theme, width) = (model.setup.theme, inside.width);
    // Only who owns a process knows what it uses.
    let figures = model.setup.control == Control::Supervised;
    let has_room = inside.height >= if figures { TALL_CARD } else { TALL_CARD - 2 };
    let mut rows = vec![
        Line::from(vec![
            Span::styled("pid ", theme.quiet()),
            Span::raw(pid.to_string()),
            Span::styled("  port ", theme.quiet()),
            Span::raw(node.address.port().to_string()),
        ]),
        if has_room {
            uptime(theme, node, words::age(up))
        } else {
            uptime_and_holdings(theme, node, up, width)
        },
        touch(model, node, width),
    ];
    if figures {
        let (cpu, memory) = (cpu_text(node), memory_text(node));
        rows.push(figure(theme, style, "cpu", &node.cpu, width, CPU_SCALE_MIN, &cpu));
        rows.push(figure(
            theme,
            theme.quiet(),
            "mem",
            &node.memory,
            width,
            MEMORY_SCALE_MIN,
            &memory,
        ));
    }
    if has_room {
        rows.push(holdings::line(theme, node.holdings, usize::from(width)));
    }
    rows
}

/// A simulated node has no process to tell of, and keeps nothing.
fn simulated(model: &Model, node: &Node, up: Duration, width: u16) -> Vec<Line<'static>> {
    vec![
        uptime(model.setup.theme, node, words::age(up)),
        touch(model, node, width),
    ]
}

fn uptime(theme: Theme, node: &Node, age: String) -> Line<'static> {
    Line::from(vec![
        Span::styled("up ", theme.quiet()),
        Span::raw(age),
        Span::styled(restarts(node), theme.tone(Tone::Busy)),
    ])
}

/// Puts what a node keeps or lacks at the end of its uptime, where a card has no line to spare.
///
/// For what it lacks its uptime becomes coarse, and its restarts can be asked for by `w`.
fn uptime_and_holdings(theme: Theme, node: &Node, up: Duration, width: u16) -> Line<'static> {
    let fine = uptime(theme, node, words::age(up));
    let coarse = uptime(theme, node, words::coarse_age(up));
    let lacking = holdings::lacking(theme, node.holdings);
    let mut forms = vec![fine.clone(), coarse.clone()];
    if lacking.is_some() {
        forms.push(Line::from(coarse.spans[..2].to_vec()));
    }
    let Some(piece) = lacking.or_else(|| holdings::kept(theme, node.holdings)) else {
        return fine;
    };
    let mut fitting = forms.into_iter().filter_map(|line| beside(line, &piece, width));
    fitting.next().unwrap_or(fine)
}

/// Puts a piece at the right end of a line, if there is room for it.
fn beside(mut line: Line<'static>, piece: &Span<'static>, width: u16) -> Option<Line<'static>> {
    let gap = usize::from(width).checked_sub(line.width() + piece.width())?;
    if gap < 2 {
        return None;
    }
    line.spans.extend([Span::raw(" ".repeat(gap)), piece.clone()]);
    Some(line)
}

fn gone(theme: Theme, node: &Node, ending: &str, ago: Duration, inside: Rect) -> Vec<Line<'static>> {
    let lacks = if node.holdings.missing > 0 {
        holdings::line(theme, node.holdings, usize::from(inside.width))
    } else {
        Line::from("")
    };
    vec![
        Line::raw(ending.to_owned()),
        Line::styled(format!("{} ago", words::age(ago)), theme.quiet()),
        lacks,
        Line::from(super::key_hint(theme, "s", "starts it again").to_vec()),
    ]
}

fn restarts(node: &Node) -> String {
    match node.restarts {
        0 => String::new(),
        1 => "  1 restart".to_owned(),
        count => format!("  {count} restarts"),
    }
}

fn cpu_text(node: &Node) -> String {
    node.cpu.last().map_or_else(
        || "-".to_owned(),
        |permille| format!("{}.{} %", permille / 10, permille % 10),
    )
}

fn memory_text(node: &Node) -> String {
    node.memory.last().map_or_else(|| "-".to_owned(), words::bytes)
}
