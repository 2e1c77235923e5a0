//! The log of uploads, one entry an image, put together from what its leader and its node told.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, Fact};
use crate::id::{ImageId, NodeId, UserName};
use crate::time::Time;

/// How many uploads are kept: some screens full.
pub const UPLOADS_MAX: usize = 500;

/// The uploads, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Uploads {
    entries: VecDeque<Upload>,
    /// How many were acknowledged, the forgotten ones included.
    pub acknowledged: u64,
}

/// One upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
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

/// What became of an upload.
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

impl Uploads {
    /// Returns the uploads, the newest first.
    #[must_use]
    pub fn newest(&self) -> impl ExactSizeIterator<Item = &Upload> {
        self.entries.iter().rev()
    }

    /// Returns how many of those listed have failed, and were not repeated with success.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |upload: &&Upload| matches!(upload.outcome, Outcome::Failed { .. });
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
        let had = |entry: &&mut Upload| entry.worker == Some(node) && entry.outcome == Outcome::Running;
        for entry in self.entries.iter_mut().filter(had) {
            entry.outcome = Outcome::Interrupted;
        }
    }

    /// Returns the entry of an image; a retry comes under the same id and is the same upload.
    fn entry(&mut self, at: Time, wall_ms: u64, image: ImageId, user: &UserName) -> &mut Upload {
        let known = self.entries.iter().rposition(|entry| entry.image == image);
        let index = known.unwrap_or_else(|| {
            if self.entries.len() == UPLOADS_MAX {
                self.entries.pop_front();
            }
            self.entries.push_back(Upload {
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
mod tests {
    use super::*;
    use crate::event::EVENT_VERSION;
    use crate::event::RequestKind;
    use crate::id::{Ballot, Epoch, Generation, RequestId};

    fn node(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn user() -> UserName {
        "alice".parse().expect("a name")
    }

    fn image(number: u128) -> ImageId {
        ImageId::from_bytes(number.to_be_bytes())
    }

    fn tell(uploads: &mut Uploads, teller: u16, fact: Fact) {
        let event = Event {
            version: EVENT_VERSION,
            node: node(teller),
            generation: Generation(1),
            sequence: 0,
            monotonic_ns: Time::ZERO,
            wall_ms: 0,
            fact,
        };
        uploads.told(Time::ZERO, &event);
    }

    fn assigned(number: u128, to: u16) -> Fact {
        let (epoch, id) = (Epoch(1), node(3));
        Fact::Assigned {
            kind: RequestKind::Upload,
            ballot: Ballot { epoch, id },
            request: RequestId(1),
            image: image(number),
            user: user(),
            node: node(to),
            redispatched_from: None,
            next: None,
        }
    }

    fn done(number: u128) -> Fact {
        Fact::UploadDone {
            image: image(number),
            user: user(),
            file: "x.png".to_owned(),
            bytes: 9,
            copies: 3,
            took_us: 1000,
        }
    }

    fn newest(uploads: &Uploads) -> &Upload {
        uploads.newest().next().expect("there is one")
    }

    #[test]
    fn leader_and_worker_tell_of_one_upload() {
        let mut uploads = Uploads::default();
        tell(&mut uploads, 3, assigned(1, 2));
        assert_eq!(newest(&uploads).outcome, Outcome::Running);
        tell(&mut uploads, 2, done(1));
        let upload = newest(&uploads);
        assert_eq!((upload.leader, upload.worker), (Some(node(3)), Some(node(2))));
        assert_eq!((uploads.len(), uploads.acknowledged), (1, 1));
    }

    #[test]
    fn what_its_node_had_is_interrupted_by_its_death_and_done_by_the_next() {
        let mut uploads = Uploads::default();
        tell(&mut uploads, 3, assigned(1, 2));
        uploads.lost(node(2));
        assert_eq!(newest(&uploads).outcome, Outcome::Interrupted);
        tell(&mut uploads, 3, assigned(1, 1));
        assert_eq!(newest(&uploads).outcome, Outcome::Running);
        tell(&mut uploads, 1, done(1));
        assert_eq!((newest(&uploads).attempts, uploads.len()), (2, 1));
    }

    #[test]
    fn an_acknowledged_upload_stays_so_whatever_is_heard_late() {
        let mut uploads = Uploads::default();
        tell(&mut uploads, 2, done(1));
        tell(&mut uploads, 3, assigned(1, 2));
        tell(&mut uploads, 2, done(1));
        uploads.lost(node(2));
        assert!(matches!(
            newest(&uploads).outcome,
            Outcome::Stored { copies: 3, .. }
        ));
        assert_eq!(uploads.acknowledged, 1, "once");
    }

    #[test]
    fn the_log_is_bounded_and_the_counts_are_not() {
        let mut uploads = Uploads::default();
        for number in 0..2000 {
            tell(&mut uploads, 2, done(number));
        }
        assert_eq!((uploads.len(), uploads.acknowledged), (UPLOADS_MAX, 2000));
    }

    #[test]
    fn what_is_stored_stays_stored_however_a_repetition_ends() {
        let mut uploads = Uploads::default();
        tell(&mut uploads, 3, assigned(1, 2));
        tell(&mut uploads, 2, done(1));
        let failed = Fact::UploadFailed {
            image: image(1),
            user: user(),
            file: "x.png".to_owned(),
            reason: "the client is gone".to_owned(),
        };
        tell(&mut uploads, 1, failed);
        assert_eq!((uploads.acknowledged, uploads.failed()), (1, 0));
    }
}
