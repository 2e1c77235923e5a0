//! What is typed: a thread that waits for the terminal, reads it, and says what it means.
//!
//! It asks the system first whether the terminal can be read or is gone, and it never waits inside a
//! read. That is why it does not read by crossterm: that one reads a terminal that is gone for ever
//! (its issue 793), blocks in the middle of a sequence, and keeps a paste of any size. Whoever
//! types faster than is listened to waits in the terminal. Pausing it leaves the terminal to others:
//! once [`Keys::pause`] has returned, nothing is read.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use tokio::sync::mpsc;

use self::parser::Parser;
use super::Tty;

mod parser;

/// How many keys wait to be heard.
///
/// A person types a few at once; more come from a paste without brackets, which may wait.
const KEYS_WAITING: usize = 256;

/// How much is read from the terminal at once; what it holds, on most systems.
const READ_BYTES: usize = 4096;

/// Something that came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted; the end of one that is too long for any field is missing.
    Paste(String),
    /// The terminal is gone; nothing comes after this.
    Gone,
}

/// The thread that reads what is typed; it ends when this is dropped.
#[derive(Debug)]
pub struct Keys {
    typed: mpsc::Receiver<Typed>,
    /// Held while the terminal is read, and to change whether it is.
    turn: Arc<Mutex<Turn>>,
    /// Wakes the thread; when it closes, the thread ends.
    wake: PipeWriter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The terminal is ours to read.
    Ours,
    /// Somebody else reads it.
    Theirs,
}

impl Keys {
    /// Starts to read the terminal.
    ///
    /// # Errors
    ///
    /// When the system has no pipe or no thread left.
    pub fn start(tty: &Arc<Tty>) -> io::Result<Self> {
        let (woken, wake) = io::pipe()?;
        let (to, typed) = mpsc::channel(KEYS_WAITING);
        let turn = Arc::new(Mutex::new(Turn::Ours));
        let reader = Reader {
            tty: Arc::clone(tty),
            turn: Arc::clone(&turn),
            woken,
            parser: Parser::default(),
            to,
        };
        thread::Builder::new()
            .name("keys".into())
            .spawn(|| reader.run())?;
        Ok(Self { typed, turn, wake })
    }

    /// Waits for what is typed next; after [`Typed::Gone`] for ever. May be cancelled.
    pub async fn next(&mut self) -> Typed {
        match self.typed.recv().await {
            Some(typed) => typed,
            None => std::future::pending().await,
        }
    }

    /// Returns what is typed already.
    pub fn waiting(&mut self) -> Option<Typed> {
        self.typed.try_recv().ok()
    }

    /// Leaves the terminal to somebody else; that it is gone is still noticed.
    pub fn pause(&mut self) {
        self.set(Turn::Theirs);
    }

    /// Reads the terminal again.
    pub fn resume(&mut self) {
        self.set(Turn::Ours);
    }

    fn set(&mut self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        // A thread that has ended needs no waking.
        let _ = self.wake.write_all(&[0]);
    }
}

struct Reader {
    tty: Arc<Tty>,
    turn: Arc<Mutex<Turn>>,
    woken: PipeReader,
    parser: Parser,
    to: mpsc::Sender<Typed>,
}

/// What the system says about the terminal and the pipe.
enum Heard {
    Readable,
    Woken,
    /// Nothing came for as long as the parser waits.
    Nothing,
    Gone,
    /// Nobody listens any more.
    Over,
}

impl Reader {
    fn run(mut self) {
        let mut typed = Vec::new();
        loop {
            let goes_on = match self.listen() {
                Ok(Heard::Readable) => self.read(&mut typed),
                Ok(Heard::Woken) => Ok(()),
                Ok(Heard::Nothing) => {
                    self.parser.nothing_came(&mut typed);
                    Ok(())
                }
                Ok(Heard::Over) => return,
                Ok(Heard::Gone) => Err(Errno::IO),
                Err(error) => Err(error),
            };
            if goes_on.is_err() {
                typed.push(Typed::Gone);
            }
            for each in typed.drain(..) {
                if self.to.blocking_send(each).is_err() {
                    return;
                }
            }
            if goes_on.is_err() {
                return;
            }
        }
    }

    /// Waits until there is something to do.
    fn listen(&mut self) -> Result<Heard, Errno> {
        let wanted = match *self.turn.lock().unwrap_or_else(PoisonError::into_inner) {
            Turn::Ours => PollFlags::IN,
            Turn::Theirs => PollFlags::empty(),
        };
        let patience = self.parser.patience();
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let mut fds = [
            PollFd::new(&self.tty.input, wanted),
            PollFd::new(&self.woken, PollFlags::IN),
        ];
        match poll(&mut fds, patience.as_ref()) {
            Ok(0) => return Ok(Heard::Nothing),
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Heard::Woken),
            Err(error) => return Err(error),
        }
        let [tty, woken] = fds.map(|fd| fd.revents());
        if woken.contains(PollFlags::IN) {
            read(&self.woken, &mut [0; 64])?;
            Ok(Heard::Woken)
        } else if !woken.is_empty() {
            Ok(Heard::Over)
        } else if tty.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            Ok(Heard::Gone)
        } else {
            Ok(Heard::Readable)
        }
    }

    /// Reads what there is, if it is our turn still.
    fn read(&mut self, typed: &mut Vec<Typed>) -> Result<(), Errno> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if *turn == Turn::Theirs {
            return Ok(());
        }
        let mut bytes = [0; READ_BYTES];
        let count = match read(&self.tty.input, &mut bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => 0,
            Err(error) => return Err(error),
        };
        drop(turn);
        self.parser.feed(&bytes[..count], typed);
        Ok(())
    }
}
