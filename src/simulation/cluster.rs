//! The cluster of one run: processes, disks, clocks, connections, and the queue that drives them.

mod clock;
mod connection;
mod events;
mod process;
mod queue;
mod steps;
mod sync;
mod wrong;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use clock::Clock;
use connection::{Dial, DialEnd};
use process::{Life, Node};
use queue::Queue;

use super::by_node::ByNode;
use super::counters::Counters;
use super::invariants::{Violation, Watcher};
use super::network::Network;
use super::observer::Observer;
use super::service::Service;
use super::{Ending, Report, SimulationConfig, Step};
use crate::bully::{PROOF_TIME, Vote};
use crate::config::QuorumPolicy;
use crate::id::{Ballot, NodeId};
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// How many happenings a report keeps for people.
const TRACE_LENGTH: usize = 400;

/// How long a death may still be held against a node that is up again, in the eyes of the checker.
const DEATH_MEMORY: Duration = PROOF_TIME.saturating_add(Duration::from_millis(150));

/// Something that happens at its time.
#[derive(Debug, Clone)]
enum Happening {
    Do(Step),
    DoToLeader(Step),
    PlanFaults(u32),
    Wake(Life),
    Thaw(NodeId, u64),
    Persisted {
        life: Life,
        sequence: u64,
        vote: Vote,
    },
    Arrives {
        from: Life,
        to: Life,
        message: ElectionMessage,
    },
    Dial(Dial),
    Reaches(Dial),
    Settles(Dial, DialEnd),
    Closes(Dial),
    Syncs(Life, Ballot),
    Exits(Life),
}

/// How many happenings pass between two looks at whether the run is to go on.
const STEPS_BETWEEN_QUESTIONS: u64 = 1024;

/// The cluster of one run.
pub(super) struct Cluster<'a> {
    observer: &'a mut dyn Observer,
    ending: Ending,
    config: SimulationConfig,
    rng: fastrand::Rng,
    now: Time,
    queue: Queue,
    nodes: ByNode<Node>,
    /// Who leads, in its own eyes: whoever serves is among them.
    leading: BTreeSet<NodeId>,
    network: Network,
    watcher: Watcher,
    counters: Counters,
    trace: VecDeque<String>,
    reigns: Vec<Ballot>,
    healing: bool,
    service: Service,
    stalled_at: Option<Time>,
}

impl<'a> Cluster<'a> {
    pub(super) fn new(config: &SimulationConfig, observer: &'a mut dyn Observer) -> Self {
        let mut rng = fastrand::Rng::with_seed(config.seed);
        let nodes = ByNode::new(config.nodes, |_| Node {
            clock: Clock {
                ahead: Duration::from_secs(rng.u64(1000..100_000)),
                ..Clock::default()
            },
            ..Node::default()
        });
        Self {
            observer,
            ending: Ending::Complete,
            config: config.clone(),
            nodes,
            leading: BTreeSet::new(),
            rng,
            now: Time::ZERO,
            queue: Queue::default(),
            network: Network::new(),
            watcher: Watcher::default(),
            counters: Counters::default(),
            trace: VecDeque::new(),
            reigns: Vec::new(),
            healing: false,
            service: Service::new(),
            stalled_at: None,
        }
    }
}

