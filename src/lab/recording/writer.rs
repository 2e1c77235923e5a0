//! Writing a recording: a thread of its own behind a bounded queue, so that no disk delays a cluster.
//!
//! Whoever records hands lines over and never waits. Lines for which there is no room are dropped,
//! counted, and the count is a line. The file grows by whole lines, at least twice a second, so that
//! a kill loses less than the last second and cuts no line.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::mem;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Header, LINE_BYTES_MAX, RecordingError, Told, line};
use crate::time::Time;

/// How many lines wait for a disk: some seconds of the busiest cluster.
const QUEUE_LINES: usize = 16_384;

/// How many bytes wait: the same, bounded however long lines are.
const QUEUE_BYTES: usize = 16 << 20;

/// How long a line may wait in memory; half of what a kill may cost.
const FLUSH_AFTER: Duration = Duration::from_millis(500);

/// From how many bytes on they are written at once: fewer calls, and never much memory.
const CHUNK_BYTES: usize = 64 << 10;

/// How long the last lines may take to be written; a person waits for it after quitting.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is kept, and nothing is recorded.
    Keep,
    /// It is replaced.
    Replace,
}

/// A file that is open to be recorded into, and empty.
#[derive(Debug)]
pub struct RecordingFile {
    file: File,
    name: String,
    /// Whether somebody is to be told of it at the end.
    announced: bool,
}

/// What came of recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The file.
    pub file: String,
    /// How many lines it lacks.
    pub dropped: u64,
}

/// Writes a recording; ended by [`Self::close`].
#[derive(Debug)]
pub struct Recorder {
    queue: SyncSender<Vec<u8>>,
    shared: Arc<Shared>,
    finished: Receiver<()>,
    name: String,
    /// Lines dropped of which the file does not tell yet.
    dropped: u64,
    dropped_in_all: u64,
    at: Time,
}

#[derive(Debug, Default)]
struct Shared {
    /// The bytes that wait in the queue.
    bytes: AtomicUsize,
    /// Guards why the file takes nothing more.
    trouble: Mutex<Option<Trouble>>,
}

/// Why a file takes nothing more.
#[derive(Debug)]
struct Trouble {
    error: io::Error,
    /// Whether a person was told of it while it was recorded.
    told: bool,
}

impl RecordingFile {
    /// Makes the file, or empties the one that is there if it may be replaced.
    ///
    /// # Errors
    ///
    /// When it is to be kept, cannot be made, or is no regular file.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        let mut options = OpenOptions::new();
        options.write(true);
        match existing {
            Existing::Keep => options.create_new(true),
            // Opening a pipe would wait for its reader.
            Existing::Replace if path.metadata().is_ok_and(|found| !found.is_file()) => {
                return Err(RecordingError::NotRegular { file: name });
            }
            Existing::Replace => options.create(true).truncate(true),
        };
        match options.open(path) {
            Ok(file) => Ok(Self {
                file,
                name,
                announced: true,
            }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(RecordingError::Exists { file: name })
            }
            Err(source) => Err(RecordingError::Unwritable { file: name, source }),
        }
    }

    /// Takes a file that is open already.
    #[cfg(test)]
    pub(super) fn of(file: File, name: &str) -> Self {
        let name = name.to_owned();
        Self {
            file,
            name,
            announced: true,
        }
    }

    /// Makes a file of which nobody is told: whoever records decides later whether it stays.
    ///
    /// # Errors
    ///
    /// As [`Self::create`].
    pub fn unannounced(path: &Path) -> Result<Self, RecordingError> {
        let file = Self::create(path, Existing::Keep)?;
        Ok(Self {
            announced: false,
            ..file
        })
    }

    /// Says whether somebody is to be told of it at the end.
    pub(super) const fn is_announced(&self) -> bool {
        self.announced
    }

    /// Begins to record.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub fn begin(self, header: &Header) -> io::Result<Recorder> {
        let (queue, lines) = mpsc::sync_channel(QUEUE_LINES);
        let (finish, finished) = mpsc::sync_channel(1);
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let file = self.file;
        let mut first = header.line();
        first.push(b'\n');
        thread::Builder::new().name("record".into()).spawn(move || {
            if let Err(error) = write(file, first, &lines, &of_thread) {
                *of_thread.trouble() = Some(Trouble { error, told: false });
            }
            let _ = finish.send(());
        })?;
        Ok(Recorder {
            queue,
            shared,
            finished,
            name: self.name,
            dropped: 0,
            dropped_in_all: 0,
            at: header.began,
        })
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, dropped } = self;
        write!(
            f,
            "Recorded in {file}; `heirloom replay {file}` shows it. It holds the names of users, and with "
        )?;
        write!(f, "demonstration keys a name is the key.")?;
        if *dropped > 0 {
            write!(
                f,
                " It lacks {dropped} lines: the disk was slower than the cluster."
            )?;
        }
        Ok(())
    }
}

