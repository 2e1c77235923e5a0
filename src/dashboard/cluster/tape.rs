//! The tape of the last minutes: what each node believed, and what happened when.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::node::{Node, NodeState};
use crate::id::NodeId;
use crate::time::Time;

/// How far back the tape goes.
pub const TAPE_SPAN: Duration = Duration::from_mins(15);

/// How many changes are kept for a node; one that flaps all the time loses its oldest ones.
const SPANS_MAX: usize = 512;

/// How many marks are kept.
const MARKS_MAX: usize = 1024;

/// What happened on every node.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    rows: BTreeMap<NodeId, VecDeque<Span>>,
    marks: VecDeque<Mark>,
}

/// What a node was from a time on, until its next span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: Time,
    /// What it was.
    pub state: NodeState,
    /// Who led, as it believed.
    pub leader: Option<NodeId>,
}

/// Something that happened on a node at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Time,
    /// On which node.
    pub node: NodeId,
    /// What.
    pub kind: MarkKind,
}

/// What happened; of two in one place the greater is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// An image was acknowledged.
    Upload,
    /// An upload failed.
    UploadFailed,
    /// It began to serve as the leader.
    Elected,
    /// It was frozen.
    Frozen,
    /// Its process ended.
    Death,
}

impl Tape {
    /// Returns the spans of a node, the oldest first.
    pub fn spans(&self, node: NodeId) -> impl DoubleEndedIterator<Item = &Span> {
        self.rows.get(&node).into_iter().flatten()
    }

    /// Returns everything that happened, the oldest first.
    pub fn marks(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.marks.iter()
    }

    /// Notes what a node is from now on, if that has changed.
    pub(super) fn note(&mut self, at: Time, node: &Node) {
        let (state, leader) = (node.state(), node.believed_leader());
        let spans = self.rows.entry(node.id).or_default();
        let last = spans.back();
        if last.is_some_and(|last| (last.state, last.leader) == (state, leader)) {
            return;
        }
        // Clocks that are read off one another may disagree by a little; a row never goes back.
        let from = last.map_or(at, |last| at.max(last.from));
        spans.push_back(Span { from, state, leader });
        let forgotten = at - TAPE_SPAN;
        while spans.len() > SPANS_MAX || spans.get(1).is_some_and(|next| next.from < forgotten) {
            spans.pop_front();
        }
    }

    /// Marks what happened.
    pub(super) fn mark(&mut self, at: Time, node: NodeId, kind: MarkKind) {
        self.marks.push_back(Mark { at, node, kind });
        let forgotten = at - TAPE_SPAN;
        while self.marks.len() > MARKS_MAX || self.marks.front().is_some_and(|mark| mark.at < forgotten) {
            self.marks.pop_front();
        }
    }
}
