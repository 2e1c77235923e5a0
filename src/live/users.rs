//! The users that uploaded last, remembered from one run to the next.
//!
//! One name a line, the latest first, beside the history of the client. What cannot be read or kept
//! is no error: somebody types a name once more.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// Keeps users beside the loop: one thread at a time writes, and of several that wait the latest win.
///
/// Nobody waits for it, nor for a disk that hangs.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembering(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    /// Nothing is being written.
    #[default]
    Idle,
    /// A thread writes, and then these, if there are some.
    Writing(Option<Vec<UserName>>),
}

impl Remembering {
    /// Has `users` written by `write`, after those that are being written; needs a runtime.
    pub(super) fn keep(&self, users: Vec<UserName>, mut write: impl FnMut(&[UserName]) + Send + 'static) {
        let mut state = self.lock();
        if let State::Writing(next) = &mut *state {
            *next = Some(users);
            return;
        }
        *state = State::Writing(None);
        drop(state);
        let remembering = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut next = Some(users);
            while let Some(users) = next {
                write(&users);
                next = remembering.written();
            }
        });
    }

    /// Returns what is to be written next; without any, nothing is being written any more.
    fn written(&self) -> Option<Vec<UserName>> {
        let mut state = self.lock();
        let next = match &mut *state {
            State::Writing(next) => next.take(),
            State::Idle => None,
        };
        if next.is_none() {
            *state = State::Idle;
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[tokio::test]
    async fn of_users_that_come_quickly_the_latest_are_kept_and_the_disk_is_left_in_order() {
        let remembering = Remembering::default();
        let (written, mut kept) = tokio::sync::mpsc::unbounded_channel();
        let (go_on, mut disk) = tokio::sync::mpsc::channel::<()>(1);
        let to = written.clone();
        remembering.keep(users(&["first"]), move |users| {
            to.send(users.to_vec()).expect("read below");
            disk.blocking_recv();
        });
        assert_eq!(kept.recv().await, Some(users(&["first"])));
        remembering.keep(users(&["second"]), |_| unreachable!("another thread writes"));
        remembering.keep(users(&["third"]), |_| unreachable!("another thread writes"));
        drop(go_on);
        assert_eq!(kept.recv().await, Some(users(&["third"])));
        while matches!(*remembering.lock(), State::Writing(_)) {
            tokio::task::yield_now().await;
        }
        remembering.keep(users(&["fourth"]), move |users| {
            written.send(users.to_vec()).expect("read");
        });
        assert_eq!(kept.recv().await, Some(users(&["fourth"])));
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
