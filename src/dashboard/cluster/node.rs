//! One node as the dashboard knows it: its process, what it believes, and how it feels.
//!
//! Folded from the node's own events and from what its supervisor tells. The one question it
//! answers is [`Node::state`]: what is this node now, in one word?

use std::collections::BTreeMap;
use std::time::Duration;

use super::samples::Samples;
use crate::config::Address;
use crate::event::process::{Ending, ProcessFact, ProcessSignal};
use crate::event::{LinkDownReason, WorkerState};
use crate::fault::NodeFaults;
use crate::id::NodeId;
use crate::protocol::{NodeRole, StatusReport};
use crate::time::Time;

mod belief;
mod holdings;
mod process;
mod state;
mod told;

pub use belief::{Belief, Heartbeat, Reach};
pub use holdings::Holdings;
pub use process::{Process, Told, Untold};
pub use state::NodeState;

/// A member of the cluster.
#[derive(Debug, Clone)]
pub struct Node {
    /// Which member.
    pub id: NodeId,
    /// Where it listens.
    pub address: Address,
    /// What is known of its process.
    pub process: Process,
    /// What it believes about who leads.
    pub belief: Belief,
    /// Since when it has believed that.
    pub believes_since: Time,
    /// The last heartbeat that its leader answered.
    pub heartbeat: Option<Heartbeat>,
    /// How it reaches the others.
    pub links: BTreeMap<NodeId, Reach>,
    /// What is wrong with it on purpose, as it said.
    pub faults: NodeFaults,
    /// How many times it has said that its clock stands still.
    pub stalls: u64,
    /// Until when it stands still.
    stalled_until: Option<Time>,
    /// How often it could not be told its faults.
    pub untold: Untold,
    /// What it is to the leader's rotation, as the leader told.
    pub in_rotation: Option<WorkerState>,
    /// What it keeps, and what it lacks.
    pub holdings: Holdings,
    /// Since when it has lacked as many images as it does.
    pub lacks_since: Time,
    /// CPU, in thousandths of a core.
    pub cpu: Samples,
    /// Resident memory, in bytes.
    pub memory: Samples,
    /// How many times its supervisor has started it again after a crash.
    pub restarts: u32,
}

impl Node {
    pub(super) fn new(id: NodeId, address: Address) -> Self {
        Self {
            id,
            address,
            process: Process::Unknown,
            belief: Belief::Nothing,
            believes_since: Time::ZERO,
            heartbeat: None,
            links: BTreeMap::new(),
            faults: NodeFaults::default(),
            stalls: 0,
            stalled_until: None,
            untold: Untold::default(),
            in_rotation: None,
            holdings: Holdings::default(),
            lacks_since: Time::ZERO,
            cpu: Samples::default(),
            memory: Samples::default(),
            restarts: 0,
        }
    }

    /// Returns the leader it believes in, while its process can believe anything.
    #[must_use]
    pub fn believed_leader(&self) -> Option<NodeId> {
        if let Belief::Follows(ballot) | Belief::Leads(ballot) = self.belief
            && self.has_process()
        {
            Some(ballot.id)
        } else {
            None
        }
    }

