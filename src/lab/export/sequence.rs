//! The sequence diagram of an election: a lifeline for each node, an arrow for each message.
//!
//! One row a step, in the order of their times and not in proportion to them: an election takes
//! milliseconds after seconds of silence. Light and dark are the reader's choice, by CSS.

use std::fmt::{self, Write};

use crate::dashboard::cluster::elections::{Election, Happening, Step};
use crate::dashboard::words;
use crate::event::Fact;
use crate::event::process::ProcessSignal;
use crate::id::NodeId;
use crate::lab::picture::escaped;

/// The height of a row.
const ROW: usize = 24;

/// Where the first lifeline stands: right of the times.
const FIRST: usize = 130;

/// From lifeline to lifeline.
const LANE: usize = 190;

/// Above the first row: the heading, and the names of the nodes.
const TOP: usize = 96;

/// Right of the last lifeline: what happens on it, in words.
const RIGHT: usize = 250;

/// How far beside a lifeline words begin.
const BESIDE: usize = 10;

const STYLE: &str = "svg{--ground:#fcfcfa;--text:#24272d;--quiet:#6c6f76;--line:#c9c9c4;--message:#1f5fbf;\
    --good:#137333;--bad:#b3261e;--cold:#00696f}\
    @media(prefers-color-scheme:dark){svg{--ground:#15171c;--text:#d8dce4;--quiet:#8b92a0;--line:#444a57;\
    --message:#7fb2ff;--good:#6fd08c;--bad:#ff8a80;--cold:#67d4db}}";

/// The same colours for programs that know no variables; each stands before the one that does.
const RULES: &str = ".g{fill:#fcfcfa;fill:var(--ground)}.t{fill:#24272d;fill:var(--text)}\
    .q{fill:#6c6f76;fill:var(--quiet)}.l{stroke:#c9c9c4;stroke:var(--line)}\
    .m{stroke:#1f5fbf;stroke:var(--message)}.h{fill:#1f5fbf;fill:var(--message)}\
    .good{fill:#137333;fill:var(--good)}.bad{fill:#b3261e;fill:var(--bad)}.cold{fill:#00696f;fill:var(--cold)}\
    .e{text-anchor:end}.c{text-anchor:middle}.b{font-weight:700}";

/// Draws an election among these nodes.
///
/// # Errors
///
/// None: a string takes everything.
pub fn sequence(election: &Election, nodes: &[NodeId]) -> Result<String, fmt::Error> {
    let lanes = Lanes(nodes);
    let width = FIRST + LANE * nodes.len().saturating_sub(1) + RIGHT;
    let height = TOP + ROW * (election.steps.len() + 1);
    let mut svg = String::new();
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">"
    )?;
    let heading = heading(election);
    writeln!(svg, "<title>{}</title>", escaped(&heading))?;
    writeln!(svg, "<style>{STYLE}{RULES}</style>")?;
    writeln!(
        svg,
        "<rect class=\"g\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>"
    )?;
    writeln!(
        svg,
        "<text class=\"t b\" x=\"20\" y=\"32\" font-size=\"16\">{}</text>",
        escaped(&heading)
    )?;
    lanes.draw(&mut svg, election)?;
    for (index, step) in election.steps.iter().enumerate() {
        let y = row(index);
        let time = words::step_time(election.began(), step);
        writeln!(
            svg,
            "<text class=\"q e\" x=\"{}\" y=\"{}\">{}</text>",
            FIRST - 50,
            y + 4,
            escaped(&time)
        )?;
        lanes.step(&mut svg, step, y)?;
    }
    if election.dropped > 0 {
        let y = TOP - 12 + ROW * election.steps.len() + ROW;
        let said = format!("{} steps in the middle are not shown", election.dropped);
        writeln!(svg, "<text class=\"q\" x=\"20\" y=\"{y}\">{said}</text>")?;
    }
    Ok(svg + "</svg>\n")
}

fn heading(election: &Election) -> String {
    let number = election.number;
    match election.outcome.zip(election.took()) {
        Some(((_, ballot), took)) => {
            let took = words::span(took);
            format!(
                "Election {number}: node {} leads in epoch {}, after {took}",
                ballot.id, ballot.epoch
            )
        }
        None if election.is_settled() => format!("Election {number}: the leader stays"),
        None => format!("Election {number}: no leader came of it"),
    }
}

