//! What happens in a scenario, as the lines that a person reads.

use std::time::Duration;

use super::Cue;
use super::verdict::{Outcome, Played, Verdict};
use crate::event::line::{counted, printable};

/// Where what is said breaks into lines, in letters: as long as people like to read.
const SAID_WIDTH: usize = 84;

/// What stands before a line that has no time of its own.
const MARGIN: &str = "           ";

/// Returns the lines of a cue, `at` after the beginning; `None` when it has none.
#[must_use]
pub fn of(at: Duration, cue: &Cue) -> Option<String> {
    let text = match cue {
        Cue::Say(text) => format!("\n{MARGIN}{}", wrapped(text).join(&format!("\n{MARGIN}"))),
        Cue::Doing { text, .. } => format!("{} > {text}", time(at)),
        Cue::Judged(verdict) => format!("{} {}", time(at), judged(verdict)),
        Cue::Wish(_)
        | Cue::Fault(_)
        | Cue::LoadOn(_)
        | Cue::LoadOff
        | Cue::Check
        | Cue::Watching(_)
        | Cue::Over => return None,
    };
    Some(text.split('\n').map(printable).collect::<Vec<_>>().join("\n"))
}

/// Says what was found, with a mark.
#[must_use]
pub fn judged(verdict: &Verdict) -> String {
    let mark = match verdict.outcome {
        Outcome::Held => '\u{2713}',
        Outcome::Failed => '\u{2717}',
    };
    format!("{mark} {}", found(verdict))
}

/// Says what was found.
#[must_use]
pub fn found(verdict: &Verdict) -> String {
    let Verdict { line, text, seen, .. } = verdict;
    match verdict.outcome {
        Outcome::Held => {
            let seen = if seen.is_empty() {
                String::new()
            } else {
                format!(": {seen}")
            };
            let after = verdict
                .after_action
                .map_or(String::new(), |after| format!(" (after {})", span(after)));
            format!("{text}{seen}{after}")
        }
        Outcome::Failed => format!("line {line}: {text}: not so after {}: {seen}", span(verdict.took)),
    }
}

/// Returns the lines of all that was found, and of what it came to; each with its end.
#[must_use]
pub fn told(played: &Played) -> String {
    let found = |verdict: &Verdict| format!("{} {}\n", time(verdict.at), printable(&judged(verdict)));
    let found: String = played.verdicts.iter().map(found).collect();
    format!("{}\n{found}{}\n", printable(&played.title), ended(played))
}

/// Says what it came to, in one line, and what the load did.
#[must_use]
pub fn ended(played: &Played) -> String {
    if played.lane.was_on() {
        format!("{}; {}", outcome(played), lane(played))
    } else {
        outcome(played)
    }
}

/// Says what it came to, in a few words.
#[must_use]
pub fn outcome(played: &Played) -> String {
    let held = played
        .verdicts
        .iter()
        .filter(|verdict| verdict.outcome == Outcome::Held);
    let (held, all) = (held.count(), played.verdicts.len() + played.skipped.len());
    let word = if played.passed() {
        "passed in"
    } else if played.failure().is_some() {
        "failed in"
    } else {
        "stopped by you after"
    };
    format!("{word} {}: {held} of {all} as expected", span(played.took))
}

/// Says what the load came to.
#[must_use]
pub fn lane(played: &Played) -> String {
    let lane = &played.lane;
    let checked = lane.checked.map_or(String::new(), |checked| {
        format!("; {} acknowledged, {} lost", checked.acknowledged, checked.lost)
    });
    let full = if lane.full {
        "; the clients paused, since no more uploads are remembered"
    } else {
        ""
    };
    format!(
        "{}, {} retried, {} failed, {} without service at most, {} in all{checked}{full}",
        counted(lane.acknowledged, "request") + " ok",
        lane.retried,
        lane.failed,
        span(played.longest),
        span(played.without_service),
    )
}

fn time(at: Duration) -> String {
    format!("{:>8.3} s", at.as_secs_f64())
}

/// Says how long something took, as precisely as it matters.
fn span(span: Duration) -> String {
    if span < Duration::from_secs(10) {
        format!("{} ms", span.as_millis())
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}

/// Breaks what is said into lines, between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    let mut width = 0;
    for word in text.split(' ') {
        let letters = word.chars().count();
        if width > 0 && width + 1 + letters > SAID_WIDTH {
            lines.push(String::new());
            width = 0;
        }
        let line = lines.last_mut().expect("there is one from the start");
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += letters;
    }
    lines
}
