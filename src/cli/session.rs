//! `heirloom client`: the session one types into.

use std::io::{self, IsTerminal};

use clap::Args;

use super::exit::{Exit, Failure};
use super::interrupt::{interrupted, terminated};
use super::settings::Settings;
use crate::client::ClusterClient;
use crate::client::repl::{self, Ended, Input};
use crate::id::UserName;

#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    /// Whose images are uploaded; the key is made from this name
    user: UserName,
}

/// Runs the session until it is quit.
pub(super) fn run(settings: &Settings, args: &ClientArgs) -> Result<Exit, Failure> {
    let mut client = ClusterClient::new(settings.client(args.user.clone()));
    let input = if io::stdin().is_terminal() {
        Input::Terminal
    } else {
        Input::Pipe
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = repl::run(&mut client, input, io::stdout(), interrupted) => ended,
            // What an upload had half-written goes with it.
            () = terminated() => Ok(Ended::Interrupted),
        }
    });
    // A thread may still wait for a line; nobody waits for it.
    runtime.shutdown_background();
    Ok(match ended? {
        Ended::Quit => Exit::Done,
        Ended::Interrupted => Exit::Interrupted,
    })
}
