//! The line of a recording: whether it plays, where it stands, how fast it goes.

use std::time::Duration;

use ratatui::text::Span;

use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::transport::{Motion, Transport};

/// Returns what stands before the keys.
pub(super) fn spans(theme: Theme, transport: &Transport) -> Vec<Span<'static>> {
    let (shape, tone) = match transport.motion {
        Motion::Playing => (theme.pick("▶", ">"), Tone::Good),
        Motion::Paused => (theme.pick("‖", "="), Tone::Busy),
        Motion::Seeking => (theme.pick("»", ">>"), Tone::Accent),
        Motion::Ended => (theme.pick("■", "#"), Tone::Busy),
    };
    let word = match transport.motion {
        Motion::Playing => "",
        Motion::Paused => " paused",
        Motion::Seeking => " seeking",
        Motion::Ended => " ended",
    };
    let (position, length) = (clock(transport.position), clock(transport.length));
    let mut spans = vec![
        Span::styled(format!("{shape}{word} "), theme.tone(tone).bold()),
        Span::styled(position, theme.strong()),
        Span::raw(format!(" of {length}  {}  ", transport.speed)),
    ];
    if let Some(remark) = &transport.remark {
        spans.push(Span::styled(format!("{remark}  "), theme.tone(Tone::Busy)));
    }
    spans
}

/// Writes a time within a recording: minutes, seconds and tenths; hours where there are some.
fn clock(span: Duration) -> String {
    let (tenths, seconds) = (span.subsec_millis() / 100, span.as_secs());
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}.{tenths}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}.{tenths}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_players_do() {
        assert_eq!(clock(Duration::from_millis(61_250)), "1:01.2");
        assert_eq!(clock(Duration::from_secs(3_600 * 25 + 59)), "25:00:59.0");
    }
}
