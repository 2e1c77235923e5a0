//! The rows of a scenario, at the bottom: its title, the caption, what was last found, the client's lane;
//! of a simulation the title and what was last done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{self, put, wrapped};
use crate::dashboard::lane::Lane;
use crate::dashboard::stage::{News, NewsKind, Stage};
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::words;
use crate::time::Time;

/// What stands beside the title while it waits.
const NEXT: &str = "Space or Enter: next ";

/// How many cells that takes.
const NEXT_WIDTH: u16 = 21;

/// Draws what a scenario shows at `now`; `area` has as many rows as [`stage`](crate::dashboard::stage) says.
pub(super) fn draw(stage: &Stage, theme: Theme, now: Time, area: Rect, buffer: &mut Buffer) {
    let (left, right) = (area.x + 1, area.right().saturating_sub(1));
    let bar = Rect { height: 1, ..area };
    let failed = stage
        .news
        .as_ref()
        .is_some_and(|news| news.kind == NewsKind::Failed);
    let filled = theme.filled(if failed { Tone::Bad } else { Tone::Accent });
    buffer.set_style(bar, filled);
    let room = if stage.waits {
        right.saturating_sub(NEXT_WIDTH)
    } else {
        right
    };
    put(buffer, theme, (left, area.y), room, &stage.title, filled);
    if stage.waits {
        put(buffer, theme, (room, area.y), right, NEXT, filled);
    }
    let below = Rect {
        x: left,
        y: area.y + 1,
        width: right.saturating_sub(left),
        height: area.height.saturating_sub(1),
    };
    tell(stage, theme, now, below, buffer);
}

/// Writes the caption from the top down, and from the bottom up the lane and above it the news.
///
/// What was found is told in as many rows as the caption leaves; what fails a scenario comes before it.
fn tell(stage: &Stage, theme: Theme, now: Time, area: Rect, buffer: &mut Buffer) {
    let (width, rows) = (usize::from(area.width), usize::from(area.height));
    // Where there is one row alone, nobody uploads.
    let rows = rows.saturating_sub(usize::from(rows > 1));
    let caption = wrapped(&stage.caption, width);
    let for_news = match stage.news.as_ref().map(|news| news.kind) {
        None => 0,
        Some(NewsKind::Failed) => rows,
        Some(NewsKind::Done | NewsKind::Watched | NewsKind::Held) => {
            rows.saturating_sub(caption.len()).max(1)
        }
    };
    let news = stage.news.as_ref();
    let (style, news) = news.map_or((theme.strong(), Vec::new()), |news| {
        found(theme, news, for_news, width)
    });
    let caption = in_rows(theme, caption, rows.saturating_sub(news.len()), width);
    let mut write = |y: usize, line: &str, style| {
        let y = area.y + u16::try_from(y).unwrap_or(u16::MAX);
        put(buffer, theme, (area.x, y), area.right(), line, style);
    };
    for (y, line) in caption.iter().enumerate() {
        write(y, line, theme.strong());
    }
    for (y, line) in (rows.saturating_sub(news.len())..).zip(&news) {
        write(y, line, style);
    }
    if stage.lane.was_on() {
        write(rows, &lane(&stage.lane, now, width), theme.quiet());
    }
}

/// Returns what was done or found in so many rows at most, the first with a mark, and how it is drawn.
fn found(theme: Theme, news: &News, rows: usize, width: usize) -> (Style, Vec<String>) {
    let (tone, mark) = match news.kind {
        NewsKind::Done => (Tone::Busy, theme.pick("\u{25b8}", ">")),
        NewsKind::Watched => (Tone::Accent, theme.pick("\u{2026}", ".")),
        NewsKind::Held => (Tone::Good, theme.pick("\u{2713}", "+")),
        NewsKind::Failed => (Tone::Bad, theme.pick("\u{2717}", "x")),
    };
    let width = width.saturating_sub(2);
    let lines = in_rows(theme, wrapped(&news.text, width), rows, width);
    let marks = std::iter::once(mark).chain(std::iter::repeat(" "));
    let lines = marks.zip(&lines).map(|(mark, line)| format!("{mark} {line}"));
    (theme.tone(tone), lines.collect())
}

/// Keeps so many lines at most; what has more ends with a mark.
fn in_rows(theme: Theme, mut lines: Vec<String>, rows: usize, width: usize) -> Vec<String> {
    if lines.len() > rows {
        lines.truncate(rows);
        if let Some(last) = lines.last_mut() {
            let mark = theme.pick("…", ">");
            *last = text::cut(theme, last, width.saturating_sub(1));
            if !last.ends_with(mark) {
                last.push_str(mark);
            }
        }
    }
    lines
}

/// Says what the load came to, the checked line last; the less room, the fewer of the figures.
fn lane(lane: &Lane, now: Time, width: usize) -> String {
    let Lane {
        acknowledged: ok,
        retried,
        failed,
        ..
    } = lane;
    let clients = if lane.full { "clients (paused)" } else { "clients" };
    let (longest, all) = (
        words::span(lane.longest(now)),
        words::span(lane.without_service(now)),
    );
    let checked = |word: &str| {
        lane.checked.map_or(String::new(), |checked| {
            format!(
                "; {word}{} acknowledged, {} lost",
                checked.acknowledged, checked.lost
            )
        })
    };
    let (long, short) = (checked("checked: "), checked(""));
    let forms = [
        format!(
            "{clients}: {ok} ok, {retried} retried, {failed} failed; without service {longest} at most, {all} in all{long}"
        ),
        format!(
            "{clients}: {ok} ok, {retried} retried, {failed} failed; without service {longest} at most{long}"
        ),
        format!("{clients}: {ok} ok, {failed} failed; without service {longest} at most{short}"),
    ];
    let shortest = format!("{ok} ok, {failed} failed, {longest} without service{short}");
    let fits = |form: &String| text::width(form) <= width;
    forms.into_iter().find(fits).unwrap_or(shortest)
}
