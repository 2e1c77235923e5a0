//! The banner before an audience: a few words in letters that are read from the last row.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Leaderless;
use super::letters::{DOTS_HIGH, Dots};
use crate::dashboard::cluster::failover::Failover;
use crate::dashboard::layout::Letters;
use crate::dashboard::model::{Ending, Model};
use crate::dashboard::theme::Theme;
use crate::dashboard::view::text::put;

/// Writes on the bar in large letters; says whether anything fitted.
pub(super) fn write(model: &Model, letters: Letters, bar: Rect, buffer: &mut Buffer) -> bool {
    let (x, right) = (bar.x + 1, bar.right().saturating_sub(1));
    let fitting = said(model).into_iter().find_map(|text| {
        let rows = rows(model.setup.theme, letters, &Dots::of(&text)?);
        let widest = rows.iter().map(|row| row.chars().count()).max()?;
        (widest <= usize::from(right.saturating_sub(x))).then_some(rows)
    });
    let Some(rows) = fitting else { return false };
    let top = bar.y + margin(letters);
    let style = buffer[(bar.x, bar.y)].style();
    for (y, row) in (top..bar.bottom()).zip(&rows) {
        put(buffer, model.setup.theme, (x, y), right, row, style);
    }
    true
}

/// Returns how many rows stay free above the letters.
const fn margin(letters: Letters) -> u16 {
    match letters {
        Letters::Halves => 0,
        Letters::Wholes => 1,
    }
}

/// Draws dots as rows of text.
fn rows(theme: Theme, letters: Letters, dots: &Dots) -> Vec<String> {
    let columns = 0..dots.width();
    match letters {
        Letters::Halves => (0..DOTS_HIGH)
            .step_by(2)
            .map(|y| {
                let halves = columns
                    .clone()
                    .map(|x| (dots.is_set(x, y), dots.is_set(x, y + 1)));
                halves.map(|(above, below)| half(theme, above, below)).collect()
            })
            .collect(),
        Letters::Wholes => (0..DOTS_HIGH)
            .map(|y| {
                let cells = columns.clone().map(|x| dots.is_set(x, y));
                cells
                    .map(|set| if set { theme.pick("██", "##") } else { "  " })
                    .collect()
            })
            .collect(),
    }
}

const fn half(theme: Theme, above: bool, below: bool) -> &'static str {
    match (above, below) {
        (true, true) => theme.pick("█", "#"),
        (true, false) => theme.pick("▀", "\""),
        (false, true) => theme.pick("▄", "_"),
        (false, false) => " ",
    }
}

/// Returns what is said, and what is said instead where that is too wide.
fn said(model: &Model) -> Vec<String> {
    let cluster = model.shown();
    match model.ending {
        Ending::No if model.is_paused() => return vec!["HELD STILL".to_owned()],
        Ending::No => {}
        Ending::Stopping => return vec!["STOPPING".to_owned()],
        Ending::Killing => return vec!["KILLING".to_owned()],
    }
    let (reign, running) = (&cluster.leadership.reign, &cluster.leadership.running);
    let short = match (reign, running) {
        (Some(reign), None) => return vec![format!("NODE {} LEADS", reign.ballot.id)],
        (Some(reign), Some(failover)) => {
            format!(
                "NODE {} {}",
                reign.ballot.id,
                failover.cause.word().to_uppercase()
            )
        }
        (None, _) => leaderless(Leaderless::of(cluster)).to_owned(),
    };
    let begun = running.as_ref().map(|failover| lasted(model, failover));
    let timed = begun.filter(|lasted| !lasted.is_zero());
    let long = timed.map(|lasted| format!("{short}  {}", stopwatch(lasted)));
    long.into_iter().chain([short]).collect()
}

const fn leaderless(why: Leaderless) -> &'static str {
    match why {
        Leaderless::NoQuorum => "NO QUORUM",
        Leaderless::Electing => "NO LEADER",
        Leaderless::Starting | Leaderless::NobodyIsUp => why.words(),
    }
}

fn lasted(model: &Model, failover: &Failover) -> Duration {
    model.shown_at().since(failover.began)
}

/// Words how long nobody has led, in three digits as long as that is possible.
fn stopwatch(lasted: Duration) -> String {
    let seconds = lasted.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else if seconds < 100.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::testing::Scene;
    use crate::dashboard::theme::{Charset, Palette};

    #[test]
    fn a_stopwatch_keeps_its_width() {
        let said = |millis| stopwatch(Duration::from_millis(millis));
        assert_eq!(said(1240), "1.24 s");
        assert_eq!(said(12_400), "12.4 s");
        assert_eq!(said(123_400), "123 s");
    }

    #[test]
    fn dots_become_halves_and_wholes() {
        let theme = Theme::new(Palette::Dark, Charset::Unicode);
        let dots = Dots::of("I7").expect("known");
        assert_eq!(rows(theme, Letters::Halves, &dots), ["█ ▀▀█", "█   █", "▀   ▀"]);
        let wholes = rows(theme, Letters::Wholes, &dots);
        assert_eq!(wholes.len(), DOTS_HIGH);
        assert_eq!(wholes[..2], ["██  ██████", "██      ██"]);
    }

    #[test]
    fn ascii_letters_are_ascii() {
        let theme = Theme::new(Palette::None, Charset::Ascii);
        let dots = Dots::of("NO LEADER  1.24 s").expect("known");
        for letters in [Letters::Halves, Letters::Wholes] {
            assert!(rows(theme, letters, &dots).iter().all(|row| row.is_ascii()));
        }
    }

    #[test]
    fn where_a_stopwatch_has_no_room_the_words_stand_alone() {
        let mut scene = Scene::led(120, 40);
        scene.kill(3).after(900);
        assert_eq!(said(&scene.model), ["NO LEADER  0.90 s", "NO LEADER"]);
    }
}
