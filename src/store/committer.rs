//! The thread that gives records and tombstones their names, many at a time.
//!
//! ```text
//!   the thread of each record        the committer
//!     write, trailer, fdatasync
//!     Work::Keep            ---->    takes what is there, renames all onto the shelf,
//!                                    ONE directory sync, ONE change of the index
//!     <---- Done                     answers all
//! ```
//!
//! Bytes are synced by whoever wrote them, side by side; names are synced here, together. Owns every
//! change of the shelves while the store runs, so that two of them never meet: a tombstone that
//! comes with or after its record wins, and a record that comes after its tombstone is refused.
//! Once a directory sync or the index has failed nothing is changed any more.

mod batch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{io, mem};

use super::StoreError;
use super::core::Core;
use super::counters::count;
use super::index::Synced;
use super::mutation::Mutation;
use super::shelves::Filling;
use crate::id::ImageId;
use crate::protocol::{Entry, Tombstone};
use batch::Batch;

/// How many items are committed together at most.
///
/// More would save little of the syncs, and the first would wait for the renames of the last.
const BATCH_ITEMS: usize = 32;

/// How long the first of a batch waits at least, and at most, for others that are about to come.
///
/// In between it waits as long as the batch before took to commit: never more than twice what the
/// best choice between waiting and going would have cost (the ski rental problem; Karlin et al.,
/// "Competitive Snoopy Caching", 1988). The least is about half of the time in which eight clients
/// keep an image of 200 KiB: with 2 ms they took 0.30 syncs an image, with 4 ms 0.24, with 7 ms 0.14,
/// and no longer for it.
const GATHER_LEAST: Duration = Duration::from_millis(5);
const GATHER_MOST: Duration = Duration::from_millis(20);

/// What can be asked of the committer.
#[derive(Debug)]
pub(super) enum Work {
    /// Put a finished and synced record on the shelves.
    Keep { finished: PathBuf, entry: Entry },
    /// Put a finished and synced tombstone on the shelves.
    Bury { finished: PathBuf, tombstone: Tombstone },
    /// Take a damaged record off the shelves.
    SetAside(ImageId),
}

/// What the committer did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The finished file was not needed and is where it was.
    pub(super) unneeded: bool,
    /// A record that a tombstone has taken the place of, to be removed.
    pub(super) superseded: Option<PathBuf>,
}

#[derive(Debug)]
struct Job {
    work: Work,
    answer: SyncSender<Result<Done, StoreError>>,
}

/// The batch before.
#[derive(Debug, Default)]
struct Last {
    items: usize,
    took: Duration,
}

/// The committer; ends when it is dropped, with everything done that was asked.
#[derive(Debug)]
pub(super) struct Committer {
    jobs: Sender<Job>,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(core: Arc<Core>, filling: Filling) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new().name("committer".to_owned());
        let thread = thread.spawn(move || run(&core, &queue, filling))?;
        Ok(Self {
            jobs,
            thread: Some(thread),
        })
    }

    /// Has something done, on stable storage; blocks until it is.
    pub(super) fn submit(&self, work: Work) -> Result<Done, StoreError> {
        let (answer, done) = mpsc::sync_channel(1);
        // Without an answer the thread has panicked: what it did is unknown.
        let asked = self.jobs.send(Job { work, answer });
        let answered = asked.ok().and_then(|()| done.recv().ok());
        answered.unwrap_or_else(|| Err(StoreError::CommitterGone))
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        // The thread ends when nobody can ask it any more.
        drop(mem::replace(&mut self.jobs, mpsc::channel().0));
        if let Some(thread) = self.thread.take() {
            // A panic of its own has been reported by the thread itself.
            let _ = thread.join();
        }
    }
}

