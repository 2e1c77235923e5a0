//! The log of uploads, the newest on top.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table, Widget};

use crate::dashboard::cluster::requests::{Outcome, Request};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::line::printable;
use crate::id::NodeId;

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

    fn widths(self) -> Vec<Constraint> {
        use Constraint::{Fill, Length, Max, Min};
        match self {
            Self::Narrow => vec![Length(8), Max(8), Fill(1), Length(4), Length(13)],
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

/// Draws one line a request.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, requests) = (model.setup.theme, &model.shown().requests);
    let mut title = vec![Span::styled("Uploads", theme.strong())];
    if !requests.is_empty() {
        let counted = format!("  {} acknowledged", requests.acknowledged);
        title.push(Span::styled(counted, theme.tone(Tone::Good)));
    }
    if requests.failed() > 0 {
        let failed = format!("  {} failed", requests.failed());
        title.push(Span::styled(failed, theme.tone(Tone::Bad)));
    }
    let inside = super::panel(model, Panel::Uploads, title, area, buffer);
    if requests.is_empty() {
        let hint = super::key_hint(theme, "u", "uploads an image");
        Line::from(hint.to_vec()).render(inside, buffer);
        return;
    }
    let form = Form::of(inside.width);
    let rows = requests
        .newest()
        .skip(model.uploads_scroll)
        .take(usize::from(inside.height))
        .map(|request| row(theme, request, form));
    let table = Table::new(rows, form.widths())
        .header(form.header().style(theme.quiet()))
        .column_spacing(1);
    table.render(inside, buffer);
}

fn row(theme: Theme, request: &Request, form: Form) -> Row<'static> {
    let text = |text: String| Line::raw(text);
    let time = Line::styled(words::clock(request.wall_ms)[..8].to_owned(), theme.quiet());
    let user = text(printable(request.user.as_str()).into_owned());
    let file = request
        .file
        .as_deref()
        .map_or_else(String::new, |file| printable(file).into_owned());
    let file = text(file);
    let size = text(request.bytes.map_or_else(String::new, words::bytes));
    let leader = node(theme, request.leader);
    let worker = node(theme, request.worker);
    let (copies, took) = match &request.outcome {
        Outcome::Stored { copies, took } => (copies.to_string(), words::span(*took)),
        Outcome::Running | Outcome::Failed { .. } | Outcome::Interrupted => (String::new(), String::new()),
    };
    let (copies, took) = (text(copies), text(took));
    let (said, style) = outcome(theme, request, form);
    let outcome = Line::styled(said, style);
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

fn node(theme: Theme, node: Option<NodeId>) -> Span<'static> {
    node.map_or_else(
        || Span::raw(" "),
        |node| Span::styled(node.to_string(), theme.node(node)),
    )
}

fn outcome(theme: Theme, request: &Request, form: Form) -> (String, Style) {
    let retried = if request.attempts > 1 { " again" } else { "" };
    match &request.outcome {
        Outcome::Running => (format!("running{retried}"), theme.tone(Tone::Busy)),
        Outcome::Stored { .. } if form != Form::Narrow => (
            format!("{} stored{retried}", theme.pick("✓", "+")),
            theme.tone(Tone::Good),
        ),
        Outcome::Stored { took, copies } => (
            format!(
                "{} {copies}{} {}",
                theme.pick("✓", "+"),
                theme.pick("×", "x"),
                words::span(*took)
            ),
            theme.tone(Tone::Good),
        ),
        Outcome::Failed { reason } => (format!("failed: {}", printable(reason)), theme.tone(Tone::Bad)),
        Outcome::Interrupted => ("interrupted".to_owned(), theme.tone(Tone::Bad)),
    }
}
