//! The end: picture and encrypted bytes side by side, or why there are none.

use std::fmt::Write;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use super::broadcast::{members, setbacks, subject};
use super::text::{fit, fit_middle};
use super::{last_row, picture, put, row, without_last_row};
use crate::dashboard::dialog::broadcast::{Broadcast, Member};
use crate::dashboard::dialog::listing::shown;
use crate::dashboard::dialog::panes::Panes;
use crate::dashboard::dialog::upload::UploadDialog;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words::{bytes, span};
use crate::event::line::{nodes, printable};
use crate::id::NodeId;
use crate::upload::{Answer, Receipt};

pub(super) fn done(
    dialog: &UploadDialog,
    (broadcast, receipt, took): (&Broadcast, &Receipt, Duration),
    theme: Theme,
    panes: &Panes,
    buffer: &mut Buffer,
) {
    subject(broadcast, theme, panes.head, buffer);
    let (left, right) = (panes.left, panes.right);
    picture::draw(dialog.picture(), "", theme, without_last_row(left), buffer);
    picture::draw(dialog.ciphertext(), "", theme, without_last_row(right), buffer);
    put(
        caption("what you sent", theme, left.width),
        last_row(left),
        buffer,
    );
    put(
        caption("what the nodes keep", theme, right.width),
        last_row(right),
        buffer,
    );
    let width = panes.facts.width;
    let stored = format!(
        "{} stored on {} of {} nodes in {}",
        theme.pick("✓", "ok:"),
        receipt.copies,
        receipt.members,
        span(took)
    );
    put(
        Span::styled(fit(&stored, width, theme), theme.tone(Tone::Good).bold()),
        row(panes.facts, 1),
        buffer,
    );
    let by = format!(
        "{} encrypted by node {}, led by node {}{}",
        bytes(receipt.bytes),
        receipt.server,
        receipt.leader,
        said(broadcast)
    );
    put(fit(&by, width, theme), row(panes.facts, 2), buffer);
    put(saved(receipt, theme, width), row(panes.facts, 3), buffer);
    let key = format!(
        "{} is the key: whoever knows the name can decrypt it",
        printable(broadcast.user.as_str())
    );
    put(
        Span::styled(fit(&key, width, theme), theme.quiet()),
        row(panes.facts, 4),
        buffer,
    );
}

fn caption(words: &str, theme: Theme, width: u16) -> Line<'static> {
    Line::styled(fit(words, width, theme), theme.quiet()).centered()
}

fn saved(receipt: &Receipt, theme: Theme, width: u16) -> Line<'static> {
    let (label, what) = match &receipt.saved {
        Some(path) => ("saved to ", shown(path)),
        None => ("kept as ", receipt.image.to_string()),
    };
    let room = width.saturating_sub(u16::try_from(label.len()).unwrap_or(u16::MAX));
    Line::from(vec![
        Span::raw(label),
        Span::styled(fit_middle(&what, room, theme), theme.strong()),
    ])
}

/// Says who declined the last offer, and how often the image was offered before it.
fn said(broadcast: &Broadcast) -> String {
    let declined = |(node, member): (&NodeId, &Member)| {
        let (answer, _) = member.answer.as_ref()?;
        matches!(answer, Answer::Declined { .. }).then_some(*node)
    };
    let declined: Vec<NodeId> = broadcast.members.iter().filter_map(declined).collect();
    let mut said = String::new();
    if !declined.is_empty() {
        said = format!("; {} declined", nodes(&declined));
    }
    if broadcast.attempt > 1 {
        let _ = write!(said, "; offered {} times", broadcast.attempt);
    }
    said
}

pub(super) fn failed(
    dialog: &UploadDialog,
    (broadcast, reason): (&Broadcast, &str),
    theme: Theme,
    panes: &Panes,
    buffer: &mut Buffer,
) {
    subject(broadcast, theme, panes.head, buffer);
    members(broadcast, theme, panes.left, buffer);
    // What came before the end stands below what was said last.
    let below = u16::try_from(broadcast.members.len() + 3).unwrap_or(u16::MAX);
    setbacks(broadcast, theme, panes.left, below, buffer);
    picture::draw(dialog.picture(), "", theme, without_last_row(panes.right), buffer);
    let mark = theme.pick("✖", "X");
    Paragraph::new(format!("{mark} {reason}"))
        .style(theme.tone(Tone::Bad))
        .wrap(Wrap { trim: true })
        .render(panes.facts, buffer);
}
