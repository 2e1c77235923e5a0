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
    #[error("{} and {} both name {file}; name another file for one of them", .flags.0, .flags.1)]
    Twice {
        file: String,
        flags: (&'static str, &'static str),
    },
    #[error("could not write {file}: {source}")]
    Unwritable { file: String, source: io::Error },
}

/// Refuses files that are there and may not be replaced, and those that would destroy what is needed.
///
/// `made` are the files with the flags that name them, `kept` those that must stay, each with what it is.
pub(super) fn check(
    made: &[(&'static str, &Path)],
    existing: Existing,
    kept: &[(&Path, &'static str)],
) -> Result<(), Failure> {
    apart(made, kept)?;
    let there = |path: &Path| existing == Existing::Keep && path.symlink_metadata().is_ok();
    match made.iter().find(|(_, path)| there(path)) {
        Some((_, path)) => Err(Failure::usage(NotMade::Exists(printable_path(path)))),
        None => Ok(()),
    }
}

/// Refuses files of which two are the same, or one is the same as what must stay.
pub(super) fn apart(made: &[(&'static str, &Path)], kept: &[(&Path, &'static str)]) -> Result<(), Failure> {
    let mut taken: Vec<(PathBuf, &'static str)> = Vec::new();
    for (flag, path) in made {
        let (place, file) = (place(path), || printable_path(path));
        if let Some((_, what)) = kept.iter().find(|(kept, _)| self::place(kept) == place) {
            return Err(Failure::usage(NotMade::Needed { file: file(), what }));
        }
        if let Some((_, other)) = taken.iter().find(|(other, _)| *other == place) {
            let flags = (*other, *flag);
            return Err(Failure::usage(NotMade::Twice { file: file(), flags }));
        }
        taken.push((place, flag));
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
        let refused = |made: &[&Path]| {
            let flags = ["--cast", "--svg"].into_iter();
            let made: Vec<_> = flags.zip(made.iter().copied()).collect();
            let checked = check(&made, Existing::Replace, &[(&path, "the recording itself")]);
            checked.err().map(|failure| failure.to_string())
        };
        let itself =
            |made: &[&Path]| refused(made).is_some_and(|why| why.contains("is the recording itself"));
        assert!(itself(&[&path]));
        assert!(itself(&[&link]));
        assert!(itself(&[&folder.path().join(".").join("run.cast")]));
        let twice = refused(&[&other, &folder.path().join("./other")]).expect("twice the same");
        assert!(twice.starts_with("--cast and --svg both name "), "{twice}");
        assert_eq!(refused(&[&other]), None);
    }
}
