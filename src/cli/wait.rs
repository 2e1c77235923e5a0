//! `heirloom wait`: stands still until the cluster can be used.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use tokio::time::{Instant, sleep, timeout_at};

use super::exit::{Exit, Failure};
use super::interrupt::until_interrupted;
use super::options::Span;
use super::print::print;
use super::settings::Settings;
use super::status::summary;
use crate::client::status::{ask_all, is_ready};

/// How often the nodes are asked.
///
/// Short beside an election that follows a crash, and nothing to nodes that answer a hundred
/// thousand times as often.
const INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
pub(super) struct WaitArgs {
    /// Wait until a leader serves and enough stores take images; other nodes may still be missing
    #[arg(long, required = true)]
    ready: bool,
    /// How long to wait at most
    #[arg(long, env = "HEIRLOOM_TIMEOUT", value_name = "TIME", default_value = "10s")]
    timeout: Span,
}

/// Waits until images can be stored, or fails in the end.
pub(super) fn run(settings: &Settings, args: &WaitArgs) -> Result<Exit, Failure> {
    until_interrupted(async {
        let Span(patience) = args.timeout;
        let until = Instant::now().checked_add(patience);
        let until = until.ok_or_else(|| Failure::usage(anyhow!("--timeout is too long")))?;
        let mut last = "no node answered in time".to_owned();
        loop {
            let Ok(statuses) = timeout_at(until, ask_all(&settings.cluster)).await else {
                break;
            };
            last = summary(&statuses);
            if is_ready(&statuses) {
                print(&(last + "\n"))?;
                return Ok(Exit::Done);
            }
            if Instant::now() + INTERVAL >= until {
                break;
            }
            sleep(INTERVAL).await;
        }
        let waited = humantime::format_duration(patience);
        Err(Failure::no_leader(anyhow!("not ready after {waited}: {last}")))
    })
}
