//! A node that a supervisor started: it does not outlive it.
//!
//! Two ropes hold, each by itself. The system kills the node when its parent dies (Linux), frozen
//! or not; and the node stops when its standard input closes, whose other end the supervisor holds.
//! Without `--supervised` neither is true: `server 1 &` must work.

use std::io::{self, Read};
use std::thread;

use tokio_util::sync::CancellationToken;

/// Why a node that is supervised does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum SupervisedError {
    #[error("could not tie the node to its supervisor: {0}")]
    System(#[from] io::Error),
    #[cfg(target_os = "linux")]
    #[error("the supervisor is gone; start it again, or run the node without --supervised")]
    Orphaned,
}

/// Ties this process to its parent; the token is cancelled when standard input closes.
///
/// Must be called on the main thread: the death signal is kept by the thread that asked for it.
pub(super) fn tie_to_parent() -> Result<CancellationToken, SupervisedError> {
    die_with_parent()?;
    let gone = CancellationToken::new();
    let parent_gone = gone.clone();
    thread::Builder::new().name("input".into()).spawn(move || {
        until_closed(io::stdin().lock());
        parent_gone.cancel();
    })?;
    Ok(gone)
}

#[cfg(target_os = "linux")]
fn die_with_parent() -> Result<(), SupervisedError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    let parent = getppid();
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from)?;
    // A parent that died before the question sends no signal any more. One that died before it
    // was looked at here has closed standard input.
    if getppid() == parent {
        Ok(())
    } else {
        Err(SupervisedError::Orphaned)
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "where there are death signals, to ask for one can fail"
)]
fn die_with_parent() -> Result<(), SupervisedError> {
    Ok(())
}

/// Reads, and forgets, until the input ends or fails.
fn until_closed(mut input: impl Read) {
    let mut forgotten = [0; 256];
    loop {
        match input.read(&mut forgotten) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
    }
}
