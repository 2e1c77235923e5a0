//! What is done about the processes of a cluster: who is started, told, and started again.
//!
//! Pure: wishes, exits and the time go in, actions come out. A process is known by its node and its
//! life, so that the late exit of an old one never touches the new one. Invariant: a node has at
//! most one process, and what a person stopped or killed stays down until a person starts it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::event::process::{Ending, Life, ProcessFact, ProcessSignal};
use crate::id::NodeId;
use crate::time::Time;

/// How many crashes within [`CRASH_WINDOW`] make the supervisor give a node up.
///
/// With the backoff below, a node that exits at once is given up after three seconds.
const CRASHES_MAX: u32 = 5;

/// Crashes longer ago than this count no more.
const CRASH_WINDOW: Duration = Duration::from_secs(10);

/// How long a crashed node waits for its next life; doubled with every further crash in the window.
const BACKOFF: Duration = Duration::from_millis(200);

/// How long a process told to stop may take before it is killed.
///
/// A node lets transfers that run go on for 2 s; this leaves it time to flush its log after that.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// The exit codes of a node that somebody asked to stop: done, and interrupted.
const ORDERLY_CODES: [i32; 2] = [0, 130];

/// One process of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChildId {
    pub(super) node: NodeId,
    pub(super) life: Life,
}

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Start a node that is down.
    Start(NodeId),
    /// Stop a node in order; it stays down.
    Stop(NodeId),
    /// Kill a node without a word; it stays down.
    Kill(NodeId),
    /// Make a node stand still.
    Freeze(NodeId),
    /// Let a frozen node go on.
    Thaw(NodeId),
    /// Stop a node in order and start it again.
    Restart(NodeId),
    /// Stop everything in order, workers before the leader; nothing is started after this.
    StopAll,
    /// Kill everything at once; nothing is started after this.
    KillAll,
}

/// Everything that can happen to the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A person wants something.
    Wished(Wish),
    /// A process is gone, or could not be started.
    Exited(ChildId, Ending),
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

/// What happens once a process that was told to end is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    StayDown,
    Start,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Down,
    GivenUp,
    Running,
    Frozen,
    /// Told to stop; killed when it is not gone by then.
    Stopping {
        kill_at: Time,
        then: Then,
    },
    Killed(Then),
    /// Crashed; started again at this time.
    Waiting(Time),
}

#[derive(Debug)]
struct Slot {
    id: ChildId,
    state: State,
    /// When it crashed lately, oldest first.
    crashes: VecDeque<Time>,
    restarts: u32,
    last: Option<Ending>,
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
            State::Down | State::GivenUp | State::Running | State::Frozen | State::Killed(_) => None,
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

impl Slot {
    fn new(node: NodeId) -> Self {
        let id = ChildId { node, life: Life(0) };
        Self {
            id,
            state: State::Down,
            crashes: VecDeque::new(),
            restarts: 0,
            last: None,
        }
    }

    fn has_process(&self) -> bool {
        match self.state {
            State::Running | State::Frozen | State::Stopping { .. } | State::Killed(_) => true,
            State::Down | State::GivenUp | State::Waiting(_) => false,
        }
    }

    fn spawn(&mut self, actions: &mut Vec<Action>) {
        self.id.life.0 += 1;
        self.state = State::Running;
        actions.push(Action::Spawn(self.id));
    }

    /// Starts it by a person's wish: what went wrong before is forgotten.
    fn start(&mut self, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Down | State::GivenUp | State::Waiting(_) => {
                self.crashes.clear();
                self.spawn(actions);
            }
            State::Stopping { then, .. } | State::Killed(then) => *then = Then::Start,
            State::Running | State::Frozen => {}
        }
    }

    fn stop(&mut self, now: Time, then: Then, actions: &mut Vec<Action>) {
        match self.state {
            State::Running | State::Frozen => {
                let kill_at = now + STOP_GRACE;
                self.state = State::Stopping { kill_at, then };
                actions.push(Action::Signal(self.id, ProcessSignal::Terminate));
            }
            State::Stopping { kill_at, .. } => self.state = State::Stopping { kill_at, then },
            State::Killed(_) => self.state = State::Killed(then),
            State::Down | State::GivenUp | State::Waiting(_) if then == Then::Start => self.start(actions),
            State::Waiting(_) => self.state = State::Down,
            State::Down | State::GivenUp => {}
        }
    }

    fn kill(&mut self, actions: &mut Vec<Action>) {
        match self.state {
            State::Running | State::Frozen | State::Stopping { .. } => {
                self.state = State::Killed(Then::StayDown);
                actions.push(Action::Signal(self.id, ProcessSignal::Kill));
            }
            State::Killed(_) => self.state = State::Killed(Then::StayDown),
            State::Waiting(_) => self.state = State::Down,
            State::Down | State::GivenUp => {}
        }
    }

    fn freeze(&mut self, actions: &mut Vec<Action>) {
        if self.state == State::Running {
            self.state = State::Frozen;
            actions.push(Action::Signal(self.id, ProcessSignal::Freeze));
        }
    }

    fn thaw(&mut self, actions: &mut Vec<Action>) {
        if self.state == State::Frozen {
            self.state = State::Running;
            actions.push(Action::Signal(self.id, ProcessSignal::Thaw));
        }
    }

    fn tick(&mut self, now: Time, actions: &mut Vec<Action>) {
        match self.state {
            State::Stopping { kill_at, then } if kill_at <= now => {
                self.state = State::Killed(then);
                actions.push(Action::Signal(self.id, ProcessSignal::Kill));
            }
            State::Waiting(until) if until <= now => {
                self.restarts += 1;
                self.spawn(actions);
            }
            State::Down
            | State::GivenUp
            | State::Running
            | State::Frozen
            | State::Stopping { .. }
            | State::Killed(_)
            | State::Waiting(_) => {}
        }
    }

    fn exited(&mut self, now: Time, ending: Ending, cluster_ends: bool, actions: &mut Vec<Action>) {
        let orderly = matches!(ending, Ending::Code(code) if ORDERLY_CODES.contains(&code));
        self.last = Some(ending.clone());
        actions.push(Action::Tell(self.id, ProcessFact::Exited { ending }));
        match self.state {
            State::Stopping { then, .. } | State::Killed(then) => {
                self.state = State::Down;
                if then == Then::Start && !cluster_ends {
                    self.start(actions);
                }
            }
            State::Running | State::Frozen if orderly || cluster_ends => self.state = State::Down,
            State::Running | State::Frozen => self.crashed(now, actions),
            State::Down | State::GivenUp | State::Waiting(_) => {}
        }
    }

    fn crashed(&mut self, now: Time, actions: &mut Vec<Action>) {
        self.crashes.push_back(now);
        self.crashes.retain(|crash| now.since(*crash) < CRASH_WINDOW);
        let crashes = u32::try_from(self.crashes.len()).unwrap_or(CRASHES_MAX);
        let told = if crashes >= CRASHES_MAX {
            self.state = State::GivenUp;
            ProcessFact::GaveUp { crashes }
        } else {
            let backoff = BACKOFF * (1 << (crashes - 1));
            self.state = State::Waiting(now + backoff);
            let after_ms = u64::try_from(backoff.as_millis()).unwrap_or(u64::MAX);
            ProcessFact::Restarting { after_ms, crashes }
        };
        actions.push(Action::Tell(self.id, told));
    }
}

#[cfg(test)]
mod tests;
