//! The rotation: which node the leader gives the next request to.
//!
//! Owns the order of turns and the counters of one reign. Decides nothing about health: whoever
//! drives it says which node is active. It reads no clock and sends nothing.
//!
//! ```text
//!    turns:  2  3  1          assign(None)    -> 2      turns: 3  1  2
//!                             assign(Some(3)) -> 1      turns: 3  2  1    3 keeps its turn
//!                             3 goes down               turns: 2  1       nobody inherits a turn
//! ```
//!
//! Invariant: the turns are exactly the active nodes, each once. Hence while that set does not
//! change and nobody is avoided, counts stay within one of each other. While nobody is active,
//! those who catch up take what comes: work is never refused because nobody is in sync.

use std::collections::{BTreeMap, VecDeque};

use crate::event::{RequestOutcome, WorkerState};
use crate::id::NodeId;
use crate::protocol::RotationStatus;

/// Strict rotation over the active nodes, with counters since the reign began.
#[derive(Debug, Clone)]
pub struct RoundRobin {
    tallies: BTreeMap<NodeId, Tally>,
    /// The active nodes; the front is next.
    turns: VecDeque<NodeId>,
}

/// What one node is and did in this reign.
#[derive(Debug, Clone)]
struct Tally {
    state: WorkerState,
    assigned: u64,
    in_flight: u64,
    done: u64,
    failed: u64,
    redispatched: u64,
}

impl RoundRobin {
    /// Makes the rotation of a new reign; every node is down until said otherwise.
    pub fn new(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        let down = Tally {
            state: WorkerState::Down,
            assigned: 0,
            in_flight: 0,
            done: 0,
            failed: 0,
            redispatched: 0,
        };
        Self {
            tallies: nodes.into_iter().map(|node| (node, down.clone())).collect(),
            turns: VecDeque::new(),
        }
    }

    /// Sets what a node is; says whether that changed. An unknown node changes nothing.
    pub fn set_state(&mut self, node: NodeId, state: WorkerState) -> bool {
        let Some(tally) = self.tallies.get_mut(&node) else {
            return false;
        };
        let before = std::mem::replace(&mut tally.state, state);
        match (before, state) {
            (WorkerState::Active, WorkerState::Active) => {}
            (WorkerState::Active, _) => self.turns.retain(|&other| other != node),
            (_, WorkerState::Active) => self.join(node),
            _ => {}
        }
        before != state
    }

    /// Gives the next request to a node and counts it; `None` when no node is active or catches up.
    ///
    /// `avoiding` is a node that has failed this request: another active node takes it, out of
    /// turn if need be, and the avoided one keeps its turn.
    pub fn assign(&mut self, avoiding: Option<NodeId>) -> Option<NodeId> {
        let node = self.take_turn(avoiding).or_else(|| self.stopgap(avoiding))?;
        if let Some(tally) = self.tallies.get_mut(&node) {
            tally.assigned += 1;
            tally.in_flight += 1;
            tally.redispatched += u64::from(avoiding.is_some_and(|failed| failed != node));
        }
        Some(node)
    }

    /// Counts the end of a request that was assigned to `node`.
    pub fn finish(&mut self, node: NodeId, outcome: RequestOutcome) {
        let Some(tally) = self.tallies.get_mut(&node) else {
            return;
        };
        tally.in_flight = tally.in_flight.saturating_sub(1);
        match outcome {
            RequestOutcome::Done => tally.done += 1,
            RequestOutcome::Failed => tally.failed += 1,
        }
    }

    /// Returns whose turn is next; `None` when no node is active or catches up.
    #[must_use]
    pub fn next(&self) -> Option<NodeId> {
        self.turns.front().copied().or_else(|| self.stopgap(None))
    }

    /// Reports every node, in the order of ids.
    #[must_use]
    pub fn rotation(&self) -> Vec<RotationStatus> {
        let next = self.next();
        self.tallies
            .iter()
            .map(|(&node, tally)| RotationStatus {
                node,
                state: tally.state,
                assigned: tally.assigned,
                in_flight: tally.in_flight,
                done: tally.done,
                failed: tally.failed,
                redispatched: tally.redispatched,
                next: Some(node) == next,
            })
            .collect()
    }

    fn take_turn(&mut self, avoiding: Option<NodeId>) -> Option<NodeId> {
        let mut turns = self.turns.iter();
        let at = turns.position(|&node| Some(node) != avoiding).unwrap_or(0);
        let node = self.turns.remove(at)?;
        self.turns.push_back(node);
        Some(node)
    }