impl Cluster<'_> {
    pub(super) fn plan(&mut self, at: Time, step: Step) {
        self.schedule(at, Happening::Do(step));
    }

    pub(super) fn run_until(&mut self, end: Time) {
        while self.goes_on() {
            let Some((at, happening)) = self.queue.pop_until(end) else {
                self.tell_what_heals_by(end);
                self.now = self.now.max(end);
                return;
            };
            self.tell_what_heals_by(at);
            self.now = at;
            self.happen(happening);
            self.counters.steps += 1;
            self.look();
        }
    }

    /// Whether nothing is wrong, and whoever looks on has not had enough.
    fn goes_on(&mut self) -> bool {
        if self.counters.steps.is_multiple_of(STEPS_BETWEEN_QUESTIONS) && !self.observer.goes_on(self.now) {
            self.ending = Ending::Interrupted;
        }
        self.watcher.violation.is_none() && self.ending == Ending::Complete
    }

    /// Runs until the highest id leads everybody, and somewhat longer: it must stay so.
    pub(super) fn run_until_agreed(&mut self, end: Time) {
        while self.goes_on() {
            let next = self.now + self.config.timing.promise();
            self.run_until(next);
            if self.ending == Ending::Interrupted || self.agreed() {
                return;
            }
            if self.now >= end {
                let state = self.describe();
                self.watcher.violated(Violation::NoAgreement(state));
            }
        }
    }

    pub(super) fn into_report(mut self, seed: u64) -> Report {
        self.service.end(self.now, &mut self.counters);
        self.counters.duration = self.now.since(Time::ZERO);
        Report {
            seed,
            counters: self.counters,
            reigns: self.reigns,
            gaps: self.service.gaps,
            ending: self.ending,
            violation: self.watcher.violation,
            trace: self.trace.into(),
        }
    }

    fn ids(&self) -> Vec<NodeId> {
        self.nodes.ids().collect()
    }

    fn schedule(&mut self, at: Time, happening: Happening) {
        self.queue.push(at, happening);
    }

    fn schedule_after(&mut self, span: Duration, happening: Happening) {
        self.schedule(self.now + span, happening);
    }

    /// Keeps a happening for people, if anybody wants to read it.
    fn note(&mut self, tell: impl FnOnce() -> String) {
        if !self.config.trace {
            return;
        }
        if self.trace.len() == TRACE_LENGTH {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{:>12?} {}", self.now, tell()));
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Do(step) => self.act(step),
            Happening::DoToLeader(step) => self.act_on_leader(step),
            Happening::PlanFaults(left) => self.plan_faults(left),
            Happening::Wake(life) => self.wake(life),
            Happening::Thaw(id, freeze) => {
                let frozen = self.nodes[id].process.as_ref().and_then(|process| process.frozen);
                if frozen == Some(freeze) {
                    self.thaw(id);
                }
            }
            Happening::Persisted { life, sequence, vote } => self.persisted(life, sequence, vote),
            Happening::Arrives { from, to, message } => self.arrive(from, to, message),
            Happening::Dial(dial) => self.dial(dial),
            Happening::Reaches(dial) => self.reach(dial),
            Happening::Settles(dial, end) => self.settle(dial, end),
            Happening::Closes(dial) => self.close(dial),
            Happening::Syncs(life, ballot) => self.sync(life, ballot),
            Happening::Exits(life) => {
                if self.process_mut(life).is_some() {
                    self.exit(life.node);
                    self.restart_later(life.node);
                }
            }
        }
    }

    /// The votes a leader needs, at the very least: whoever was not down lately counts.
    fn fewest_grants(&self) -> usize {
        let members = self.nodes.len();
        if self.config.policy == QuorumPolicy::Majority {
            return members / 2 + 1;
        }
        let down = self.nodes.values().filter(|node| {
            let lately = node
                .last_death
                .is_some_and(|death| self.now.since(death) < DEATH_MEMORY);
            node.process.is_none() || lately || node.last_start + DEATH_MEMORY > self.now
        });
        (members - down.count()) / 2 + 1
    }

    /// Checks what must hold after every step, and who serves.
    fn look(&mut self) {
        let now = self.now;
        let mut awake = None;
        let mut serving = Vec::new();
        for &id in &self.leading {
            let Some(node) = self.nodes.get(id) else { continue };
            let Some(process) = &node.process else { continue };
            let Some(ballot) = process.election.serving(node.clock.read(now)) else {
                continue;
            };
            serving.push(ballot);
            if process.frozen.is_none() {
                awake = Some(ballot);
            }
        }
        self.watcher.serving(&serving);
        if self.service.look(now, awake, &mut self.counters) {
            let alive = self.nodes.values().filter(|node| node.process.is_some()).count();
            self.counters.lone_survivors += u64::from(alive == 1 && self.nodes.len() > 1);
        }
    }

    fn agreed(&self) -> bool {
        let Some(highest) = self.nodes.ids().next_back() else {
            return false;
        };
        let mut ballots = BTreeSet::new();
        let mut serving = 0;
        for node in self.nodes.values() {
            let Some(process) = &node.process else {
                return false;
            };
            let local = node.clock.read(self.now);
            ballots.insert(process.election.position(local).1);
            serving += usize::from(process.election.serving(local).is_some());
        }
        serving == 1
            && ballots.len() == 1
            && ballots
                .iter()
                .all(|ballot| ballot.is_some_and(|ballot| ballot.id == highest))
    }

    fn describe(&self) -> String {
        let views = self.nodes.iter().map(|(id, node)| match &node.process {
            None => format!("{id}: down"),
            Some(process) => {
                let view = process.election.view(node.clock.read(self.now));
                format!("{id}: {:?} {:?} serving={}", view.role, view.ballot, view.serving)
            }
        });
        views.collect::<Vec<_>>().join(", ")
    }
}
