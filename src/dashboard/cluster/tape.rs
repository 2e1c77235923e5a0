//! The tape of the last minutes: what each node believed, and what happened when.
//!
//! Its room is bounded however much happens. Uploads, of which there may be hundreds a second, are
//! marked once in the finest cell that a timeline has; what is rare is kept apart from them, so that no
//! number of uploads displaces a death.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::node::{Node, NodeState};
use crate::id::NodeId;
use crate::time::Time;

/// How far back the tape goes.
pub const TAPE_SPAN: Duration = Duration::from_mins(15);

/// How many changes are kept for a node; one that flaps all the time loses its oldest ones.
const SPANS_MAX: usize = 512;

/// How many marks of elections, freezes and deaths are kept.
const RARE_MARKS_MAX: usize = 1024;

/// How long a stretch of time is that has one mark of uploads a node: the finest cell of a timeline.
const STRETCH: Duration = Duration::from_millis(100);

/// How many marks of uploads are kept for a node: one for every stretch of the tape.
const UPLOAD_MARKS_MAX: usize = (TAPE_SPAN.as_millis() / STRETCH.as_millis()) as usize;

/// What happened on every node.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    rows: BTreeMap<NodeId, VecDeque<Span>>,
    /// Elections, freezes and deaths.
    rare: VecDeque<Mark>,
    /// Uploads, by node; of each stretch the greatest, in the order of time.
    uploads: BTreeMap<NodeId, VecDeque<Mark>>,
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

    /// Returns what happened on a node: its uploads, then what is rarer, each in the order of time.
    pub fn marks(&self, node: NodeId) -> impl Iterator<Item = &Mark> {
        let rare = self.rare.iter().filter(move |mark| mark.node == node);
        self.uploads.get(&node).into_iter().flatten().chain(rare)
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

    /// Forgets what happened, and what nodes were before `now`.
    pub(super) fn forget(&mut self, now: Time) {
        self.rare.clear();
        self.uploads.clear();
        for spans in self.rows.values_mut() {
            spans.drain(..spans.len().saturating_sub(1));
            if let Some(last) = spans.back_mut() {
                last.from = last.from.max(now);
            }
        }
    }

    /// Marks what happened.
    pub(super) fn mark(&mut self, at: Time, node: NodeId, kind: MarkKind) {
        let mark = Mark { at, node, kind };
        let (marks, marks_max) = match kind {
            MarkKind::Upload | MarkKind::UploadFailed => {
                let marks = self.uploads.entry(node).or_default();
                merge(marks, mark);
                (marks, UPLOAD_MARKS_MAX)
            }
            MarkKind::Elected | MarkKind::Frozen | MarkKind::Death => {
                self.rare.push_back(mark);
                (&mut self.rare, RARE_MARKS_MAX)
            }
        };
        let forgotten = at - TAPE_SPAN;
        while marks.len() > marks_max || marks.front().is_some_and(|mark| mark.at < forgotten) {
            marks.pop_front();
        }
    }
}

/// Adds the mark of an upload to those of its node, where its stretch has none that is as great.
fn merge(marks: &mut VecDeque<Mark>, mark: Mark) {
    let stretch = |mark: &Mark| u128::from(mark.at.as_nanos()) / STRETCH.as_nanos();
    // Clocks that are read off may disagree by a little, so its place is near the end.
    let after = marks.iter().rposition(|other| stretch(other) <= stretch(&mark));
    match after.and_then(|index| marks.get_mut(index)) {
        Some(other) if stretch(other) == stretch(&mark) => other.kind = other.kind.max(mark.kind),
        Some(_) | None => marks.insert(after.map_or(0, |index| index + 1), mark),
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
            tape.mark(at(1), NodeId::MIN, MarkKind::Frozen);
        }
        assert_eq!(tape.spans(NodeId::MIN).count(), SPANS_MAX);
        assert_eq!(tape.marks(NodeId::MIN).count(), RARE_MARKS_MAX);
    }

    #[test]
    fn hundreds_of_uploads_a_second_displace_neither_each_other_nor_a_death() {
        let mut tape = Tape::default();
        tape.mark(at(1), NodeId::MIN, MarkKind::Death);
        for second in 1..300 {
            for nth in 0..600 {
                let then = at(second) + Duration::from_micros(nth * 1_000_000 / 600);
                tape.mark(then, NodeId::MIN, MarkKind::Upload);
            }
        }
        let seconds = |kind| {
            let marks = tape.marks(NodeId::MIN).filter(move |mark| mark.kind == kind);
            let seconds = marks.map(|mark| mark.at.as_nanos() / 1_000_000_000);
            seconds.collect::<std::collections::BTreeSet<u64>>()
        };
        assert_eq!(seconds(MarkKind::Upload), (1..300).collect());
        assert_eq!(seconds(MarkKind::Death), [1].into());
        assert_eq!(
            tape.marks(NodeId::MIN).count(),
            299 * 10 + 1,
            "ten stretches a second"
        );
    }

    #[test]
    fn a_failure_among_uploads_is_what_their_stretch_is_marked_by() {
        let mut tape = Tape::default();
        for kind in [MarkKind::Upload, MarkKind::UploadFailed, MarkKind::Upload] {
            tape.mark(at(2), NodeId::MIN, kind);
        }
        tape.mark(at(1), NodeId::MIN, MarkKind::Upload);
        let kinds: Vec<MarkKind> = tape.marks(NodeId::MIN).map(|mark| mark.kind).collect();
        assert_eq!(kinds, [MarkKind::Upload, MarkKind::UploadFailed]);
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
        assert_eq!(tape.marks(NodeId::MIN).count(), 1);
    }
}
