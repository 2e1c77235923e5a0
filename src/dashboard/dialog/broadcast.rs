//! An upload while it happens: whom it was offered to, what each said, and how far it is.
//!
//! A fold over [`UploadEvent`]s. What an earlier attempt came to stays readable in a few short
//! lines, however often the image is offered again.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use crate::id::{Ballot, NodeId, UserName};
use crate::time::Time;
use crate::upload::line::problem;
use crate::upload::{Answer, UploadEvent};

/// How many setbacks are kept; more lines than these there are never for them.
const SETBACKS_MAX: usize = 4;

/// The time bytes must have moved for before a rate is named: a shorter one only flickers.
const RATE_AFTER: Duration = Duration::from_millis(200);

/// An upload that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// Whose image.
    pub user: UserName,
    /// Which file.
    pub file: PathBuf,
    /// Its size when it was chosen, in bytes.
    pub bytes: u64,
    /// When it was asked for.
    pub started: Time,
    /// How often it was offered.
    pub attempt: u32,
    /// The members, and what each said to the latest offer.
    pub members: BTreeMap<NodeId, Member>,
    /// Who was given it, by whom.
    pub assigned: Option<(NodeId, Ballot)>,
    /// How far the bytes are.
    pub progress: Option<Progress>,
    /// What earlier attempts came to, the latest last, each with how often in a row.
    pub setbacks: VecDeque<(String, u32)>,
}

/// A member that the image was offered to.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Where it listens.
    pub address: String,
    /// When it was asked.
    pub asked: Time,
    /// What it said, and after how long.
    pub answer: Option<(Answer, Duration)>,
}

/// How far the bytes of one attempt are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many came back encrypted.
    pub done: u64,
    /// How many will.
    pub total: u64,
    /// When the first did.
    pub since: Time,
    /// How many had come back then.
    pub first: u64,
    /// When the last did.
    pub until: Time,
}

impl Progress {
    /// Returns how many bytes moved a second; `None` until it means something.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let span = self.until.since(self.since);
        let moved = self.done.saturating_sub(self.first);
        (span >= RATE_AFTER && moved > 0).then(|| moved as f64 / span.as_secs_f64())
    }

    /// Returns how much of it is done, from 0 to 1.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        if self.total == 0 {
            return 0.0;
        }
        (self.done as f64 / self.total as f64).clamp(0.0, 1.0)
    }

    /// Says whether every byte is there, and only the confirmation is waited for.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.done >= self.total && self.total > 0
    }
}

impl Broadcast {
    /// Begins with nothing offered yet.
    #[must_use]
    pub fn new(user: UserName, file: PathBuf, bytes: u64, now: Time) -> Self {
        Self {
            user,
            file,
            bytes,
            started: now,
            attempt: 0,
            members: BTreeMap::new(),
            assigned: None,
            progress: None,
            setbacks: VecDeque::new(),
        }
    }

    /// Takes in what happened; how it ends is for the dialog.
    pub fn take(&mut self, now: Time, event: &UploadEvent) {
        match event {
            UploadEvent::Broadcasting { .. } => self.offered_again(),
            UploadEvent::Sending { node, address } => {
                let member = Member {
                    address: address.to_string(),
                    asked: now,
                    answer: None,
                };
                self.members.insert(*node, member);
            }
            UploadEvent::Answered { node, answer } => {
                if let Some(member) = self.members.get_mut(node) {
                    member.answer = Some((answer.clone(), now.since(member.asked)));
                }
            }
            UploadEvent::Assigned { node, ballot } => self.assigned = Some((*node, *ballot)),
            UploadEvent::Progress { done, total } => self.moved(now, *done, *total),
            UploadEvent::Retrying(obstacle) => self.set_back(problem(obstacle)),
            UploadEvent::Saved(_) | UploadEvent::Failed { .. } => {}
        }
    }

    fn offered_again(&mut self) {
        self.attempt += 1;
        self.members.clear();
        self.assigned = None;
        self.progress = None;
    }

    fn moved(&mut self, now: Time, done: u64, total: u64) {
        let (since, first) = self
            .progress
            .map_or((now, done), |before| (before.since, before.first));
        self.progress = Some(Progress {
            done,
            total,
            since,
            first,
            until: now,
        });
    }

    fn set_back(&mut self, line: String) {
        if let Some((last, times)) = self.setbacks.back_mut()
            && *last == line
        {
            *times += 1;
            return;
        }
        if self.setbacks.len() == SETBACKS_MAX {
            self.setbacks.pop_front();
        }
        self.setbacks.push_back((line, 1));
    }
}

#[cfg(test)]
mod tests;
