//! A file that a command makes: nothing is replaced unless that is asked for, and nothing half-written stays.
//!
//! It is written beside its place and renamed, so that whoever looks finds what was there before, or
//! all of it. What is no regular file, such as a pipe, is written into as it is.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use crate::client::saved::printable_path;
use crate::lab::recording::Existing;

/// What everybody may do with a file, as far as the system's mask lets them.
const MODE: u32 = 0o666;

/// Why a file is not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    #[error("{0} exists; name another file, or pass --force to replace it")]
    Exists(String),
    #[error("{file} is {what}, which would be lost; name another file")]
    Needed { file: String, what: &'static str },
    #[error("could not write {file}: {source}")]
    Unwritable { file: String, source: io::Error },
}

/// Refuses files that are there and may not be replaced, and those that would destroy what is needed.
///
/// `kept` are the files that must stay, each with what it is; of several files each must be another.
pub(super) fn check(
    made: &[&Path],
    existing: Existing,
    kept: &[(&Path, &'static str)],
) -> Result<(), Failure> {
    let mut taken: Vec<(PathBuf, &'static str)> =
        kept.iter().map(|(path, what)| (place(path), *what)).collect();
    for path in made {
        let place = place(path);
        if let Some((_, what)) = taken.iter().find(|(other, _)| *other == place) {
            let file = printable_path(path);
            return Err(Failure::usage(NotMade::Needed { file, what }));
        }
        if existing == Existing::Keep && path.symlink_metadata().is_ok() {
            return Err(Failure::usage(NotMade::Exists(printable_path(path))));
        }
        taken.push((place, "made by this command, too"));
    }
    Ok(())
}

/// Makes a file of what `fill` writes.
///
/// # Errors
///
/// When it is there and is to be kept, when it cannot be written, or when `fill` fails; nothing is left then.
pub(super) fn make(
    path: &Path,
    existing: Existing,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let unwritable = |source| NotMade::Unwritable {
        file: printable_path(path),
        source,
    };
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let mut into = OpenOptions::new().write(true).open(path).map_err(unwritable)?;
        return fill(&mut into);
    }
    // What a link leads to is replaced, and not the link.
    let place = place(path);
    let folder = place.parent().unwrap_or(Path::new("/"));
    let beside = tempfile::Builder::new()
        .prefix(".heirloom-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)
        .map_err(unwritable)?;
    let mut out = BufWriter::new(beside);
    fill(&mut out)?;
    let beside = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
    let kept = match existing {
        Existing::Keep => beside.persist_noclobber(&place),
        Existing::Replace => beside.persist(&place),
    };
    kept.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => NotMade::Exists(printable_path(path)),
        _ => unwritable(error.error),
    })?;
    Ok(())
}

/// Makes a file of bytes that are there already.
///
/// # Errors
///
/// As [`make`].
pub(super) fn write(path: &Path, existing: Existing, content: &[u8]) -> Result<(), Failure> {
    make(path, existing, |out| {
        out.write_all(content).map_err(|source| unwritable(path, source))
    })
}

/// Makes the failure of a write.
pub(super) fn unwritable(path: &Path, source: io::Error) -> Failure {
    let file = printable_path(path);
    NotMade::Unwritable { file, source }.into()
}

/// Returns where a path leads, of a file that is not there yet, too.
fn place(path: &Path) -> PathBuf {
    let of_folder = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    };
    fs::canonicalize(path)
        .ok()
        .or_else(of_folder)
        .unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("made");
        let path = folder.path().join("run.cast");
        (folder, path)
    }

    fn files(folder: &tempfile::TempDir) -> usize {
        fs::read_dir(folder.path()).expect("a folder").count()
    }

    #[test]
    fn a_file_that_fails_halfway_leaves_what_was_there() {
        let (folder, path) = folder();
        fs::write(&path, "before").expect("written");
        let failed = make(&path, Existing::Replace, |out| {
            out.write_all(&vec![b'x'; 100_000])?;
            Err(NotMade::Exists("halfway".to_owned()).into())
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).expect("kept"), "before");
        assert_eq!(files(&folder), 1, "nothing half-written stays");
        write(&path, Existing::Replace, b"after").expect("made");
        assert_eq!(fs::read_to_string(&path).expect("there"), "after");
        assert_eq!(files(&folder), 1);
    }

    #[test]
    fn a_file_is_kept_unless_it_may_be_replaced_and_a_pipe_is_written_into() {
        let (_folder, path) = folder();
        write(&path, Existing::Keep, b"first").expect("made");
        assert!(write(&path, Existing::Keep, b"second").is_err());
        assert_eq!(fs::read_to_string(&path).expect("kept"), "first");
        write(Path::new("/dev/null"), Existing::Replace, b"gone").expect("taken");
        assert!(!Path::new("/dev/null").metadata().expect("there").is_file());
    }

    #[test]
    fn a_link_stays_one() {
        let (folder, path) = folder();
        let link = folder.path().join("link");
        fs::write(&path, "before").expect("written");
        std::os::unix::fs::symlink(&path, &link).expect("made");
        write(&link, Existing::Replace, b"after").expect("made");
        assert_eq!(fs::read_to_string(&path).expect("there"), "after");
        assert!(link.symlink_metadata().expect("there").is_symlink());
    }

    #[test]
    fn what_is_needed_is_never_made_whatever_it_is_called() {
        let (folder, path) = folder();
        fs::write(&path, "dear").expect("written");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("made");
        let other = folder.path().join("other");
        let refused =
            |made: &[&Path]| check(made, Existing::Replace, &[(&path, "the recording itself")]).is_err();
        assert!(refused(&[&path]));
        assert!(refused(&[&link]));
        assert!(refused(&[&folder.path().join(".").join("run.cast")]));
        assert!(
            refused(&[&other, &folder.path().join("./other")]),
            "twice the same"
        );
        assert!(!refused(&[&other]));
    }
}
