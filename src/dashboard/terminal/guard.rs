//! What is done to the terminal before drawing on it, and the undoing of exactly that.
//!
//! | done, in this order | undone, in the reverse order |
//! | --- | --- |
//! | raw mode | the mode it had, byte for byte |
//! | alternate screen | the screen that was there |
//! | bracketed paste | off |
//! | cursor hidden | shown |
//!
//! The mouse is left alone, so that text can be marked and copied. What is in force is kept for the
//! whole program in one place, because a panic must undo it, too. Invariant: each state is entered
//! and left once, however often it is asked for.

use std::panic;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io;
use rustix::stdio::stdout;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

use super::Tty;
use super::writer::{Writer, write_all};

/// Alternate screen on, cleared; bracketed paste on; cursor hidden. Goes before the first frame.
pub(super) const ENTER: &[u8] = b"\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l";

/// Synchronized output and colours ended, in case a frame was cut; then [`ENTER`] in reverse.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?2004l\x1b[?1049l";

/// How long a panic waits for a frame that is being written.
const PANIC_PATIENCE: Duration = Duration::from_millis(200);

/// How long a panic may take to be printed.
///
/// Its message goes to the terminal, which may stand still, and while it does, the nodes would live
/// on without a supervisor. Long enough for a backtrace of a debug build.
const PRINT_PATIENCE: Duration = Duration::from_secs(10);

/// What is in force now. Locked to enter and to leave; a panic only tries.
static IN_FORCE: Mutex<Option<Entered>> = Mutex::new(None);

/// Everything that leaving needs.
#[derive(Debug)]
struct Entered {
    tty: Arc<Tty>,
    writer: Writer,
    before: Termios,
}

/// What becomes of keys that nobody has read when the terminal is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// They are for whoever reads next.
    Keep,
    /// They are forgotten, so that a shell does not run what was meant for a dashboard.
    Forget,
}

/// Makes the terminal one to draw on; whoever draws begins with [`ENTER`].
///
/// Where it is one already, somebody else may have given it another mode, which is forgotten. Who
/// knows the mode that it is to have again says so, for it may not have that one now.
///
/// # Errors
///
/// When the terminal refuses another mode.
pub(super) fn enter(tty: &Arc<Tty>, writer: &Writer, known: Option<Termios>) -> io::Result<()> {
    let mut in_force = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = match (&*in_force, known) {
        (Some(entered), _) => entered.before.clone(),
        (None, Some(known)) => known,
        (None, None) => tcgetattr(&tty.input)?,
    };
    let mut raw = before.clone();
    raw.make_raw();
    tcsetattr(&tty.input, OptionalActions::Now, &raw)?;
    *in_force = Some(Entered {
        tty: Arc::clone(tty),
        writer: writer.clone(),
        before,
    });
    Ok(())
}

/// Makes the terminal what it was, if it is not, and returns the mode that it has again.
///
/// One that stands still is waited for, for at most `patience`.
pub(super) fn leave(unread: Unread, patience: Duration) -> Option<Termios> {
    let entered = IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Entered { tty, writer, before } = entered?;
    if !tty.is_ours() {
        // Whoever has it now has made it theirs; the system would stop who touches it.
        return None;
    }
    let began = Instant::now();
    if writer.wait_until_free(patience) {
        writer.hand_over(&mut LEAVE.to_vec());
        writer.wait_until_free(patience.saturating_sub(began.elapsed()));
    }
    if unread == Unread::Forget {
        let _ = tcflush(&tty.input, QueueSelector::IFlush);
    }
    set_mode(&tty, &before);
    Some(before)
}

/// Gives the terminal a mode.
pub(super) fn set_mode(tty: &Tty, mode: &Termios) {
    // A terminal that is gone has none.
    let _ = tcsetattr(&tty.input, OptionalActions::Now, mode);
}

/// Lets every panic, on whichever thread, leave the terminal before its message is printed.
pub fn restore_on_panic() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        leave_in_panic();
        print(info);
    }));
}

/// Leaves without waiting for what may never come: locks, the writer, a terminal that stands still.
fn leave_in_panic() {
    let Ok(mut in_force) = IN_FORCE.try_lock() else {
        return;
    };
    let Some(Entered { tty, writer, before }) = in_force.take() else {
        return;
    };
    let watchdog = || {
        thread::sleep(PRINT_PATIENCE);
        process::abort();
    };
    let _ = thread::Builder::new().spawn(watchdog);
    writer.wait_until_free(PANIC_PATIENCE);
    if takes_bytes_now() {
        write_all(stdout(), LEAVE);
    }
    set_mode(&tty, &before);
}

fn takes_bytes_now() -> bool {
    let mut output = [PollFd::from_borrowed_fd(stdout(), PollFlags::OUT)];
    let ready = poll(&mut output, Some(&Timespec::default()));
    ready.is_ok() && output[0].revents().contains(PollFlags::OUT)
}
