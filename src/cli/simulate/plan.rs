//! What is to be simulated: sizes, runs and seeds, checked and complete.

use std::time::Duration;

use super::super::options::{Options, Pace, Quorum, Span};
use super::super::settings::{self, SettingsError};
use super::SimulateArgs;
use super::choice::Faults;
use crate::config::{QuorumPolicy, Timing};
#[cfg(test)]
use crate::simulation::BrokenRule;
use crate::simulation::{Aim, NODES_MAX, SimulationConfig};

/// The most runs: as many as a day is likely to hold.
pub(super) const RUNS_MAX: u32 = 1_000_000;

/// The longest run: ten years of virtual time.
const DURATION_MAX: Duration = Duration::from_hours(10 * 365 * 24);

/// What cannot be simulated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlanError {
    #[error("{0} nodes cannot be simulated; give 1 to {NODES_MAX}")]
    Nodes(usize),
    #[error(
        "--duration {} is out of range; give more than 0 and up to {} days",
        humantime::format_duration(*.0), DURATION_MAX.as_secs() / 86_400
    )]
    Duration(Duration),
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// What is to be simulated.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// How large the clusters are, growing; never empty.
    pub(super) sizes: Vec<u16>,
    pub(super) seed: u64,
    runs: Option<u32>,
    pub(super) duration: Duration,
    pub(super) faults: Faults,
    pub(super) policy: QuorumPolicy,
    pub(super) timing: Timing,
    pace: Pace,
    /// A rule that is broken on every node.
    #[cfg(test)]
    pub(super) broken: Option<BrokenRule>,
}

impl Plan {
    pub(super) fn new(options: &Options, args: &SimulateArgs) -> Result<Self, PlanError> {
        let sizes = match &args.grow {
            Some(sizes) => sizes.0.clone(),
            None => vec![nodes(options)?],
        };
        let Span(duration) = args.duration;
        if duration.is_zero() || duration > DURATION_MAX {
            return Err(PlanError::Duration(duration));
        }
        Ok(Self {
            sizes,
            seed: args.seed,
            runs: args.runs,
            duration,
            faults: args.faults.clone(),
            policy: match options.quorum.unwrap_or(Quorum::Live) {
                Quorum::Live => QuorumPolicy::Live,
                Quorum::Majority => QuorumPolicy::Majority,
            },
            timing: settings::timing(options)?,
            pace: options.timing.unwrap_or(Pace::Seed),
            #[cfg(test)]
            broken: None,
        })
    }

    /// Returns how often a cluster of that size is run: less often where a run takes long.
    pub(super) fn runs(&self, nodes: u16) -> u32 {
        self.runs.unwrap_or(match nodes {
            ..=9 => 100,
            10..=101 => 10,
            102..=401 => 5,
            402.. => 1,
        })
    }

    /// Returns what one run is told, counted from 0.
    pub(super) fn run(&self, nodes: u16, run: u32) -> SimulationConfig {
        SimulationConfig {
            nodes,
            policy: self.policy,
            timing: self.timing,
            seed: self.seed.wrapping_add(u64::from(run)),
            chaos: self.duration,
            faults: self.faults.count_in(self.duration),
            mix: self.faults.mix.clone(),
            aim: Aim::Leader,
            #[cfg(test)]
            broken: self.broken,
            trace: false,
        }
    }

    /// Returns the command that does one run again.
    pub(super) fn replay(&self, nodes: u16, seed: u64) -> String {
        let span = humantime::format_duration;
        let pace = match self.pace {
            Pace::Seed => "seed",
            Pace::Fast => "fast",
        };
        format!(
            "heirloom simulate --nodes {nodes} --seed {seed} --runs 1 --duration '{}' --faults '{}' --quorum {} \
             --timing {pace} --heartbeat '{}' --heartbeat-timeout '{}' --takeover-after '{}'",
            span(self.duration),
            self.faults,
            self.quorum(),
            span(self.timing.heartbeat_interval),
            span(self.timing.heartbeat_timeout),
            span(self.timing.takeover_after),
        )
    }

    /// Returns the name of how nodes count.
    pub(super) fn quorum(&self) -> &'static str {
        match self.policy {
            QuorumPolicy::Live => "live",
            QuorumPolicy::Majority => "majority",
        }
    }
}

fn nodes(options: &Options) -> Result<u16, PlanError> {
    let named = (!options.members.is_empty()).then_some(options.members.len());
    let nodes = options.nodes.map(usize::from).or(named);
    let nodes = nodes.unwrap_or(usize::from(settings::NODES));
    match u16::try_from(nodes) {
        Ok(number) if (1..=NODES_MAX).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(PlanError::Nodes(nodes)),
    }
}
