//! The scenario that was asked for: built in or from a file, read and checked.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::exit::{Failure, InLines};
use crate::id::NodeId;
use crate::lab::scenario::check::{Complaint, check};
use crate::lab::scenario::{Scenario, builtin, parse};

/// The largest file that is taken for a scenario, in bytes.
///
/// Two thousand lines of what may stand in them; whoever names a film by mistake is told so at once.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why there is nothing to be played.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScriptError {
    #[error("could not read {file}: {error}; built in are: {}", names())]
    Unread { file: String, error: io::Error },
    #[error("{file} is larger than a scenario may be, 1 MiB")]
    TooLarge { file: String },
    #[error("{file} is no text in UTF-8")]
    NoText { file: String },
    #[error(transparent)]
    Wrong(InLines),
    #[error("{file} cannot be played here: {}", complained(.complaints))]
    Impossible {
        file: String,
        complaints: Vec<Complaint>,
    },
}

impl ScriptError {
    /// Makes the failure of whoever asked for it.
    pub(super) fn usage(self) -> Failure {
        match self {
            Self::Wrong(lines) => Failure::usage(lines),
            Self::Unread { .. } | Self::TooLarge { .. } | Self::NoText { .. } | Self::Impossible { .. } => {
                Failure::usage(self)
            }
        }
    }
}

/// A scenario and what it is called.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) name: String,
    pub(super) scenario: Scenario,
}

impl Script {
    /// Reads the scenario of this name; what is built in counts more than a file of the same name.
    pub(super) fn read(asked: &Path) -> Result<Self, ScriptError> {
        let name = asked.to_string_lossy().into_owned();
        let text = match builtin::named(&name) {
            Some(builtin) => builtin.text.to_owned(),
            None => from_file(asked, &name)?,
        };
        match parse(&text) {
            Ok(scenario) => Ok(Self { name, scenario }),
            Err(mistakes) => Err(ScriptError::Wrong(InLines(mistakes.shown(&name, &text)))),
        }
    }

    /// Checks that it can be played by these members.
    pub(super) fn check(&self, members: &[NodeId]) -> Result<(), ScriptError> {
        let complaints = check(&self.scenario, members);
        if complaints.is_empty() {
            return Ok(());
        }
        let file = self.name.clone();
        Err(ScriptError::Impossible { file, complaints })
    }
}

fn from_file(path: &Path, name: &str) -> Result<String, ScriptError> {
    let file = name.to_owned();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|open| open.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(ScriptError::Unread { file, error }),
        Ok(_) if bytes.len() as u64 > FILE_BYTES_MAX => Err(ScriptError::TooLarge { file }),
        Ok(_) => String::from_utf8(bytes).map_err(|_| ScriptError::NoText { file }),
    }
}

fn names() -> String {
    builtin::ALL.map(|builtin| builtin.name).join(", ")
}

fn complained(complaints: &[Complaint]) -> String {
    let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
