//! `heirloom node`: one node in the foreground.

use std::io::IsTerminal;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::interrupt::{Asked, Signals};
use super::output::{Format, OutputArgs};
use super::print::print;
use super::settings::Settings;
use super::supervised::tie_to_parent;
use crate::config::NodeConfig;
use crate::fault::NodeFaults;
use crate::id::NodeId;
use crate::server::{self, OutputFormat};

/// How many threads run a node.
///
/// While one encrypts a chunk the other moves heartbeats. Neither is reserved for anything: a chunk
/// takes a fraction of a millisecond, so that even behind two of them a heartbeat is in time.
const WORKER_THREADS: usize = 2;

#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    /// Which node of the cluster it is, from 1
    id: NodeId,
    #[command(flatten)]
    output: OutputArgs,
    /// End with the process that started it; for the supervisor alone
    #[arg(long, hide = true)]
    supervised: bool,
    /// What is wrong with it from its start, as JSON; for the supervisor alone
    #[arg(long, hide = true, value_name = "JSON", value_parser = faults)]
    faults: Option<NodeFaults>,
}

fn faults(text: &str) -> Result<NodeFaults, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// What is wrong from the start of a node that takes no faults.
#[derive(Debug, thiserror::Error)]
#[error("faults mean nothing to a node that takes none; pass --allow-faults")]
struct TakesNoFaults;

/// Runs the node until it is asked to stop; `before` is what was asked before the command.
pub(super) fn run(settings: &Settings, args: &NodeArgs, before: OutputArgs) -> Result<Exit, Failure> {
    let parent_gone = if args.supervised {
        tie_to_parent()?
    } else {
        // Nobody cancels it: on its own, a node outlives whoever started it.
        CancellationToken::new()
    };
    let mut config = settings.node(args.id).map_err(Failure::usage)?;
    if let Some(faults) = &args.faults {
        let held = config
            .faults
            .as_mut()
            .ok_or_else(|| Failure::usage(TakesNoFaults))?;
        held.clone_from(faults);
    }
    let shown = args.output.or(before);
    let output = match shown.format() {
        Format::Text => OutputFormat::Text,
        Format::Json => OutputFormat::Json,
    };
    if shown.format() == Format::Text && !shown.no_tui && std::io::stdout().is_terminal() {
        print(&banner(&config))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(config, output, parent_gone));
    runtime.shutdown_background();
    ended
}

/// Serves until asked to stop; asked a second time, it does not wait for the end.
async fn serve(
    config: NodeConfig,
    output: OutputFormat,
    parent_gone: CancellationToken,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let shutdown = CancellationToken::new();
    let node = server::run(config, output, shutdown.clone());
    tokio::pin!(node);
    let asked = tokio::select! {
        ended = &mut node => return Ok(ended.map(|()| Exit::Done)?),
        asked = signals.next() => asked,
        () = parent_gone.cancelled() => Asked::Terminate,
    };
    shutdown.cancel();
    tokio::select! {
        ended = node => ended?,
        _ = signals.next() => {}
    }
    Ok(match asked {
        Asked::Interrupt => Exit::Interrupted,
        Asked::Terminate => Exit::Done,
    })
}

fn banner(config: &NodeConfig) -> String {
    let NodeConfig { id, cluster, .. } = config;
    let (count, name) = (cluster.members.len(), &cluster.name);
    format!("Heirloom: node {id} of cluster {name} ({count} nodes); Ctrl-C stops it\n")
}
