//! Whether a run is recorded, and where: one definition for a cluster of one's own and for another's.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;

use super::exit::Failure;
use crate::lab::recording::{Existing, RecordingFile};

#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(super) struct RecordArgs {
    /// Record everything that happens in this file, for `heirloom replay`
    ///
    /// A recording holds no images, but the names of users and of their files. With demonstration
    /// keys a user's name is the key: whoever has the recording and the encrypted images can decrypt them.
    #[arg(long, env = "HEIRLOOM_RECORD", value_name = "FILE")]
    record: Option<PathBuf>,
    /// Replace files that are there already: the recording, and the report of a demonstration
    #[arg(long, env = "HEIRLOOM_FORCE", value_parser = FalseyValueParser::new())]
    force: bool,
}

impl RecordArgs {
    /// Returns what was asked here, and for the rest what was asked before the command.
    pub(super) fn or(self, before: Self) -> Self {
        Self {
            record: self.record.or(before.record),
            force: self.force || before.force,
        }
    }

    /// Says whether a run is to be recorded.
    pub(super) const fn is_asked(&self) -> bool {
        self.record.is_some()
    }

    /// Returns the file, if there is to be one.
    pub(super) fn file(&self) -> Option<&Path> {
        self.record.as_deref()
    }

    /// Returns what becomes of files that are there already.
    pub(super) const fn existing(&self) -> Existing {
        if self.force {
            Existing::Replace
        } else {
            Existing::Keep
        }
    }

    /// Opens the file, if there is to be one.
    pub(super) fn open(&self) -> Result<Option<RecordingFile>, Failure> {
        let existing = self.existing();
        let file = self.record.as_deref();
        file.map(|path| RecordingFile::create(path, existing))
            .transpose()
            .map_err(Failure::usage)
    }
}
