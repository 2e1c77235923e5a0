//! A row of the timeline as cells: what a node was in each stretch of time, the last of which is now.

use std::time::Duration;

use crate::dashboard::cluster::node::NodeState;
use crate::dashboard::cluster::tape::{MarkKind, Span, Tape};
use crate::dashboard::scale::Scale;
use crate::id::NodeId;
use crate::time::Time;

/// After how many cells the number of the leader is written again.
const LABEL_CELLS: u64 = 10;

/// A cell of a row: what a node was in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) was: Was,
    /// Whether it knew no leader for a moment that ended within the cell.
    faltered: bool,
    /// Who came to lead within it, or has led so long that it is written again.
    pub(super) label: Option<NodeId>,
    /// What is rare and happened within it; of uploads that fail one after the other, where they began to.
    pub(super) mark: Option<MarkKind>,
    /// Whether an image was acknowledged within it.
    pub(super) uploads: bool,
}

/// What a node was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Was {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It had no process.
    Gone,
    /// It believed that this node leads.
    Led(NodeId),
    /// It led.
    Leading(NodeId),
    /// It stood still.
    Frozen,
    /// It knew no leader.
    Leaderless,
}

impl Cell {
    /// Returns what is shown: a moment without a leader is not lost, unless another one came to lead.
    pub(super) const fn shown(self) -> Was {
        if self.faltered && self.label.is_none() {
            Was::Leaderless
        } else {
            self.was
        }
    }
}

impl Was {
    fn of(span: &Span) -> Self {
        match (span.state, span.leader) {
            (NodeState::NeverStarted, _) => Self::Unknown,
            (
                NodeState::Stopped
                | NodeState::Dead
                | NodeState::GivenUp
                | NodeState::Restarting
                | NodeState::OutOfReach,
                _,
            ) => Self::Gone,
            (NodeState::Frozen, _) => Self::Frozen,
            (NodeState::Leading, Some(leader)) => Self::Leading(leader),
            (_, Some(leader)) => Self::Led(leader),
            (_, None) => Self::Leaderless,
        }
    }

    pub(super) const fn leader(self) -> Option<NodeId> {
        match self {
            Self::Led(leader) | Self::Leading(leader) => Some(leader),
            Self::Unknown | Self::Gone | Self::Frozen | Self::Leaderless => None,
        }
    }
}

/// Returns what a node was in each of the last `count` stretches of time, the last of which is now.
pub(super) fn cells(tape: &Tape, node: NodeId, now: Time, scale: Scale, count: u16) -> Vec<Cell> {
    let cell = nanos(scale.cell());
    let last = now.as_nanos() / cell;
    let index = |at: Time| {
        let ago = last.saturating_sub(at.as_nanos() / cell);
        u64::from(count)
            .checked_sub(ago + 1)
            .and_then(|index| usize::try_from(index).ok())
    };
    let mut cells = vec![Cell::default(); usize::from(count)];
    let mut before = None;
    for span in tape.spans(node) {
        let was = Was::of(span);
        fill(&mut cells, index(span.from), was, before);
        // Who comes back is said to follow, even if it follows whom it followed before.
        before = match was {
            Was::Unknown | Was::Gone => None,
            Was::Led(leader) | Was::Leading(leader) => Some(leader),
            Was::Frozen | Was::Leaderless => before,
        };
    }
    for mark in tape.marks(node) {
        if let Some(cell) = index(mark.at).and_then(|index| cells.get_mut(index)) {
            match mark.kind {
                MarkKind::Upload => cell.uploads = true,
                MarkKind::UploadFailed | MarkKind::Elected | MarkKind::Frozen | MarkKind::Death => {
                    cell.mark = cell.mark.max(Some(mark.kind));
                }
            }
        }
    }
    mark_failures_once(&mut cells);
    repeat_labels(&mut cells, last);
    cells
}

/// Leaves of failed uploads in cells beside each other the first mark: more would hide what the node was.
fn mark_failures_once(cells: &mut [Cell]) {
    let mut before = false;
    for cell in cells {
        let failed = cell.mark == Some(MarkKind::UploadFailed);
        if failed && before {
            cell.mark = None;
        }
        before = failed;
    }
}

/// Fills a row from a cell on, or from its left edge; `before` is who was believed to lead before.
fn fill(cells: &mut [Cell], from: Option<usize>, was: Was, before: Option<NodeId>) {
    let start = from.unwrap_or(0).min(cells.len());
    let Some((first, rest)) = cells[start..].split_first_mut() else {
        return;
    };
    for cell in rest {
        *cell = Cell {
            was,
            ..Cell::default()
        };
    }
    first.faltered |= from.is_some() && first.was == Was::Leaderless;
    first.was = was;
    if from.is_none() || was.leader() != before {
        first.label = was.leader().or(first.label);
    }
}

