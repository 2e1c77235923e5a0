//! The upload dialog on the screen: files or broadcast on the left, pictures, and what is to be known below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::ASCII_BORDER;
use crate::dashboard::dialog::panes::Panes;
use crate::dashboard::dialog::upload::{Step, UploadDialog};
use crate::dashboard::theme::{Charset, Theme, Tone};

mod broadcast;
mod choose;
mod outcome;
mod picture;
mod text;

/// Draws the dialog over whatever is there, if it is shown; the last line of the screen is left.
pub(super) fn draw(dialog: &UploadDialog, theme: Theme, screen: Rect, buffer: &mut Buffer) {
    if !dialog.is_shown() {
        return;
    }
    let panes = Panes::of(screen);
    Clear.render(panes.outer, buffer);
    border(dialog.step(), theme).render(panes.outer, buffer);
    match dialog.step() {
        Step::Choose => choose::draw(dialog, theme, &panes, buffer),
        Step::Watch(broadcast) => broadcast::watch(dialog, broadcast, theme, &panes, buffer),
        Step::Done {
            broadcast,
            receipt,
            took,
        } => outcome::done(dialog, (broadcast, receipt, *took), theme, &panes, buffer),
        Step::Failed { broadcast, reason } => {
            outcome::failed(dialog, (broadcast, reason), theme, &panes, buffer);
        }
    }
}

fn border(step: &Step, theme: Theme) -> Block<'static> {
    let (title, tone) = match step {
        Step::Choose => (" Upload an image ", Tone::Accent),
        Step::Watch(_) => (" Uploading ", Tone::Busy),
        Step::Done { .. } => (" Uploaded ", Tone::Good),
        Step::Failed { .. } => (" Not uploaded ", Tone::Bad),
    };
    let block = Block::bordered()
        .border_style(theme.tone(tone))
        .title(Span::styled(title, theme.strong()));
    match theme.charset {
        Charset::Unicode => block.border_type(BorderType::Rounded),
        Charset::Ascii => block.border_set(ASCII_BORDER),
    }
}

/// Returns the `nth` line of an area, empty if there is none.
fn row(area: Rect, nth: u16) -> Rect {
    let below = Rect {
        y: area.y.saturating_add(nth),
        height: 1,
        ..area
    };
    below.intersection(area)
}

/// Returns the last line of an area.
fn last_row(area: Rect) -> Rect {
    row(area, area.height.saturating_sub(1))
}

/// Returns an area without its last line.
fn without_last_row(area: Rect) -> Rect {
    Rect {
        height: area.height.saturating_sub(1),
        ..area
    }
}

fn put(line: impl Into<Line<'static>>, area: Rect, buffer: &mut Buffer) {
    line.into().render(area, buffer);
}

#[cfg(test)]
mod tests;
