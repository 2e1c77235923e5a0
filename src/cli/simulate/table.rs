//! What simulations found, for people.

use std::fmt::Write;
use std::time::Duration;

use super::figures::{Figures, Found, Spans, Violated};
use super::plan::Plan;
use super::{chart, plot};
use crate::dashboard::theme::Charset;
use crate::simulation::{GapKind, INVARIANTS};

/// Makes the report: of one size in full, of many as they grow.
pub(super) fn of(plan: &Plan, found: &Found, grows: bool, charset: Charset) -> String {
    let mut text = head(plan);
    if grows {
        text += &growth(&found.sizes);
        for chart in chart::growth(&found.sizes) {
            let plot = plot::of(&chart, charset);
            if !plot.is_empty() {
                text += "\n";
                text += &plot;
            }
        }
        text += "\n";
    } else {
        for figures in &found.sizes {
            text += &in_full(figures);
        }
    }
    if found.interrupted {
        text += "stopped before the end; these are the figures so far\n";
    }
    text + &verdict(found)
}

fn head(plan: &Plan) -> String {
    let span = humantime::format_duration;
    let faults = plan.faults.names();
    let faults = if faults.is_empty() {
        "none".to_owned()
    } else {
        faults.join(", ")
    };
    format!(
        "runs of {} from seed {}, quorum {}, heartbeat {} within {}\nfaults: {faults}\n\n",
        span(plan.duration),
        plan.seed,
        plan.quorum(),
        span(plan.timing.heartbeat_interval),
        span(plan.timing.heartbeat_timeout),
    )
}

fn in_full(figures: &Figures) -> String {
    let counters = &figures.counters;
    let mut text = format!(
        "{}, {}\n",
        plural(figures.nodes.into(), "node"),
        plural(figures.runs.into(), "run")
    );
    let rows = [
        ("virtual time", rounded(counters.duration)),
        (
            "no leader for",
            format!(
                "{}, {:.3} % of it",
                rounded(counters.without_leader),
                figures.without_leader() * 100.0
            ),
        ),
        ("elections", counters.elections.to_string()),
        ("leader changes", counters.leader_changes.to_string()),
        (
            "messages",
            format!("{:.1} a second in all", figures.messages_per_second()),
        ),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<16}{value}");
    }
    text + &messages(figures) + &gaps(figures) + "\n"
}

/// The messages of an election, by kind.
fn messages(figures: &Figures) -> String {
    let Some(kinds) = figures.messages_per_election() else {
        return String::new();
    };
    let sent = kinds.into_iter().filter(|(_, count)| *count > 0.0);
    let sent: Vec<String> = sent
        .map(|(name, count)| format!("{name} {}", brief(count)))
        .collect();
    let all = figures
        .all_messages_per_election()
        .map_or_else(String::new, brief);
    format!("  {:<16}{all}: {}\n", "an election", sent.join(", "))
}

/// The times without a leader, by what ended them.
fn gaps(figures: &Figures) -> String {
    let mut text = format!(
        "\n  {:<16}{:>8}{:>12}{:>12}{:>12}{:>12}\n",
        "no leader until", "count", "p50", "p90", "p99", "max"
    );
    for (name, kind) in [
        ("the first one", GapKind::Start),
        ("a failover", GapKind::Failover),
        ("a handover", GapKind::Handover),
        ("it went on", GapKind::Pause),
    ] {
        let Some(spans) = figures.spans(kind) else {
            continue;
        };
        let Spans {
            count,
            p50,
            p90,
            p99,
            max,
        } = spans;
        let [p50, p90, p99, max] = [p50, p90, p99, max].map(millis);
        let _ = writeln!(text, "  {name:<16}{count:>8}{p50:>12}{p90:>12}{p99:>12}{max:>12}");
    }
    text
}

/// One line a size.
fn growth(sizes: &[Figures]) -> String {
    let mut text = format!(
        "{:>6}{:>6}{:>11}{:>16}{:>12}{:>12}{:>12}\n",
        "nodes", "runs", "failovers", "msgs/election", "p50", "max", "no leader"
    );
    for figures in sizes {
        let messages = figures
            .all_messages_per_election()
            .map_or_else(|| "-".to_owned(), brief);
        let failovers = figures.spans(GapKind::Failover);
        let told = |pick: fn(Spans) -> Duration| {
            failovers.map_or_else(|| "-".to_owned(), |spans| millis(pick(spans)))
        };
        let _ = writeln!(
            text,
            "{:>6}{:>6}{:>11}{messages:>16}{:>12}{:>12}{:>10.2} %",
            figures.nodes,
            figures.runs,
            failovers.map_or(0, |spans| spans.count),
            told(|spans| spans.p50),
            told(|spans| spans.max),
            figures.without_leader() * 100.0
        );
    }
    text
}

/// What came of the invariants.
fn verdict(found: &Found) -> String {
    let steps: u64 = found.sizes.iter().map(|figures| figures.counters.steps).sum();
    let checked = format!(
        "{} invariants checked after each of {steps} happenings",
        INVARIANTS.len()
    );
    match &found.violation {
        None => format!("{checked}: none violated\n"),
        Some(Violated {
            seed,
            what,
            replay,
            trace,
        }) => format!(
            "{checked}\nVIOLATED by seed {seed}: {what}\nreplay it with:\n  {replay}\nwhat happened last:\n  {}\n",
            trace.join("\n  ")
        ),
    }
}

fn plural(count: u64, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

/// A long time, without what is too small to matter in it.
fn rounded(span: Duration) -> String {
    humantime::format_duration(Duration::from_millis(
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
    ))
    .to_string()
}

fn millis(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1e3)
}

/// A count with as many digits as matter.
fn brief(count: f64) -> String {
    if count < 100.0 {
        format!("{count:.1}")
    } else {
        format!("{count:.0}")
    }
}
