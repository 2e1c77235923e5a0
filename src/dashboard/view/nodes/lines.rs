//! A line a node, where there is no room for cards.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{beside_state, cpu_text, cuts, holdings, memory_text};
use crate::dashboard::cluster::node::{Node, Process};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::Tone;
use crate::dashboard::words;

/// Draws every node as far as its line is wide.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.setup.theme;
    let title = vec![Span::styled("Nodes", theme.strong())];
    let inside = super::super::panel(model, Panel::Nodes, title, area, buffer);
    for (row, node) in model.shown().nodes.values().enumerate() {
        let y = inside.y + u16::try_from(row).unwrap_or(u16::MAX);
        if y >= inside.bottom() {
            return;
        }
        let place = Rect {
            y,
            height: 1,
            ..inside
        };
        if node.id == model.selected {
            buffer.set_style(place, theme.selection());
        }
        line(model, node).render(place, buffer);
    }
}

fn line(model: &Model, node: &Node) -> Line<'static> {
    let (theme, state) = (model.setup.theme, node.state());
    let mark = if node.id == model.selected {
        theme.pick("▸", ">")
    } else {
        " "
    };
    let mut spans = vec![
        Span::styled(mark, theme.tone(Tone::Accent)),
        Span::styled(format!("{} ", node.id), theme.node(node.id).bold()),
        Span::styled(
            format!("{} {}", theme.shape(state), state.word()),
            theme.state(state).bold(),
        ),
        Span::raw(" ".repeat(14_usize.saturating_sub(state.word().len()))),
    ];
    if let Process::Running { pid, since, .. } = &node.process {
        let age = words::age(model.shown_at().since(*since));
        spans.push(Span::raw(format!("{:<7}", beside_state(model, node))));
        spans.extend(cuts::spans(theme, model.shown(), node, model.shown_at()));
        let lacking = holdings::lacking(theme, node.holdings);
        spans.extend(
            lacking
                .into_iter()
                .flat_map(|lacking| [Span::raw(" "), lacking, Span::raw(" ")]),
        );
        if model.is_simulated() {
            spans.push(Span::styled(format!(" up {age:<11}"), theme.quiet()));
            return Line::from(spans);
        }
        spans.push(Span::styled(format!(" pid {pid:<7} up {age:<11}"), theme.quiet()));
        spans.push(Span::raw(format!(
            " {:>7} {:>8}",
            cpu_text(node),
            memory_text(node)
        )));
        let kept = holdings::kept(theme, node.holdings);
        spans.extend(kept.into_iter().flat_map(|kept| [Span::raw("  "), kept]));
    } else if let Process::Down { ending, .. } | Process::GivenUp { ending, .. } = &node.process {
        spans.push(Span::raw(ending.to_string()));
    } else if let Process::Restarting { .. } = node.process {
        spans.push(Span::raw(beside_state(model, node)));
    }
    Line::from(spans)
}
