//! Looking into a folder; blocking, so on a thread of its own.
//!
//! Nothing is opened but the folder: what an entry is, the system tells of its name, so a pipe or a
//! device waits for nobody.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::client::repl::at_home;
use crate::dashboard::dialog::listing::{Contents, ENTRIES_MAX, Entry, EntryKind, Listing, shown, sort};

/// The most entries that are counted; beyond them the rest is called more.
///
/// A second or so of reading names.
const COUNTED_MAX: usize = 1_000_000;

/// Looks at a path: a folder is listed, and of a file the folder that it is in.
pub(super) fn list(asked: PathBuf) -> Listing {
    let found = look(&asked).map_err(|error| {
        let path = shown(&asked);
        format!("could not open {path}: {}", words(&error))
    });
    Listing { asked, found }
}

fn look(asked: &Path) -> io::Result<Contents> {
    let path = straight(std::path::absolute(at_home(asked))?)?;
    let metadata = fs::metadata(&path)?;
    if metadata.is_dir() {
        return contents(path, None);
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is neither a folder nor a regular file"));
    }
    let name = path.file_name().map(std::ffi::OsStr::to_owned);
    let folder = path.parent().map(Path::to_owned);
    contents(folder.unwrap_or(path), name)
}

/// Resolves a path that climbs by `..`: above a link, only the system knows where that leads.
fn straight(path: PathBuf) -> io::Result<PathBuf> {
    if path.components().any(|part| part == Component::ParentDir) {
        fs::canonicalize(path)
    } else {
        Ok(path)
    }
}

fn contents(folder: PathBuf, selected: Option<OsString>) -> io::Result<Contents> {
    let mut entries = Vec::new();
    let mut left_out = 0;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let wanted = Some(entry.file_name()) == selected;
        if entries.len() < ENTRIES_MAX || wanted {
            entries.push(described(&entry));
        } else if left_out < COUNTED_MAX {
            left_out += 1;
        } else {
            break;
        }
    }
    sort(&mut entries);
    Ok(Contents {
        folder,
        selected,
        entries,
        left_out,
    })
}

fn described(entry: &DirEntry) -> Entry {
    let name = entry.file_name();
    // Follows links; opens nothing.
    let kind = match fs::metadata(entry.path()) {
        Ok(metadata) if metadata.is_dir() => EntryKind::Folder,
        Ok(metadata) if metadata.is_file() => EntryKind::of_file(&name, metadata.len()),
        Ok(_) => EntryKind::Special,
        Err(_) => EntryKind::Broken,
    };
    Entry { name, kind }
}

/// Says what went wrong without the numbers that only programs read.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is nothing of that name".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn found(path: &Path) -> Contents {
        list(path.to_owned()).found.expect("listed")
    }

    fn refused(path: &Path) -> String {
        list(path.to_owned()).found.expect_err("refused")
    }

    #[test]
    fn a_pipe_a_link_to_nowhere_and_a_ring_of_links_block_nobody() {
        let folder = tempfile::tempdir().expect("made");
        let at = |name: &str| folder.path().join(name);
        mknodat(CWD, at("pipe.png"), FileType::Fifo, Mode::RUSR, 0).expect("made");
        symlink(at("none"), at("gone.png")).expect("made");
        symlink(at("ring"), at("ring")).expect("made");
        fs::create_dir(at("album")).expect("made");
        symlink(at("album"), at("link")).expect("made");
        fs::write(at("a.png"), b"12345").expect("written");
        let contents = found(folder.path());
        let kinds: Vec<(String, EntryKind)> = contents
            .entries
            .iter()
            .map(|entry| (entry.shown_name(), entry.kind))
            .collect();
        let expected = [
            ("album", EntryKind::Folder),
            ("link", EntryKind::Folder),
            ("a.png", EntryKind::Image { bytes: 5 }),
            ("gone.png", EntryKind::Broken),
            ("pipe.png", EntryKind::Special),
            ("ring", EntryKind::Broken),
        ];
        assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
        let ring = refused(&at("ring"));
        assert!(ring.contains("symbolic links"), "{ring}");
        let pipe = refused(&at("pipe.png"));
        assert!(
            pipe.ends_with("it is neither a folder nor a regular file"),
            "{pipe}"
        );
    }

    #[test]
    fn a_file_is_chosen_in_its_folder() {
        let folder = tempfile::tempdir().expect("made");
        let file = folder.path().join("notes.txt");
        fs::write(&file, b"").expect("written");
        let contents = found(&file);
        assert_eq!(contents.folder, folder.path());
        assert_eq!(contents.selected, Some("notes.txt".into()));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let folder = tempfile::tempdir().expect("made");
        let missing = folder.path().join("none\u{1b}[2J");
        let expected = format!(
            "could not open {}/none\u{fffd}[2J: there is nothing of that name",
            folder.path().display()
        );
        assert_eq!(refused(&missing), expected);
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_said() {
        let folder = tempfile::tempdir().expect("made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o000)).expect("set");
        if fs::read_dir(folder.path()).is_ok() {
            eprintln!("skipped: this user may read everything");
            return;
        }
        assert!(refused(folder.path()).ends_with("permission denied"));
    }

    #[test]
    fn a_path_that_climbs_is_straightened() {
        let folder = tempfile::tempdir().expect("made");
        fs::create_dir(folder.path().join("in")).expect("made");
        let real = fs::canonicalize(folder.path()).expect("there");
        assert_eq!(found(&folder.path().join("in/..")).folder, real);
    }

    #[test]
    fn of_very_many_entries_the_rest_is_counted_and_the_wanted_one_is_there() {
        let folder = tempfile::tempdir().expect("made");
        for number in 0..ENTRIES_MAX + 5 {
            fs::File::create(folder.path().join(format!("{number}.png"))).expect("made");
        }
        let contents = found(folder.path());
        assert_eq!((contents.entries.len(), contents.left_out), (ENTRIES_MAX, 5));
        for number in [0, ENTRIES_MAX + 4] {
            let name = OsString::from(format!("{number}.png"));
            let contents = found(&folder.path().join(&name));
            assert!(contents.entries.iter().any(|entry| entry.name == name));
        }
    }
}
