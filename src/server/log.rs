//! Where a node's log goes: standard output, and `node.log` in its data directory.
//!
//! Each place has a thread of its own behind a bounded queue. Handing over a line never waits: when
//! the queue is full (a pipe whose reader stands still, a disk that hangs) the line is dropped, and
//! the caller counts it. What a place fails to write is lost, and the node never hears of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use super::OutputFormat;
use crate::event::{Event, line};

/// How many events wait for a place that is slow.
///
/// A failover makes some dozens; a thousand is many seconds of a busy cluster, for less than 1 MiB.
const QUEUE_EVENTS: usize = 1024;

/// How large `node.log` grows before it becomes `node.log.1`; the one before that is gone.
const LOG_BYTES_MAX: u64 = 1 << 20;

/// How long a stopping node waits for its last lines to be written.
const FLUSH_PATIENCE: Duration = Duration::from_millis(500);

/// A place that log lines go to, reached through a bounded queue.
#[derive(Debug)]
pub(crate) struct LogSink {
    queue: SyncSender<Arc<Event>>,
    finished: Receiver<()>,
}

/// What became of an event that was handed to a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handed {
    /// It will be written.
    Queued,
    /// The queue was full; it is lost.
    Dropped,
}

impl LogSink {
    /// Starts a thread that writes events to `output` in `format`.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(crate) fn start(
        format: OutputFormat,
        mut output: impl Write + Send + 'static,
    ) -> Result<Self, io::Error> {
        Self::spawn(move |event| match text_of(event, format) {
            Some(text) => output.write_all(text.as_bytes()).and_then(|()| output.flush()),
            None => Ok(()),
        })
    }

    /// Starts a thread that keeps `node.log` in `directory`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the system has no thread left.
    pub(crate) fn start_file(directory: &Path) -> Result<Self, io::Error> {
        let mut file = RotatingFile::open(directory.join("node.log"), LOG_BYTES_MAX)?;
        Self::spawn(move |event| match text_of(event, OutputFormat::Text) {
            Some(text) => {
                let at = UNIX_EPOCH + Duration::from_millis(event.wall_ms);
                file.write_line(&format!("{} {text}", humantime::format_rfc3339_millis(at)))
            }
            None => Ok(()),
        })
    }

    fn spawn(mut write: impl FnMut(&Event) -> io::Result<()> + Send + 'static) -> Result<Self, io::Error> {
        let (queue, events) = mpsc::sync_channel::<Arc<Event>>(QUEUE_EVENTS);
        let (finish, finished) = mpsc::sync_channel(1);
        thread::Builder::new().name("log".into()).spawn(move || {
            for event in events {
                // A reader that went away and a disk that is full are no fault of the node; a
                // disk may have room again for the next line.
                let _ = write(&event);
            }
            let _ = finish.send(());
        })?;
        Ok(Self { queue, finished })
    }

    /// Hands an event over; never waits.
    pub(crate) fn hand_over(&self, event: &Arc<Event>) -> Handed {
        match self.queue.try_send(Arc::clone(event)) {
            Ok(()) => Handed::Queued,
            // The thread ends only with the queue, so a disconnected one is a thread that died.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Handed::Dropped,
        }
    }

    /// Closes the queue and waits a little for what is in it to be written.
    pub(crate) fn close(self) {
        drop(self.queue);
        let _ = self.finished.recv_timeout(FLUSH_PATIENCE);
    }
}

/// Returns what an event looks like in a format, newline included; `None` when it has no line.
fn text_of(event: &Event, format: OutputFormat) -> Option<String> {
    let mut text = match format {
        OutputFormat::Text => line::of(event)?,
        OutputFormat::Json => serde_json::to_string(event).ok()?,
    };
    text.push('\n');
    Some(text)
}

/// A file that is set aside when it is full.
#[derive(Debug)]
struct RotatingFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl RotatingFile {
    fn open(path: PathBuf, bytes_max: u64) -> io::Result<Self> {
        let file = append_to(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            bytes,
            bytes_max,
        })
    }

    fn write_line(&mut self, text: &str) -> io::Result<()> {
        let length = text.len() as u64;
        if self.bytes > 0 && self.bytes + length > self.bytes_max {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            fs::rename(&self.path, aside)?;
            self.file = append_to(&self.path)?;
            self.bytes = 0;
        }
        self.file.write_all(text.as_bytes())?;
        self.bytes += length;
        Ok(())
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::event::{EventStamp, Fact};
    use crate::id::{Generation, NodeId};
    use crate::time::Time;

    fn stopping() -> Arc<Event> {
        let id = NodeId::new(2).expect("not zero");
        Arc::new(EventStamp::new(id, Generation(1)).stamp(Time::ZERO, Duration::ZERO, Fact::Stopping))
    }

    /// A writer that stands still until it is let go, as a pipe does that nobody reads.
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
        let (entered, has_entered) = mpsc::sync_channel(1);
        let (release, let_go) = mpsc::channel::<()>();
        let text = Arc::new(Mutex::new(Vec::new()));
        let held = Held {
            entered,
            let_go,
            text: Arc::clone(&text),
        };
        let sink = LogSink::start(OutputFormat::Text, held).expect("a thread");
        let event = stopping();
        assert_eq!(sink.hand_over(&event), Handed::Queued);
        has_entered.recv().expect("the writer was reached");
        for _ in 0..QUEUE_EVENTS {
            assert_eq!(sink.hand_over(&event), Handed::Queued);
        }
        assert_eq!(sink.hand_over(&event), Handed::Dropped);
        drop(release);
        sink.close();
        let text = text.lock().expect("not poisoned");
        assert_eq!(
            text.len(),
            (QUEUE_EVENTS + 1) * "Node 2: Stopping\n".len(),
            "what was queued is written in the end"
        );
    }

    #[test]
    fn a_reader_that_is_gone_hurts_nobody() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let sink = LogSink::start(OutputFormat::Json, Gone).expect("a thread");
        assert_eq!(sink.hand_over(&stopping()), Handed::Queued);
        sink.close();
    }

    #[test]
    fn the_log_file_is_bounded_by_setting_the_old_one_aside() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("node.log");
        let mut file = RotatingFile::open(path.clone(), 20).expect("opens");
        for text in ["one line\n", "two lines\n", "three\n"] {
            file.write_line(text).expect("writes");
        }
        let read = |path: &Path| fs::read_to_string(path).expect("is there");
        assert_eq!(read(&path), "three\n");
        assert_eq!(
            read(&directory.path().join("node.log.1")),
            "one line\ntwo lines\n"
        );
        let reopened = RotatingFile::open(path, 20).expect("opens");
        assert_eq!(reopened.bytes, "three\n".len() as u64);
    }

    #[test]
    fn json_is_the_whole_event_on_one_line() {
        let text = text_of(&stopping(), OutputFormat::Json).expect("has a line");
        let event: Event = serde_json::from_str(&text).expect("an event");
        assert_eq!(event, *stopping());
        assert_eq!(text.matches('\n').count(), 1);
    }
}
