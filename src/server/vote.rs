//! The vote of a node on stable storage: what it must never forget.
//!
//! The file `vote` in the data directory holds two slots, written alternately, so that a crash in
//! the middle of a write costs the slot that was being written and never the one before:
//!
//! | bytes    | what                                                            |
//! | -------- | --------------------------------------------------------------- |
//! | 0..512   | one line of JSON, padded with spaces; `check` is BLAKE3 of the rest |
//! | 512..1024| the same; the valid slot with the higher `sequence` counts          |
//!
//! A vote is one write inside a file that already has its size, and one `fdatasync`: no rename, no
//! metadata. A missing file is a blank disk; a file without a valid slot is an error, never blank.
//! A node that cannot keep its vote must not take part, so the first failure of `writer` ends it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use self::writer::VoteWriter;
use crate::bully::Vote;
use crate::store::{SyncDelay, write_durably};

mod writer;

/// How many bytes a slot has: what every disk writes in one piece.
const SLOT_BYTES: usize = 512;

/// How many slots there are.
const SLOTS: u64 = 2;

/// Why the vote could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum VoteError {
    /// The system refused.
    #[error("could not keep the vote in {}: {error}; a node that cannot keep its vote must not run", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Neither slot can be trusted.
    #[error(
        "{} is damaged: neither of its votes is valid; restore it, or move the node's whole data directory aside to start it as a new one",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// What one of the file's two slots says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    sequence: u64,
    #[serde(flatten)]
    vote: Vote,
}

/// A slot with what proves it whole.
#[derive(Serialize, Deserialize)]
struct Checked {
    #[serde(flatten)]
    slot: Slot,
    check: String,
}

/// The file that keeps the vote.
#[derive(Debug)]
pub(crate) struct VoteFile {
    path: PathBuf,
    /// Absent until the first vote is kept.
    file: Option<File>,
    /// The number of the newest vote; the next one goes into the other slot.
    sequence: u64,
    /// How much longer it takes on purpose.
    delay: SyncDelay,
}

impl VoteFile {
    /// Opens the vote in a data directory; the vote is `None` when none was ever kept there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or when neither slot is valid.
    pub(crate) fn open(directory: &Path) -> Result<(Self, Option<Vote>), VoteError> {
        let path = directory.join("vote");
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let blank = Self {
                    path,
                    file: None,
                    sequence: 0,
                    delay: SyncDelay::default(),
                };
                return Ok((blank, None));
            }
            Err(error) => return Err(VoteError::Io { path, error }),
        };
        let slots: io::Result<Vec<Option<Slot>>> = (0..SLOTS).map(|place| read_slot(&file, place)).collect();
        let slots = match slots {
            Ok(slots) => slots,
            Err(error) => return Err(VoteError::Io { path, error }),
        };
        let newest = slots.into_iter().flatten().max_by_key(|slot| slot.sequence);
        let Some(Slot { sequence, vote }) = newest else {
            return Err(VoteError::Damaged { path });
        };
        let opened = Self {
            path,
            file: Some(file),
            sequence,
            delay: SyncDelay::default(),
        };
        Ok((opened, Some(vote)))
    }

    /// Makes keeping a vote take as much longer as is said.
    pub(crate) fn slowed(mut self, delay: SyncDelay) -> Self {
        self.delay = delay;
        self
    }

    /// Brings a vote to stable storage.
    ///
    /// # Errors
    ///
    /// When the system refuses; whether the vote is kept is then unknown.
    pub(crate) fn keep(&mut self, vote: Vote) -> Result<(), VoteError> {
        self.delay.wait();
        self.sequence += 1;
        let slot = Slot {
            sequence: self.sequence,
            vote,
        };
        self.write(slot).map_err(|error| VoteError::Io {
            path: self.path.clone(),
            error,
        })
    }

    fn write(&mut self, slot: Slot) -> io::Result<()> {
        let place = slot.sequence % SLOTS;
        let bytes = bytes_of(slot)?;
        if let Some(file) = &self.file {
            file.write_all_at(&bytes, place * SLOT_BYTES as u64)?;
            file.sync_data()?;
            // A file without a name is on disk, and gone with this process all the same.
            return match file.metadata()?.nlink() {
                0 => Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    "somebody has deleted the file",
                )),
                _ => Ok(()),
            };
        }
        let mut whole = vec![b' '; SLOT_BYTES * 2];
        let at = usize::from(place == 1) * SLOT_BYTES;
        whole[at..at + SLOT_BYTES].copy_from_slice(&bytes);
        write_durably(&self.path, &whole)?;
        self.file = Some(OpenOptions::new().read(true).write(true).open(&self.path)?);
        Ok(())
    }
}

fn bytes_of(slot: Slot) -> io::Result<[u8; SLOT_BYTES]> {
    let check = check_of(slot)?;
    let line = serde_json::to_vec(&Checked { slot, check })?;
    let mut bytes = [b' '; SLOT_BYTES];
    bytes[SLOT_BYTES - 1] = b'\n';
    // Three numbers and 64 digits: a line has less than 200 bytes.
    bytes[..line.len()].copy_from_slice(&line);
    Ok(bytes)
}

