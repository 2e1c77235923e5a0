//! A scenario: a short text of narration, actions, waits and expectations that a cluster is led through.
//!
//! ```text
//! # settings first: what it shows, and the cluster it wants
//! title A leader dies
//! nodes 3
//! timing fast
//!
//! say Three nodes elect one of them.
//!     An indented line goes on with what is said.
//! wait until node 3 leads within 10s
//! load on with 2 clients of 20KiB
//! kill leader
//! expect a new leader within 2 detection times
//! expect node 3 leads nobody for 1s
//! expect no acknowledged upload lost
//! ```
//!
//! One instruction a line; every wait has an end, so that every scenario has. Pure: parsed by hand,
//! printed so that it parses back the same, and checked against a cluster without running anything.

use std::fmt;
use std::time::Duration;

use self::action::Action;
use self::condition::{Condition, Limit};
use self::print::Span;

pub mod action;
pub mod builtin;
pub mod check;
pub mod condition;
mod harm;
pub mod mistake;
mod parse;
pub(crate) mod print;
mod words;

pub use mistake::{Mistake, Mistakes};
pub use parse::{LINES_MAX, TEXT_CHARS_MAX, parse};

/// A scenario that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// What it shows, in a few words.
    pub title: String,
    /// The cluster it wants.
    pub wants: Wants,
    /// What happens, in order; at least one step.
    pub steps: Vec<Step>,
}

/// The cluster that a scenario wants; what it does not say is as it is for every cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wants {
    /// How many nodes.
    pub nodes: Option<u16>,
    /// How quickly they notice.
    pub timing: Option<Preset>,
    /// How many must agree.
    pub quorum: Option<Quorum>,
    /// How long a returning higher node must be stable before it leads.
    pub takeover_after: Option<Duration>,
}

/// The presets of [`Timing`](crate::config::Timing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The original's.
    Seed,
    /// The fast one.
    Fast,
}

/// The names of [`QuorumPolicy`](crate::config::QuorumPolicy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// More than half of all members that are not proven dead.
    Live,
    /// More than half of all members.
    Majority,
}

/// One instruction, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its line, from 1.
    pub line: usize,
    /// What it says.
    pub what: Instruction,
}

/// What a step says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// Tell the audience this.
    Say(String),
    /// Do something.
    Do(Action),
    /// Let time pass.
    Pause(Duration),
    /// Wait until something holds; the scenario fails if it does not in time.
    Wait {
        /// What.
        until: Condition,
        /// In what time.
        within: Limit,
    },
    /// Find out whether it is so; the scenario fails if it is not.
    Expect(Expectation),
}

/// What is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// It comes to hold in time.
    Within(Condition, Limit),
    /// It holds now and for so long.
    For(Condition, Limit),
    /// Everything that was acknowledged to the load reads back from the cluster.
    NothingLost,
    /// No upload of the load has failed since it was first on.
    NoneFailed,
}

impl Instruction {
    /// Says whether it is judged: it can fail the scenario by what is seen.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        match self {
            Self::Say(_) | Self::Do(_) | Self::Pause(_) => false,
            Self::Wait { .. } | Self::Expect(_) => true,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(condition, limit) => write!(f, "{condition} within {limit}"),
            Self::For(condition, limit) => write!(f, "{condition} for {limit}"),
            Self::NothingLost => f.write_str("no acknowledged upload lost"),
            Self::NoneFailed => f.write_str("no failed request"),
        }
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(text) => write!(f, "say {text}"),
            Self::Do(action) => action.fmt(f),
            Self::Pause(span) => write!(f, "wait {}", Span(*span)),
            Self::Wait { until, within } => write!(f, "wait until {until} within {within}"),
            Self::Expect(expectation) => write!(f, "expect {expectation}"),
        }
    }
}

impl Preset {
    /// Returns its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Fast => "fast",
        }
    }
}

impl Quorum {
    /// Returns its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Majority => "majority",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "title {}", self.title)?;
        let Wants {
            nodes,
            timing,
            quorum,
            takeover_after,
        } = self.wants;
        if let Some(nodes) = nodes {
            writeln!(f, "nodes {nodes}")?;
        }
        if let Some(timing) = timing {
            writeln!(f, "timing {}", timing.word())?;
        }
        if let Some(quorum) = quorum {
            writeln!(f, "quorum {}", quorum.word())?;
        }
        if let Some(span) = takeover_after {
            writeln!(f, "takeover-after {}", Span(span))?;
        }
        for step in &self.steps {
            writeln!(f, "{}", step.what)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
