//! The log of uploads, the newest on top; other requests stand among them, each with a sign.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table, Widget};

use crate::dashboard::cluster::requests::{Done, Outcome, Request, Requests};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::view::text::cut;
use crate::dashboard::words;
use crate::event::RequestKind;
use crate::event::line::printable;
use crate::id::NodeId;

/// How wide the outcome is in a narrow panel: `✓ 3/3 42.5 ms`, and little else.
const NARROW_OUTCOME: u16 = 13;

/// How much a panel tells, by its width.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Who, what, by whom, and how it ended.
    Narrow,
    /// Size, copies and time, too.
    Medium,
    /// Everything by its name.
    Wide,
}

impl Form {
    const fn of(width: u16) -> Self {
        match width {
            0..68 => Self::Narrow,
            68..104 => Self::Medium,
            _ => Self::Wide,
        }
    }

    fn header(self) -> Row<'static> {
        match self {
            Self::Narrow => Row::new(["UTC", "user", "file", "way", ""]),
            Self::Medium => Row::new(["UTC", "user", "file", "size", "way", "copies", "took", ""]),
            Self::Wide => Row::new([
                "time",
                "user",
                "file",
                "size",
                "leader",
                "encrypted by",
                "copies",
                "took",
                "",
            ]),
        }
    }

    /// Returns how wide each column is in a panel of this width.
    fn rooms(self, width: u16) -> Vec<u16> {
        let line = Rect::new(0, 0, width, 1);
        let columns = Layout::horizontal(self.widths()).spacing(COLUMN_GAP).split(line);
        columns.iter().map(|column| column.width).collect()
    }

    fn widths(self) -> Vec<Constraint> {
        use Constraint::{Fill, Length, Max, Min};
        match self {
            Self::Narrow => vec![Length(8), Max(8), Fill(1), Length(4), Length(NARROW_OUTCOME)],
            Self::Medium => vec![
                Length(8),
                Max(10),
                Fill(1),
                Length(8),
                Length(4),
                Length(6),
                Length(8),
                Length(12),
            ],
            Self::Wide => vec![
                Length(8),
                Max(14),
                Max(44),
                Length(8),
                Length(6),
                Length(12),
                Length(6),
                Length(8),
                Min(12),
            ],
        }
    }
}

/// The free cells between two columns.
const COLUMN_GAP: u16 = 1;

/// Where the user and the file stand; the outcome stands last.
const USER: usize = 1;
const FILE: usize = 2;

/// Draws one line a request.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, requests) = (model.setup.theme, &model.shown().requests);
    let inside = super::panel(model, Panel::Uploads, title(theme, requests), area, buffer);
    if requests.is_empty() {
        let hint = super::key_hint(theme, "u", "uploads an image");
        Line::from(hint.to_vec()).render(inside, buffer);
        return;
    }
    let (form, members) = (Form::of(inside.width), model.shown().nodes.len());
    let rooms = form.rooms(inside.width);
    let rows = requests
        .newest()
        .skip(model.uploads_scroll)
        .take(usize::from(inside.height))
        .map(|request| row(theme, request, form, &rooms, members));
    let table = Table::new(rows, rooms.iter().copied().map(Constraint::Length))
        .header(form.header().style(theme.quiet()))
        .column_spacing(COLUMN_GAP);
    table.render(inside, buffer);
}

/// Counts what was done; what would be cut off first comes last.
///
/// Look-ups are not counted: nobody asked for them.
fn title(theme: Theme, requests: &Requests) -> Vec<Span<'static>> {
    let mut title = vec![Span::styled("Uploads", theme.strong())];
    let uploads = requests.done(RequestKind::Upload);
    if requests
        .newest()
        .any(|request| request.kind == RequestKind::Upload)
        || uploads > 0
    {
        let counted = format!("  {uploads} acknowledged");
        title.push(Span::styled(counted, theme.tone(Tone::Good)));
    }
    if requests.failed() > 0 {
        let failed = format!("  {} failed", requests.failed());
        title.push(Span::styled(failed, theme.tone(Tone::Bad)));
    }
    for kind in [RequestKind::Download, RequestKind::List, RequestKind::Delete] {
        let count = requests.done(kind);
        if count > 0 {
            title.push(Span::styled(format!("  {count} {}", past(kind)), theme.quiet()));
        }
    }
    title
}

