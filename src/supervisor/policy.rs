//! What is done about the processes of a cluster: who is started, told, and started again.
//!
//! Pure: wishes, exits and the time go in, actions come out. A process is known by its node and its
//! life, so that the late exit of an old one never touches the new one. Invariant: a node has at
//! most one process, and what a person stopped or killed stays down until a person starts it.

use std::collections::BTreeMap;

use self::slot::{Slot, State, Then};
use crate::event::process::{Ending, Life, ProcessFact, ProcessSignal, Wish};
use crate::id::NodeId;
use crate::time::Time;

mod slot;

/// One process of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChildId {
    pub(super) node: NodeId,
    pub(super) life: Life,
}

/// Whether a process gets to do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posture {
    Runs,
    /// It was sent SIGSTOP, by whomever.
    StandsStill,
}

/// Everything that can happen to the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A person wants something.
    Wished(Wish),
    /// A process is gone, or could not be started.
    Exited(ChildId, Ending),
    /// The system says whether a process stands still.
    Seen(ChildId, Posture),
    /// Another node leads, or none.
    Leads(Option<NodeId>),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Start this process.
    Spawn(ChildId),
    /// Send this process a signal.
    Signal(ChildId, ProcessSignal),
    /// Tell what happened.
    Tell(ChildId, ProcessFact),
}

/// What became of a node, for the summary at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) id: ChildId,
    pub(super) restarts: u32,
    pub(super) last: Option<Ending>,
    pub(super) given_up: bool,
}

/// The policy of one cluster.
#[derive(Debug)]
pub(super) struct Policy {
    slots: BTreeMap<NodeId, Slot>,
    leader: Option<NodeId>,
    /// Everything is being stopped.
    ending: bool,
}

impl Policy {
    /// Makes the policy of a cluster whose nodes are all down.
    pub(super) fn new(nodes: impl IntoIterator<Item = NodeId>) -> Self {
        let slots = nodes.into_iter().map(|node| (node, Slot::new(node)));
        Self {
            slots: slots.collect(),
            leader: None,
            ending: false,
        }
    }

    /// Takes what happened at `now` and returns what is to be done, in order.
    pub(super) fn handle(&mut self, now: Time, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Wished(wish) => self.wished(now, wish, &mut actions),
            Input::Exited(child, ending) => self.exited(now, child, ending, &mut actions),
            Input::Seen(child, posture) => {
                if let Some(slot) = self.slots.get_mut(&child.node)
                    && slot.id == child
                {
                    slot.seen(posture, &mut actions);
                }
            }
            Input::Leads(leader) => self.leader = leader,
            Input::Tick => {
                for slot in self.slots.values_mut() {
                    slot.tick(now, &mut actions);
                }
            }
        }
        actions
    }

    /// Returns when [`Input::Tick`] is due next.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        let due = self.slots.values().filter_map(|slot| match slot.state {
            State::Stopping { kill_at, .. } => Some(kill_at),
            State::Waiting(until) => Some(until),
            State::Down
            | State::GivenUp
            | State::Running
            | State::Frozen
            | State::Stilled
            | State::Killed(_) => None,
        });
        due.min()
    }

    /// Says whether nothing runs, and nothing will until a person starts something.
    pub(super) fn is_idle(&self) -> bool {
        let mut states = self.slots.values().map(|slot| slot.state);
        states.all(|state| matches!(state, State::Down | State::GivenUp))
    }

    /// Returns what became of every node, in the order of ids.
    pub(super) fn fates(&self) -> impl Iterator<Item = Fate> {
        self.slots.values().map(|slot| Fate {
            id: slot.id,
            restarts: slot.restarts,
            last: slot.last.clone(),
            given_up: slot.state == State::GivenUp,
        })
    }

    fn wished(&mut self, now: Time, wish: Wish, actions: &mut Vec<Action>) {
        let node = match wish {
            Wish::StopAll => return self.stop_all(now, actions),
            Wish::KillAll => return self.kill_all(actions),
            Wish::Start(_) | Wish::Restart(_) if self.ending => return,
            Wish::Start(node)
            | Wish::Stop(node)
            | Wish::Kill(node)
            | Wish::Freeze(node)
            | Wish::Thaw(node)
            | Wish::Restart(node) => node,
        };
        let Some(slot) = self.slots.get_mut(&node) else {
            return;
        };
        match wish {
            Wish::Start(_) => slot.start(actions),
            Wish::Stop(_) => slot.stop(now, Then::StayDown, actions),
            Wish::Kill(_) => slot.kill(actions),
            Wish::Freeze(_) => slot.freeze(actions),
            Wish::Thaw(_) => slot.thaw(actions),
            Wish::Restart(_) => slot.stop(now, Then::Start, actions),
            Wish::StopAll | Wish::KillAll => {}
        }
    }

    fn exited(&mut self, now: Time, child: ChildId, ending: Ending, actions: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&child.node) else {
            return;
        };
        if slot.id != child || !slot.has_process() {
            return;
        }
        if self.leader == Some(child.node) {
            self.leader = None;
        }
        slot.exited(now, ending, self.ending, actions);
        if self.ending {
            self.stop_the_rest(now, actions);
        }
    }

    fn stop_all(&mut self, now: Time, actions: &mut Vec<Action>) {
        self.ending = true;
        let leader = self.leader;
        for slot in self.slots.values_mut() {
            if leader != Some(slot.id.node) || matches!(slot.state, State::Waiting(_)) {
                slot.stop(now, Then::StayDown, actions);
            }
        }
        self.stop_the_rest(now, actions);
    }

    /// Stops the leader once no worker is left to stop.
    fn stop_the_rest(&mut self, now: Time, actions: &mut Vec<Action>) {
        let is_stopping = |slot: &Slot| matches!(slot.state, State::Stopping { .. } | State::Killed(_));
        if !self.slots.values().any(is_stopping) {
            for slot in self.slots.values_mut() {
                slot.stop(now, Then::StayDown, actions);
            }
        }
    }

    fn kill_all(&mut self, actions: &mut Vec<Action>) {
        self.ending = true;
        for slot in self.slots.values_mut() {
            slot.kill(actions);
        }
    }
}

#[cfg(test)]
mod tests;
