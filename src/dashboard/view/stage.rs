//! The rows of a scenario, at the bottom: its title, the caption, what was last found, the client's lane;
//! of a simulation the title and what was last done.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{put, wrapped};
use crate::dashboard::lane::Lane;
use crate::dashboard::stage::{NewsKind, Stage};
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
    let width = usize::from(right.saturating_sub(left));
    let caption = wrapped(&stage.caption, width);
    let rows = (area.y + 1..area.bottom().saturating_sub(2)).zip(&caption);
    for (y, line) in rows {
        put(buffer, theme, (left, y), right, line, theme.strong());
    }
    if let Some(news) = &stage.news {
        let (tone, mark) = match news.kind {
            NewsKind::Done => (Tone::Busy, theme.pick("\u{25b8}", ">")),
            NewsKind::Watched => (Tone::Accent, theme.pick("\u{2026}", ".")),
            NewsKind::Held => (Tone::Good, theme.pick("\u{2713}", "+")),
            NewsKind::Failed => (Tone::Bad, theme.pick("\u{2717}", "x")),
        };
        let text = format!("{mark} {}", news.text);
        put(
            buffer,
            theme,
            (left, (area.bottom() - 2).max(area.y + 1)),
            right,
            &text,
            theme.tone(tone),
        );
    }
    let lane = lane(&stage.lane, now);
    put(
        buffer,
        theme,
        (left, area.bottom() - 1),
        right,
        &lane,
        theme.quiet(),
    );
}

/// Says what the load came to, the checked line last.
fn lane(lane: &Lane, now: Time) -> String {
    if !lane.was_on() {
        return String::new();
    }
    let checked = lane.checked.map_or(String::new(), |checked| {
        format!(
            "; checked: {} acknowledged, {} lost",
            checked.acknowledged, checked.lost
        )
    });
    format!(
        "clients: {} ok, {} retried, {} failed; without service {} at most, {} in all{checked}",
        lane.acknowledged,
        lane.retried,
        lane.failed,
        words::span(lane.longest(now)),
        words::span(lane.without_service(now)),
    )
}