/// Draws a request; what has too little room ends in a mark.
fn row(theme: Theme, request: &Request, form: Form, rooms: &[u16], members: usize) -> Row<'static> {
    let room = |column: Option<&u16>| usize::from(column.copied().unwrap_or(0));
    let time = Line::styled(words::clock(request.wall_ms)[..8].to_owned(), theme.quiet());
    let user = printable(request.user.as_str());
    let user = Line::raw(cut(theme, &user, room(rooms.get(USER))));
    let file = subject(theme, request, room(rooms.get(FILE)));
    let size = Line::raw(request.bytes.map_or_else(String::new, words::bytes));
    let leader = node(theme, request.leader);
    let worker = node(theme, request.worker);
    let (copies, took) = match request.outcome {
        Outcome::Done { what, took } => (
            copies(theme, what, members),
            Line::raw(took.map_or_else(String::new, words::span)),
        ),
        Outcome::Running | Outcome::Failed { .. } | Outcome::Interrupted => Default::default(),
    };
    let (said, style) = outcome(theme, request, form, members);
    let outcome = Line::styled(cut(theme, &said, room(rooms.last())), style);
    if form == Form::Wide {
        let (leader, worker) = (Line::from(leader), Line::from(worker));
        return Row::new([time, user, file, size, leader, worker, copies, took, outcome]);
    }
    let arrow = Span::styled(theme.pick("→", ">"), theme.quiet());
    let way = Line::from(vec![leader, arrow, worker]);
    if form == Form::Medium {
        return Row::new([time, user, file, size, way, copies, took, outcome]);
    }
    Row::new([time, user, file, way, outcome])
}

/// Draws what a request is about; what is no upload has a sign before it.
fn subject(theme: Theme, request: &Request, room: usize) -> Line<'static> {
    let subject = words::subject(request);
    let sign = match request.kind {
        RequestKind::Upload => return Line::raw(cut(theme, &subject, room)),
        RequestKind::Download => theme.pick("↓ ", "v "),
        RequestKind::List => theme.pick("≡ ", "= "),
        RequestKind::LookUp => theme.pick("? ", "? "),
        RequestKind::Delete => theme.pick("× ", "x "),
    };
    let sign = Span::styled(sign, theme.tone(Tone::Accent));
    let room = room.saturating_sub(sign.width());
    Line::from(vec![sign, Span::raw(cut(theme, &subject, room))])
}

fn node(theme: Theme, node: Option<NodeId>) -> Span<'static> {
    node.map_or_else(
        || Span::raw(" "),
        |node| Span::styled(node.to_string(), theme.node(node)),
    )
}

/// Returns how many members did not take part in what was done by all of them.
fn missing(what: Done, members: usize) -> usize {
    what.copies().map_or(0, |copies| members.saturating_sub(copies))
}

fn copies(theme: Theme, what: Done, members: usize) -> Line<'static> {
    let Some(copies) = what.copies() else {
        return Line::default();
    };
    let style = if missing(what, members) > 0 {
        theme.tone(Tone::Busy)
    } else {
        Style::new()
    };
    Line::styled(format!("{copies}/{members}"), style)
}

fn outcome(theme: Theme, request: &Request, form: Form, members: usize) -> (String, Style) {
    let again = if request.attempts > 1 { " again" } else { "" };
    match &request.outcome {
        Outcome::Running => (
            format!("{}{again}", present(request.kind)),
            theme.tone(Tone::Busy),
        ),
        Outcome::Done { what, took } => {
            let tone = if missing(*what, members) > 0 {
                Tone::Busy
            } else {
                Tone::Good
            };
            let said = match form {
                Form::Narrow => narrow(*what, *took, request.kind, members),
                Form::Medium => done(*what, request.kind, members, form),
                Form::Wide => done(*what, request.kind, members, form) + &attempts(request.attempts),
            };
            (format!("{} {said}", theme.pick("✓", "+")), theme.tone(tone))
        }
        Outcome::Failed { reason } => (format!("failed: {}", printable(reason)), theme.tone(Tone::Bad)),
        Outcome::Interrupted => ("interrupted".to_owned(), theme.tone(Tone::Bad)),
    }
}

/// Says how many attempts something took that did not succeed at once.
fn attempts(attempts: u32) -> String {
    match attempts {
        0 | 1 => String::new(),
        attempts => format!(" in {attempts} attempts"),
    }
}

/// Words what was done where the number of copies has a column of its own.
fn done(what: Done, kind: RequestKind, members: usize, form: Form) -> String {
    match (missing(what, members), form) {
        (0, _) => past(kind).to_owned(),
        (missing, Form::Wide) => format!("{}, {missing} missing", past(kind)),
        (missing, Form::Narrow | Form::Medium) => format!("{missing} missing"),
    }
}

/// Words what was done in one column: the copies, or what it was, and how long it took if there is room.
fn narrow(what: Done, took: Option<Duration>, kind: RequestKind, members: usize) -> String {
    let said = match what.copies() {
        Some(copies) if copies < members => return format!("only {copies}/{members}"),
        Some(copies) => format!("{copies}/{members}"),
        None => past(kind).to_owned(),
    };
    let with_time = took.map(|took| format!("{said} {}", words::span(took)));
    let room = usize::from(NARROW_OUTCOME).saturating_sub(2);
    with_time.filter(|text| text.len() <= room).unwrap_or(said)
}

const fn present(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Upload => "running",
        RequestKind::Download => "sending",
        RequestKind::List => "listing",
        RequestKind::LookUp => "looking up",
        RequestKind::Delete => "deleting",
    }
}

const fn past(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Upload => "stored",
        RequestKind::Download => "sent",
        RequestKind::List => "listed",
        RequestKind::LookUp => "looked up",
        RequestKind::Delete => "deleted",
    }
}
