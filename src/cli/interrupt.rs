//! What the system asks a program to do: Ctrl-C and SIGTERM, as values.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A person pressed Ctrl-C.
    Interrupt,
    /// Somebody wants the program to end.
    Terminate,
}

/// Listens for both from its making on.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
    }
}

/// Resolves with the next Ctrl-C, not with an earlier one; where the system tells of none, never.
pub(super) async fn interrupted() {
    told_of(SignalKind::interrupt()).await;
}

/// Resolves when somebody wants the program to end; where the system does not tell, never.
pub(super) async fn terminated() {
    told_of(SignalKind::terminate()).await;
}

async fn told_of(kind: SignalKind) {
    let told = match signal(kind) {
        Ok(mut told) => told.recv().await,
        Err(_) => None,
    };
    if told.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Runs a client's work until it is done or a signal drops it, with what it had half-written.
pub(super) fn until_interrupted(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            ended = work => ended,
            _ = signals.next() => Ok(Exit::Interrupted),
        }
    });
    // A thread may still wait for a line or a disk; nobody waits for it.
    runtime.shutdown_background();
    ended
}
