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
    #[must_use]
    pub fn spans(&self, node: NodeId) -> impl DoubleEndedIterator<Item = &Span> {
        self.rows.get(&node).into_iter().flatten()
    }

    /// Returns everything that happened, the oldest first.
    #[must_use]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::process::ProcessFact;

    const fn at(seconds: u64) -> Time {
        Time::from_nanos(seconds * 1_000_000_000)
    }

    fn node() -> Node {
        Node::new(NodeId::MIN, "127.0.0.1:8001".parse().expect("an address"))
    }

    fn spawned(at: Time) -> Node {
        let mut node = node();
        node.became(at, &ProcessFact::Spawned { pid: 1 });
        node
    }

    #[test]
    fn only_changes_are_noted() {
        let mut tape = Tape::default();
        for second in 1..9 {
            tape.note(at(second), &node());
        }
        tape.note(at(9), &spawned(at(9)));
        let froms: Vec<Time> = tape.spans(NodeId::MIN).map(|span| span.from).collect();
        assert_eq!(froms, [at(1), at(9)]);
    }

    #[test]
    fn a_row_never_goes_back_when_clocks_disagree() {
        let mut tape = Tape::default();
        tape.note(at(9), &node());
        tape.note(at(8), &spawned(at(8)));
        assert_eq!(tape.spans(NodeId::MIN).last().map(|span| span.from), Some(at(9)));
    }

    #[test]
    fn a_node_that_flaps_for_ever_and_marks_without_end_take_no_more_room() {
        let mut tape = Tape::default();
        for second in 0..5000 {
            let what = if second % 2 == 0 {
                node()
            } else {
                spawned(at(second))
            };
            tape.note(at(1), &what);
            tape.mark(at(1), NodeId::MIN, MarkKind::Upload);
        }
        assert_eq!(tape.spans(NodeId::MIN).count(), SPANS_MAX);
        assert_eq!(tape.marks().count(), MARKS_MAX);
    }

    #[test]
    fn what_is_older_than_the_tape_is_forgotten_but_for_what_still_lasts() {
        let mut tape = Tape::default();
        tape.note(at(1), &node());
        tape.mark(at(1), NodeId::MIN, MarkKind::Death);
        let later = at(1) + TAPE_SPAN + TAPE_SPAN;
        tape.note(later, &spawned(later));
        tape.mark(later, NodeId::MIN, MarkKind::Elected);
        assert_eq!(tape.spans(NodeId::MIN).count(), 2, "it lasted until now");
        assert_eq!(tape.marks().count(), 1);
    }
}
