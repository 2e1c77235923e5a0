//! The log of requests, put together from what their leaders and their nodes told.
//!
//! An upload or a list has an id of its own, and whatever is told of that id is one entry. The same
//! image may be downloaded, or deleted in vain, many times: each time is an entry, and what its node
//! tells is about the newest one that is open there. Nodes are heard one after the other, so the
//! end of a request may be heard before its beginning.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::event::{Event, RequestKind};
use crate::id::{ImageId, NodeId, UserName};
use crate::time::Time;

mod request;
mod told;

pub use request::{Done, Outcome, Request};

/// How many requests are kept: some screens full.
pub const REQUESTS_MAX: usize = 500;

/// How much later than the end of a request its beginning may be heard and still belong to it.
///
/// Nodes are heard by connections of their own, which are milliseconds apart; a person who asks
/// again takes longer.
const DISORDER: Duration = Duration::from_secs(1);

/// How long a client takes at most to come to the node that it was given.
const COMING: Duration = Duration::from_secs(1);

/// The requests, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    entries: VecDeque<Request>,
    done: BTreeMap<RequestKind, u64>,
}

/// Who told, and when.
#[derive(Clone, Copy)]
struct Teller<'a> {
    at: Time,
    event: &'a Event,
}

/// Which request a fact is about.
#[derive(Clone, Copy)]
struct About<'a> {
    kind: RequestKind,
    image: Option<ImageId>,
    user: &'a UserName,
}

impl Requests {
    /// Returns the requests, the newest first.
    #[must_use]
    pub fn newest(&self) -> impl ExactSizeIterator<Item = &Request> {
        self.entries.iter().rev()
    }

    /// Returns how many of a kind were acknowledged, the forgotten ones included.
    #[must_use]
    pub fn done(&self, kind: RequestKind) -> u64 {
        self.done.get(&kind).copied().unwrap_or(0)
    }