    /// Returns its process id, while it has one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        if let Process::Running { pid, .. } = self.process {
            Some(pid)
        } else {
            None
        }
    }

    /// Returns for how much longer its clock stands still on purpose; `None` when it goes.
    #[must_use]
    pub fn clock_stands_for(&self, now: Time) -> Option<Duration> {
        let left = self.stalled_until?.since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Says whether it had a process when it was last heard of.
    pub(super) fn was_alive(&self) -> bool {
        match self.process {
            Process::Running { .. } | Process::OutOfReach { .. } => self.holdings.images.is_some(),
            Process::Unknown
            | Process::Restarting { .. }
            | Process::Down { .. }
            | Process::GivenUp { .. }
            | Process::Refusing { .. } => false,
        }
    }

    /// Says whether it certainly has no process: its supervisor says so, or its port.
    #[must_use]
    pub fn is_proven_dead(&self) -> bool {
        match self.process {
            Process::Restarting { .. }
            | Process::Down { .. }
            | Process::GivenUp { .. }
            | Process::Refusing { .. } => true,
            // Of a node that nobody has started it is not known what it keeps.
            Process::Unknown | Process::Running { .. } | Process::OutOfReach { .. } => false,
        }
    }

    /// Says whether it has a process, in whatever state.
    #[must_use]
    pub fn has_process(&self) -> bool {
        self.pid().is_some()
    }

    /// Folds in that another node told of an image that this one has to fetch.
    pub(super) fn misses_one(&mut self, at: Time) {
        self.keeps(at, Holdings::misses_one);
    }

    /// Changes what it keeps and lacks, and notes when it came to lack more or less.
    fn keeps(&mut self, at: Time, change: impl FnOnce(&mut Holdings)) {
        let before = self.holdings.missing;
        change(&mut self.holdings);
        if self.holdings.missing != before {
            self.lacks_since = at;
        }
    }

    /// Folds in what became of its process.
    pub(super) fn became(&mut self, at: Time, fact: &ProcessFact) {
        match fact {
            ProcessFact::Spawned { pid } => self.started(at, *pid),
            ProcessFact::Signalled { signal } => self.told_to(match signal {
                ProcessSignal::Terminate => Told::Stop { at },
                ProcessSignal::Kill => Told::Kill { at },
                ProcessSignal::Freeze => Told::Freeze { at },
                ProcessSignal::Thaw => Told::Nothing,
            }),
            ProcessFact::Exited { ending } => {
                let ending = ending.clone();
                self.ended(Process::Down { ending, since: at });
            }
            ProcessFact::Restarting { after_ms, crashes } => {
                self.restarts += 1;
                let ending = self.ending();
                self.ended(Process::Restarting {
                    at: at + Duration::from_millis(*after_ms),
                    crashes: *crashes,
                    ending,
                });
            }
            ProcessFact::GaveUp { crashes } => {
                let ending = self.ending();
                self.ended(Process::GivenUp {
                    crashes: *crashes,
                    ending,
                    since: at,
                });
            }
            ProcessFact::Sampled {
                cpu_permille,
                memory_bytes,
            } => {
                self.cpu.push(u64::from(*cpu_permille));
                self.memory.push(*memory_bytes);
            }
            ProcessFact::FaultsUntold { reason } => {
                self.untold.times += 1;
                self.untold.why.clone_from(reason);
            }
            ProcessFact::Wrote { .. } | ProcessFact::OutputDropped { .. } | ProcessFact::Summary { .. } => {}
        }
    }

    /// Folds in how it answers to somebody who has just come.
    pub(super) fn reported(&mut self, at: Time, report: &StatusReport) {
        self.process = Process::Running {
            pid: report.pid,
            since: at - Duration::from_millis(report.uptime_ms),
            told: Told::Nothing,
        };
        let belief = match (report.role, report.ballot) {
            (NodeRole::Leading, Some(ballot)) if report.serving => Belief::Leads(ballot),
            (NodeRole::Leading, Some(ballot)) => Belief::Elected(ballot),
            (NodeRole::Following, Some(ballot)) => Belief::Follows(ballot),
            (NodeRole::Starting, _) => Belief::Nothing,
            // It says so only once, which was before anybody came.
            (NodeRole::Electing, _) if report.quorum.reachable < report.quorum.needed => Belief::NoQuorum {
                missing: report.quorum.missing.clone(),
            },
            (NodeRole::Electing | NodeRole::Leading | NodeRole::Following, _) => Belief::Electing,
        };
        self.believe(at, belief);
        self.holdings.images = Some(report.images);
        let reach = report.peers.iter().map(|peer| {
            let reach = match (peer.linked, peer.dead) {
                (true, _) => Reach::Linked,
                (false, true) => Reach::Cut(LinkDownReason::Refused),
                (false, false) => Reach::Cut(LinkDownReason::Silent),
            };
            (peer.node, reach)
        });
        self.links = reach.collect();
        self.faults = report.faults.clone().unwrap_or_default();
    }

    /// Folds in that it cannot be reached from here any more.
    pub(super) fn lost(&mut self, at: Time, reason: &str) {
        if !matches!(self.process, Process::OutOfReach { .. }) {
            let reason = reason.to_owned();
            self.ended(Process::OutOfReach { reason, since: at });
        }
    }

    /// Folds in that its port refuses connections.
    pub(super) fn refuses(&mut self, at: Time) {
        self.ended(Process::Refusing { since: at });
    }

    /// Begins a life: by the word of the supervisor, or by its own if that came first.
    fn started(&mut self, at: Time, pid: u32) {
        if self.pid() == Some(pid) {
            return;
        }
        self.ended(Process::Running {
            pid,
            since: at,
            told: Told::Nothing,
        });
        self.believe(at, Belief::Nothing);
        self.holdings.begins();
    }

    /// Folds in what the leader says it is to the rotation.
    ///
    /// Whoever may take requests again has told the leader that it lacks nothing worth waiting for.
    pub(super) fn rotates(&mut self, at: Time, state: WorkerState) {
        let before = self.in_rotation.replace(state);
        if (before, state) == (Some(WorkerState::CatchingUp), WorkerState::Active) {
            self.keeps(at, |holdings| holdings.lacks(0));
        }
    }

    /// Ends a life, and forgets what only a living process can be.
    fn ended(&mut self, process: Process) {
        self.process = process;
        self.belief = Belief::Nothing;
        self.heartbeat = None;
        self.links.clear();
        self.faults = NodeFaults::default();
        self.stalled_until = None;
        self.in_rotation = None;
        self.cpu.clear();
        self.memory.clear();
    }

    fn ending(&self) -> Ending {
        match &self.process {
            Process::Down { ending, .. }
            | Process::Restarting { ending, .. }
            | Process::GivenUp { ending, .. } => ending.clone(),
            Process::Unknown
            | Process::Running { .. }
            | Process::Refusing { .. }
            | Process::OutOfReach { .. } => Ending::Code(0),
        }
    }

    fn told_to(&mut self, what: Told) {
        if let Process::Running { told, .. } = &mut self.process {
            *told = what;
        }
    }

    /// A node without a quorum asks again and again; what it lacks stays the news.
    fn elects(&mut self, at: Time) {
        if !matches!(self.belief, Belief::NoQuorum { .. }) {
            self.believe(at, Belief::Electing);
        }
    }

    fn believe(&mut self, at: Time, belief: Belief) {
        if self.belief != belief {
            self.belief = belief;
            self.believes_since = at;
        }
    }
}

#[cfg(test)]
mod tests;
