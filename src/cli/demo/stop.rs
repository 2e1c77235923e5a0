//! Who stops a demonstration that nobody watches: Ctrl-C, SIGTERM, or a terminal that goes away.
//!
//! Whichever it was, the nodes are stopped, the scratch folder goes, and the first one is the exit code.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::exit::Exit;
use crate::cli::interrupt::{Asked, Signals};

/// Listens from its making on.
#[derive(Debug)]
pub(super) struct Stops {
    signals: Signals,
    /// None where whoever started the program had it outlive its terminal.
    hang_up: Option<Signal>,
    first: Option<Exit>,
}

impl Stops {
    pub(super) fn listen() -> io::Result<Self> {
        let hang_up = (!is_hang_up_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            signals: Signals::listen()?,
            hang_up: hang_up.transpose()?,
            first: None,
        })
    }

    /// Waits for the next one. May be cancelled.
    pub(super) async fn next(&mut self) {
        let hung_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        let exit = tokio::select! {
            asked = self.signals.next() => match asked {
                Asked::Interrupt => Exit::Interrupted,
                Asked::Terminate => Exit::Terminated,
            },
            _ = hung_up => Exit::HungUp,
        };
        self.first.get_or_insert(exit);
    }

    /// Returns how a program ends that was stopped, by what came first.
    pub(super) const fn exit(&self) -> Option<Exit> {
        self.first
    }
}

/// Says whether the program was told to outlive its terminal, as `nohup` does; a night's worth of runs is.
///
/// Listening to the signal would undo that. Where the system does not tell, nobody is taken to have asked.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signal 1 is the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 1)
}
