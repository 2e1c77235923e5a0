//! Standard output that may stand still or go away, reached through a bounded queue.
//!
//! A thread writes; whoever prints never waits. Lines for which there is no room are dropped and
//! counted, and the count is printed once there is room again.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

/// How many lines wait for an output that is slow; some seconds of a busy cluster.
const QUEUE_LINES: usize = 4096;

/// How long the last lines may take to be written.
const FLUSH_PATIENCE: Duration = Duration::from_millis(500);

/// An output that is never waited for.
#[derive(Debug)]
pub(super) struct Printer {
    queue: SyncSender<String>,
    finished: Receiver<()>,
    dropped: u64,
}

impl Printer {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(super) fn start(mut output: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, lines) = mpsc::sync_channel::<String>(QUEUE_LINES);
        let (finish, finished) = mpsc::sync_channel(1);
        thread::Builder::new().name("print".into()).spawn(move || {
            for mut line in lines {
                line.push('\n');
                // A reader that went away is no reason to stop a cluster.
                let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
            }
            let _ = finish.send(());
        })?;
        Ok(Self {
            queue,
            finished,
            dropped: 0,
        })
    }

    /// Prints a line, or counts it; `note` words the line about those that were dropped before.
    pub(super) fn print(&mut self, line: String, note: impl Fn(u64) -> String) {
        if self.dropped > 0 && self.queue.try_send(note(self.dropped)).is_ok() {
            self.dropped = 0;
        }
        match self.queue.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.dropped += 1,
        }
    }

    /// Waits a little for what was printed to be written.
    pub(super) fn close(self) {
        drop(self.queue);
        let _ = self.finished.recv_timeout(FLUSH_PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn note(lines: u64) -> String {
        format!("{lines} dropped")
    }

    /// A writer that stands still until it is let go.
    struct Held {
        entered: SyncSender<()>,
        let_go: Receiver<()>,
        text: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.entered.try_send(());
            let _ = self.let_go.recv();
            self.text.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stands_still_costs_lines_and_never_waits() {
        let (entered, has_entered) = mpsc::sync_channel(QUEUE_LINES * 2);
        let (release, let_go) = mpsc::channel();
        let text = Arc::default();
        let held = Held {
            entered,
            let_go,
            text: Arc::clone(&text),
        };
        let mut printer = Printer::start(held).expect("a thread");
        printer.print("first".to_owned(), note);
        has_entered.recv().expect("the writer was reached");
        for _ in 0..QUEUE_LINES + 2 {
            printer.print("next".to_owned(), note);
        }
        drop(release);
        // Let go, the writer reaches every line that was queued, one after the other.
        for _ in 0..QUEUE_LINES {
            has_entered.recv().expect("the writer was reached");
        }
        printer.print("last".to_owned(), note);
        printer.close();
        let text = text.lock().expect("not poisoned");
        let text = String::from_utf8_lossy(&text);
        let end: Vec<&str> = text.lines().skip(QUEUE_LINES).collect();
        assert_eq!(end, ["next", "2 dropped", "last"]);
    }
}
