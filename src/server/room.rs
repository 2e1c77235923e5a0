//! What a node does at once that holds a thread for as long as it takes, and how much of it.
//!
//! Votes, the log and the committer have threads of their own. Everything else that waits for a disk
//! shares those of the runtime, [`THREADS`]; when all are taken, questions of peers, the sync and the
//! look-up of a peer's host name wait until one is free, and a busy cluster could neither compare
//! catalogues nor dial. So whatever keeps a thread has a limit, and what is above it is told to come
//! again:
//!
//! | what | at most | whoever is above it |
//! | --- | --- | --- |
//! | uploads and downloads | [`TRANSFERS_MAX`] | the client asks again |
//! | copies that peers bring | [`COPIES_MAX`] | the upload does without this copy |
//! | images that peers are sent | [`READINGS_MAX`] | the peer asks another, or the next round does |
//! | images that are fetched | [`FETCHES_AT_ONCE`] | waits its turn |
//! | the scrub | 1 | |
//!
//! The rest is for questions, each of which is over when the disk has answered once.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::sync::FETCHES_AT_ONCE;
use super::transfer::TRANSFERS_MAX;

/// How many threads the runtime has for what waits for disks: tokio's own limit, which we keep.
const THREADS: usize = 512;

/// How many copies are taken at once.
///
/// As many as four other nodes have uploads in hand, so in a cluster of five none is refused. Each
/// has the buffers of an upload: 320 MiB at most.
const COPIES_MAX: usize = 4 * TRANSFERS_MAX;

/// How many images are read at once to be sent to peers.
///
/// Five nodes that catch up with this one at the same time are all served, or as many downloads of
/// images that other nodes lack as one of them takes at once.
const READINGS_MAX: usize = 96;

/// How many threads are left for questions at least: one a peer would do, if disks were even.
const QUESTIONS_MIN: usize = 32;

const _: () = assert!(
    TRANSFERS_MAX + COPIES_MAX + READINGS_MAX + FETCHES_AT_ONCE + 1 + QUESTIONS_MIN <= THREADS,
    "whatever happens, there is a thread for a question"
);

/// Room for what peers ask that takes long.
#[derive(Debug)]
pub(crate) struct Room {
    copies: Semaphore,
    readings: Semaphore,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            copies: Semaphore::new(COPIES_MAX),
            readings: Semaphore::new(READINGS_MAX),
        }
    }
}

impl Room {
    /// Makes room for a copy that a peer brings; `None` when there is none.
    pub(crate) fn for_copy(&self) -> Option<SemaphorePermit<'_>> {
        self.copies.try_acquire().ok()
    }

    /// Makes room for an image that a peer is sent; `None` when there is none.
    pub(crate) fn for_reading(&self) -> Option<SemaphorePermit<'_>> {
        self.readings.try_acquire().ok()
    }
}
