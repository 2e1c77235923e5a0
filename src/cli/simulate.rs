//! `heirloom simulate`: the election's own code on a made-up network, and how its figures grow.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow};
use clap::Args;
use clap::builder::FalseyValueParser;

use self::choice::{Faults, Sizes};
use self::figures::Found;
use self::live::Live;
use self::plan::Plan;
use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure};
use super::interrupt::Signals;
use super::options::{Options, Span};
use super::print::print;
use crate::dashboard::transport::Speed;

mod chart;
mod choice;
mod figures;
mod json;
mod live;
mod plan;
mod plot;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod watch;

/// What the kinds of faults are, and what the fields of `--json` mean.
const DETAILS: &str = "\
Faults:
  crash      a process is killed and started again later
  disk       likewise, and its disk is wiped where others remember what it does
  stop       a process is asked to stop and started again later
  freeze     a process stands still for a while
  stall      a clock stands still for a while
  cut        a link passes nothing in one direction for a while
  partition  two groups hear nothing of each other for a while
  loss       a share of all messages is lost for a while
  delay      messages are late for a while
  duplicate  messages come twice for a while
  alone      everybody but one is killed
Half of them meet whoever leads. `light` is crash, stop, freeze, cut and delay, one in 30 s; a list of
names comes at that pace; `heavy` is all of them, twelve in 20 s; `none` is none.

After its faults each run is healed, and the cluster must agree. An election lasts from when nobody
served until another reign did; what its nodes sent meanwhile are its messages.

With --watch the run of --seed is shown on the dashboard as if its nodes were processes, as fast as
virtual time (--speed) and elections, which are over in milliseconds, a thousand times more slowly.
Space pauses, . steps, [ and ] seek, { and } go to elections, + and - change the speed. The run is over
before it is shown; the report is printed at the end.

With --json one object is printed: seed, faults, duration_s, quorum, timing, interrupted, violation
(null, or seed, what, replay, trace), and for each size in `sizes`: nodes, runs, virtual_s, elections,
leader_changes, without_leader (a share), messages_per_election (by kind, and total),
messages_per_second, steps, invariants, and of first_leader, failover, handover and pause the count and
p50_ms, p90_ms, p99_ms and max_ms, null where there was none.";

/// Run the election itself on a made-up network, in virtual time, and report
///
/// No process runs and no time passes: a thousand nodes fail over in seconds (--nodes 1 to 1001). The
/// seed decides everything, so that each run can be repeated to its last message. After every
/// happening the invariants are checked; exit code 1 tells that one did not hold.
#[derive(Debug, Args)]
#[command(after_long_help = DETAILS)]
pub(super) struct SimulateArgs {
    /// Seed of the first run; the next one has the next seed
    #[arg(long, env = "HEIRLOOM_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,
    /// What goes wrong: none, light, heavy, or kinds such as crash,freeze,partition
    #[arg(
        long,
        env = "HEIRLOOM_SIMULATE_FAULTS",
        value_name = "KINDS",
        default_value = "light"
    )]
    faults: Faults,
    /// Number of runs [default: 100 up to 9 nodes, 10 up to 101, 5 up to 401, else 1]
    #[arg(long, env = "HEIRLOOM_SIMULATE_RUNS", value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(plan::RUNS_MAX)))]
    runs: Option<u32>,
    /// Virtual time of each run in which things go wrong
    #[arg(
        long,
        env = "HEIRLOOM_SIMULATE_DURATION",
        value_name = "TIME",
        default_value = "2m"
    )]
    duration: Span,
    /// Show how the figures grow with the number of nodes, in clusters of these sizes
    #[arg(long, env = "HEIRLOOM_SIMULATE_GROW", value_name = "SIZES", num_args = 0..=1,
          require_equals = true, default_missing_value = choice::SIZES)]
    grow: Option<Sizes>,
    /// File to draw the growth in, as a picture (SVG)
    #[arg(long, value_name = "FILE", requires = "grow")]
    svg: Option<PathBuf>,
    /// Show one run on the dashboard, its elections in slow motion; up to 9 nodes
    #[arg(long, env = "HEIRLOOM_SIMULATE_WATCH", value_parser = FalseyValueParser::new())]
    watch: bool,
    /// How many times faster than virtual time --watch shows it, from 0.1 to 100 [default: 1]
    #[arg(long, value_name = "N", requires = "watch")]
    speed: Option<Speed>,
    #[command(flatten)]
    appearance: AppearanceArgs,
    /// Print the figures as one JSON object
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Runs the simulations, shows how they go, and prints what they found.
///
/// `asked` are the options of flags and variables alone, `options` those of the file too.
pub(super) fn run(
    asked: &Options,
    options: &Options,
    before: AppearanceArgs,
    args: &SimulateArgs,
) -> Result<Exit, Failure> {
    if asked.nodes.is_some() && args.grow.is_some() {
        let problem = anyhow!("--grow has sizes of its own; say --grow=3,9,27, or drop --nodes");
        return Err(Failure::usage(problem));
    }
    let plan = Plan::new(options, args).map_err(Failure::usage)?;
    if let Some(folder) = args.svg.as_ref().and_then(|file| file.parent()) {
        let exists = folder.as_os_str().is_empty() || folder.is_dir();
        if !exists {
            let problem = anyhow!("--svg: there is no folder {}", folder.display());
            return Err(Failure::usage(problem));
        }
    }
    let appearance = args.appearance.or(before);
    let (found, exit) = if args.watch {
        watch::run(&plan, args, appearance)?
    } else {
        (carry_out(&plan)?, Exit::Done)
    };
    report(&plan, &found, args, appearance)?;
    Ok(if found.violation.is_some() {
        Exit::Failed
    } else if found.interrupted {
        Exit::Interrupted
    } else {
        exit
    })
}

/// Runs what is planned on a thread of its own, until it is done or a signal ends it.
fn carry_out(plan: &Plan) -> io::Result<Found> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (plan, stopped) = (plan.clone(), Arc::clone(&stop));
        let mut work = tokio::task::spawn_blocking(move || {
            let mut live = Live::on_terminal(&stopped, &plan);
            figures::find(&plan, &mut live)
        });
        let done = tokio::select! {
            done = &mut work => done,
            _ = signals.next() => {
                stop.store(true, Ordering::Relaxed);
                work.await
            }
        };
        done.map_err(io::Error::other)
    })
}

fn report(
    plan: &Plan,
    found: &Found,
    args: &SimulateArgs,
    appearance: AppearanceArgs,
) -> Result<(), Failure> {
    if args.json {
        print(&format!("{}\n", json::object(plan, found)))?;
    } else {
        let charset = appearance.charset();
        print(&table::of(plan, found, args.grow.is_some(), charset))?;
    }
    if let Some(file) = &args.svg {
        let picture = svg::of(&chart::growth(&found.sizes));
        std::fs::write(file, picture).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(())
}
