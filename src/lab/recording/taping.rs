//! What somebody at work records, if a file was named: the same for a dashboard and for lines.

use std::io;
use std::time::SystemTime;

use super::{Header, Recorder, RecordingFile, Told};
use crate::dashboard::Setup;
use crate::time::Time;

/// Records, or does not.
#[derive(Debug)]
pub struct Taping {
    recorder: Option<Recorder>,
    /// Whether somebody is to be told of it at the end.
    announced: bool,
}

impl Taping {
    /// Begins to record if there is a file for it; the clock that is told begins at `began`.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub fn begin(file: Option<RecordingFile>, setup: &Setup, began: Time) -> io::Result<Self> {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let wall_ms = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        let header = Header::of(setup, began, wall_ms);
        Ok(Self {
            announced: file.as_ref().is_some_and(RecordingFile::is_announced),
            recorder: file.map(|file| file.begin(&header)).transpose()?,
        })
    }

    /// Keeps what was told at `now`.
    pub fn keep(&mut self, now: Time, told: Told<'_>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.keep(now, told);
        }
    }

    /// Returns why nothing more is recorded, once.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.recorder.as_ref()?.trouble()?;
        Some(format!("nothing more is recorded: {trouble}"))
    }

    /// Ends the recording and returns a sentence about it; nothing if there is
    /// none, or if nobody is to be told.
    pub fn close(&mut self, now: Time) -> Option<String> {
        match self.recorder.take()?.close(now) {
            Ok(kept) => self.announced.then(|| kept.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }
}
