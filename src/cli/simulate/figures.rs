//! What simulations found, size by size.

use std::time::Duration;

use super::live::Live;
use super::plan::Plan;
use crate::simulation::{Counters, Ending, GapKind, Nobody, Report, SimulationConfig, run_watched};

/// How many of the last happenings before a violation are told.
const TRACE_LINES: usize = 40;

/// What simulations found.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) sizes: Vec<Figures>,
    /// The first violation; nothing is run after it.
    pub(super) violation: Option<Violated>,
    /// Whether a person ended it before its time.
    pub(super) interrupted: bool,
}

/// What the runs of one size came to.
#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) nodes: u16,
    pub(super) runs: u32,
    pub(super) counters: Counters,
    /// The times without a leader, by what ended them; each kind sorted.
    gaps: [Vec<Duration>; 4],
}

/// An invariant that did not hold, and how to see it again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violated {
    pub(super) seed: u64,
    pub(super) what: String,
    pub(super) replay: String,
    pub(super) trace: Vec<String>,
}

/// Runs what is planned, until it is done, somebody ends it, or an invariant does not hold.
pub(super) fn find(plan: &Plan, live: &mut Live) -> Found {
    let mut found = Found {
        sizes: Vec::new(),
        violation: None,
        interrupted: false,
    };
    for &nodes in &plan.sizes {
        let mut figures = Figures::new(nodes);
        for run in 0..plan.runs(nodes) {
            live.begin(nodes, run);
            let config = plan.run(nodes, run);
            let report = run_watched(&config, live);
            figures.add(&report);
            found.interrupted = report.ending == Ending::Interrupted || live.stopped();
            found.violation = violated(plan, config, &report);
            if found.interrupted || found.violation.is_some() {
                break;
            }
        }
        figures.sort();
        found.sizes.push(figures);
        if found.interrupted || found.violation.is_some() {
            break;
        }
    }
    found
}

/// Returns what one run found that is over already.
pub(super) fn of_one(plan: &Plan, config: SimulationConfig, report: &Report) -> Found {
    let mut figures = Figures::new(config.nodes);
    figures.add(report);
    figures.sort();
    Found {
        sizes: vec![figures],
        violation: violated(plan, config, report),
        interrupted: false,
    }
}

/// Runs again, with everything told, what went wrong.
fn violated(plan: &Plan, config: SimulationConfig, report: &Report) -> Option<Violated> {
    let what = report.violation.as_ref()?.to_string();
    let config = SimulationConfig {
        trace: true,
        ..config
    };
    let mut trace = run_watched(&config, &mut Nobody).trace;
    trace.drain(..trace.len().saturating_sub(TRACE_LINES));
    Some(Violated {
        seed: config.seed,
        what,
        replay: plan.replay(config.nodes, config.seed),
        trace,
    })
}

impl Figures {
    pub(super) fn new(nodes: u16) -> Self {
        Self {
            nodes,
            runs: 0,
            counters: Counters::default(),
            gaps: Default::default(),
        }
    }

    pub(super) fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.counters.add(&report.counters);
        for gap in &report.gaps {
            self.gaps[place(gap.kind)].push(gap.span);
        }
    }

    pub(super) fn sort(&mut self) {
        for spans in &mut self.gaps {
            spans.sort_unstable();
        }
    }

    /// Returns how long the times without a leader of this kind were, if there were any.
    pub(super) fn spans(&self, kind: GapKind) -> Option<Spans> {
        Spans::of(&self.gaps[place(kind)])
    }

    /// Returns the share of time in which nobody served.
    pub(super) fn without_leader(&self) -> f64 {
        let all = self.counters.duration.as_secs_f64().max(f64::MIN_POSITIVE);
        self.counters.without_leader.as_secs_f64() / all
    }

    /// Returns how many messages an election took, by kind; none where there was no election.
    pub(super) fn messages_per_election(&self) -> Option<Vec<(&'static str, f64)>> {
        let elections = self.counters.elections as f64;
        let by_name = self.counters.election_messages.by_name();
        (elections > 0.0).then(|| {
            by_name
                .map(|(name, count)| (name, count as f64 / elections))
                .collect()
        })
    }

    /// Returns how many messages of all kinds an election took.
    pub(super) fn all_messages_per_election(&self) -> Option<f64> {
        let kinds = self.messages_per_election()?;
        Some(kinds.into_iter().map(|(_, count)| count).sum())
    }

    /// Returns how many messages were sent in a second of virtual time, heartbeats included.
    pub(super) fn messages_per_second(&self) -> f64 {
        let all = self.counters.duration.as_secs_f64().max(f64::MIN_POSITIVE);
        self.counters.messages.total() as f64 / all
    }
}

/// Where a kind of gaps stands in [`Figures`].
const fn place(kind: GapKind) -> usize {
    match kind {
        GapKind::Start => 0,
        GapKind::Failover => 1,
        GapKind::Handover => 2,
        GapKind::Pause => 3,
    }
}

/// How long something took, over many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spans {
    pub(super) count: usize,
    pub(super) p50: Duration,
    pub(super) p90: Duration,
    pub(super) p99: Duration,
    pub(super) max: Duration,
}

impl Spans {
    /// Of spans that are sorted: the smallest that so many of a hundred are not longer than.
    fn of(sorted: &[Duration]) -> Option<Self> {
        let max = *sorted.last()?;
        let percentile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or(max)
        };
        Some(Self {
            count: sorted.len(),
            p50: percentile(50),
            p90: percentile(90),
            p99: percentile(99),
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_spans_that_happened() {
        let spans: Vec<Duration> = (1..=10).map(Duration::from_secs).collect();
        let told = Spans::of(&spans).expect("some");
        let seconds = [told.p50, told.p90, told.p99, told.max].map(|span| span.as_secs());
        assert_eq!((told.count, seconds), (10, [5, 9, 10, 10]));
        assert_eq!(Spans::of(&[]), None);
        let one = Spans::of(&spans[..1]).expect("some");
        assert_eq!((one.p50, one.max), (spans[0], spans[0]));
    }
}