    /// Returns how many of those listed have failed, and were not repeated with success.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = |request: &&Request| matches!(request.outcome, Outcome::Failed { .. });
        self.entries.iter().filter(failed).count()
    }

    /// Says whether a node works at a request: one that has begun there, or was given to it just now.
    ///
    /// A client that is gone before it comes to its node leaves a request that nobody works at.
    #[must_use]
    pub fn is_at_work(&self, node: NodeId, now: Time) -> bool {
        let works = |request: &Request| {
            let begun = request.bytes.is_some() || now.since(request.began) <= COMING;
            request.worker == Some(node) && request.outcome == Outcome::Running && begun
        };
        self.entries.iter().any(works)
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

    /// Forgets those that ended, and how many were done.
    pub(super) fn forget(&mut self) {
        self.entries.retain(|entry| entry.outcome == Outcome::Running);
        self.done.clear();
    }

    /// Folds in that a node is gone: what it had is not finished by it.
    pub(super) fn lost(&mut self, node: NodeId) {
        let had = |entry: &&mut Request| entry.worker == Some(node) && entry.outcome == Outcome::Running;
        for entry in self.entries.iter_mut().filter(had) {
            entry.outcome = Outcome::Interrupted;
        }
    }

    /// The leader gave a request to a node, for the first time or again.
    fn assigned(&mut self, teller: Teller<'_>, about: About<'_>, to: NodeId, from: Option<NodeId>) {
        let known = (self.entries.iter()).rposition(|entry| about.is_assigned_in(entry, teller.at, to, from));
        let entry = self.at_or_new(known, teller, about);
        let ended_already = entry.leader.is_none() && !entry.is_open();
        entry.image = about.image;
        let told_as = std::mem::replace(&mut entry.kind, about.kind);
        let done_already = entry.is_done();
        entry.leader = Some(teller.event.node);
        entry.worker = Some(to);
        entry.attempts += 1;
        if !entry.is_done() && !ended_already {
            entry.outcome = Outcome::Running;
        }
        if done_already && told_as != about.kind {
            self.counted_wrongly(told_as, about.kind);
        }
    }

    /// Counts for `kind` what was counted as `told_as`, before the leader told what it was.
    fn counted_wrongly(&mut self, told_as: RequestKind, kind: RequestKind) {
        let counted = self.done.entry(told_as).or_default();
        *counted = counted.saturating_sub(1);
        *self.done.entry(kind).or_default() += 1;
    }

    fn begins(&mut self, teller: Teller<'_>, about: About<'_>, file: &str, bytes: u64) {
        let entry = self.told_of(teller, about);
        entry.describe(file, bytes);
        if !entry.is_done() {
            entry.outcome = Outcome::Running;
        }
    }

    /// A node told that it has done a request, and of some also the file, its size, and how many
    /// microseconds it took.
    fn ends(&mut self, teller: Teller<'_>, about: About<'_>, what: Done, seen: Option<(&String, u64, u64)>) {
        let entry = self.told_of(teller, about);
        let mut took = entry.leader.map(|_| teller.at.since(entry.began));
        if let Some((file, bytes, took_us)) = seen {
            entry.describe(file, bytes);
            took = Some(Duration::from_micros(took_us));
        }
        let (first, kind) = (!entry.is_done(), entry.kind);
        entry.outcome = Outcome::Done { what, took };
        *self.done.entry(kind).or_default() += u64::from(first);
    }

    fn fails(&mut self, teller: Teller<'_>, about: About<'_>, file: Option<&String>, reason: &str) {
        if self.is_elsewhere(teller, about) {
            return;
        }
        let entry = self.told_of(teller, about);
        // What is done stays done, however a repetition ends.
        if !entry.is_done() {
            let reason = reason.to_owned();
            entry.outcome = Outcome::Failed { reason };
        }
        if let Some(file) = file {
            entry.file = Some(file.clone());
        }
    }

    /// Says whether it was heard so late that another node has it, who will tell how it ends.
    fn is_elsewhere(&self, teller: Teller<'_>, about: About<'_>) -> bool {
        let known = self.position(teller, about);
        let worker = known.and_then(|index| self.entries[index].worker);
        let again = |entry: &Request| about.fits(entry) && entry.attempts > 1;
        worker != Some(teller.event.node) && self.entries.iter().any(again)
    }

    /// Returns the entry that a node tells of, which may be the first that is heard of it.
    fn told_of(&mut self, teller: Teller<'_>, about: About<'_>) -> &mut Request {
        let known = self.position(teller, about);
        let entry = self.at_or_new(known, teller, about);
        if !entry.is_done() {
            entry.worker = Some(teller.event.node);
        }
        entry
    }

    /// Returns where the entry stands that a node tells of; one that is given up stays behind.
    fn position(&self, teller: Teller<'_>, about: About<'_>) -> Option<usize> {
        let newest = |which: &dyn Fn(&Request) -> bool| {
            let mut entries = self.entries.iter();
            entries.rposition(|entry| about.fits(entry) && which(entry))
        };
        let there = |entry: &Request| entry.worker == Some(teller.event.node);
        match about.kind {
            RequestKind::Upload => newest(&|_| true),
            RequestKind::Download | RequestKind::List | RequestKind::LookUp | RequestKind::Delete => {
                newest(&|entry| there(entry) && entry.outcome == Outcome::Running)
                    .or_else(|| newest(&|entry| there(entry) && entry.is_open()))
            }
        }
    }

    fn at_or_new(&mut self, known: Option<usize>, teller: Teller<'_>, about: About<'_>) -> &mut Request {
        let index = known.unwrap_or_else(|| {
            if self.entries.len() == REQUESTS_MAX {
                self.entries.pop_front();
            }
            self.entries.push_back(Request {
                kind: about.kind,
                image: about.image,
                wall_ms: teller.event.wall_ms,
                began: teller.at,
                user: about.user.clone(),
                file: self.name_of(about.image),
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

    /// Returns the file name of an image that another request was about.
    fn name_of(&self, image: Option<ImageId>) -> Option<String> {
        let image = image?;
        let mut others = self.entries.iter().filter(|entry| entry.image == Some(image));
        others.find_map(|entry| entry.file.clone())
    }
}

impl<'a> About<'a> {
    const fn of(kind: RequestKind, image: ImageId, user: &'a UserName) -> Self {
        let image = Some(image);
        Self { kind, image, user }
    }

    /// Says whether an entry can be the one.
    ///
    /// The end of a list is told without its id, and without saying whether it was a look-up.
    fn fits(&self, entry: &Request) -> bool {
        let same_image = match self.kind {
            RequestKind::List | RequestKind::LookUp => {
                self.image.is_none() || entry.image.is_none() || self.image == entry.image
            }
            RequestKind::Upload | RequestKind::Download | RequestKind::Delete => self.image == entry.image,
        };
        same_image && lists_as(self.kind) == lists_as(entry.kind) && *self.user == entry.user
    }

    /// Says whether what the leader gives to a node now is this entry, heard of before.
    fn is_assigned_in(&self, entry: &Request, at: Time, to: NodeId, from: Option<NodeId>) -> bool {
        if !self.fits(entry) {
            return false;
        }
        let has_own_id = matches!(
            self.kind,
            RequestKind::Upload | RequestKind::List | RequestKind::LookUp
        );
        if has_own_id && entry.image.is_some() {
            return true;
        }
        let ended_before =
            entry.leader.is_none() && entry.worker == Some(to) && at.since(entry.began) < DISORDER;
        let given_again = !entry.is_done() && from.is_some() && entry.worker == from;
        ended_before || given_again || entry.outcome == Outcome::Interrupted
    }
}

/// Takes a look-up for the list that it is; every other kind is what it is.
const fn lists_as(kind: RequestKind) -> RequestKind {
    match kind {
        RequestKind::LookUp => RequestKind::List,
        RequestKind::Upload | RequestKind::Download | RequestKind::List | RequestKind::Delete => kind,
    }
}

#[cfg(test)]
mod tests;
