//! The thread that owns the terminal's output: it is handed finished bytes and writes them.
//!
//! It holds one buffer at a time. While it writes, it is busy, and nobody draws: so a terminal that
//! stands still costs neither memory nor time. Two buffers go round and are used again.

use std::io;
use std::mem;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, write};
use tokio::sync::Notify;

/// A handle of the writing thread.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// What the thread does; held to look and to change, never while writing.
    state: Mutex<State>,
    changed: Condvar,
    freed: Notify,
}

#[derive(Debug)]
enum State {
    /// It waits, and holds a buffer to be used again.
    Free(Vec<u8>),
    /// It is to write this.
    Handed(Vec<u8>),
    /// It writes.
    Writing,
    /// It has nothing more to do, once it has written what it writes.
    Closed,
}

impl Writer {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(super) fn start(output: BorrowedFd<'static>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Free(Vec::new())),
            changed: Condvar::new(),
            freed: Notify::new(),
        });
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("screen".into())
            .spawn(move || of_thread.write_to(output))?;
        Ok(Self { shared })
    }

    /// Says whether everything that was handed over is written.
    pub(super) fn is_free(&self) -> bool {
        matches!(*self.shared.lock(), State::Free(_))
    }

    /// Waits until everything may be written; look again, it may not.
    pub(super) async fn freed(&self) {
        self.shared.freed.notified().await;
    }

    /// Gives the thread `bytes` to write and takes an empty buffer back; returns whether it took them.
    ///
    /// It takes nothing while it is busy.
    pub(super) fn hand_over(&self, bytes: &mut Vec<u8>) -> bool {
        let mut state = self.shared.lock();
        let State::Free(spare) = &mut *state else {
            return false;
        };
        let spare = mem::take(spare);
        *state = State::Handed(mem::replace(bytes, spare));
        self.shared.changed.notify_all();
        true
    }

    /// Waits until the thread is free, for at most `patience`; returns whether it is.
    pub(super) fn wait_until_free(&self, patience: Duration) -> bool {
        let state = self.shared.lock();
        let busy = |state: &mut State| matches!(state, State::Handed(_) | State::Writing);
        let waited = self.shared.changed.wait_timeout_while(state, patience, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Lets the thread end once it has written what it writes; what it has not begun is left out.
    pub(super) fn close(&self) {
        *self.shared.lock() = State::Closed;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, output: BorrowedFd<'_>) {
        let mut state = self.lock();
        loop {
            match mem::replace(&mut *state, State::Writing) {
                State::Handed(mut bytes) => {
                    drop(state);
                    write_all(output, &bytes);
                    bytes.clear();
                    state = self.lock();
                    if matches!(*state, State::Closed) {
                        return;
                    }
                    *state = State::Free(bytes);
                    self.changed.notify_all();
                    self.freed.notify_one();
                }
                State::Closed => {
                    *state = State::Closed;
                    return;
                }
                idle @ (State::Free(_) | State::Writing) => {
                    *state = idle;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// Writes everything, or gives up: whether the terminal is gone is for its input to tell.
pub(super) fn write_all(output: BorrowedFd<'_>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write(output, bytes) {
            Ok(0) => return,
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Somebody who shares this terminal has made it so.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::from_borrowed_fd(output, PollFlags::OUT)], None);
            }
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeReader, Read};
    use std::os::fd::{AsFd, OwnedFd};

    use super::*;

    /// More than a pipe holds, 64 KiB.
    const TOO_MUCH: usize = 1 << 20;

    /// How long a test waits for what must come.
    const PATIENCE: Duration = Duration::from_mins(1);

    /// A writer to a pipe that stays open as long as the test runs.
    fn piped() -> (Writer, PipeReader) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let output: &'static OwnedFd = Box::leak(Box::new(OwnedFd::from(writer)));
        (Writer::start(output.as_fd()).expect("a thread"), reader)
    }

    #[test]
    fn an_output_that_stands_still_takes_nothing_more_and_loses_nothing() {
        let (writer, mut reader) = piped();
        assert!(writer.hand_over(&mut vec![b'a'; TOO_MUCH]));
        let mut refused = vec![b'b'; 3];
        assert!(!writer.hand_over(&mut refused), "it still writes");
        assert_eq!(refused, b"bbb");
        assert!(!writer.wait_until_free(Duration::from_millis(1)));
        let mut first = vec![0; TOO_MUCH];
        reader.read_exact(&mut first).expect("everything comes");
        assert!(first.iter().all(|byte| *byte == b'a'));
        assert!(writer.wait_until_free(PATIENCE));
        assert!(writer.hand_over(&mut refused), "it is free again");
        assert!(
            refused.is_empty() && refused.capacity() >= TOO_MUCH,
            "the old buffer"
        );
        let mut second = [0; 3];
        reader.read_exact(&mut second).expect("everything comes");
        assert_eq!(&second, b"bbb");
    }

    #[tokio::test]
    async fn whoever_waits_hears_that_it_is_free() {
        let (writer, _reader) = piped();
        assert!(writer.is_free());
        assert!(writer.hand_over(&mut b"frame".to_vec()));
        while !writer.is_free() {
            writer.freed().await;
        }
    }

    #[test]
    fn the_thread_ends_with_what_it_writes_when_it_is_closed_meanwhile() {
        let (writer, mut reader) = piped();
        assert!(writer.hand_over(&mut vec![b'a'; TOO_MUCH]));
        reader.read_exact(&mut [0]).expect("it writes");
        writer.close();
        reader
            .read_exact(&mut vec![0; TOO_MUCH - 1])
            .expect("everything comes");
        let deadline = std::time::Instant::now() + PATIENCE;
        while Arc::strong_count(&writer.shared) > 1 {
            assert!(std::time::Instant::now() < deadline, "the thread goes on");
            thread::yield_now();
        }
    }

    #[test]
    fn an_output_that_is_gone_is_no_reason_to_wait() {
        let (writer, reader) = piped();
        drop(reader);
        assert!(writer.hand_over(&mut vec![b'a'; TOO_MUCH]));
        assert!(writer.wait_until_free(PATIENCE));
    }
}
