//! What nodes wrote: bounded rings of lines for each, and one order over all of them.
//!
//! Lines of requests have a ring of their own, so that however many uploads there are, none pushes out
//! what was said of an election. While they come in a flood, only the newest of each node is shown;
//! the others are folded into it, and a filter finds them.

use std::collections::{BTreeMap, VecDeque};

use crate::event::process::OutputStream;
use crate::id::NodeId;

/// How many lines of one node are kept, of requests and of everything else.
pub const LINES_MAX: usize = 2000;

/// How many bytes of text of one node are kept, of requests and of everything else.
pub const BYTES_MAX: usize = 256 << 10;

/// How many lines of requests a node may write within [`FLOOD`] before they are folded.
///
/// An upload by hand writes two on a node, and nobody makes three within a second.
const FLOOD_LINES: usize = 6;

/// Within how long they come when they come in a flood, in milliseconds of the wall clock.
const FLOOD: u64 = 1000;

/// The longest line that is shown; a terminal is no wider, and a ring holds some of them.
const LINE_BYTES_MAX: usize = 4 << 10;

/// The lines of all nodes.
#[derive(Debug, Clone, Default)]
pub struct Logs {
    rings: BTreeMap<NodeId, Rings>,
    next: LineId,
}

/// What one node wrote.
#[derive(Debug, Clone, Default)]
struct Rings {
    /// Everything but requests.
    rest: Ring,
    requests: Ring,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What clients ask for, which may be hundreds of lines a second.
    Requests,
    /// Everything else.
    Rest,
}

/// A line's place in the order over all nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineId(u64);

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place in the order over all nodes.
    pub id: LineId,
    /// Whose.
    pub node: NodeId,
    /// When, in milliseconds since the Unix epoch.
    pub wall_ms: u64,
    /// What kind of line it is.
    pub kind: LineKind,
    /// The text: one line that a terminal only prints.
    pub text: Box<str>,
    /// How many lines before it are folded into it.
    pub folds: u64,
    /// Into which later line it is folded itself.
    pub folded: Option<LineId>,
}

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It tells an event of the node.
    Event,
    /// It tells an event that a person should see.
    Warning,
    /// It tells what became of the process.
    Process,
    /// The process wrote it.
    Output(OutputStream),
}

/// Whose lines are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogSource {
    /// Everybody's, in one order.
    #[default]
    Merged,
    /// One node's.
    Node(NodeId),
}

#[derive(Debug, Clone, Default)]
struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    dropped: u64,
}

impl Logs {
    /// Adds a line, and forgets the oldest ones of its node for which there is no room.
    pub(in crate::dashboard) fn push(
        &mut self,
        node: NodeId,
        wall_ms: u64,
        kind: LineKind,
        topic: Topic,
        text: &str,
    ) {
        let id = self.next;
        self.next = LineId(id.0 + 1);
        let text = Box::from(&text[..text.floor_char_boundary(LINE_BYTES_MAX)]);
        let mut line = Line {
            id,
            node,
            wall_ms,
            kind,
            text,
            folds: 0,
            folded: None,
        };
        let rings = self.rings.entry(node).or_default();
        match topic {
            Topic::Rest => rings.rest.push(line),
            Topic::Requests => {
                let run = rings.rest.lines.back().map_or(LineId(0), |last| last.id);
                line.folds = rings.requests.fold(&line, run);
                rings.requests.push(line);
            }
        }
    }

    /// Counts lines that were lost on their way.
    pub(super) fn lost(&mut self, node: NodeId, lines: u64) {
        let dropped = &mut self.rings.entry(node).or_default().rest.dropped;
        *dropped = dropped.saturating_add(lines);
    }

    /// Forgets every line, and how many were forgotten or lost; the order goes on.
    pub(super) fn forget(&mut self) {
        self.rings.clear();
    }

    /// Returns how many lines were forgotten or lost.
    #[must_use]
    pub fn dropped(&self, source: LogSource) -> u64 {
        let dropped = self.rings_of(source).map(|ring| ring.dropped);
        dropped.fold(0, u64::saturating_add)
    }

    /// Returns how many lines there are.
    #[must_use]
    pub fn len(&self, source: LogSource) -> usize {
        self.rings_of(source).map(|ring| ring.lines.len()).sum()
    }

    /// Returns the place behind the newest line.
    #[must_use]
    pub const fn end(&self) -> LineId {
        self.next
    }

    /// Returns how many lines there are from `start` on.
    #[must_use]
    pub fn count_from(&self, source: LogSource, start: LineId) -> usize {
        let newer = |ring: &Ring| ring.lines.len() - ring.lines.partition_point(|line| line.id < start);
        self.rings_of(source).map(newer).sum()
    }

    /// Returns the lines before `end` that pass, the newest first; without an end, from the newest on.
    pub fn backwards<'a>(
        &'a self,
        source: LogSource,
        end: Option<LineId>,
        passes: impl Fn(&Line) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = &'a Line> {
        // Lines that do not pass are left out before the rings are merged: merging costs more.
        let filter = move |line: &&Line| passes(line);
        let mut tails: Vec<_> = self
            .rings_of(source)
            .map(|ring| {
                let count = end.map_or(ring.lines.len(), |end| {
                    ring.lines.partition_point(|line| line.id < end)
                });
                ring.lines.range(..count).rev().filter(filter).peekable()
            })
            .collect();
        std::iter::from_fn(move || {
            let with_line = tails.iter_mut().filter_map(|tail| {
                let id = tail.peek()?.id;
                Some((id, tail))
            });
            let (_, newest) = with_line.max_by_key(|(id, _)| *id)?;
            newest.next()
        })
    }

    /// Returns the lines from `start` on that pass, the oldest first.
    pub fn forwards<'a>(
        &'a self,
        source: LogSource,
        start: LineId,
        passes: impl Fn(&Line) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = &'a Line> {
        let filter = move |line: &&Line| passes(line);
        let mut heads: Vec<_> = self
            .rings_of(source)
            .map(|ring| {
                let from = ring.lines.partition_point(|line| line.id < start);
                ring.lines.range(from..).filter(filter).peekable()
            })
            .collect();
        std::iter::from_fn(move || {
            let with_line = heads.iter_mut().filter_map(|head| {
                let id = head.peek()?.id;
                Some((id, head))
            });
            let (_, oldest) = with_line.min_by_key(|(id, _)| *id)?;
            oldest.next()
        })
    }

    fn rings_of(&self, source: LogSource) -> impl Iterator<Item = &Ring> {
        let wanted = move |node: NodeId| match source {
            LogSource::Merged => true,
            LogSource::Node(only) => only == node,
        };
        let wanted = self.rings.iter().filter(move |(node, _)| wanted(**node));
        wanted.flat_map(|(_, rings)| [&rings.rest, &rings.requests])
    }
}

impl Ring {
    /// Folds the lines since the line `run` into one that comes in a flood; returns how many they are.
    fn fold(&mut self, into: &Line, run: LineId) -> u64 {
        let nth = self.lines.len().checked_sub(FLOOD_LINES);
        let before = nth.and_then(|nth| self.lines.get(nth));
        if before.is_none_or(|before| into.wall_ms.saturating_sub(before.wall_ms) >= FLOOD) {
            return 0;
        }
        let shown = |line: &&mut Line| line.id > run && line.folded.is_none();
        let mut folds = 0;
        for line in self.lines.iter_mut().rev().take_while(shown) {
            folds += 1 + line.folds;
            line.folded = Some(into.id);
        }
        folds
    }

    fn push(&mut self, line: Line) {
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.text.len();
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}
