//! A file that appears whole or not at all.
//!
//! It grows under a hidden name in the folder where it will stand, so that keeping it is one
//! rename; dropped before that, it is gone. It replaces another file only when that is asked for. It
//! is locked while it grows: one that is not was left by a process that was killed, and [`sweep`] removes it.

use std::fs::{DirEntry, Permissions};
use std::io::{self, SeekFrom};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::saved::{SavedName, printable_path};

/// How many namesakes are tried before the folder is declared full of them.
///
/// A thousand uploads of one file in one second are no accident.
const NAMES_MAX: u32 = 1000;

/// What the hidden name of an unfinished file begins with.
const PART_PREFIX: &str = ".heirloom-";

/// What the hidden name of an unfinished file ends with.
const PART_SUFFIX: &str = ".part";

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The folder does not take files.
    #[error("could not write to {folder}: {}; make room, make it writable, or choose another folder", reason(.error))]
    Folder {
        /// Its path, as a person reads it.
        folder: String,
        /// Why.
        error: io::Error,
    },
    /// The folder that was named does not exist.
    #[error("there is no folder {folder}; create it, or name a folder with / at its end, which is made")]
    NoFolder {
        /// Its path, as a person reads it.
        folder: String,
    },
    /// The name is taken.
    #[error("{file} exists already; nothing was overwritten")]
    Exists {
        /// The path, as a person reads it.
        file: String,
    },
}

/// Says what the system said, without what a library added to it.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(_) => error.to_string(),
        None => error.kind().to_string(),
    }
}

/// Under which name a finished file is kept.
#[derive(Debug)]
pub(super) enum Target {
    /// Under the first of its names that is free.
    Free(SavedName),
    /// Under this name or not at all.
    Exactly(PathBuf),
    /// Under this name, in place of what has it.
    Replacing(PathBuf),
}

/// What becomes of a folder that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is made, with those above it.
    Made,
    /// It is taken for a mistake: somebody named a file in it.
    Refused,
}

/// An unfinished file.
#[derive(Debug)]
pub(super) struct PartFile {
    folder: PathBuf,
    temporary: NamedTempFile,
    file: File,
}

impl PartFile {
    /// Begins a file in `folder`.
    pub(super) async fn create(folder: &Path, absent: Absent) -> Result<Self, SaveError> {
        let folder = folder.to_owned();
        blocking(move || {
            if absent == Absent::Refused && !folder.is_dir() {
                let folder = printable_path(&folder);
                return Err(SaveError::NoFolder { folder });
            }
            let made = || -> io::Result<_> {
                std::fs::create_dir_all(&folder)?;
                let temporary = new_temporary(&folder)?;
                let file = temporary.as_file().try_clone()?;
                Ok((temporary, File::from_std(file)))
            };
            let (temporary, file) = made().map_err(|error| wrong(&folder, error))?;
            Ok(Self {
                folder,
                temporary,
                file,
            })
        })
        .await
    }

    /// Forgets what was written, for another attempt.
    pub(super) async fn restart(&mut self) -> Result<(), SaveError> {
        let emptied = async {
            self.file.set_len(0).await?;
            self.file.seek(SeekFrom::Start(0)).await
        };
        emptied
            .await
            .map(|_| ())
            .map_err(|error| wrong(&self.folder, error))
    }

    /// Adds bytes at the end.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), SaveError> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|error| wrong(&self.folder, error))
    }

    /// Waits until the system has taken every byte, and says whether it did.
    pub(super) async fn flush(&mut self) -> Result<(), SaveError> {
        let flushed = self.file.flush().await;
        flushed.map_err(|error| wrong(&self.folder, error))
    }

    /// Puts the file on stable storage under its name, which is returned.
    pub(super) async fn keep(mut self, target: Target) -> Result<PathBuf, SaveError> {
        self.flush().await?;
        let Self {
            folder, temporary, ..
        } = self;
        blocking(move || {
            let synced = temporary.as_file().sync_all();
            synced.map_err(|error| wrong(&folder, error))?;
            let path = match target {
                Target::Free(name) => persist_free(temporary, &folder, &name)?,
                Target::Exactly(path) => persist(temporary, &path).map_err(|failure| failure.error)?,
                Target::Replacing(path) => replace(temporary, path)?,
            };
            // The name, too, must outlive a power cut.
            let synced = std::fs::File::open(&folder).and_then(|folder| folder.sync_all());
            synced.map_err(|error| wrong(&folder, error))?;
            Ok(path)
        })
        .await
    }
}

fn wrong(folder: &Path, error: io::Error) -> SaveError {
    let folder = printable_path(folder);
    SaveError::Folder { folder, error }
}

fn new_temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PART_PREFIX).suffix(PART_SUFFIX);
    // As any program creates a file: the user's umask decides who may read it.
    builder.permissions(Permissions::from_mode(0o666));
    loop {
        let temporary = builder.tempfile_in(folder)?;
        // Where the file system knows no locks, nothing can be swept either.
        let _ = temporary.as_file().lock();
        // Between the two lines above somebody may have taken it for an orphan.
        if temporary.as_file().metadata()?.nlink() > 0 {
            return Ok(temporary);
        }
    }
}

/// Removes the unfinished files in `folder` whose processes are gone.
///
/// What cannot be looked at or removed stays: it is in nobody's way.
pub(super) async fn sweep(folder: &Path) {
    let folder = folder.to_owned();
    let swept = tokio::task::spawn_blocking(move || {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for part in entries.filter(is_part) {
            let _ = remove_orphan(&part.path());
        }
    });
    let _ = swept.await;
}

fn remove_orphan(path: &Path) -> io::Result<()> {
    let file = std::fs::File::open(path)?;
    // Held until the name is gone: who has just made the file waits for the lock, and then sees.
    file.try_lock()?;
    std::fs::remove_file(path)
}

fn is_part(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(PART_PREFIX)
        && name.ends_with(PART_SUFFIX)
        && entry.file_type().is_ok_and(|kind| kind.is_file())
}

/// A file that did not get its name, and why.
struct NotPersisted {
    temporary: NamedTempFile,
    error: SaveError,
}

fn persist(temporary: NamedTempFile, path: &Path) -> Result<PathBuf, Box<NotPersisted>> {
    match temporary.persist_noclobber(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(failure) => {
            let error = if failure.error.kind() == io::ErrorKind::AlreadyExists {
                let file = printable_path(path);
                SaveError::Exists { file }
            } else {
                wrong(path, failure.error)
            };
            Err(Box::new(NotPersisted {
                temporary: failure.file,
                error,
            }))
        }
    }
}

fn replace(temporary: NamedTempFile, path: PathBuf) -> Result<PathBuf, SaveError> {
    match temporary.persist(&path) {
        Ok(_) => Ok(path),
        Err(failure) => Err(wrong(&path, failure.error)),
    }
}

fn persist_free(mut temporary: NamedTempFile, folder: &Path, name: &SavedName) -> Result<PathBuf, SaveError> {
    let mut nth = 1;
    loop {
        match persist(temporary, &folder.join(name.nth(nth))) {
            Ok(path) => return Ok(path),
            Err(failure) => match failure.error {
                SaveError::Exists { .. } if nth < NAMES_MAX => temporary = failure.temporary,
                error => return Err(error),
            },
        }
        nth += 1;
    }
}

/// Runs what waits for the disk where it delays nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SaveError> + Send + 'static,
) -> Result<T, SaveError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

#[cfg(test)]
mod tests;
