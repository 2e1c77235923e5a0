//! Small files that are replaced whole, and directories, on the real disk.
//!
//! What a function here has returned from is on stable storage: a file's data before its name, and
//! a name by syncing the directory that holds it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Who may enter what the store creates: the user the node runs as, and nobody else.
pub(super) const DIRECTORY_MODE: u32 = 0o700;

/// Replaces the file at `path` by one that holds `bytes`: after a crash it is the old or the new.
///
/// Only one writer a path at a time: the new content is first written beside it, as `<name>.new`.
///
/// # Errors
///
/// When it could not be written, synced or renamed; the old file is then untouched, unless only
/// the last step, syncing the directory, failed.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().inspect_err(|_| {
        // What is left of it is overwritten by the next attempt, so a failure here costs nothing.
        let _ = fs::remove_file(&new);
    })?;
    sync_directory(parent_of(path))
}

/// Creates a directory, and those above it that are missing; fine when it exists.
pub(in crate::store) fn create_directory(path: &Path) -> io::Result<()> {
    let missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
        .map(Path::to_owned)
        .collect();
    for directory in missing.iter().rev() {
        match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => sync_directory(parent_of(directory))?,
        }
    }
    Ok(())
}

/// Syncs the names in a directory.
pub(in crate::store) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Removes a file; fine when there is none.
pub(in crate::store) fn remove_durably(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => sync_directory(parent_of(path)),
    }
}

/// Returns the directory that holds a file: the current one for a bare name, the root for itself.
#[must_use]
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_durable_write_replaces_the_whole_file_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("vote.json");
        write_durably(&path, b"a long first content").expect("written");
        write_durably(&path, b"second").expect("written");
        assert_eq!(fs::read(&path).expect("readable"), b"second");
        assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 1);
    }

    #[test]
    fn a_durable_write_that_fails_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("taken");
        fs::create_dir_all(path.join("by a directory")).expect("created");
        write_durably(&path, b"bytes").expect_err("a directory is in the way");
        assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 1);
        assert!(write_durably(Path::new("/"), b"bytes").is_err());
    }

    #[test]
    fn created_directories_are_for_their_owner_only() {
        let root = tempfile::tempdir().expect("a directory");
        let path = root.path().join("data/node-1");
        create_directory(&path).expect("created");
        create_directory(&path).expect("fine when it exists");
        for directory in [path.as_path(), parent_of(&path)] {
            let mode = fs::metadata(directory).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, DIRECTORY_MODE);
        }
    }

    #[test]
    fn the_parent_of_a_bare_name_is_the_current_directory() {
        assert_eq!(parent_of(Path::new("data")), Path::new("."));
        assert_eq!(parent_of(Path::new("data/node-1")), Path::new("data"));
        assert_eq!(parent_of(Path::new("/")), Path::new("/"));
    }
}
