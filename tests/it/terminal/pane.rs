//! A pane: a pseudo-terminal with a program in it, and what a person in front of it would see.
//!
//! A thread reads what the program writes and keeps the screen. Whoever waits, waits for the screen
//! to show something, with a deadline that only a broken program meets.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use pty_process::Size;
use pty_process::blocking::{self, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OutputModes, Termios, tcgetattr};
use vt100::{MouseProtocolMode, Parser, Screen};

use crate::harness::PATIENCE;

/// What a dashboard writes after each frame.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";

/// A program in a terminal of its own; killed when dropped.
pub(crate) struct Pane {
    child: Child,
    pty: Option<Arc<Pty>>,
    shared: Arc<Shared>,
    /// Ends the reader when it closes.
    stop: Option<std::io::PipeWriter>,
    reader: Option<thread::JoinHandle<()>>,
    before: Termios,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

struct Seen {
    parser: Parser,
    raw: Vec<u8>,
    /// Whether anybody reads; else the terminal stands still.
    reads: bool,
}

impl Pane {
    /// Runs a program in a terminal of this size.
    pub(crate) fn open(mut command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("it has a size");
        let before = tcgetattr(pty.as_fd()).expect("it has a mode");
        for variable in ["NO_COLOR", "COLORFGBG", "PAGER", "LESS"] {
            command.env_remove(variable);
        }
        command.env("TERM", "xterm-256color");
        let child = blocking::Command::from(command).spawn(pts).expect("it starts");
        let (stopped, stop) = std::io::pipe().expect("a pipe");
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                parser: Parser::new(size(rows), size(columns), 0),
                raw: Vec::new(),
                reads: true,
            }),
            changed: Condvar::new(),
        });
        let pty = Arc::new(pty);
        let (of_reader, into) = (Arc::clone(&pty), Arc::clone(&shared));
        let reader = thread::spawn(move || read(&of_reader, &stopped, &into));
        Self {
            child,
            pty: Some(pty),
            shared,
            stop: Some(stop),
            reader: Some(reader),
            before,
        }
    }

    fn pty(&self) -> &Pty {
        self.pty.as_ref().expect("the terminal is there")
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().expect("no panic inside")
    }

    /// What the screen shows, as text.
    pub(crate) fn text(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// The screen after a whole frame, colours and all.
    pub(crate) fn frame(&self) -> Screen {
        let whole = |seen: &Seen| seen.raw.ends_with(END_OF_FRAME);
        let seen = self.wait_until_seen("a whole frame", whole);
        seen.parser.screen().clone()
    }

    /// Everything that was written so far, for messages and for what a screen does not keep.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.seen().raw).into_owned()
    }

    /// Waits until the screen is such.
    pub(crate) fn wait_until(&self, what: &str, such: impl Fn(&Screen) -> bool) {
        drop(self.wait_until_seen(what, |seen| such(seen.parser.screen())));
    }

    /// Waits until `text` was written, whatever a screen makes of it.
    pub(crate) fn wait_for_raw(&self, text: &str) {
        drop(self.wait_until_seen(text, |seen| String::from_utf8_lossy(&seen.raw).contains(text)));
    }

    fn wait_until_seen(&self, what: &str, such: impl Fn(&Seen) -> bool) -> MutexGuard<'_, Seen> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        while !such(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let shown = seen.parser.screen().contents();
                let last = &seen.raw[seen.raw.len().saturating_sub(2000)..];
                let last = String::from_utf8_lossy(last).into_owned();
                // A panic that holds the lock takes the reader with it, and then the whole test run.
                drop(seen);
                panic!("never {what}:\n{shown}\n{last:?}");
            }
            seen = self
                .shared
                .changed
                .wait_timeout(seen, left)
                .expect("no panic inside")
                .0;
        }
        seen
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    /// Types.
    pub(crate) fn type_in(&self, keys: &[u8]) {
        self.pty().write_all(keys).expect("the terminal takes keys");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.seen()
            .parser
            .screen_mut()
            .set_size(size(rows), size(columns));
        self.pty()
            .resize(Size::new(rows, columns))
            .expect("it has a size");
    }

    /// Forgets what the screen shows.
    pub(crate) fn forget(&self) {
        let mut seen = self.seen();
        let (rows, columns) = seen.parser.screen().size();
        seen.parser = Parser::new(rows, columns, 0);
    }

    /// Stops or begins to read: a terminal that stands still.
    pub(crate) fn stand_still(&self, still: bool) {
        self.seen().reads = !still;
        self.shared.changed.notify_all();
    }

    /// Says whether a terminal that stands still takes nothing more: the program waits in its write.
    pub(crate) fn is_full(&self) -> bool {
        let name = format!("/proc/{}/fd/0", self.child.id());
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK;
        let other_end = open(name.as_str(), flags, Mode::empty()).expect("it can be opened again");
        let mut ends = [PollFd::new(&other_end, PollFlags::OUT)];
        poll(&mut ends, Some(&Timespec::default())).expect("it can be asked") == 0
    }

    /// Takes the terminal away, as a closed window does.
    pub(crate) fn close(&mut self) {
        self.stop = None;
        if let Some(reader) = self.reader.take() {
            self.shared.changed.notify_all();
            reader.join().expect("the reader ends");
        }
        self.pty = None;
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process can be signalled");
    }

    /// Waits until the program exits.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not exit:\n{}", self.text());
            thread::yield_now();
        }
    }

    /// Whether the terminal is in the mode in which the program found it.
    pub(crate) fn is_as_before(&self) -> bool {
        let now = tcgetattr(self.pty().as_fd()).expect("it has a mode");
        (
            now.local_modes,
            now.input_modes,
            now.output_modes,
            now.control_modes,
        ) == (
            self.before.local_modes,
            self.before.input_modes,
            self.before.output_modes,
            self.before.control_modes,
        )
    }

    /// Whether keys reach the program one by one and unseen.
    pub(crate) fn is_raw(&self) -> bool {
        let now = tcgetattr(self.pty().as_fd()).expect("it has a mode");
        !now.local_modes
            .intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
            && !now.output_modes.contains(OutputModes::OPOST)
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.close();
        let _ = self.child.wait();
    }
}