/// Writes the leader again at fixed times, so that the labels move with the tape.
fn repeat_labels(cells: &mut [Cell], last: u64) {
    let count = cells.len() as u64;
    let mut labelled = None;
    for (index, cell) in (0_u64..).zip(cells) {
        let bucket = (last + index + 1).checked_sub(count);
        let due = bucket.is_some_and(|bucket| bucket.is_multiple_of(LABEL_CELLS));
        let crowded = labelled.is_some_and(|labelled| index < labelled + LABEL_CELLS / 2);
        if due && !crowded && cell.label.is_none() {
            cell.label = cell.shown().leader();
        }
        if cell.label.is_some() {
            labelled = Some(index);
        }
    }
}

/// Returns a span in nanoseconds, at least one.
pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::testing::Scene;

    /// A row of ten cells as text: the leader where it is written, otherwise what the node was.
    fn row(scene: &Scene, number: u16) -> String {
        let model = &scene.model;
        let node = NodeId::new(number).expect("not zero");
        let cells = cells(&model.shown().tape, node, model.shown_at(), model.tape_scale, 10);
        let letter = |cell: &Cell| match (cell.mark, cell.label, cell.shown()) {
            (Some(MarkKind::Death), ..) => 'x'.to_string(),
            (Some(_), ..) => '*'.to_string(),
            (None, Some(leader), _) => leader.to_string(),
            (None, None, Was::Unknown) => ' '.to_string(),
            (None, None, Was::Gone) => '.'.to_string(),
            (None, None, Was::Led(_)) => '-'.to_string(),
            (None, None, Was::Leading(_)) => '='.to_string(),
            (None, None, Was::Frozen) => ':'.to_string(),
            (None, None, Was::Leaderless) => '?'.to_string(),
        };
        cells.iter().map(letter).collect()
    }

    #[test]
    fn a_short_history_stands_at_the_right_edge() {
        let scene = Scene::led(80, 24);
        assert_eq!(row(&scene, 1), "       3--");
        assert_eq!(row(&scene, 3), "       *==");
    }

    #[test]
    fn a_failover_of_milliseconds_stays_visible() {
        let mut scene = Scene::led(80, 24);
        scene.kill(3).suspect(2, 3).elect(2, 2, &[1, 2]).after(3000);
        assert_eq!(row(&scene, 1), "    3-2---", "a change of leader");
        assert_eq!(row(&scene, 2), "    3-*===", "its election");
        assert_eq!(row(&scene, 3), "    *=x...", "the death");
    }

    #[test]
    fn a_moment_without_a_leader_is_seen_though_the_same_one_leads_on() {
        let mut scene = Scene::led(80, 24);
        scene.after(2000).suspect(1, 3).after(5);
        let ballot = crate::dashboard::testing::ballot_of(1, NodeId::new(3).expect("not zero"));
        scene
            .tell(1, crate::event::Fact::Following { ballot })
            .after(2000);
        assert_eq!(row(&scene, 1), "   3---?--");
    }

    #[test]
    fn no_number_of_uploads_hides_what_a_node_was() {
        let mut scene = Scene::led(80, 24);
        for _ in 0..30 {
            for worker in 1..=3 {
                scene.upload(3, 1, worker, "test_image.png");
            }
            scene.upload_fails(3, 1, 2, "torn.gif", "the connection closed");
        }
        let mut idle = Scene::led(80, 24);
        idle.after(120 * 42);
        assert_eq!(row(&scene, 1), row(&idle, 1));
        assert!(row(&scene, 2).matches('*').count() <= 1, "{}", row(&scene, 2));
        assert!(row(&scene, 3).contains("===="), "{}", row(&scene, 3));
        let text = scene.text();
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("┻") || line.contains("▆"))
            .collect();
        assert_eq!(rows.len(), 3, "{text}");
    }

    #[test]
    fn cells_move_by_whole_cells() {
        let mut scene = Scene::led(80, 24);
        let before = row(&scene, 1);
        // The second in which the scene stands is half over.
        scene.after(400);
        assert_eq!(row(&scene, 1), before);
        scene.after(100);
        assert_eq!(row(&scene, 1), "      3---");
    }

    #[test]
    fn what_began_before_the_left_edge_is_labelled_at_it() {
        let mut scene = Scene::led(80, 24);
        scene.after(60_000);
        let row = row(&scene, 1);
        assert!(row.starts_with('3'), "{row}");
        assert_eq!(row.len(), 10);
    }
}
