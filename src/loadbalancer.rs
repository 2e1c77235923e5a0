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
mod tests;
