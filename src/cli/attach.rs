//! `heirloom attach`: the dashboard on a cluster that something else started.

use clap::Args;

use super::Before;
use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure};
use super::present::PresentArgs;
use super::record::RecordArgs;
use super::settings::Settings;
use crate::dashboard::Control;
use crate::dashboard::terminal::Tty;
use crate::live::{self, Outcome, Reason};

#[derive(Debug, Clone, Args)]
pub(super) struct AttachArgs {
    #[command(flatten)]
    appearance: AppearanceArgs,
    #[command(flatten)]
    present: PresentArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// There is nothing to draw on.
#[derive(Debug, thiserror::Error)]
#[error("attach draws on a terminal, and there is none; heirloom status --json tells how every node is")]
struct NoTerminal;

/// Shows the cluster until somebody ends it; the cluster goes on.
pub(super) fn run(settings: Settings, args: AttachArgs, before: Before) -> Result<Exit, Failure> {
    let tty = Tty::open().ok_or_else(|| Failure::usage(NoTerminal))?;
    let appearance = args.appearance.or(before.appearance);
    let record = args.record.or(before.record).open()?;
    let setup = settings.dashboard(Control::Attached, appearance.theme(), tty.size());
    let start = live::Start {
        setup: args.present.or(before.present).told(setup),
        tty,
        record,
        cluster: live::Cluster::Found(settings.cluster.clone()),
        performance: None,
        client_of: Some(Box::new(move |user| settings.client(user))),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(live::run(start));
    runtime.shutdown_background();
    let Outcome { reason, recorded, .. } = ended?;
    match reason {
        Reason::Asked | Reason::HungUp => Ok(Exit::of_recording(&recorded)),
        Reason::Interrupted => Ok(Exit::Interrupted),
    }
}