impl Recorder {
    /// Keeps what was told at `at`, or counts that it could not be kept.
    pub fn keep(&mut self, at: Time, told: Told<'_>) {
        self.at = at;
        if self.dropped > 0 && self.hand_over(line::of_dropped(at, self.dropped)) {
            self.dropped = 0;
        }
        if !self.hand_over(line::of_told(at, told)) {
            self.dropped += 1;
            self.dropped_in_all += 1;
        }
    }

    /// Returns why nothing more is recorded, once.
    #[must_use]
    pub fn trouble(&self) -> Option<RecordingError> {
        let mut trouble = self.shared.trouble();
        let trouble = trouble.as_mut().filter(|trouble| !trouble.told)?;
        trouble.told = true;
        Some(self.unwritable(again(&trouble.error)))
    }

    /// Writes the end, at `at`, and waits a moment for the disk.
    ///
    /// # Errors
    ///
    /// When the disk refused, or takes too long.
    pub fn close(mut self, at: Time) -> Result<Kept, RecordingError> {
        let at = at.max(self.at);
        // Whoever ends waits for the disk anyway: these two lines find their place.
        let deadline = Instant::now() + CLOSE_PATIENCE;
        if self.dropped > 0 {
            self.hand_over_by(deadline, &line::of_dropped(at, self.dropped));
        }
        self.hand_over_by(deadline, &line::of_end(at));
        drop(mem::replace(&mut self.queue, mpsc::sync_channel(0).0));
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = self.finished.recv_timeout(left);
        // Told or not, this is why the file is not whole.
        if let Some(trouble) = self.shared.trouble().take() {
            return Err(self.unwritable(trouble.error));
        }
        match ended {
            Ok(()) => Ok(Kept {
                file: self.name,
                dropped: self.dropped_in_all,
            }),
            Err(RecvTimeoutError::Timeout) => Err(RecordingError::Slow { file: self.name }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(self.unwritable(io::Error::other("whatever wrote it has ended")))
            }
        }
    }

    fn unwritable(&self, source: io::Error) -> RecordingError {
        let file = self.name.clone();
        RecordingError::Unwritable { file, source }
    }

    fn hand_over(&self, mut line: Vec<u8>) -> bool {
        line.push(b'\n');
        let bytes = line.len();
        if bytes > LINE_BYTES_MAX || self.shared.bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES {
            return false;
        }
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        let taken = self.queue.try_send(line).is_ok();
        if !taken {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        taken
    }

    fn hand_over_by(&self, deadline: Instant, line: &[u8]) {
        while !self.hand_over(line.to_vec()) && Instant::now() < deadline {
            if self.finished.recv_timeout(Duration::from_millis(10)) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
}

impl Shared {
    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the same error, to be told a second time.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Writes what comes until nobody is left who could hand anything over.
fn write(mut file: File, first: Vec<u8>, lines: &Receiver<Vec<u8>>, shared: &Shared) -> io::Result<()> {
    let mut waiting = first;
    let mut since = Instant::now();
    loop {
        let left = FLUSH_AFTER.saturating_sub(since.elapsed());
        let got = if waiting.is_empty() {
            lines.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            lines.recv_timeout(left)
        };
        if let Ok(line) = &got {
            if waiting.is_empty() {
                since = Instant::now();
            }
            shared.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            waiting.extend_from_slice(line);
        }
        let due = got.is_err() || waiting.len() >= CHUNK_BYTES || since.elapsed() >= FLUSH_AFTER;
        if due && !waiting.is_empty() {
            append(&mut file, &waiting)?;
            waiting.clear();
        }
        if got == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
}

/// Appends whole lines, or as good as none of them: on a full disk the part that went in is cut off.
fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let before = file.stream_position();
    file.write_all(lines).inspect_err(|_| {
        if let Ok(before) = before {
            let _ = file.set_len(before);
        }
    })
}
