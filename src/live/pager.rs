//! The person's pager: text in a file that goes when it ends, and the terminal while it runs.
//!
//! It runs beside the loop, in the same process group, so that Ctrl-Z stops both.

use std::io::{self, Write};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::dashboard::terminal::Tty;

/// What runs where `PAGER` names nothing.
const PAGER: &str = "less";

/// How long a pager that was asked to end may take to leave the terminal.
const CLOSING_PATIENCE: Duration = Duration::from_millis(500);

/// How a pager went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// By itself, so that its screen is undone.
    InOrder,
    /// It had to be killed.
    Killed,
}

/// A pager that runs; killed when dropped.
#[derive(Debug)]
pub(super) struct Pager {
    name: String,
    child: Child,
    /// Deleted when dropped.
    _text: NamedTempFile,
}

impl Pager {
    /// Shows `text` by the program that `PAGER` names; words after its name are its arguments.
    ///
    /// # Errors
    ///
    /// The reason, as a person reads it, when there is no such program or no room for the text.
    pub(super) fn open(tty: &Tty, text: &str) -> Result<Self, String> {
        let chosen = std::env::var("PAGER").unwrap_or_default();
        let mut words = chosen.split_whitespace();
        let name = words.next().unwrap_or(PAGER).to_owned();
        let file = written(text).map_err(|error| format!("could not write for the pager: {error}"))?;
        let started = tty.input_for_another().and_then(|input| {
            Command::new(&name)
                .args(words)
                .arg(file.path())
                .stdin(Stdio::from(input))
                .kill_on_drop(true)
                .spawn()
        });
        match started {
            Ok(child) => Ok(Self {
                name,
                child,
                _text: file,
            }),
            Err(error) => Err(format!("could not run {name}: {error}; name another by PAGER")),
        }
    }

    /// Waits until it has ended; says why if it did not end well. May be cancelled.
    pub(super) async fn ended(&mut self) -> Result<(), String> {
        match self.child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{} ended with {status}", self.name)),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Asks it to end.
    pub(super) fn stop(&self) {
        let pid = self
            .child
            .id()
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        if let Some(pid) = pid {
            // It fails only when the pager has ended in this moment.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Asks it to end, and waits a moment until it has.
    pub(super) async fn close(mut self) -> Closed {
        self.stop();
        let closing = timeout(CLOSING_PATIENCE, self.child.wait()).await;
        if closing.is_ok() {
            return Closed::InOrder;
        }
        // The system may take its time; whoever is killed touches no terminal any more.
        let _ = self.child.start_kill();
        Closed::Killed
    }
}

fn written(text: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("heirloom-")
        .suffix(".log")
        .tempfile()?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Waits for a pager to end; without one, for ever.
pub(super) async fn ended(pager: &mut Option<Pager>) -> Result<(), String> {
    match pager {
        Some(pager) => pager.ended().await,
        None => std::future::pending().await,
    }
}