fn row(index: usize) -> usize {
    TOP + ROW * index + ROW / 2
}

/// Where the nodes' lifelines stand.
struct Lanes<'a>(&'a [NodeId]);

impl Lanes<'_> {
    fn at(&self, node: NodeId) -> Option<usize> {
        let index = self.0.iter().position(|lane| *lane == node)?;
        Some(FIRST + LANE * index)
    }

    /// Draws names and lifelines; one is broken while its node has no process.
    fn draw(&self, svg: &mut String, election: &Election) -> fmt::Result {
        let bottom = TOP + ROW * election.steps.len();
        for &node in self.0 {
            let Some(x) = self.at(node) else { continue };
            let leads = election.outcome.is_some_and(|(_, ballot)| ballot.id == node);
            let star = if leads { "★ " } else { "" };
            let class = if leads { "good" } else { "t" };
            writeln!(
                svg,
                "<text class=\"{class} c b\" x=\"{x}\" y=\"{}\">{star}Node {node}</text>",
                TOP - 22
            )?;
            let mut from = (TOP - 12, false);
            for (index, step) in election
                .steps
                .iter()
                .enumerate()
                .filter(|(_, step)| step.node == node)
            {
                let gone = step.what == Happening::Exit;
                if gone != from.1 {
                    line(svg, x, (from.0, row(index)), from.1)?;
                    from = (row(index), gone);
                }
            }
            line(svg, x, (from.0, bottom), from.1)?;
        }
        Ok(())
    }

    fn step(&self, svg: &mut String, step: &Step, y: usize) -> fmt::Result {
        let Some(x) = self.at(step.node) else {
            return Ok(());
        };
        let said = words::step_words(step);
        let said = escaped(&said);
        if let Happening::Message { from, .. } = &step.what {
            return match self.at(*from) {
                Some(from) if from != x => arrow(svg, (from, x), y, &said),
                Some(_) | None => Ok(()),
            };
        }
        let class = class(step);
        writeln!(svg, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"4.5\"/>")?;
        let x = x + BESIDE;
        writeln!(
            svg,
            "<text class=\"{class}\" x=\"{x}\" y=\"{}\">{said}</text>",
            y + 4
        )
    }
}

fn line(svg: &mut String, x: usize, (from, to): (usize, usize), gone: bool) -> fmt::Result {
    let dashes = if gone { " stroke-dasharray=\"2 5\"" } else { "" };
    writeln!(
        svg,
        "<path class=\"l\" stroke-width=\"1.5\"{dashes} d=\"M{x} {from}V{to}\"/>"
    )
}

/// Draws a message from lifeline to lifeline, with its name where it leaves.
fn arrow(svg: &mut String, (from, to): (usize, usize), y: usize, said: &str) -> fmt::Result {
    let (tip, label, anchor) = if from < to {
        (format!("M{to} {y}l-9-4.5v9z"), from + BESIDE, "")
    } else {
        (format!("M{to} {y}l9-4.5v9z"), from - BESIDE, " e")
    };
    writeln!(
        svg,
        "<path class=\"m\" stroke-width=\"1.5\" d=\"M{from} {y}H{to}\"/>"
    )?;
    writeln!(
        svg,
        "<path class=\"h\" d=\"{tip}\"/><circle class=\"h\" cx=\"{from}\" cy=\"{y}\" r=\"3\"/>"
    )?;
    writeln!(
        svg,
        "<text class=\"h{anchor}\" x=\"{label}\" y=\"{}\">{said}</text>",
        y - 4
    )
}

const fn class(step: &Step) -> &'static str {
    match &step.what {
        Happening::Exit | Happening::Signal(ProcessSignal::Kill | ProcessSignal::Terminate) => "bad",
        Happening::Signal(ProcessSignal::Freeze | ProcessSignal::Thaw) => "cold",
        Happening::Message { .. } => "h",
        Happening::Fact(fact) => match fact {
            Fact::ServingStarted { .. } | Fact::BecameLeader { .. } => "good",
            Fact::LeaderSuspected { .. }
            | Fact::QuorumMissing { .. }
            | Fact::ServingStopped { .. }
            | Fact::SteppedDown { .. } => "bad",
            _ => "t",
        },
    }
}
