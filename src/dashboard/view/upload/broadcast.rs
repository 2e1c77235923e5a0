//! Watching: what each node answers, who was given the image, and how far it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{fit, fit_middle, name_of};
use super::{last_row, picture, put, row, without_last_row};
use crate::dashboard::dialog::broadcast::{Broadcast, Member, Progress};
use crate::dashboard::dialog::panes::Panes;
use crate::dashboard::dialog::upload::UploadDialog;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words::{age, bytes, span};
use crate::event::line::{nodes, printable};
use crate::id::NodeId;
use crate::upload::Answer;

/// The narrowest pane in which the address of a node stands beside its answer.
const WITH_ADDRESS: u16 = 62;

/// What an answer looks like: a shape, a tone, and words.
type Said = (&'static str, &'static str, Tone, String);

pub(super) fn watch(
    dialog: &UploadDialog,
    broadcast: &Broadcast,
    theme: Theme,
    panes: &Panes,
    buffer: &mut Buffer,
) {
    subject(broadcast, theme, panes.head, buffer);
    members(broadcast, theme, panes.left, buffer);
    picture::draw(dialog.picture(), "", theme, without_last_row(panes.right), buffer);
    let elapsed = age(dialog.now().since(broadcast.started));
    let waited = Line::styled(elapsed, theme.quiet()).centered();
    put(waited, last_row(panes.right), buffer);
    put(
        given_to(broadcast, theme, panes.facts.width),
        row(panes.facts, 0),
        buffer,
    );
    bar(broadcast, theme, row(panes.facts, 1), buffer);
    setbacks(broadcast, theme, panes.facts, 2, buffer);
}

/// Draws what is uploaded, and for whom.
pub(super) fn subject(broadcast: &Broadcast, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let rest = format!(
        "  {}, for {}",
        bytes(broadcast.bytes),
        printable(broadcast.user.as_str())
    );
    let rest_width = u16::try_from(Span::raw(&rest).width()).unwrap_or(u16::MAX);
    let name = fit_middle(
        &name_of(&broadcast.file),
        area.width.saturating_sub(rest_width).max(area.width / 2),
        theme,
    );
    let line = Line::from(vec![
        Span::styled(name, theme.strong()),
        Span::styled(rest, theme.quiet()),
    ]);
    put(line, area, buffer);
}

/// Draws a line for each member, under one that counts them.
pub(super) fn members(broadcast: &Broadcast, theme: Theme, area: Rect, buffer: &mut Buffer) {
    put(
        Span::styled(fit(&offered(broadcast), area.width, theme), theme.quiet()),
        row(area, 0),
        buffer,
    );
    for (nth, (node, member)) in (2..).zip(&broadcast.members) {
        put(
            member_line(*node, member, theme, area.width),
            row(area, nth),
            buffer,
        );
    }
}

fn offered(broadcast: &Broadcast) -> String {
    let nodes = match broadcast.members.len() {
        1 => "1 node".to_owned(),
        several => format!("{several} nodes"),
    };
    match broadcast.attempt {
        0 => "looking at the file".to_owned(),
        1 => format!("offered to {nodes}"),
        attempt => format!("offered to {nodes}, attempt {attempt}"),
    }
}

fn member_line(node: NodeId, member: &Member, theme: Theme, width: u16) -> Line<'static> {
    let (unicode, ascii, tone, words) = said(node, member, width >= WITH_ADDRESS);
    let address = if width >= WITH_ADDRESS {
        format!("{:<22}", member.address)
    } else {
        String::new()
    };
    let number = format!(" {node} ");
    let taken = u16::try_from(2 + number.len() + address.len()).unwrap_or(u16::MAX);
    Line::from(vec![
        Span::styled(format!(" {}", theme.pick(unicode, ascii)), theme.tone(tone)),
        Span::styled(number, theme.node(node).bold()),
        Span::styled(address, theme.quiet()),
        Span::styled(
            fit(&words, width.saturating_sub(taken), theme),
            words_style(tone, theme),
        ),
    ])
}

