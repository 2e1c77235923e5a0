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

/// What came of recording, with a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Closed {
    /// Everything that somebody asked to be recorded is; nothing is said if nobody is to be told.
    Whole(Option<String>),
    /// Somebody asked for a recording, and its file is not whole.
    Broken(String),
}

impl Closed {
    /// Returns what a person is to be told.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Whole(said) => said.as_deref(),
            Self::Broken(why) => Some(why),
        }
    }

    /// Says whether somebody lacks a recording that was asked for.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        matches!(self, Self::Broken(_))
    }
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

    /// Ends the recording, and returns what came of it.
    pub fn close(&mut self, now: Time) -> Closed {
        let Some(recorder) = self.recorder.take() else {
            return Closed::Whole(None);
        };
        match recorder.close(now) {
            Ok(kept) => Closed::Whole(self.announced.then(|| kept.to_string())),
            Err(error) if self.announced => Closed::Broken(error.to_string()),
            // Nobody asked for it, so nobody fails for it.
            Err(error) => Closed::Whole(Some(error.to_string())),
        }
    }
}