fn size(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("not zero")
}

/// Says whether nothing of a dashboard is left on a screen.
pub(crate) fn is_normal(screen: &Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == MouseProtocolMode::None
}

fn read(mut pty: &Pty, stopped: &std::io::PipeReader, into: &Shared) {
    let mut bytes = vec![0; 1 << 16];
    loop {
        let mut seen = into.seen.lock().expect("no panic inside");
        let reads = seen.reads;
        if !reads {
            // The pipe cannot wake a condition variable; whoever closes it notifies.
            let mut end = [PollFd::new(stopped, PollFlags::IN)];
            let now = Timespec::default();
            if poll(&mut end, Some(&now)).is_ok_and(|ready| ready > 0) {
                return;
            }
            let pause = std::time::Duration::from_millis(10);
            seen = into.changed.wait_timeout(seen, pause).expect("no panic inside").0;
            drop(seen);
            continue;
        }
        drop(seen);
        let mut fds = [
            PollFd::new(pty, PollFlags::IN),
            PollFd::new(stopped, PollFlags::IN),
        ];
        poll(&mut fds, None).expect("both can be waited for");
        if !fds[1].revents().is_empty() {
            return;
        }
        // A terminal that no program holds any more cannot be read.
        let Ok(count @ 1..) = pty.read(&mut bytes) else {
            return;
        };
        let mut seen = into.seen.lock().expect("no panic inside");
        seen.parser.process(&bytes[..count]);
        seen.raw.extend_from_slice(&bytes[..count]);
        drop(seen);
        into.changed.notify_all();
    }
}
