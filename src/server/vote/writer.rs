//! The thread that keeps votes, so that no disk ever delays the node.
//!
//! Owns the one vote that waits for it; what a vote is on the disk is the business of [`VoteFile`].

use std::io;
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{VoteError, VoteFile};
use crate::bully::Vote;

/// Keeps votes on a thread of its own, so that no disk ever delays the node.
///
/// Only the newest vote waits: once it is kept, those before it do not matter any more.
#[derive(Debug)]
pub(crate) struct VoteWriter {
    newest: Newest,
    /// Holds a ring until the thread has heard it; dropping it ends the thread.
    bell: SyncSender<()>,
}

/// Guards the one vote that waits, with its number; held to put it in or take it out.
type Newest = Arc<Mutex<Option<(u64, Vote)>>>;

impl VoteWriter {
    /// Starts the thread; `kept` is told how the votes that were written ended, in order.
    ///
    /// A number that was kept stands for every lower one.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(crate) fn start(
        mut file: VoteFile,
        mut kept: impl FnMut(u64, Result<(), VoteError>) + Send + 'static,
    ) -> io::Result<Self> {
        let newest = Newest::default();
        let waiting = Arc::clone(&newest);
        let (bell, rings) = mpsc::sync_channel(1);
        thread::Builder::new().name("vote".into()).spawn(move || {
            for () in rings {
                let vote = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some((sequence, vote)) = vote {
                    kept(sequence, file.keep(vote));
                }
            }
        })?;
        Ok(Self { newest, bell })
    }

    /// Asks for a vote to be kept, instead of any that still waits; never waits itself.
    pub(crate) fn keep(&self, sequence: u64, vote: Vote) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Some((sequence, vote));
        drop(newest);
        // Full: the thread has yet to hear an earlier ring. Disconnected: it ends with the process.
        let _ = self.bell.try_send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};

    fn vote(epoch: u64) -> Vote {
        Vote {
            epoch: Epoch(epoch),
            voted_for: NodeId::new(3),
        }
    }

    #[test]
    fn the_newest_vote_that_waits_stands_for_those_before_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let (file, _) = VoteFile::open(directory.path()).expect("opens");
        // Without room: the thread stands still in its answer until that is read.
        let (answer, answers) = mpsc::sync_channel(0);
        let (enter, entered) = mpsc::channel();
        let writer = VoteWriter::start(file, move |sequence, kept| {
            enter.send(()).expect("read");
            answer.send((sequence, kept.is_ok())).expect("read");
        })
        .expect("a thread");
        writer.keep(7, vote(7));
        entered.recv().expect("it is writing");
        for sequence in 8..=100 {
            writer.keep(sequence, vote(sequence));
        }
        drop(writer);
        assert_eq!(answers.iter().collect::<Vec<_>>(), [(7, true), (100, true)]);
        let (_, kept) = VoteFile::open(directory.path()).expect("opens");
        assert_eq!(kept, Some(vote(100)));
    }
}
