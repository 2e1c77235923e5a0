//! A recording that is written into memory, for whoever shows it at once: of a run in virtual time.

use super::{Header, Recording, RecordingError, Told, line};
use crate::time::Time;

/// Writes a recording into memory; [`Self::close`] makes it one that can be read.
#[derive(Debug)]
pub struct MemoryRecorder {
    bytes: Vec<u8>,
    at: Time,
}

impl MemoryRecorder {
    /// Begins with the header.
    #[must_use]
    pub fn begin(header: &Header) -> Self {
        let mut recorder = Self {
            bytes: Vec::new(),
            at: header.began,
        };
        recorder.push(header.line());
        recorder
    }

    /// Keeps what was told at `at`.
    pub fn keep(&mut self, at: Time, told: Told<'_>) {
        self.at = self.at.max(at);
        self.push(line::of_told(at, told));
    }

    /// Writes the end, at `at`, and returns the recording; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// When it cannot be read back, which only a header of no cluster brings about.
    pub fn close(mut self, name: &str, at: Time) -> Result<Recording, RecordingError> {
        self.push(line::of_end(at.max(self.at)));
        Recording::of_memory(name.to_owned(), self.bytes)
    }

    fn push(&mut self, line: Vec<u8>) {
        self.bytes.extend(line);
        self.bytes.push(b'\n');
    }
}
