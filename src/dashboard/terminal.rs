//! The terminal: what is written to it, what is typed into it, and how it is left whole.
//!
//! ```text
//!   frames ---> screen ---> writer (a thread) ---> standard output
//!                 |
//!               guard: raw mode, alternate screen, paste, cursor; undone on every way out
//!
//!   keys (a thread) <--- parser <--- the terminal's input, polled
//! ```
//!
//! These files are the effects of the dashboard; everything beside them is pure. Invariant: whoever
//! draws or reads here never waits for the terminal, except at the end, and then for a while only.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ratatui::layout::Size;
use rustix::fs::OFlags;
use rustix::process::getpgrp;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{isatty, tcgetpgrp, tcgetwinsize, ttyname};

mod guard;
mod keys;
mod screen;
mod writer;

pub use guard::restore_on_panic;
pub use keys::{Keys, Typed};
pub use screen::Screen;

/// The size of a terminal that does not tell its own, such as a serial line: the oldest of all.
const SIZE_UNKNOWN: Size = Size {
    width: 80,
    height: 24,
};

/// The terminal of this program: standard output, and where its person types.
#[derive(Debug)]
pub struct Tty {
    /// Opened for this program alone where that is allowed, so that reading need not block, which
    /// nobody else who uses this terminal notices.
    input: OwnedFd,
}

/// The most cells in a row, and the most rows, that are drawn.
///
/// Anybody may tell a terminal any size, and 65535 by 65535 cells would be tens of gigabytes; no
/// screen has as many as these.
const SIDE_MAX: u16 = 1000;

impl Tty {
    /// Opens the terminal; `None` when there is none to draw on or none to type into.
    #[must_use]
    pub fn open() -> Option<Self> {
        let speaks = std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        if !speaks || !io::stdout().is_terminal() {
            return None;
        }
        let input = if isatty(stdin()) {
            reopened_stdin().or_else(|_| stdin().try_clone_to_owned())
        } else {
            opened(Path::new("/dev/tty"))
        };
        input.ok().map(|input| Self { input })
    }

    /// Returns how large the terminal is now, as far as it is drawn on.
    #[must_use]
    pub fn size(&self) -> Size {
        match tcgetwinsize(stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                Size::new(size.ws_col.min(SIDE_MAX), size.ws_row.min(SIDE_MAX))
            }
            Ok(_) | Err(_) => SIZE_UNKNOWN,
        }
    }

    /// Says whether this program may use the terminal: a shell takes it from those in the background.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        // A terminal that controls nobody is nobody's.
        tcgetpgrp(&self.input).map_or(true, |group| group == getpgrp())
    }

    /// Returns the input for another program to read from.
    ///
    /// # Errors
    ///
    /// When the system has no file descriptor left.
    pub fn input_for_another(&self) -> io::Result<OwnedFd> {
        if isatty(stdin()) {
            return stdin().try_clone_to_owned();
        }
        Ok(File::open("/dev/tty")?.into())
    }
}

fn reopened_stdin() -> io::Result<OwnedFd> {
    let name = ttyname(stdin(), Vec::new())?;
    opened(Path::new(OsStr::from_bytes(name.as_bytes())))
}

fn opened(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).custom_flags(flags).open(path)?;
    Ok(file.into())
}
