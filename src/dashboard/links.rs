//! The links as a matrix: who is chosen to send and to hear, and which fault a key there is.
//!
//! Does nothing itself. A key that goes through states goes on from what was asked for last: nodes say
//! what holds a moment later, and some that are down or stand still do not say it at all.

use std::time::Duration;

use super::cluster::Cluster;
use super::keymap::Action;
use crate::fault::{Between, Fault, Way};
use crate::id::NodeId;

/// The delays that a key goes through, each with its jitter: noticed, felt, above fast timeouts.
const DELAYS: [(Duration, Duration); 3] = [
    (Duration::from_millis(50), Duration::from_millis(10)),
    (Duration::from_millis(200), Duration::from_millis(50)),
    (Duration::from_secs(1), Duration::from_millis(200)),
];

/// The losses that a key goes through, in percent: bad, very bad, hopeless.
const LOSSES: [u8; 3] = [10, 30, 60];

/// The delays of a disk that a key goes through: an old one, and one that breaks.
const DISK_DELAYS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(500)];

/// How long a key lets a clock stand still: longer than a lease of the fast timing.
const STALL: Duration = Duration::from_secs(2);

/// The chosen way: what one node sends to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Who sends: the row.
    pub from: NodeId,
    /// Who hears: the column.
    pub to: NodeId,
}

/// Says whether a key of the matrix makes something wrong, or right again.
pub(super) fn breaks(action: Action) -> bool {
    matches!(
        action,
        Action::CutWay
            | Action::CutBoth
            | Action::Isolate
            | Action::Delay
            | Action::Lose
            | Action::SlowDisk
            | Action::StallClock
            | Action::HealOne
            | Action::HealAll
    )
}

impl Cursor {
    /// Makes the cursor on the first way of a node; `None` in a cluster of one.
    pub(super) fn of(cluster: &Cluster, from: NodeId) -> Option<Self> {
        let to = cluster.nodes.keys().copied().find(|&to| to != from)?;
        Some(Self { from, to })
    }

    /// Moves by a key of direction; a node has no way to itself, so that cell is passed over.
    pub(super) fn moved(self, cluster: &Cluster, action: Action) -> Self {
        let mut moved = self;
        loop {
            match action {
                Action::Up => moved.from = beside(cluster, moved.from, Turn::Back),
                Action::Down => moved.from = beside(cluster, moved.from, Turn::On),
                Action::Left => moved.to = beside(cluster, moved.to, Turn::Back),
                Action::Right => moved.to = beside(cluster, moved.to, Turn::On),
                _ => return self,
            }
            if moved.from != moved.to {
                return moved;
            }
        }
    }

    /// Returns the fault that a key is here, and what to say of it.
    pub(super) fn fault(self, cluster: &Cluster, action: Action) -> Option<(Fault, String)> {
        let Self { from, to } = self;
        let (one, both) = (Between::Way(from, to), Between::Pair(from, to));
        let way = cluster.wanted.way(from, to);
        Some(match action {
            Action::CutWay if way.cut => (Fault::Uncut(one), format!("cut no more: {one}")),
            Action::CutWay => (Fault::Cut(one), format!("cut: {one} hears nothing of it")),
            Action::CutBoth if way.cut && cluster.wanted.way(to, from).cut => {
                (Fault::Uncut(both), format!("cut no more: {both}"))
            }
            Action::CutBoth => (Fault::Cut(both), format!("cut: {both}")),
            Action::Isolate => (
                Fault::Partition(vec![vec![from]]),
                format!("partition: node {from} alone on one side"),
            ),
            Action::Delay => delayed(one, way),
            Action::Lose => lossy(one, way),
            Action::SlowDisk => slow_disk(from, cluster),
            Action::StallClock => (
                Fault::StallClock {
                    node: from,
                    span: STALL,
                },
                format!("node {from}'s clock stands still for {} s", STALL.as_secs()),
            ),
            Action::HealOne => (Fault::Heal(both), format!("healed: {both}")),
            Action::HealAll => (Fault::HealAll, "everything is healed".to_owned()),
            _ => return None,
        })
    }
}

fn delayed(between: Between, way: Way) -> (Fault, String) {
    let next = following(&DELAYS, |(delay, _)| *delay == way.delay);
    let (delay, jitter) = next.unwrap_or_default();
    let said = if delay.is_zero() {
        format!("in time again: {between}")
    } else {
        format!("{} ms late: {between}", delay.as_millis())
    };
    let fault = Fault::Delay {
        between,
        delay,
        jitter,
    };
    (fault, said)
}

fn lossy(between: Between, way: Way) -> (Fault, String) {
    let percent = following(&LOSSES, |loss| *loss == way.loss_percent).unwrap_or_default();
    let said = format!("{percent} % of the election's messages lost: {between}");
    (Fault::Lose { between, percent }, said)
}

fn slow_disk(node: NodeId, cluster: &Cluster) -> (Fault, String) {
    let now = cluster.wanted.of(node).disk_delay;
    let next = following(&DISK_DELAYS, |delay| *delay == now);
    let delay = next.unwrap_or_default();
    let said = format!(
        "every sync of node {node}'s disk takes {} ms longer",
        delay.as_millis()
    );
    (Fault::SlowDisk { node, delay }, said)
}

/// Returns the preset after the one that holds: the first when none does, none after the last.
fn following<T: Copy>(presets: &[T], holds: impl Fn(&T) -> bool) -> Option<T> {
    let next = presets.iter().position(holds).map_or(0, |at| at + 1);
    presets.get(next).copied()
}

