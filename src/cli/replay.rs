//! `heirloom replay`: the dashboard on a recording.

use std::path::PathBuf;

use clap::Args;

use super::appearance::AppearanceArgs;
use super::exit::{Exit, Failure};
use crate::dashboard::terminal::Tty;
use crate::dashboard::theme::Theme;
use crate::dashboard::transport::Speed;
use crate::lab::replay::Player;
use crate::live::{self, Outcome, Reason};
use crate::time::Time;

#[derive(Debug, Clone, Args)]
pub(super) struct ReplayArgs {
    /// The recording, as `heirloom --record FILE` made it
    ///
    /// It holds the names of users and of their files. With demonstration keys a user's name is the key.
    file: PathBuf,
    /// How many times faster than it happened, from 0.1 to 100
    #[arg(long, env = "HEIRLOOM_SPEED", value_name = "N", default_value = "1")]
    speed: Speed,
    #[command(flatten)]
    appearance: AppearanceArgs,
}

/// There is nothing to draw on.
#[derive(Debug, thiserror::Error)]
#[error("replay draws on a terminal, and there is none; heirloom export FILE makes files of a recording")]
struct NoTerminal;

/// Shows the recording until somebody ends it.
pub(super) fn run(args: &ReplayArgs, before: AppearanceArgs) -> Result<Exit, Failure> {
    let player = Player::open(&args.file, args.speed, Time::ZERO)?;
    let tty = Tty::open().ok_or_else(|| Failure::usage(NoTerminal))?;
    let theme = args.appearance.or(before).theme();
    show(player, tty, theme)
}

/// Shows what a player plays until somebody ends it.
pub(super) fn show(player: Player, tty: Tty, theme: Theme) -> Result<Exit, Failure> {
    let start = live::Start {
        setup: player.header().setup(tty.size(), theme),
        tty,
        record: None,
        cluster: live::Cluster::Recorded(Box::new(player)),
        client_of: None,
        performance: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(live::run(start));
    runtime.shutdown_background();
    let Outcome { reason, .. } = ended?;
    match reason {
        Reason::Asked | Reason::HungUp => Ok(Exit::Done),
        Reason::Interrupted => Ok(Exit::Interrupted),
    }
}
