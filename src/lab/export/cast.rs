//! A film of a terminal, asciicast version 2: a header, then a line for each frame, of what changed.

use std::io::{self, Write};
use std::time::Duration;

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use serde_json::json;

/// What the first frame finds: an empty screen without a cursor.
const CLEAR: &[u8] = b"\x1b[?25l\x1b[0m\x1b[2J\x1b[H";

/// Writes a cast.
#[derive(Debug)]
pub struct Cast<W> {
    out: W,
    last: Option<Buffer>,
}

impl<W: Write> Cast<W> {
    /// Begins one; `wall_seconds` is when it was recorded, since the Unix epoch.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(mut out: W, size: Size, wall_seconds: u64, title: &str) -> io::Result<Self> {
        // Which colours are used is for the theme to say, not for a library that looks at NO_COLOR.
        crossterm::style::force_color_output(true);
        let header = json!({
            "version": 2,
            "width": size.width,
            "height": size.height,
            "timestamp": wall_seconds,
            "title": title,
            "env": { "TERM": "xterm-256color" },
        });
        writeln!(out, "{header}")?;
        Ok(Self { out, last: None })
    }

    /// Writes what changed since the last frame, if anything did.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn add(&mut self, at: Duration, frame: &Buffer) -> io::Result<()> {
        let mut bytes = Vec::new();
        let last = self.last.take().unwrap_or_else(|| {
            bytes.extend_from_slice(CLEAR);
            Buffer::empty(frame.area)
        });
        let changed = last.diff(frame);
        if !changed.is_empty() {
            CrosstermBackend::new(&mut bytes).draw(changed.into_iter())?;
        }
        if !bytes.is_empty() {
            let written = String::from_utf8_lossy(&bytes);
            writeln!(self.out, "{}", json!([round(at), "o", written]))?;
        }
        self.last = Some(frame.clone());
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Seconds to the microsecond: what players take.
fn round(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e6
}