#[derive(Clone, Copy)]
enum Turn {
    Back,
    On,
}

fn beside(cluster: &Cluster, node: NodeId, turn: Turn) -> NodeId {
    let ids: Vec<NodeId> = cluster.nodes.keys().copied().collect();
    let at = ids.iter().position(|&id| id == node).unwrap_or_default();
    let step = match turn {
        Turn::Back => ids.len().saturating_sub(1),
        Turn::On => 1,
    };
    ids.get((at + step) % ids.len().max(1)).copied().unwrap_or(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::message::Command;
    use crate::dashboard::testing::{Scene, node};
    use crate::event::Fact;
    use crate::fault::{Matrix, NodeFaults};

    fn cursor(from: u16, to: u16) -> Cursor {
        Cursor {
            from: node(from),
            to: node(to),
        }
    }

    /// Three nodes in which this is wrong, as they said.
    fn faulty(faults: &[Fault]) -> Scene {
        let mut scene = Scene::led(80, 24);
        let mut matrix = Matrix::new((1..=3).map(node));
        for fault in faults {
            matrix.apply(fault).expect("makes sense");
        }
        for number in 1..=3 {
            let faults = matrix.of(node(number));
            scene.tell(number, Fact::FaultsChanged { faults });
        }
        scene
    }

    #[test]
    fn the_cursor_goes_round_and_over_no_way_of_a_node_to_itself() {
        let scene = Scene::led(80, 24);
        let moved = |cursor: Cursor, action| cursor.moved(&scene.model.cluster, action);
        assert_eq!(moved(cursor(1, 3), Action::Right), cursor(1, 2));
        assert_eq!(moved(cursor(1, 2), Action::Down), cursor(3, 2));
        assert_eq!(moved(cursor(3, 1), Action::Left), cursor(3, 2));
        assert_eq!(moved(cursor(2, 1), Action::Up), cursor(3, 1));
    }

    #[test]
    fn a_key_that_cuts_lets_pass_again_what_is_cut() {
        let way = Between::Way(node(1), node(3));
        let scene = faulty(&[]);
        let fault = |scene: &Scene, action| cursor(1, 3).fault(&scene.model.cluster, action).expect("one").0;
        assert_eq!(fault(&scene, Action::CutWay), Fault::Cut(way));
        let scene = faulty(&[Fault::Cut(way)]);
        assert_eq!(fault(&scene, Action::CutWay), Fault::Uncut(way));
        let both = Between::Pair(node(1), node(3));
        assert_eq!(fault(&scene, Action::CutBoth), Fault::Cut(both));
        let scene = faulty(&[Fault::Cut(both)]);
        assert_eq!(fault(&scene, Action::CutBoth), Fault::Uncut(both));
    }

    /// Presses a key in the matrix, in which node 1 sends to node 2, and returns what it asks for.
    fn pressed(scene: &mut Scene, key: char) -> Fault {
        match scene.press(key).as_slice() {
            [Command::Fault(fault)] => fault.clone(),
            commands => panic!("no fault: {commands:?}"),
        }
    }

    #[test]
    fn a_key_that_is_pressed_again_takes_back_what_no_node_has_said_yet() {
        let way = Between::Way(node(1), node(2));
        let mut scene = Scene::led(80, 24);
        scene.kill(1).kill(2);
        scene.press('1');
        scene.press('f');
        for _ in 0..2 {
            assert_eq!(pressed(&mut scene, 'c'), Fault::Cut(way));
            assert_eq!(pressed(&mut scene, 'c'), Fault::Uncut(way));
        }
        let millis = |fault| match fault {
            Fault::Delay { delay, .. } => delay.as_millis(),
            other => panic!("no delay: {other:?}"),
        };
        for expected in [50, 200] {
            assert_eq!(millis(pressed(&mut scene, 'd')), expected);
        }
        pressed(&mut scene, 'c');
        pressed(&mut scene, 'c');
        assert_eq!(
            millis(pressed(&mut scene, 'd')),
            1000,
            "as late as before the cut"
        );
        assert_eq!(pressed(&mut scene, 'H'), Fault::HealAll);
        assert_eq!(millis(pressed(&mut scene, 'd')), 50);
    }

    #[test]
    fn what_a_node_says_counts_more_than_what_was_asked_of_it() {
        let way = Between::Way(node(1), node(2));
        let mut scene = Scene::led(80, 24);
        scene.press('1');
        scene.press('f');
        assert_eq!(pressed(&mut scene, 'c'), Fault::Cut(way));
        let faults = NodeFaults::default();
        scene.tell(1, Fact::FaultsChanged { faults });
        assert_eq!(
            pressed(&mut scene, 'c'),
            Fault::Cut(way),
            "somebody else has healed it"
        );
    }

    #[test]
    fn presets_go_up_and_end_at_nothing() {
        let mut done = Vec::new();
        let mut percents = Vec::new();
        for _ in 0..=LOSSES.len() {
            let scene = faulty(&done);
            let (fault, _) = cursor(2, 1)
                .fault(&scene.model.cluster, Action::Lose)
                .expect("one");
            if let Fault::Lose { percent, .. } = fault {
                percents.push(percent);
            }
            done.push(fault);
        }
        assert_eq!(percents, [10, 30, 60, 0]);
    }
}
