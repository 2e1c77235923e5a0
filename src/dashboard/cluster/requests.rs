//! The log of requests, one entry an image, put together from what its leader and its node told.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, Fact};
use crate::id::{ImageId, NodeId, UserName};
use crate::time::Time;

/// How many requests are kept: some screens full.
pub const REQUESTS_MAX: usize = 500;

/// The requests, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    entries: VecDeque<Request>,
    /// How many were acknowledged, the forgotten ones included.
    pub acknowledged: u64,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The image.
    pub image: ImageId,
    /// When it was first heard of, in milliseconds since the Unix epoch.
    pub wall_ms: u64,
    /// When it was first heard of.
    pub began: Time,
    /// Whose.
    pub user: UserName,
    /// Its file name, once its node has told.
    pub file: Option<String>,
    /// Its size in bytes, once its node has told.
    pub bytes: Option<u64>,
    /// Who gave it to its node.
    pub leader: Option<NodeId>,
    /// Who encrypts it.
    pub worker: Option<NodeId>,
    /// How many times it was given to a node.
    pub attempts: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on its way.
    Running,
    /// It was acknowledged.
    Stored {
        /// On how many nodes it is.
        copies: usize,
        /// From the first byte to the acknowledgement.
        took: Duration,
    },
    /// Its node told that it failed.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its node was gone before it said how it ended; its client offers it again.
    Interrupted,
}

impl Requests {
    /// Returns the requests, the newest first.
    #[must_use]
    pub fn newest(&self) -> impl ExactSizeIterator<Item = &Request> {
        self.entries.iter().rev()
    }

    /// Returns how many of those listed have failed, and were not repeated with success.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |request: &&Request| matches!(request.outcome, Outcome::Failed { .. });
        self.entries.iter().filter(failed).count()
    }

    /// Returns how many are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there was none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Folds in what a node told.
    pub(super) fn told(&mut self, at: Time, event: &Event) {
        match &event.fact {
            Fact::Assigned {
                image, user, node, ..
            } => {
                let entry = self.entry(at, event.wall_ms, *image, user);
                entry.leader = Some(event.node);
                entry.worker = Some(*node);
                entry.attempts += 1;
                if !matches!(entry.outcome, Outcome::Stored { .. }) {
                    entry.outcome = Outcome::Running;
                }
            }
            Fact::UploadStarted {
                image,
                user,
                file,
                bytes,
            } => {
                let entry = self.entry(at, event.wall_ms, *image, user);
                entry.worker = Some(event.node);
                entry.file = Some(file.clone());
                entry.bytes = Some(*bytes);
                if !matches!(entry.outcome, Outcome::Stored { .. }) {
                    entry.outcome = Outcome::Running;
                }
            }
            Fact::UploadDone {
                image,
                user,
                file,
                bytes,
                copies,
                took_us,
            } => {
                let stored = Outcome::Stored {
                    copies: *copies,
                    took: Duration::from_micros(*took_us),
                };
                let entry = self.entry(at, event.wall_ms, *image, user);
                entry.worker = Some(event.node);
                entry.file = Some(file.clone());
                entry.bytes = Some(*bytes);
                let before = std::mem::replace(&mut entry.outcome, stored);
                self.acknowledged += u64::from(!matches!(before, Outcome::Stored { .. }));
            }
            Fact::UploadFailed {
                image,
                user,
                file,
                reason,
            } => {
                let entry = self.entry(at, event.wall_ms, *image, user);
                entry.file = Some(file.clone());
                // What is stored stays stored, however a repetition ends.
                if !matches!(entry.outcome, Outcome::Stored { .. }) {
                    entry.worker = Some(event.node);
                    entry.outcome = Outcome::Failed {
                        reason: reason.clone(),
                    };
                }
            }
            // Nothing else is about uploads.
            _ => {}
        }
    }

    /// Folds in that a node is gone: what it had is not finished by it.
    pub(super) fn lost(&mut self, node: NodeId) {
        let had = |entry: &&mut Request| entry.worker == Some(node) && entry.outcome == Outcome::Running;
        for entry in self.entries.iter_mut().filter(had) {
            entry.outcome = Outcome::Interrupted;
        }
    }

    /// Returns the entry of an image; a retry comes under the same id and is the same upload.
    fn entry(&mut self, at: Time, wall_ms: u64, image: ImageId, user: &UserName) -> &mut Request {
        let known = self.entries.iter().rposition(|entry| entry.image == image);
        let index = known.unwrap_or_else(|| {
            if self.entries.len() == REQUESTS_MAX {
                self.entries.pop_front();
            }
            self.entries.push_back(Request {
                image,
                wall_ms,
                began: at,
                user: user.clone(),
                file: None,
                bytes: None,
                leader: None,
                worker: None,
                attempts: 0,
                outcome: Outcome::Running,
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }
}

#[cfg(test)]
mod tests;
