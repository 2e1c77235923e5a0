//! Choosing: the files on the left, the picture on the right, the user below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use tui_input::Input;

use super::text::{fit, fit_middle};
use super::{last_row, picture, put, row, without_last_row};
use crate::dashboard::dialog::browser::{Browser, Scope};
use crate::dashboard::dialog::listing::{Entry, EntryKind, shown};
use crate::dashboard::dialog::panes::Panes;
use crate::dashboard::dialog::picture::Pane;
use crate::dashboard::dialog::upload::{Field, UploadDialog};
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words::bytes;

/// How wide the line for a user is: as many cells as most names, and some.
const USER_WIDTH: u16 = 32;

pub(super) fn draw(dialog: &UploadDialog, theme: Theme, panes: &Panes, buffer: &mut Buffer) {
    head(dialog.browser(), theme, panes.head, buffer);
    files(dialog, theme, panes.left, buffer);
    let empty = "choose an image: its picture stands here";
    picture::draw(
        dialog.picture(),
        empty,
        theme,
        without_last_row(panes.right),
        buffer,
    );
    put(
        caption(dialog, theme, panes.right.width),
        last_row(panes.right),
        buffer,
    );
    fields(dialog, theme, panes.facts, buffer);
}

fn head(browser: &Browser, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let folder = fit_middle(&shown(browser.folder()), area.width, theme);
    let waiting = match browser.opening() {
        Some(path) if path != browser.folder() => {
            let opening = format!("  opening {}", shown(path));
            let left = usize::from(area.width).saturating_sub(Span::raw(&folder).width());
            fit_middle(&opening, u16::try_from(left).unwrap_or(u16::MAX), theme)
        }
        Some(_) | None => String::new(),
    };
    let line = Line::from(vec![
        Span::styled(folder, theme.strong()),
        Span::styled(waiting, theme.tone(Tone::Busy)),
    ]);
    put(line, area, buffer);
}

fn files(dialog: &UploadDialog, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let browser = dialog.browser();
    let focused = dialog.field() == Field::Files;
    for (nth, (entry, chosen)) in (0..).zip(browser.window()) {
        let place = row(without_last_row(area), nth);
        put(entry_line(entry, chosen, theme, place.width), place, buffer);
        if chosen {
            let style = if focused {
                theme.selection()
            } else {
                theme.strong()
            };
            buffer.set_style(place, style);
        }
    }
    if browser.counts().0 == 0 {
        let nothing = nothing_here(browser, theme);
        picture::draw(&Pane::Empty, nothing, theme, without_last_row(area), buffer);
    }
    match browser.find() {
        Some(line) => find_line(line, focused, theme, last_row(area), buffer),
        None => put(counted(browser, theme, area.width), last_row(area), buffer),
    }
}

fn nothing_here(browser: &Browser, theme: Theme) -> &'static str {
    match (browser.counts(), browser.opening(), browser.find()) {
        ((_, 0, 0), Some(_), _) => theme.pick("reading…", "reading..."),
        ((_, 0, _), _, _) => "nothing is here",
        (_, _, Some(_)) => "nothing is called like that",
        (_, _, None) => "no images here; press . for all files",
    }
}

fn entry_line(entry: &Entry, chosen: bool, theme: Theme, width: u16) -> Line<'static> {
    let (mark, style, right) = match entry.kind {
        EntryKind::Folder => ("/", theme.tone(Tone::Accent), String::new()),
        EntryKind::Image { bytes: size } => ("", Style::new(), bytes(size)),
        EntryKind::Other { bytes: size } => ("", theme.quiet(), bytes(size)),
        EntryKind::Special => ("", theme.quiet(), "no file".to_owned()),
        EntryKind::Broken => ("", theme.quiet(), "broken link".to_owned()),
    };
    let taken = u16::try_from(right.len() + mark.len() + 3).unwrap_or(u16::MAX);
    let name = fit_middle(&entry.shown_name(), width.saturating_sub(taken), theme) + mark;
    let used = Span::raw(&name).width() + right.len() + 2;
    let gap = " ".repeat(usize::from(width).saturating_sub(used));
    let arrow = if chosen { theme.pick("▸", ">") } else { " " };
    Line::from(vec![
        Span::raw(arrow),
        Span::styled(name, style),
        Span::raw(gap),
        Span::styled(right, theme.quiet()),
    ])
}

