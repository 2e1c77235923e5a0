//! The users that uploaded last, remembered from one run to the next.
//!
//! One name a line, the latest first, beside the history of the client. What cannot be read or kept
//! is no error: somebody types a name once more.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::client::state_folder;
use crate::dashboard::dialog::user::USERS_OFFERED_MAX;
use crate::id::{USER_NAME_BYTES_MAX, UserName};

/// The name of the file.
const FILE: &str = "users";

/// The most that is read of it: as many of the longest names as are offered.
const BYTES_MAX: u64 = (USERS_OFFERED_MAX * (USER_NAME_BYTES_MAX + 1)) as u64;

/// Returns the users that uploaded last, the latest first.
pub(super) fn remembered() -> Vec<UserName> {
    file().map_or_else(Vec::new, |file| read(&file).unwrap_or_default())
}

/// Remembers these users for the next run; blocking.
pub(super) fn remember(users: &[UserName]) {
    if let Some(file) = file() {
        // A read-only home remembers nobody.
        let _ = write(&file, users);
    }
}

fn file() -> Option<PathBuf> {
    Some(state_folder()?.join(FILE))
}

fn read(file: &Path) -> io::Result<Vec<UserName>> {
    if !file.metadata()?.is_file() {
        return Ok(Vec::new());
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let names = text.lines().filter_map(|line| line.parse().ok());
    Ok(names.take(USERS_OFFERED_MAX).collect())
}

/// Writes the file whole or not at all: another dashboard may read it at the same time.
fn write(file: &Path, users: &[UserName]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    for user in users.iter().take(USERS_OFFERED_MAX) {
        writeln!(new, "{user}")?;
    }
    let written = new.into_temp_path();
    fs::rename(&written, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(names: &[&str]) -> Vec<UserName> {
        names.iter().map(|name| name.parse().expect("valid")).collect()
    }

    #[test]
    fn what_is_remembered_is_there_the_next_time() {
        let folder = tempfile::tempdir().expect("made");
        let file = folder.path().join(FILE);
        write(&file, &users(&["alice", "böb b"])).expect("written");
        assert_eq!(read(&file).expect("read"), users(&["alice", "böb b"]));
        write(&file, &users(&["carol"])).expect("written");
        assert_eq!(read(&file).expect("read"), users(&["carol"]));
        let left = fs::read_dir(folder.path()).expect("read").count();
        assert_eq!(left, 1, "nothing else is left behind");
    }

    #[test]
    fn nonsense_is_nobody() {
        let folder = tempfile::tempdir().expect("made");
        let file = folder.path().join(FILE);
        assert!(read(&file).is_err());
        let long = "x".repeat(1_000_000);
        fs::write(&file, format!("\u{7}\n\nalice\n{long}")).expect("written");
        assert_eq!(read(&file).expect("read"), users(&["alice"]));
        assert_eq!(read(folder.path()).expect("a folder"), []);
    }
}