fn words_style(tone: Tone, theme: Theme) -> Style {
    match tone {
        Tone::Absent => theme.quiet(),
        Tone::Good | Tone::Busy | Tone::Bad | Tone::Cold | Tone::Accent => theme.tone(tone),
    }
}

fn said(node: NodeId, member: &Member, in_full: bool) -> Said {
    let Some((answer, after)) = &member.answer else {
        return ("◌", ".", Tone::Busy, "asked".to_owned());
    };
    let after = if in_full {
        format!(" ({})", span(*after))
    } else {
        String::new()
    };
    match answer {
        Answer::Declined { reason } => {
            // The number of the node stands before it already.
            let prefix = format!("Node {node} is ");
            let short = reason.strip_prefix(&prefix).filter(|_| !in_full);
            let words = format!("declined: {}{after}", printable(short.unwrap_or(reason)));
            ("●", "o", Tone::Absent, words)
        }
        Answer::Assigned(assignment) => {
            let words = format!("leads, chose node {}{after}", assignment.node);
            ("★", "*", Tone::Good, words)
        }
        Answer::Unavailable { missing } if missing.is_empty() => {
            ("◇", "e", Tone::Busy, format!("nobody leads{after}"))
        }
        Answer::Unavailable { missing } => {
            let words = format!("nobody leads without {}{after}", nodes(missing));
            ("◇", "e", Tone::Busy, words)
        }
        Answer::Failed(error) => (
            "✖",
            "X",
            Tone::Bad,
            format!("refused: {}", printable(&error.reason)),
        ),
        Answer::Unreachable(why) => {
            let why = why.to_string();
            ("✖", "X", Tone::Bad, format!("unreachable: {}", printable(&why)))
        }
    }
}

fn given_to(broadcast: &Broadcast, theme: Theme, width: u16) -> Line<'static> {
    let Some((node, ballot)) = broadcast.assigned else {
        return Line::default();
    };
    let arrow = theme.pick("→", "->");
    let words = format!(
        "{arrow} node {node} encrypts it, by order of node {}, epoch {}",
        ballot.id, ballot.epoch
    );
    Line::styled(fit(&words, width, theme), theme.tone(Tone::Accent))
}

fn bar(broadcast: &Broadcast, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let Some(progress) = &broadcast.progress else {
        return;
    };
    let words = format!(" {}", moved(progress));
    let width = u16::try_from(words.len()).unwrap_or(u16::MAX);
    let length = area.width.saturating_sub(width).min(60);
    let filled = (f64::from(length) * progress.ratio()).floor();
    let filled = (0..length).filter(|&cell| f64::from(cell) < filled).count();
    let rest = usize::from(length) - filled;
    let line = Line::from(vec![
        Span::styled(theme.pick("━", "#").repeat(filled), theme.tone(Tone::Good)),
        Span::styled(theme.pick("─", "-").repeat(rest), theme.quiet()),
        Span::raw(words),
    ]);
    put(line, area, buffer);
}

fn moved(progress: &Progress) -> String {
    if progress.is_complete() {
        return format!("{}, waiting for the copies", bytes(progress.total));
    }
    let (done, total) = (bytes(progress.done), bytes(progress.total));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below 2^64"
    )]
    let rate = progress.rate().map(|rate| format!(", {}/s", bytes(rate as u64)));
    format!("{done} of {total}{}", rate.unwrap_or_default())
}

/// Draws what earlier attempts came to, the latest last.
pub(super) fn setbacks(broadcast: &Broadcast, theme: Theme, area: Rect, from: u16, buffer: &mut Buffer) {
    let room = usize::from(area.height.saturating_sub(from));
    let hidden = broadcast.setbacks.len().saturating_sub(room);
    for (nth, (line, times)) in (from..).zip(broadcast.setbacks.iter().skip(hidden)) {
        let again = theme.pick("↻", "r");
        let times = if *times > 1 {
            format!(" ({times} times)")
        } else {
            String::new()
        };
        let words = fit(
            &format!("{again} {line}; offering again{times}"),
            area.width,
            theme,
        );
        put(
            Span::styled(words, theme.tone(Tone::Busy)),
            row(area, nth),
            buffer,
        );
    }
}