fn counted(browser: &Browser, theme: Theme, width: u16) -> Line<'static> {
    let (listed, hidden, left_out) = browser.counts();
    let hidden = match browser.scope() {
        Scope::Images if hidden > 0 => format!(", {hidden} hidden"),
        Scope::Images | Scope::Everything => String::new(),
    };
    let more = match left_out {
        0 => String::new(),
        more => format!(", {more} more: type a path"),
    };
    let said = format!(" {listed} listed{hidden}{more}");
    Line::styled(fit(&said, width, theme), theme.quiet())
}

/// Draws the line that filters, or that names a path.
fn find_line(line: &Input, focused: bool, theme: Theme, area: Rect, buffer: &mut Buffer) {
    put(Span::styled(" / ", theme.tone(Tone::Accent)), area, buffer);
    let place = indented(area, 3);
    typed(line.value(), line.cursor(), focused, place, buffer);
}

fn caption(dialog: &UploadDialog, theme: Theme, width: u16) -> Line<'static> {
    let Some(entry) = dialog.browser().chosen() else {
        return Line::default();
    };
    let facts = match (entry.kind, dialog.picture().picture()) {
        (EntryKind::Image { bytes: size } | EntryKind::Other { bytes: size }, Some(picture)) => {
            let (width, height) = picture.dimensions;
            let kind = picture.kind.map(|kind| format!("{kind}, ")).unwrap_or_default();
            format!("{kind}{width}x{height}, {}", bytes(size))
        }
        (EntryKind::Image { bytes: size } | EntryKind::Other { bytes: size }, None) => bytes(size),
        (EntryKind::Folder, _) => "a folder: Enter goes into it".to_owned(),
        (EntryKind::Special, _) => "a pipe, device or socket".to_owned(),
        (EntryKind::Broken, _) => "a link that leads nowhere".to_owned(),
    };
    Line::styled(fit(&facts, width, theme), theme.quiet()).centered()
}

fn fields(dialog: &UploadDialog, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let focused = dialog.field() == Field::User;
    let label = if focused {
        theme.tone(Tone::Accent)
    } else {
        Style::new()
    };
    put(Span::styled(" User  ", label), row(area, 1), buffer);
    let field = indented(row(area, 1), 7);
    let width = USER_WIDTH.min(field.width);
    let line = Rect { width, ..field };
    buffer.set_style(line, theme.selection());
    let user = dialog.user();
    typed(user.text(), user.cursor(), focused, line, buffer);
    let below = row(area, 2);
    match user.problem() {
        Some(problem) => {
            let said = fit(&format!("       {problem}"), below.width, theme);
            put(Span::styled(said, theme.tone(Tone::Bad)), below, buffer);
        }
        None => put(last_users(dialog, theme, below.width), below, buffer),
    }
    if let Some(problem) = dialog.browser().problem() {
        let said = fit(&format!(" {problem}"), area.width, theme);
        put(Span::styled(said, theme.tone(Tone::Bad)), row(area, 4), buffer);
    } else {
        let next = match dialog.field() {
            Field::Files => " Enter goes on with the chosen image; a path can be pasted",
            Field::User => " Enter encrypts the image for this user and offers it to every node",
        };
        put(
            Span::styled(fit(next, area.width, theme), theme.quiet()),
            row(area, 4),
            buffer,
        );
    }
}

fn last_users(dialog: &UploadDialog, theme: Theme, width: u16) -> Line<'static> {
    let users = dialog.user().offered();
    if users.is_empty() {
        return Line::default();
    }
    let users: Vec<String> = users.iter().map(|user| shown(user.as_str())).collect();
    let said = format!("       last: {}", users.join(", "));
    Line::styled(fit(&said, width, theme), theme.quiet())
}

fn indented(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width);
    Rect {
        x: area.x + by,
        width: area.width - by,
        ..area
    }
}

/// Draws a line that is typed into, scrolled so that the cursor is seen.
fn typed(text: &str, cursor: usize, focused: bool, area: Rect, buffer: &mut Buffer) {
    let before: String = shown(text.chars().take(cursor).collect::<String>());
    let after: String = shown(text.chars().skip(cursor).collect::<String>());
    let room = usize::from(area.width.saturating_sub(1));
    let mut start = before.as_str();
    while Span::raw(start).width() > room {
        let mut letters = start.chars();
        letters.next();
        start = letters.as_str();
    }
    let at = u16::try_from(Span::raw(start).width()).unwrap_or(u16::MAX);
    Span::raw(format!("{start}{after}")).render(area, buffer);
    if focused && at < area.width {
        buffer.set_style(
            indented(
                Rect {
                    width: at + 1,
                    ..area
                },
                at,
            ),
            Style::new().reversed(),
        );
    }
}