fn run(core: &Core, queue: &Receiver<Job>, mut filling: Filling) {
    // A start on a full disk may have left something to be written.
    let mut unsynced = usize::from(core.index.behind_bytes().is_some());
    let mut last = Last::default();
    loop {
        match next(core, queue, unsynced) {
            Ok(first) => {
                let jobs = gather(core, queue, first, &last);
                let (begun, items) = (Instant::now(), jobs.len());
                unsynced += commit(core, &mut filling, jobs);
                last = Last {
                    items,
                    took: begun.elapsed(),
                };
            }
            Err(RecvTimeoutError::Timeout) => {
                core.look_at_shelves();
                sync_index(core, &mut unsynced);
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if unsynced >= core.options.index_sync_items || core.index_keeps_up().is_err() {
            sync_index(core, &mut unsynced);
        }
    }
    sync_index(core, &mut unsynced);
}

/// Waits for work until there is something else to do: the index to be synced, the shelves to be
/// looked at.
fn next(core: &Core, queue: &Receiver<Job>, unsynced: usize) -> Result<Job, RecvTimeoutError> {
    queue.recv_timeout(if unsynced > 0 {
        core.options.index_sync_after
    } else {
        core.options.look_every
    })
}

/// Takes what else is there, and waits as long as it is worth for those who are about to come: who
/// has announced it, and as many as came the last time, for they were all answered together.
fn gather(core: &Core, queue: &Receiver<Job>, first: Job, last: &Last) -> Vec<Job> {
    let until = Instant::now() + last.took.clamp(GATHER_LEAST, GATHER_MOST);
    let mut jobs = vec![first];
    while jobs.len() < BATCH_ITEMS {
        if let Ok(job) = queue.try_recv() {
            jobs.push(job);
            continue;
        }
        if core.books().joining.max(last.items) <= jobs.len() {
            break;
        }
        let Ok(job) = queue.recv_timeout(until.saturating_duration_since(Instant::now())) else {
            break;
        };
        jobs.push(job);
    }
    jobs
}

/// Commits a batch and answers everybody; returns how many changes the index has now to sync.
fn commit(core: &Core, filling: &mut Filling, jobs: Vec<Job>) -> usize {
    core.look_at_shelves();
    let ready = core.writable().and_then(|()| core.index_keeps_up());
    let mut batch = match ready.and_then(|()| Batch::new(core)) {
        Ok(batch) => batch,
        Err(error) => {
            answer_all(jobs, || error.again());
            return 0;
        }
    };
    count(&core.counters.batches);
    let mut waiting = Vec::new();
    for job in jobs {
        // What an earlier job of the batch has ruined is not tried again.
        let carried_out = core.writable().and_then(|()| batch.carry_out(&job.work, filling));
        match carried_out {
            Ok(done) if core.options.mutated(Mutation::AcknowledgeBeforeDirectorySync) => {
                answer(&job.answer, Ok(done));
            }
            Ok(done) => waiting.push((job.answer, done)),
            Err(error) => answer(&job.answer, Err(core.note(error))),
        }
    }
    let (changes, finished) = batch.finish();
    let finished = finished.map_err(|error| core.note(error));
    for (waiting, done) in waiting {
        let outcome = finished.as_ref().map(|()| done).map_err(StoreError::again);
        answer(&waiting, outcome);
    }
    changes
}

fn answer_all(jobs: Vec<Job>, error: impl Fn() -> StoreError) {
    for job in jobs {
        answer(&job.answer, Err(error()));
    }
}

fn answer(waiting: &SyncSender<Result<Done, StoreError>>, outcome: Result<Done, StoreError>) {
    // Whoever asked blocks on the answer; it can only be gone with its whole thread.
    let _ = waiting.send(outcome);
}

/// Makes the index durable as far as it is; when that fails, the store only reads from now on.
///
/// What a full disk does not take is tried again in a while.
fn sync_index(core: &Core, unsynced: &mut usize) {
    let changes = mem::take(unsynced);
    if changes == 0 || core.writable().is_err() {
        return;
    }
    match core.index.sync() {
        Ok(Synced::Whole) => count(&core.counters.index_syncs),
        Ok(Synced::Behind) => *unsynced = changes,
        Err(error) => drop(core.index_failed(error)),
    }
}
