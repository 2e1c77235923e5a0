//! What a client wants back of an upload, and where that goes.
//!
//! The exchange of bytes is the same whatever comes of it: this is the one place that knows
//! whether there is a file.

use std::path::{Path, PathBuf};

use super::part::{Absent, PartFile, SaveError, Target};
use super::saved::SavedName;
use crate::protocol::Back;

/// What a client wants back of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The encrypted image, as a file.
    Saved,
    /// The encrypted image, to be compared with the confirmed digest and thrown away.
    Checked,
    /// Nothing: the client encrypts what it sends itself, only to know the digest.
    Nothing,
}

/// Where the encrypted image goes that comes back, if it does.
#[derive(Debug)]
pub(super) enum Returned {
    /// Into a file that is not whole yet.
    File(Box<PartFile>),
    /// Nowhere.
    Checked,
    /// It does not come.
    Nothing,
}

impl Returned {
    /// Prepares for what is wanted; a file will stand in `folder`.
    pub(super) async fn prepare(wanted: Wanted, folder: &Path) -> Result<Self, SaveError> {
        Ok(match wanted {
            Wanted::Saved => Self::File(Box::new(PartFile::create(folder, Absent::Made).await?)),
            Wanted::Checked => Self::Checked,
            Wanted::Nothing => Self::Nothing,
        })
    }

    /// Returns what the node is asked for.
    pub(super) const fn back(&self) -> Back {
        match self {
            Self::File(_) | Self::Checked => Back::Cipher,
            Self::Nothing => Back::None,
        }
    }

    /// Forgets what has come, for another attempt.
    pub(super) async fn restart(&mut self) -> Result<(), SaveError> {
        match self {
            Self::File(part) => part.restart().await,
            Self::Checked | Self::Nothing => Ok(()),
        }
    }

    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), SaveError> {
        match self {
            Self::File(part) => part.write(bytes).await,
            Self::Checked | Self::Nothing => Ok(()),
        }
    }

    /// Waits until the system has taken every byte.
    pub(super) async fn flush(&mut self) -> Result<(), SaveError> {
        match self {
            Self::File(part) => part.flush().await,
            Self::Checked | Self::Nothing => Ok(()),
        }
    }

    /// Gives a file its name and returns its path; `None` when there is no file.
    pub(super) async fn keep(self, name: SavedName) -> Result<Option<PathBuf>, SaveError> {
        match self {
            Self::File(part) => part.keep(Target::Free(name)).await.map(Some),
            Self::Checked | Self::Nothing => Ok(None),
        }
    }
}
