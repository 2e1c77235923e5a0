//! One node as the policy holds it: its process, its crashes, and what is to happen next.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Action, ChildId, Posture};
use crate::event::process::{CRASH_WINDOW, CRASHES_MAX, Ending, Life, ProcessFact, ProcessSignal};
use crate::id::NodeId;
use crate::time::Time;

/// How long a crashed node waits for its next life; doubled with every further crash in the window.
const BACKOFF: Duration = Duration::from_millis(200);

/// How long a process told to stop may take before it is killed.
///
/// A node lets transfers that run go on for 2 s; this leaves it time to flush its log after that.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// The exit codes of a node that somebody asked to stop: done, and interrupted.
const ORDERLY_CODES: [i32; 2] = [0, 130];

/// What happens once a process that was told to end is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    StayDown,
    Start,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Down,
    GivenUp,
    Running,
    Frozen,
    /// Stands still, and nobody here told it to.
    Stilled,
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
pub(super) struct Slot {
    pub(super) id: ChildId,
    pub(super) state: State,
    /// When it crashed lately, oldest first.
    crashes: VecDeque<Time>,
    pub(super) restarts: u32,
    pub(super) last: Option<Ending>,
}

impl Slot {
    pub(super) fn new(node: NodeId) -> Self {
        let id = ChildId { node, life: Life(0) };
        Self {
            id,
            state: State::Down,
            crashes: VecDeque::new(),
            restarts: 0,
            last: None,
        }
    }

    pub(super) fn has_process(&self) -> bool {
        match self.state {
            State::Running | State::Frozen | State::Stilled | State::Stopping { .. } | State::Killed(_) => {
                true
            }
            State::Down | State::GivenUp | State::Waiting(_) => false,
        }
    }

    fn spawn(&mut self, actions: &mut Vec<Action>) {
        self.id.life.0 += 1;
        self.state = State::Running;
        actions.push(Action::Spawn(self.id));
    }

    /// Starts it by a person's wish: what went wrong before is forgotten.
    pub(super) fn start(&mut self, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Down | State::GivenUp | State::Waiting(_) => {
                self.crashes.clear();
                self.spawn(actions);
            }
            State::Stopping { then, .. } | State::Killed(then) => *then = Then::Start,
            State::Running | State::Frozen | State::Stilled => {}
        }
    }

    pub(super) fn stop(&mut self, now: Time, then: Then, actions: &mut Vec<Action>) {
        match self.state {
            State::Running | State::Frozen | State::Stilled => {
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

    pub(super) fn kill(&mut self, actions: &mut Vec<Action>) {
        match self.state {
            State::Running | State::Frozen | State::Stilled | State::Stopping { .. } => {
                self.state = State::Killed(Then::StayDown);
                actions.push(Action::Signal(self.id, ProcessSignal::Kill));
            }
            State::Killed(_) => self.state = State::Killed(Then::StayDown),
            State::Waiting(_) => self.state = State::Down,
            State::Down | State::GivenUp => {}
        }
    }

    pub(super) fn freeze(&mut self, actions: &mut Vec<Action>) {
        if self.state == State::Running {
            self.state = State::Frozen;
            actions.push(Action::Signal(self.id, ProcessSignal::Freeze));
        }
    }

    pub(super) fn thaw(&mut self, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Frozen | State::Stilled) {
            self.state = State::Running;
            actions.push(Action::Signal(self.id, ProcessSignal::Thaw));
        }
    }

    /// Takes what the system says of its process, and tells what somebody else did to it.
    ///
    /// A signal of our own may not have arrived yet, so what we froze is believed to stand still.
    pub(super) fn seen(&mut self, posture: Posture, actions: &mut Vec<Action>) {
        let (state, signal) = match (self.state, posture) {
            (State::Running, Posture::StandsStill) => (State::Stilled, ProcessSignal::Freeze),
            (State::Stilled, Posture::Runs) => (State::Running, ProcessSignal::Thaw),
            (
                State::Running
                | State::Stilled
                | State::Frozen
                | State::Down
                | State::GivenUp
                | State::Stopping { .. }
                | State::Killed(_)
                | State::Waiting(_),
                Posture::Runs | Posture::StandsStill,
            ) => return,
        };
        self.state = state;
        actions.push(Action::Tell(self.id, ProcessFact::Signalled { signal }));
    }

    pub(super) fn tick(&mut self, now: Time, actions: &mut Vec<Action>) {
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
            | State::Stilled
            | State::Stopping { .. }
            | State::Killed(_)
            | State::Waiting(_) => {}
        }
    }

    pub(super) fn exited(
        &mut self,
        now: Time,
        ending: Ending,
        cluster_ends: bool,
        actions: &mut Vec<Action>,
    ) {
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
            State::Running | State::Frozen | State::Stilled if orderly || cluster_ends => {
                self.state = State::Down;
            }
            State::Running | State::Frozen | State::Stilled => self.crashed(now, actions),
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