/// Returns what a slot says; `None` when it is not whole.
///
/// A slot that the disk does not give out may well be whole, and hold the newest vote: that is an
/// error, or the node could vote twice in one epoch.
fn read_slot(file: &File, place: u64) -> io::Result<Option<Slot>> {
    let mut bytes = [0; SLOT_BYTES];
    match file.read_exact_at(&mut bytes, place * SLOT_BYTES as u64) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let Ok(Checked { slot, check }) = serde_json::from_slice(&bytes) else {
        return Ok(None);
    };
    Ok((check == check_of(slot)?).then_some(slot))
}

fn check_of(slot: Slot) -> io::Result<String> {
    let text = serde_json::to_vec(&slot)?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::id::{Epoch, NodeId};

    fn vote(epoch: u64) -> Vote {
        Vote {
            epoch: Epoch(epoch),
            voted_for: NodeId::new(3),
        }
    }

    /// A data directory in which the votes of epochs 1 to `epochs` were kept.
    fn kept(epochs: u64) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut file, _) = VoteFile::open(directory.path()).expect("opens");
        for epoch in 1..=epochs {
            file.keep(vote(epoch)).expect("keeps");
        }
        directory
    }

    fn reopened(directory: &tempfile::TempDir) -> Result<Option<Vote>, VoteError> {
        VoteFile::open(directory.path()).map(|(_, vote)| vote)
    }

    /// Damages the slot that holds the vote of `epoch`, as a torn write would.
    fn tear(directory: &tempfile::TempDir, epoch: u64) {
        let path = directory.path().join("vote");
        let mut bytes = fs::read(&path).expect("is there");
        let needle = format!("\"epoch\":{epoch},");
        let at = bytes
            .windows(needle.len())
            .position(|window| window == needle.as_bytes())
            .expect("the epoch is written in clear");
        bytes[at + "\"epoch\":".len()] = b'9';
        fs::write(&path, bytes).expect("writes");
    }

    #[test]
    fn a_blank_disk_remembers_no_vote() {
        assert_eq!(reopened(&kept(0)).expect("opens"), None);
    }

    #[test]
    fn the_newest_vote_is_found_again() {
        for epochs in 1..=4 {
            assert_eq!(reopened(&kept(epochs)).expect("opens"), Some(vote(epochs)));
        }
    }

    #[test]
    fn a_torn_slot_leaves_the_vote_before_it() {
        for newest in [4, 5] {
            let directory = kept(newest);
            tear(&directory, newest);
            assert_eq!(reopened(&directory).expect("opens"), Some(vote(newest - 1)));
        }
    }

    #[test]
    fn a_vote_after_a_torn_one_overwrites_the_torn_slot() {
        let directory = kept(4);
        tear(&directory, 4);
        let (mut file, _) = VoteFile::open(directory.path()).expect("opens");
        file.keep(vote(5)).expect("keeps");
        tear(&directory, 5);
        assert_eq!(reopened(&directory).expect("opens"), Some(vote(3)));
    }

    #[test]
    fn a_vote_in_a_deleted_file_is_not_kept() {
        let directory = kept(1);
        let (mut file, _) = VoteFile::open(directory.path()).expect("opened");
        fs::remove_file(directory.path().join("vote")).expect("there");
        let error = file.keep(vote(2)).expect_err("it would be lost");
        assert!(error.to_string().contains("deleted"), "{error}");
    }

    #[test]
    fn two_bad_slots_are_an_error_and_never_a_blank_disk() {
        let directory = kept(2);
        tear(&directory, 1);
        tear(&directory, 2);
        assert!(matches!(reopened(&directory), Err(VoteError::Damaged { .. })));
        fs::write(directory.path().join("vote"), "").expect("writes");
        assert!(matches!(reopened(&directory), Err(VoteError::Damaged { .. })));
    }

    /// Nothing is mapped at the origin of a process, so reading its memory there fails as a bad
    /// block does.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_slot_that_cannot_be_read_is_an_error_and_never_an_older_vote() {
        let unreadable = File::open("/proc/self/mem").expect("opens");
        let error = read_slot(&unreadable, 0).expect_err("not readable");
        assert_ne!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_person_can_read_the_file() {
        let directory = kept(2);
        let text = fs::read_to_string(directory.path().join("vote")).expect("is text");
        assert_eq!(text.len(), SLOT_BYTES * 2);
        assert!(text.starts_with(r#"{"sequence":2,"epoch":2,"voted_for":3,"check":""#));
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut file, _) = VoteFile::open(directory.path()).expect("opens");
        directory.close().expect("removes");
        assert!(matches!(file.keep(vote(1)), Err(VoteError::Io { .. })));
    }
}
