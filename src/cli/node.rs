//! `heirloom node`: one node in the foreground.

use std::io::IsTerminal;

use clap::builder::{FalseyValueParser, PossibleValue};
use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::interrupt::{Asked, Signals};
use super::print::print;
use super::settings::Settings;
use crate::config::NodeConfig;
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
    /// Run unattended: no banner
    #[arg(long, env = "HEIRLOOM_NO_TUI", value_parser = FalseyValueParser::new())]
    no_tui: bool,
    /// How events are printed
    #[arg(long, env = "HEIRLOOM_FORMAT", value_name = "FORMAT", default_value = "text")]
    format: OutputFormat,
}

impl ValueEnum for OutputFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Text, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Text => PossibleValue::new("text").help("The lines a person reads"),
            Self::Json => PossibleValue::new("json").help("Every event as a line of JSON"),
        })
    }
}

/// Runs the node until it is asked to stop.
pub(super) fn run(settings: &Settings, args: &NodeArgs) -> Result<Exit, Failure> {
    let config = settings.node(args.id).map_err(Failure::usage)?;
    if args.format == OutputFormat::Text && !args.no_tui && std::io::stdout().is_terminal() {
        print(&banner(&config))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(config, args.format));
    runtime.shutdown_background();
    ended
}

/// Serves until asked to stop; asked a second time, it does not wait for the end.
async fn serve(config: NodeConfig, output: OutputFormat) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let shutdown = CancellationToken::new();
    let node = server::run(config, output, shutdown.clone());
    tokio::pin!(node);
    let asked = tokio::select! {
        ended = &mut node => return Ok(ended.map(|()| Exit::Done)?),
        asked = signals.next() => asked,
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
