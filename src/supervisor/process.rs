//! One process of a node: started in a group of its own, its pipes drained, signalled, waited for.
//!
//! A task owns the process until it is gone and everything it wrote is in its ring; only then the
//! exit is told, so that the evidence comes before the verdict. It alone signals, and only what it has
//! not yet waited for, so that no signal reaches a stranger with an old process id. While the task
//! lives, it holds the writing end of the process's standard input: a node ends when that closes.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::policy::ChildId;
use super::ring::{LINE_BYTES_MAX, Ring};
use crate::event::process::{Ending, OutputStream, ProcessSignal};

/// How long the pipes of a process that is gone are still read.
///
/// They end with it, unless it gave them to a process of its own, which a node does not do.
const DRAIN_PATIENCE: Duration = Duration::from_millis(200);

/// How much is read from a pipe at once.
const READ_BYTES: usize = 16 << 10;

/// What was written and not read yet; the lock is held for one line, or to take all of them.
pub(super) type SharedRing = Arc<Mutex<Ring>>;

/// A process that runs, as its owner holds it.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) id: ChildId,
    pub(super) pid: u32,
    pub(super) started: Instant,
    pub(super) ring: SharedRing,
    signals: mpsc::UnboundedSender<ProcessSignal>,
}

impl Process {
    /// Starts a process. `exits` hears when it is gone; `written` is notified when it has written.
    ///
    /// Must be called on a thread that lives as long as the program: where the system has death
    /// signals, the process dies with the *thread* that started it.
    ///
    /// # Errors
    ///
    /// When the system cannot start it.
    pub(super) fn spawn(
        id: ChildId,
        program: &Path,
        arguments: &[OsString],
        exits: mpsc::UnboundedSender<(ChildId, Ending)>,
        written: &Arc<Notify>,
    ) -> io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let started = Instant::now();
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        let ring = SharedRing::default();
        let stdout = child.stdout.take().map(|pipe| {
            let written = Arc::clone(written);
            tokio::spawn(drain(pipe, OutputStream::Stdout, Arc::clone(&ring), written))
        });
        let stderr = child.stderr.take().map(|pipe| {
            let written = Arc::clone(written);
            tokio::spawn(drain(pipe, OutputStream::Stderr, Arc::clone(&ring), written))
        });
        let (signals, to_send) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let ending = until_gone(child, to_send).await;
            for pipe in [stdout, stderr].into_iter().flatten() {
                let _ = timeout(DRAIN_PATIENCE, pipe).await;
            }
            // Without an owner nobody needs to know.
            let _ = exits.send((id, ending));
        });
        Ok(Self {
            id,
            pid,
            started,
            ring,
            signals,
        })
    }

    /// Sends a signal, unless the process is gone.
    pub(super) fn signal(&self, signal: ProcessSignal) {
        let _ = self.signals.send(signal);
    }
}

/// Waits for the process, and sends it what it is to be told in the meantime.
async fn until_gone(mut child: Child, mut to_send: mpsc::UnboundedReceiver<ProcessSignal>) -> Ending {
    // Waiting would close its input, and its input is what keeps it alive.
    let input = child.stdin.take();
    let ending = loop {
        tokio::select! {
            status = child.wait() => break ending_of(status),
            Some(signal) = to_send.recv() => send(&child, signal),
        }
    };
    drop(input);
    ending
}

/// Signals the whole group of a process that has not been waited for yet.
fn send(child: &Child, signal: ProcessSignal) {
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    let signals: &[Signal] = match signal {
        // A process that stands still, whoever made it so, would never hear of it.
        ProcessSignal::Terminate => &[Signal::CONT, Signal::TERM],
        ProcessSignal::Kill => &[Signal::KILL],
        ProcessSignal::Freeze => &[Signal::STOP],
        ProcessSignal::Thaw => &[Signal::CONT],
    };
    let Some(pid) = pid else { return };
    for signal in signals {
        // It fails only when the process has ended in this moment, which is told by its exit.
        let _ = kill_process_group(pid, *signal);
    }
}

fn ending_of(status: io::Result<ExitStatus>) -> Ending {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ending::Code(code),
            (None, Some(signal)) => Ending::Signal(signal),
            (None, None) => Ending::Unstarted(status.to_string()),
        },
        Err(error) => Ending::Unstarted(error.to_string()),
    }
}

/// Reads a pipe to its end, line by line; never waits for whoever reads the lines.
async fn drain(
    mut pipe: impl AsyncRead + Unpin,
    stream: OutputStream,
    ring: SharedRing,
    written: Arc<Notify>,
) {
    let mut lines = LineCutter::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = pipe.read(&mut buffer).await.unwrap_or(0);
        let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
        lines.feed(&buffer[..read], |line| ring.push(stream, line));
        if read == 0 {
            lines.finish(|line| ring.push(stream, line));
        }
        drop(ring);
        written.notify_one();
        if read == 0 {
            return;
        }
    }
}

/// Cuts a stream of bytes into lines of at most [`LINE_BYTES_MAX`].
#[derive(Debug, Default)]
struct LineCutter {
    line: Vec<u8>,
}

impl LineCutter {
    fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            self.take(text, &mut each);
            if ends {
                each(&self.line);
                self.line.clear();
            }
        }
    }

    /// Adds text of one line; what does not fit begins another.
    fn take(&mut self, mut text: &[u8], each: &mut impl FnMut(&[u8])) {
        while self.line.len() + text.len() > LINE_BYTES_MAX {
            let (fits, rest) = text.split_at(LINE_BYTES_MAX - self.line.len());
            self.line.extend_from_slice(fits);
            each(&self.line);
            self.line.clear();
            text = rest;
        }
        self.line.extend_from_slice(text);
    }

    fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        if !self.line.is_empty() {
            each(&self.line);
            self.line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        let mut cutter = LineCutter::default();
        for piece in pieces {
            cutter.feed(piece, |line| lines.push(line.to_vec()));
        }
        cutter.finish(|line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        let lines = cut(&[b"one\ntw", b"o\n\nthr", b"ee"]);
        let expected: [&[u8]; 4] = [b"one", b"two", b"", b"three"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let endless = vec![b'x'; 3 * LINE_BYTES_MAX + 1];
        let lengths: Vec<usize> = cut(&[&endless]).iter().map(Vec::len).collect();
        assert_eq!(lengths, [LINE_BYTES_MAX, LINE_BYTES_MAX, LINE_BYTES_MAX, 1]);
    }

    #[test]
    fn a_status_is_told_as_code_or_signal() {
        assert_eq!(ending_of(Ok(ExitStatus::from_raw(2 << 8))), Ending::Code(2));
        assert_eq!(ending_of(Ok(ExitStatus::from_raw(9))), Ending::Signal(9));
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_however_the_stream_is_cut(
            pieces in prop::collection::vec("[a\n]{0,20}", 0..20),
        ) {
            let pieces: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
            let lines = cut(&pieces);
            let whole = pieces.concat();
            let expected: Vec<&[u8]> = whole.strip_suffix(b"\n").unwrap_or(&whole).split(|b| *b == b'\n').collect();
            if whole.is_empty() {
                prop_assert!(lines.is_empty());
            } else {
                prop_assert_eq!(lines, expected);
            }
        }
    }
}
