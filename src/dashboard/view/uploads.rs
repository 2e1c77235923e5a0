//! The log of uploads, the newest on top.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Row, Table, Widget};

use crate::dashboard::cluster::uploads::{Outcome, Upload};
use crate::dashboard::layout::Panel;
use crate::dashboard::model::Model;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::event::line::printable;

/// The narrowest panel in which every column has room.
const WIDE: u16 = 90;

/// Draws one line an upload.
pub(super) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, uploads) = (&model.setup.theme, &model.shown().uploads);
    let mut title = vec![Span::styled("Uploads", theme.strong())];
    if !uploads.is_empty() {
        let counted = format!("  {} acknowledged", uploads.acknowledged);
        title.push(Span::styled(counted, theme.tone(Tone::Good)));
    }
    if uploads.failed > 0 {
        let failed = format!("  {} failed", uploads.failed);
        title.push(Span::styled(failed, theme.tone(Tone::Bad)));
    }
    let inside = super::panel(model, Panel::Uploads, title, area, buffer);
    if uploads.is_empty() {
        let hint = super::key_hint(theme, "u", "uploads an image");
        Line::from(hint.to_vec()).render(inside, buffer);
        return;
    }
    let wide = inside.width >= WIDE;
    let rows = uploads
        .newest()
        .skip(model.uploads_scroll)
        .take(usize::from(inside.height))
        .map(|upload| row(theme, upload, wide));
    let header = if wide {
        Row::new([
            "time",
            "user",
            "file",
            "size",
            "leader",
            "encrypted by",
            "copies",
            "took",
            "",
        ])
    } else {
        Row::new(["time", "user", "file", "way", ""])
    };
    let table = Table::new(rows, widths(wide))
        .header(header.style(theme.quiet()))
        .column_spacing(1);
    table.render(inside, buffer);
}

fn widths(wide: bool) -> Vec<Constraint> {
    use Constraint::{Fill, Length, Max, Min};
    if wide {
        vec![
            Length(8),
            Max(14),
            Max(44),
            Length(8),
            Length(6),
            Length(12),
            Length(6),
            Length(8),
            Min(12),
        ]
    } else {
        vec![Length(8), Max(8), Fill(1), Length(4), Length(13)]
    }
}

fn row(theme: &Theme, upload: &Upload, wide: bool) -> Row<'static> {
    let time = Span::styled(words::clock(upload.wall_ms)[..8].to_owned(), theme.quiet());
    let user = Span::raw(printable(upload.user.as_str()).into_owned());
    let file = Span::raw(
        upload
            .file
            .as_deref()
            .map_or_else(String::new, |file| printable(file).into_owned()),
    );
    let size = Span::raw(upload.bytes.map_or_else(String::new, words::bytes));
    let node = |node: Option<crate::id::NodeId>| match node {
        Some(node) => Span::styled(node.to_string(), theme.node(node)),
        None => Span::raw(""),
    };
    let (text, style) = outcome(theme, upload, wide);
    let outcome = Span::styled(text, style);
    if !wide {
        let arrow = Span::styled(theme.pick("→", ">"), theme.quiet());
        let way = Line::from(vec![node(upload.leader), arrow, node(upload.worker)]);
        let [time, user, file, outcome] = [time, user, file, outcome].map(Line::from);
        return Row::new([time, user, file, way, outcome]);
    }
    let (copies, took) = match &upload.outcome {
        Outcome::Stored { copies, took } => (copies.to_string(), words::span(*took)),
        Outcome::Running | Outcome::Failed { .. } | Outcome::Interrupted => (String::new(), String::new()),
    };
    Row::new([
        time,
        user,
        file,
        size,
        node(upload.leader),
        node(upload.worker),
        Span::raw(copies),
        Span::raw(took),
        outcome,
    ])
}

fn outcome(theme: &Theme, upload: &Upload, wide: bool) -> (String, Style) {
    let retried = if upload.attempts > 1 { " again" } else { "" };
    match &upload.outcome {
        Outcome::Running => (format!("running{retried}"), theme.tone(Tone::Busy)),
        Outcome::Stored { .. } if wide => (
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