    /// Returns who acts while nobody is active: of those who catch up, the one with the least to do.
    fn stopgap(&self, avoiding: Option<NodeId>) -> Option<NodeId> {
        let tallies = self.tallies.iter();
        let catching_up = tallies.filter(|(_, tally)| tally.state == WorkerState::CatchingUp);
        let fewest = catching_up.min_by_key(|&(&node, tally)| (Some(node) == avoiding, tally.assigned, node));
        fewest.map(|(&node, _)| node)
    }

    /// Gives a node that became active its place in the order of ids, which goes round.
    ///
    /// Once requests have been assigned, that is never the front: whose turn is next does not
    /// change because somebody returns.
    fn join(&mut self, node: NodeId) {
        let untouched = self.tallies.values().all(|tally| tally.assigned == 0);
        let in_turn = || self.turns.iter().copied();
        let before = match in_turn().filter(|&other| other < node).max() {
            None if !untouched => in_turn().max(),
            lower => lower,
        };
        let at = self.turns.iter().position(|&other| Some(other) == before);
        self.turns.insert(at.map_or(0, |at| at + 1), node);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    /// A rotation over nodes 1 to `nodes`, all active.
    fn active(nodes: u16) -> RoundRobin {
        let mut rotation = RoundRobin::new((1..=nodes).map(id));
        for node in (1..=nodes).rev() {
            assert!(rotation.set_state(id(node), WorkerState::Active));
        }
        rotation
    }

    fn assigned(rotation: &mut RoundRobin, requests: usize) -> Vec<u16> {
        let mut assign = || rotation.assign(None).map_or(0, NodeId::number);
        (0..requests).map(|_| assign()).collect()
    }

    #[test]
    fn nobody_is_assigned_before_somebody_is_active() {
        let mut rotation = RoundRobin::new([id(1), id(2)]);
        assert_eq!(rotation.assign(None), None);
        assert_eq!(rotation.next(), None);
        rotation.set_state(id(2), WorkerState::Suspect);
        assert_eq!(rotation.assign(None), None);
    }

    #[test]
    fn who_catches_up_takes_what_comes_only_while_nobody_is_active() {
        let mut rotation = active(3);
        rotation.set_state(id(2), WorkerState::CatchingUp);
        assert_eq!(assigned(&mut rotation, 2), [1, 3]);
        for node in [1, 3] {
            rotation.set_state(id(node), WorkerState::CatchingUp);
        }
        assert_eq!(rotation.next(), Some(id(2)), "it has the least to do");
        assert_eq!(assigned(&mut rotation, 4), [2, 1, 2, 3]);
        assert_eq!(rotation.assign(Some(id(1))), Some(id(2)));
        rotation.set_state(id(3), WorkerState::Active);
        assert_eq!(assigned(&mut rotation, 2), [3, 3]);
    }

    #[test]
    fn turns_go_round_in_the_order_of_ids() {
        let mut rotation = active(3);
        assert_eq!(assigned(&mut rotation, 7), [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn the_heir_of_a_dead_node_gets_no_double_share() {
        let mut rotation = active(3);
        rotation.set_state(id(2), WorkerState::Down);
        assert_eq!(assigned(&mut rotation, 6), [1, 3, 1, 3, 1, 3]);
    }

    #[test]
    fn whose_turn_is_next_survives_a_change_of_the_list() {
        let mut rotation = active(4);
        assert_eq!(assigned(&mut rotation, 2), [1, 2]);
        rotation.set_state(id(1), WorkerState::Down);
        assert_eq!(rotation.next(), Some(id(3)));
        rotation.set_state(id(1), WorkerState::Active);
        assert_eq!(rotation.next(), Some(id(3)));
        assert_eq!(assigned(&mut rotation, 6), [3, 4, 1, 2, 3, 4]);
    }

    #[test]
    fn a_returning_node_waits_behind_its_lower_neighbour() {
        let mut rotation = active(3);
        rotation.set_state(id(3), WorkerState::Suspect);
        assert_eq!(assigned(&mut rotation, 3), [1, 2, 1]);
        rotation.set_state(id(3), WorkerState::Active);
        assert_eq!(assigned(&mut rotation, 4), [2, 3, 1, 2]);
    }

    #[test]
    fn a_redispatched_request_avoids_who_failed_it_and_costs_nobody_a_turn() {
        let mut rotation = active(3);
        assert_eq!(rotation.assign(None), Some(id(1)));
        assert_eq!(rotation.assign(Some(id(2))), Some(id(3)));
        assert_eq!(assigned(&mut rotation, 4), [2, 1, 3, 2]);
        assert_eq!(rotation.assign(Some(id(9))), Some(id(1)));
        let redispatched: Vec<u64> = rotation.rotation().iter().map(|n| n.redispatched).collect();
        assert_eq!(redispatched, [1, 0, 1]);
    }

    #[test]
    fn the_only_active_node_takes_even_what_it_failed() {
        let mut rotation = active(1);
        assert_eq!(rotation.assign(Some(id(1))), Some(id(1)));
        assert_eq!(rotation.rotation()[0].redispatched, 0);
    }

    #[test]
    fn only_a_change_of_a_known_node_is_a_change() {
        let mut rotation = active(1);
        assert!(!rotation.set_state(id(1), WorkerState::Active));
        assert!(rotation.set_state(id(1), WorkerState::Draining));
        assert!(!rotation.set_state(id(1), WorkerState::Draining));
        assert!(!rotation.set_state(id(7), WorkerState::Active));
        assert_eq!(rotation.next(), None);
    }

    #[test]
    fn the_report_counts_every_request_and_marks_the_next_turn() {
        let mut rotation = active(2);
        assert_eq!(assigned(&mut rotation, 3), [1, 2, 1]);
        rotation.finish(id(1), RequestOutcome::Done);
        rotation.finish(id(2), RequestOutcome::Failed);
        rotation.finish(id(9), RequestOutcome::Done);
        rotation.set_state(id(2), WorkerState::Down);
        let status = |node, state, assigned, in_flight, done, failed, next| RotationStatus {
            node: id(node),
            state,
            assigned,
            in_flight,
            done,
            failed,
            redispatched: 0,
            next,
        };
        assert_eq!(
            rotation.rotation(),
            [
                status(1, WorkerState::Active, 2, 1, 1, 0, true),
                status(2, WorkerState::Down, 1, 0, 0, 1, false),
            ]
        );
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u16, WorkerState),
        Assign,
        Redispatch(u16),
    }

    fn step(nodes: u16) -> impl Strategy<Value = Step> {
        let state = prop::sample::select(vec![
            WorkerState::Active,
            WorkerState::Active,
            WorkerState::Draining,
            WorkerState::CatchingUp,
            WorkerState::Suspect,
            WorkerState::Down,
        ]);
        prop_oneof![
            1 => (1..=nodes, state).prop_map(|(node, state)| Step::Set(node, state)),
            6 => Just(Step::Assign),
            1 => (1..=nodes).prop_map(Step::Redispatch),
        ]
    }

    fn restart(stretch: &mut BTreeMap<NodeId, u64>) {
        for count in stretch.values_mut() {
            *count = 0;
        }
    }

    proptest! {
        #[test]
        fn who_is_active_is_assigned_and_counts_stay_within_one(
            steps in prop::collection::vec(step(5), 0..200),
        ) {
            let mut rotation = RoundRobin::new((1..=5).map(id));
            let mut catching_up: BTreeSet<NodeId> = BTreeSet::new();
            // What each active node was given since the active set last changed, or since a
            // request was redispatched, which may take a node out of turn.
            let mut stretch: BTreeMap<NodeId, u64> = BTreeMap::new();
            for step in steps {
                let next = rotation.next();
                match step {
                    Step::Set(node, state) => {
                        let was_active = stretch.contains_key(&id(node));
                        rotation.set_state(id(node), state);
                        let is_active = state == WorkerState::Active;
                        if state == WorkerState::CatchingUp {
                            catching_up.insert(id(node));
                        } else {
                            catching_up.remove(&id(node));
                        }
                        if is_active && !was_active {
                            stretch.insert(id(node), 0);
                        } else if was_active && !is_active {
                            stretch.remove(&id(node));
                        }
                        if is_active != was_active {
                            restart(&mut stretch);
                        }
                    }
                    Step::Assign => {
                        let node = rotation.assign(None);
                        prop_assert_eq!(node, next);
                        prop_assert_eq!(node.is_none(), stretch.is_empty() && catching_up.is_empty());
                        if let Some(count) = node.and_then(|node| stretch.get_mut(&node)) {
                            *count += 1;
                        } else if let Some(node) = node {
                            prop_assert!(stretch.is_empty() && catching_up.contains(&node));
                        }
                    }
                    Step::Redispatch(failed) => {
                        let node = rotation.assign(Some(id(failed)));
                        prop_assert_eq!(node.is_none(), stretch.is_empty() && catching_up.is_empty());
                        if let Some(node) = node {
                            let asked = if stretch.is_empty() { catching_up.len() } else { stretch.len() };
                            prop_assert!(stretch.contains_key(&node) || stretch.is_empty());
                            prop_assert!(node != id(failed) || asked == 1);
                        }
                        restart(&mut stretch);
                    }
                }
                let most = stretch.values().max().copied().unwrap_or(0);
                let fewest = stretch.values().min().copied().unwrap_or(0);
                prop_assert!(most - fewest <= 1, "{:?}", stretch);
            }
        }
    }
}
