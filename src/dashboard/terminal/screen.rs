//! The screen: frames are rendered into memory and handed to the writer whole.
//!
//! A frame is what changed since the last one, between the marks of synchronized output, so that a
//! terminal shows it at once. Nothing is rendered while the writer is busy: [`Screen::is_free`].

use std::cell::RefCell;
use std::io::{self, Write};
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};
use rustix::stdio::stdout;
use rustix::termios::Termios;

use super::Tty;
use super::guard::{self, Unread};
use super::writer::Writer;

/// From here on the terminal shows nothing until [`END_FRAME`].
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";

/// What came since [`BEGIN_FRAME`] is shown.
const END_FRAME: &[u8] = b"\x1b[?2026l";

/// How long a terminal that stands still is waited for when it is left for good.
///
/// A slow connection writes its last frame in this time; a person who quits does not wonder.
const LEAVE_PATIENCE: Duration = Duration::from_secs(2);

/// How long one is waited for when it is only lent: meanwhile nobody supervises.
///
/// A connection over half the earth takes a frame in this time.
const LEND_PATIENCE: Duration = Duration::from_millis(100);

/// How long the last words may take to be written.
const LAST_WORDS_PATIENCE: Duration = Duration::from_secs(1);

/// A terminal to draw on; left as it was found when dropped.
#[derive(Debug)]
pub struct Screen {
    tty: Arc<Tty>,
    writer: Writer,
    terminal: Terminal<Memory>,
    bytes: Bytes,
    /// What goes before the next frame and is no picture.
    passed: Vec<u8>,
    next: Next,
    /// The mode that the terminal had before, while somebody has it who was started from here.
    lent: Option<Termios>,
}

/// What the next frame finds on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The last frame, so that only what changed is drawn.
    Changes,
    /// Anything, so that everything is drawn.
    Whole,
    /// The screen of somebody else, which is to be left alone.
    Enters,
}

impl Screen {
    /// Takes the terminal over: raw mode, alternate screen, bracketed paste, no cursor.
    ///
    /// # Errors
    ///
    /// When the terminal refuses, or when the system has no thread left to write by.
    pub fn open(tty: &Arc<Tty>) -> io::Result<Self> {
        // Which colours are used is for the theme to say, not for a library that looks at NO_COLOR.
        crossterm::style::force_color_output(true);
        let writer = Writer::start(stdout())?;
        let bytes = Bytes::default();
        let terminal = Terminal::new(Memory {
            inner: CrosstermBackend::new(bytes.clone()),
            size: tty.size(),
        })?;
        guard::enter(tty, &writer, None)?;
        Ok(Self {
            tty: Arc::clone(tty),
            writer,
            terminal,
            bytes,
            passed: Vec::new(),
            next: Next::Enters,
            lent: None,
        })
    }

    /// Says whether the last frame is written, so that another may be drawn.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.writer.is_free()
    }

    /// Waits until the last frame may be written; look at [`Self::is_free`] again.
    pub async fn freed(&self) {
        self.writer.freed().await;
    }

    /// Returns how large the next frame will be.
    #[must_use]
    pub fn size(&self) -> Size {
        self.terminal.backend().size
    }

    /// Looks how large the terminal is now; the next frame has that size and is drawn whole.
    ///
    /// Even if the size is what it was: a terminal that was small for a moment has forgotten the rest.
    pub fn fit(&mut self) {
        self.terminal.backend_mut().size = self.tty.size();
        if self.next == Next::Changes {
            self.next = Next::Whole;
        }
    }

    /// Lets the next frame carry bytes that are no picture, such as those for the clipboard.
    ///
    /// Of several between two frames the last counts, so that a terminal that stands still collects none.
    pub fn pass(&mut self, bytes: Vec<u8>) {
        self.passed = bytes;
    }

    /// Renders a frame and hands it to the writer; while that is busy, does nothing.
    ///
    /// # Errors
    ///
    /// When a cell cannot be written into memory, which does not happen.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if !self.is_free() {
            return Ok(());
        }
        let next = mem::replace(&mut self.next, Next::Changes);
        if next == Next::Enters {
            self.bytes.write_all(guard::ENTER)?;
        }
        self.bytes.write_all(&mem::take(&mut self.passed))?;
        self.bytes.write_all(BEGIN_FRAME)?;
        if next != Next::Changes {
            let area = Rect::from((Position::ORIGIN, self.size()));
            self.terminal.resize(area)?;
        }
        self.terminal.draw(view)?;
        self.bytes.write_all(END_FRAME)?;
        self.writer.hand_over(&mut self.bytes.0.borrow_mut());
        Ok(())
    }

    /// Waits a moment until the terminal could be left; says whether it can be.
    ///
    /// One that stands still would get what undoes the screen in the midst of somebody else's.
    #[must_use]
    pub fn can_be_left(&self) -> bool {
        self.writer.wait_until_free(LEND_PATIENCE)
    }

    /// Gives the terminal to somebody else for a while, as it was before.
    pub fn leave(&mut self) {
        guard::leave(Unread::Keep, LEND_PATIENCE);
    }

    /// Gives it to somebody who was started from here, and who may leave any mode behind.
    pub fn lend(&mut self) {
        self.lent = guard::leave(Unread::Keep, LEND_PATIENCE);
    }

    /// Takes the terminal back; the next frame is drawn whole.
    ///
    /// # Errors
    ///
    /// When the terminal refuses.
    pub fn enter(&mut self) -> io::Result<()> {
        guard::enter(&self.tty, &self.writer, self.lent.take())?;
        self.fit();
        self.next = Next::Enters;
        Ok(())
    }

    /// Leaves for good, and lets some last words stand on the screen that was there before.
    ///
    /// Waits a moment for a terminal that stands still, and no longer.
    pub fn close(mut self, last_words: &str) {
        self.give_back();
        let mut bytes = last_words.as_bytes().to_vec();
        if self.writer.hand_over(&mut bytes) {
            self.writer.wait_until_free(LAST_WORDS_PATIENCE);
        }
    }

    fn give_back(&mut self) {
        guard::leave(Unread::Forget, LEAVE_PATIENCE);
        // The system would stop who touches that of somebody else.
        if let Some(before) = self.lent.take().filter(|_| self.tty.is_ours()) {
            guard::set_mode(&self.tty, &before);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
        self.writer.close();
    }
}

/// Bytes that grow, shared by the screen and the backend that renders into them.
#[derive(Debug, Clone, Default)]
struct Bytes(Rc<RefCell<Vec<u8>>>);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal in memory: never asked where its cursor is or how large it is, which may take for ever.
#[derive(Debug)]
struct Memory {
    inner: CrosstermBackend<Bytes>,
    size: Size,
}

impl Backend for Memory {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    /// Nobody draws from where the cursor is.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
