//! The line of a recording: whether it plays, where it stands, how fast it goes.

use std::time::Duration;

use ratatui::text::Span;

use crate::dashboard::model::Control;
use crate::dashboard::theme::{Theme, Tone};
use crate::dashboard::transport::{Motion, Pace, Transport};

/// Shorter recordings hold a failover or two, which is over within milliseconds, as it is in simulations.
const SHORT: Duration = Duration::from_secs(10);

/// Returns what stands before the keys.
pub(super) fn spans(theme: Theme, control: Control, transport: &Transport) -> Vec<Span<'static>> {
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
    let is_short = control == Control::Simulated || transport.length < SHORT;
    let (position, length) = (
        clock(transport.position, is_short),
        clock(transport.length, is_short),
    );
    let slow = match transport.pace {
        Pace::AsAsked => "",
        Pace::SlowMotion => " slow motion",
    };
    let mut spans = vec![
        Span::styled(format!("{shape}{word} "), theme.tone(tone).bold()),
        Span::styled(position, theme.strong()),
        Span::raw(format!(" of {length}  {}{slow}  ", transport.speed)),
    ];
    if let Some(remark) = &transport.remark {
        spans.push(Span::styled(format!("{remark}  "), theme.tone(Tone::Busy)));
    }
    spans
}

/// Writes a time within a recording: minutes, seconds and tenths, of a short one milliseconds; hours
/// where there are some.
fn clock(span: Duration, is_short: bool) -> String {
    let (millis, seconds) = (span.subsec_millis(), span.as_secs());
    let part = if is_short {
        format!("{millis:03}")
    } else {
        format!("{}", millis / 100)
    };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}.{part}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}.{part}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_players_do() {
        assert_eq!(clock(Duration::from_millis(61_250), false), "1:01.2");
        assert_eq!(clock(Duration::from_secs(3_600 * 25 + 59), false), "25:00:59.0");
        assert_eq!(clock(Duration::from_millis(43), true), "0:00.043");
    }
}
