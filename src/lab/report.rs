//! What scenarios came to, for machines: `JUnit` XML, as CI servers read it, or JSON.
//!
//! A suite is one run of a scenario; a case is one wait or expectation, named by its line.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::picture::escaped;
use super::play::line;
use super::play::verdict::{Outcome, Played, Verdict};

/// One run of a scenario, by the name it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name or file.
    pub name: String,
    /// What it came to.
    pub played: Played,
}

/// Returns the runs as `JUnit` XML.
#[must_use]
pub fn junit(runs: &[Run]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let sum = |count: fn(&Played) -> usize| runs.iter().map(|run| count(&run.played)).sum::<usize>();
    let took: Duration = runs.iter().map(|run| run.played.took).sum();
    let counts = counts(
        sum(cases),
        sum(failures),
        sum(|played| played.skipped.len()),
        took,
    );
    line_of(
        &mut xml,
        format_args!("<testsuites name=\"heirloom demo\" {counts}>"),
    );
    for run in runs {
        suite(&mut xml, run);
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(xml: &mut String, Run { name, played }: &Run) {
    let counts = counts(cases(played), failures(played), played.skipped.len(), played.took);
    let name = escaped(name);
    line_of(xml, format_args!("  <testsuite name=\"{name}\" {counts}>"));
    for verdict in &played.verdicts {
        case(xml, &name, verdict);
    }
    for (number, text) in &played.skipped {
        let text = escaped(text);
        line_of(
            xml,
            format_args!(
                "    <testcase classname=\"{name}\" name=\"line {number}: {text}\"><skipped/></testcase>"
            ),
        );
    }
    let lane = if played.lane.was_on() {
        line::lane(played)
    } else {
        String::new()
    };
    line_of(
        xml,
        format_args!("    <system-out>{}</system-out>", escaped(&lane)),
    );
    xml.push_str("  </testsuite>\n");
}

fn case(xml: &mut String, suite: &str, verdict: &Verdict) {
    let Verdict { line, text, took, .. } = verdict;
    let (text, seconds) = (escaped(text), took.as_secs_f64());
    let opening =
        format!("    <testcase classname=\"{suite}\" name=\"line {line}: {text}\" time=\"{seconds:.3}\"");
    match verdict.outcome {
        Outcome::Held => line_of(xml, format_args!("{opening}/>")),
        Outcome::Failed => {
            let (seen, at) = (escaped(&verdict.seen), verdict.at.as_secs_f64());
            line_of(
                xml,
                format_args!(
                    "{opening}><failure message=\"{seen}\">line {line}, {at:.3} s after the beginning: {seen}</failure></testcase>"
                ),
            );
        }
    }
}

fn line_of(xml: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(xml, "{line}").expect("a string takes everything");
}

fn counts(tests: usize, failures: usize, skipped: usize, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds:.3}\""
    )
}

fn cases(played: &Played) -> usize {
    played.verdicts.len() + played.skipped.len()
}

fn failures(played: &Played) -> usize {
    usize::from(played.failure().is_some())
}

/// Returns the runs as one JSON object; every time is in milliseconds.
#[must_use]
pub fn json(runs: &[Run]) -> String {
    let passed = runs.iter().all(|run| run.played.passed());
    let report = json!({
        "passed": passed,
        "runs": runs.iter().map(run_json).collect::<Vec<Value>>(),
    });
    format!("{report:#}\n")
}

fn run_json(Run { name, played }: &Run) -> Value {
    let found = played.verdicts.iter().map(|verdict| {
        json!({
            "line": verdict.line,
            "text": verdict.text,
            "outcome": match verdict.outcome { Outcome::Held => "held", Outcome::Failed => "failed" },
            "seen": verdict.seen,
            "at_ms": millis(verdict.at),
            "took_ms": millis(verdict.took),
            "after_action_ms": verdict.after_action.map(millis),
        })
    });
    let skipped = played
        .skipped
        .iter()
        .map(|(line, text)| json!({"line": line, "text": text}));
    let lane = &played.lane;
    json!({
        "scenario": name,
        "title": played.title,
        "passed": played.passed(),
        "took_ms": millis(played.took),
        "found": found.collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "load": {
            "acknowledged": lane.acknowledged,
            "retried": lane.retried,
            "failed": lane.failed,
            "without_service_longest_ms": millis(played.longest),
            "without_service_ms": millis(played.without_service),
            "checked": lane.checked,
            "paused_full": lane.full,
        },
    })
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
