//! `heirloom simulate --watch`: one run on the dashboard, its elections in slow motion.

use std::time::Duration;

use super::super::appearance::AppearanceArgs;
use super::super::exit::{Exit, Failure};
use super::super::replay;
use super::SimulateArgs;
use super::figures::{self, Found};
use super::plan::Plan;
use crate::config::NODES_MAX;
use crate::dashboard::terminal::Tty;
use crate::dashboard::transport::Speed;
use crate::event::line::counted;
use crate::lab::replay::Player;
use crate::lab::simulated::{Simulated, simulated};
use crate::time::Time;

/// The longest run that can be watched: longer than anybody watches, and held in memory.
const DURATION_MAX: Duration = Duration::from_mins(10);

/// What cannot be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WatchError {
    #[error("--watch shows one run on the dashboard, and --grow runs many; drop one of them")]
    Grows,
    #[error("--watch shows one run, not {0}; choose it by --seed, and drop --runs")]
    Runs(u32),
    #[error(
        "--watch draws up to {NODES_MAX} nodes, not {0}; give --nodes {NODES_MAX} or fewer, or drop --watch"
    )]
    Nodes(u16),
    #[error(
        "--watch shows up to {} of virtual time, not {}; give a shorter --duration",
        humantime::format_duration(DURATION_MAX), humantime::format_duration(*.0)
    )]
    Duration(Duration),
    #[error("--watch draws on a terminal, and there is none; drop it for the figures")]
    NoTerminal,
}

/// Runs it, shows it until somebody ends it, and returns what it found.
pub(super) fn run(
    plan: &Plan,
    args: &SimulateArgs,
    appearance: AppearanceArgs,
) -> Result<(Found, Exit), Failure> {
    let nodes = check(plan, args).map_err(Failure::usage)?;
    let tty = Tty::open().ok_or_else(|| Failure::usage(WatchError::NoTerminal))?;
    let config = plan.run(nodes, 0);
    let title = title(plan, nodes);
    let Simulated { recording, report } = simulated(&config, &title)?;
    let player = Player::new(recording, args.speed.unwrap_or(Speed::ONE), Time::ZERO);
    let exit = replay::show(player, tty, appearance.theme())?;
    Ok((figures::of_one(plan, config, &report), exit))
}

/// Checks what is asked for, and returns how many nodes there are.
fn check(plan: &Plan, args: &SimulateArgs) -> Result<u16, WatchError> {
    if args.grow.is_some() {
        return Err(WatchError::Grows);
    }
    if let Some(runs) = args.runs.filter(|runs| *runs > 1) {
        return Err(WatchError::Runs(runs));
    }
    if plan.duration > DURATION_MAX {
        return Err(WatchError::Duration(plan.duration));
    }
    let nodes = plan.sizes.first().copied().unwrap_or(1);
    if nodes > NODES_MAX {
        return Err(WatchError::Nodes(nodes));
    }
    Ok(nodes)
}

fn title(plan: &Plan, nodes: u16) -> String {
    let nodes = counted(nodes.into(), "node");
    format!(
        "SIMULATION  seed {}  {nodes}  faults {}  virtual time",
        plan.seed, plan.faults
    )
}
