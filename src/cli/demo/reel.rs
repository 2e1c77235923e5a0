//! The recording of a scenario that is played: the one that was asked for, or the one a failed run leaves.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::exit::Failure;
use crate::cli::record::RecordArgs;
use crate::lab::recording::RecordingFile;

/// What a recording is called that a failed run leaves, up to its number.
const FAILED: &str = "heirloom-failed";

/// How many failed runs leave a recording in one folder.
const KEPT_MAX: u32 = 1000;

/// A recording that could not be left.
#[derive(Debug, thiserror::Error)]
#[error("the recording of the failed run could not be kept in this folder: {0}; pass --record FILE")]
pub(super) struct NotKept(#[from] io::Error);

/// Where a run is recorded.
#[derive(Debug)]
pub(super) struct Reel {
    /// The file that goes with the scratch folder unless the run fails; none if one was asked for.
    spare: Option<PathBuf>,
}

impl Reel {
    /// Opens the file that was asked for, or one in the scratch folder.
    pub(super) fn open(asked: &RecordArgs, scratch: &Path) -> Result<(Self, RecordingFile), Failure> {
        if let Some(file) = asked.open()? {
            return Ok((Self { spare: None }, file));
        }
        let path = scratch.join("run.jsonl");
        let file = RecordingFile::unannounced(&path).map_err(anyhow::Error::from)?;
        Ok((Self { spare: Some(path) }, file))
    }

    /// Leaves the recording of a failed run in the current folder; returns a sentence about it, if
    /// nobody was told of it yet.
    pub(super) fn leave(self, scenario: &str) -> Result<Option<String>, NotKept> {
        let Some(spare) = self.spare else {
            return Ok(None);
        };
        let left = copy_to_a_new_file(&spare, &stem(scenario))?;
        let left = left.display();
        Ok(Some(format!(
            "The run is recorded in {left}; `heirloom replay {left}` shows it"
        )))
    }
}

/// Returns what a scenario is called, without its folder and ending.
fn stem(scenario: &str) -> String {
    let stem = Path::new(scenario).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn copy_to_a_new_file(from: &Path, stem: &str) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let path = PathBuf::from(format!("{FAILED}-{stem}-{number}.jsonl"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut to) => {
                io::copy(&mut std::fs::File::open(from)?, &mut to)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < KEPT_MAX => number += 1,
            Err(error) => return Err(error),
        }
    }
}
