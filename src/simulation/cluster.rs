//! The cluster of one run: processes, disks, clocks, connections, and the queue that drives them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::counters::Counters;
use super::invariants::{Violation, Watcher};
use super::network::Network;
use super::{Report, SimulationConfig, Step, faults};
use crate::bully::{Election, ElectionConfig, Input, LinkChange, Output, PROOF_RENEWAL, PROOF_TIME, Vote};
use crate::config::QuorumPolicy;
use crate::event::Fact;
use crate::id::{Ballot, Epoch, Generation, NodeId};
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// How many happenings a report keeps for people.
const TRACE_LENGTH: usize = 400;

/// Before a dial that ended without a welcome is tried again.
const REDIAL_PAUSE: Duration = Duration::from_millis(1);

/// How long a death may still be held against a node that is up again, in the eyes of the checker.
const DEATH_MEMORY: Duration = PROOF_TIME.saturating_add(Duration::from_millis(150));

/// Something that happens at its time.
#[derive(Debug, Clone)]
enum Happening {
    Do(Step),
    Wake(Life),
    Thaw(NodeId, u64),
    Persisted {
        life: Life,
        sequence: u64,
        vote: Vote,
    },
    Arrives {
        from: NodeId,
        to: Life,
        message: ElectionMessage,
    },
    Dial(Dial),
    Reaches(Dial),
    Settles(Dial, DialEnd),
    Closes(Dial),
    Exits(Life),
}

/// One life of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    node: NodeId,
    generation: Generation,
}

/// One try of one life to connect to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dial {
    dialler: Life,
    peer: NodeId,
    attempt: u64,
    began: Time,
}

/// How a dial comes out.
#[derive(Debug, Clone, Copy)]
enum DialEnd {
    Accepted,
    Welcomed {
        by: Generation,
        epoch: Epoch,
        blank: bool,
    },
    Reset,
    Refused,
    Silent,
}

#[derive(Debug, Default)]
struct Node {
    disk: Option<Vote>,
    lives: u64,
    process: Option<Process>,
    last_death: Option<Time>,
    last_start: Time,
    clock: Clock,
}

#[derive(Debug)]
struct Process {
    generation: Generation,
    election: Election,
    /// What waits for a frozen process to thaw.
    inbox: VecDeque<Input>,
    frozen: Option<u64>,
    links: BTreeMap<NodeId, Link>,
    disk_free_at: Time,
    /// When it will be looked at again; earlier plans for it are forgotten.
    wakes_at: Option<Time>,
}

/// A connection that a process dialled, or tries to.
#[derive(Debug, Clone, Copy, Default)]
struct Link {
    attempt: u64,
    up_to: Option<Generation>,
}

/// A monotonic clock with an origin of its own, which can stand still for a while.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    ahead: Duration,
    behind: Duration,
    stall: Option<(Time, Time)>,
}

impl Clock {
    fn read(&self, real: Time) -> Time {
        let stalled = self
            .stall
            .map_or(Duration::ZERO, |(from, until)| real.min(until).since(from));
        real + self.ahead - self.behind - stalled
    }

    fn stall(&mut self, now: Time, span: Duration) {
        let over = self.stall.is_none_or(|(_, until)| until <= now);
        if over {
            self.behind += self
                .stall
                .map_or(Duration::ZERO, |(from, until)| until.since(from));
            self.stall = Some((now, now + span));
        }
    }
}

/// The cluster of one run.
#[derive(Debug)]
pub(super) struct Cluster {
    config: SimulationConfig,
    rng: fastrand::Rng,
    now: Time,
    queue: BTreeMap<(Time, u64), Happening>,
    next_in_queue: u64,
    nodes: BTreeMap<NodeId, Node>,
    network: Network,
    watcher: Watcher,
    counters: Counters,
    trace: VecDeque<String>,
    reigns: Vec<Ballot>,
    healing: bool,
    unserved_since: Option<Time>,
    stalled_at: Option<Time>,
}

impl Cluster {
    pub(super) fn new(config: &SimulationConfig) -> Self {
        let mut rng = fastrand::Rng::with_seed(config.seed);
        let nodes = (1..=config.nodes).filter_map(NodeId::new).map(|id| {
            let clock = Clock {
                ahead: Duration::from_secs(rng.u64(1000..100_000)),
                ..Clock::default()
            };
            let node = Node {
                clock,
                ..Node::default()
            };
            (id, node)
        });
        Self {
            config: config.clone(),
            nodes: nodes.collect(),
            rng,
            now: Time::ZERO,
            queue: BTreeMap::new(),
            next_in_queue: 0,
            network: Network::new(),
            watcher: Watcher::default(),
            counters: Counters::default(),
            trace: VecDeque::new(),
            reigns: Vec::new(),
            healing: false,
            unserved_since: Some(Time::ZERO),
            stalled_at: None,
        }
    }

    /// Starts every node, each within the time that a person needs to open terminals, or at once.
    pub(super) fn start_everybody(&mut self) {
        let spread = *[0, 5, 1000].get(self.rng.usize(0..3)).unwrap_or(&0);
        for id in self.ids() {
            let at = Time::ZERO + Duration::from_millis(self.rng.u64(0..=spread));
            self.plan(at, Step::Start(id));
        }
    }

    pub(super) fn plan_faults(&mut self, count: u32, within: Duration) {
        for _ in 0..count {
            let at = Time::ZERO + within.mul_f64(self.rng.f64());
            let step = faults::draw(&mut self.rng, self.config.nodes, &self.config.timing);
            self.plan(at, step);
        }
    }

    pub(super) fn plan(&mut self, at: Time, step: Step) {
        self.schedule(at, Happening::Do(step));
    }

    pub(super) fn run_until(&mut self, end: Time) {
        while self.watcher.violation.is_none() {
            let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end) else {
                break;
            };
            let ((at, _), happening) = entry.remove_entry();
            self.now = at;
            self.happen(happening);
            self.look();
        }
        self.now = self.now.max(end);
    }

    /// Ends every fault and starts who is down.
    pub(super) fn heal(&mut self) {
        self.healing = true;
        self.network.heal();
        for id in self.ids() {
            let node = self.node_mut(id);
            if node.process.is_none() {
                self.start(id);
            } else {
                self.thaw(id);
            }
        }
    }

    /// Runs until the highest id leads everybody, and somewhat longer: it must stay so.
    pub(super) fn run_until_agreed(&mut self, end: Time) {
        while self.watcher.violation.is_none() {
            let next = self.now + self.config.timing.promise();
            self.run_until(next);
            if self.agreed() {
                return;
            }
            if self.now >= end {
                let state = self.describe();
                self.watcher.violated(Violation::NoAgreement(state));
            }
        }
    }

    pub(super) fn into_report(mut self, seed: u64) -> Report {
        if let Some(since) = self.unserved_since {
            self.counters.without_leader += self.now.since(since);
        }
        self.counters.duration = self.now.since(Time::ZERO);
        Report {
            seed,
            counters: self.counters,
            reigns: self.reigns,
            violation: self.watcher.violation,
            trace: self.trace.into(),
        }
    }

    fn ids(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.entry(id).or_default()
    }

    fn process_mut(&mut self, life: Life) -> Option<&mut Process> {
        let process = self.nodes.get_mut(&life.node)?.process.as_mut()?;
        (process.generation == life.generation).then_some(process)
    }

    fn life_of(&self, id: NodeId) -> Option<Life> {
        let process = self.nodes.get(&id)?.process.as_ref()?;
        Some(Life {
            node: id,
            generation: process.generation,
        })
    }

    fn schedule(&mut self, at: Time, happening: Happening) {
        self.next_in_queue += 1;
        self.queue.insert((at, self.next_in_queue), happening);
    }

    fn schedule_after(&mut self, span: Duration, happening: Happening) {
        self.schedule(self.now + span, happening);
    }

    fn latency(&mut self) -> Duration {
        self.network.latency(self.now, &mut self.rng)
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
            Happening::Wake(life) => self.wake(life),
            Happening::Thaw(id, freeze) => {
                let frozen = self.nodes.get(&id).and_then(|node| node.process.as_ref()?.frozen);
                if frozen == Some(freeze) {
                    self.thaw(id);
                }
            }
            Happening::Persisted { life, sequence, vote } => self.persisted(life, sequence, vote),
            Happening::Arrives { from, to, message } => self.give(to, Input::Message { from, message }),
            Happening::Dial(dial) => self.dial(dial),
            Happening::Reaches(dial) => self.reach(dial),
            Happening::Settles(dial, end) => self.settle(dial, end),
            Happening::Closes(dial) => self.close(dial),
            Happening::Exits(life) => {
                if self.process_mut(life).is_some() {
                    self.kill(life.node);
                }
            }
        }
    }

    fn act(&mut self, step: Step) {
        if self.healing {
            return;
        }
        self.note(|| format!("-- {step:?}"));
        let now = self.now;
        match step {
            Step::Start(id) => self.start(id),
            Step::Crash(id) => self.crash(id),
            Step::CrashAndLoseDisk(id) => self.crash_and_lose_disk(id),
            Step::Stop(id) => {
                if let Some(life) = self.life_of(id) {
                    self.thaw(id);
                    self.give(life, Input::Shutdown);
                    self.schedule_after(Duration::from_millis(2), Happening::Exits(life));
                    self.restart_later(id);
                }
            }
            Step::Freeze(id, span) => self.freeze(id, span),
            Step::StallClock(id, span) => self.stall_clock(id, span),
            Step::Cut(from, to, span) => {
                self.counters.one_way_cuts += 1;
                self.network.cut(from, to, now + span);
            }
            Step::Partition(group, span) => self.partition(&group, span),
            Step::Lose(share, span) => self.network.lose(share, now + span),
            Step::Delay(most, span) => self.network.delay(most, now + span),
            Step::Duplicate(share, span) => self.network.duplicate(share, now + span),
            Step::CrashAllBut(survivor) => {
                for id in self.ids() {
                    if id != survivor {
                        self.kill(id);
                        self.restart_later(id);
                    }
                }
                self.thaw(survivor);
            }
        }
    }

    fn partition(&mut self, group: &[NodeId], span: Duration) {
        let inside: BTreeSet<NodeId> = group.iter().copied().collect();
        let ends = self.now + span;
        for a in self.ids() {
            for b in self.ids() {
                if inside.contains(&a) != inside.contains(&b) {
                    self.network.cut(a, b, ends);
                }
            }
        }
    }

    /// A clock may stand still for less than the slack between promise and lease, once a promise.
    fn stall_clock(&mut self, id: NodeId, span: Duration) {
        let quiet = self.config.timing.promise() * 2;
        let now = self.now;
        if self.stalled_at.is_some_and(|at| now.since(at) < quiet) {
            return;
        }
        self.stalled_at = Some(now);
        self.counters.clock_stalls += 1;
        self.node_mut(id).clock.stall(now, span);
    }

    fn start(&mut self, id: NodeId) {
        let now = self.now;
        let members: BTreeSet<NodeId> = self.nodes.keys().copied().collect();
        let seed = self.rng.u64(..);
        let others_voted = self
            .nodes
            .iter()
            .any(|(&other, node)| other != id && node.disk.is_some());
        let (timing, policy, mutation) = (self.config.timing, self.config.policy, self.config.mutation);
        let node = self.node_mut(id);
        if node.process.is_some() {
            return;
        }
        node.lives += 1;
        node.last_start = now;
        let life = Life {
            node: id,
            generation: Generation(node.lives),
        };
        let config = ElectionConfig {
            me: id,
            generation: life.generation,
            members: members.clone(),
            timing,
            policy,
        };
        let mut election = Election::new(config, node.disk, seed, node.clock.read(now));
        if let Some(mutation) = mutation {
            election.mutate(mutation);
        }
        let amnesia = node.disk.is_none() && others_voted;
        node.process = Some(Process {
            generation: life.generation,
            election,
            inbox: VecDeque::new(),
            frozen: None,
            links: BTreeMap::new(),
            disk_free_at: now,
            wakes_at: None,
        });
        self.counters.amnesia += u64::from(amnesia);
        self.note(|| format!("{id} starts"));
        for peer in members.into_iter().filter(|&peer| peer != id) {
            self.dial_after(Duration::ZERO, life, peer);
        }
        self.give(life, Input::Tick);
    }

    fn crash(&mut self, id: NodeId) {
        if self.life_of(id).is_some() {
            self.kill(id);
            self.restart_later(id);
        }
    }

    /// Loses a disk only while everybody else has one: more is beyond what any quorum survives.
    fn crash_and_lose_disk(&mut self, id: NodeId) {
        let others_remember = self
            .nodes
            .iter()
            .all(|(&other, node)| other == id || node.disk.is_some());
        self.crash(id);
        if others_remember {
            self.node_mut(id).disk = None;
            self.watcher.disk_lost(id);
        }
    }

    fn restart_later(&mut self, id: NodeId) {
        let downtime = faults::downtime(&mut self.rng, &self.config.timing);
        self.schedule_after(downtime, Happening::Do(Step::Start(id)));
    }

    fn kill(&mut self, id: NodeId) {
        let Some(life) = self.life_of(id) else {
            return;
        };
        self.counters.crashes += 1;
        self.note(|| format!("{id} dies"));
        let now = self.now;
        let node = self.node_mut(id);
        node.process = None;
        node.last_death = Some(now);
        self.break_links_to(life);
    }

    /// Whoever had a connection to the dead process learns that it closed, unless the way is cut.
    fn break_links_to(&mut self, dead: Life) {
        let mut broken = Vec::new();
        for (&node, peer) in &self.nodes {
            let Some(process) = &peer.process else { continue };
            let link = process.links.get(&dead.node);
            if let Some(link) = link.filter(|link| link.up_to == Some(dead.generation)) {
                let dialler = Life {
                    node,
                    generation: process.generation,
                };
                broken.push(Dial {
                    dialler,
                    peer: dead.node,
                    attempt: link.attempt,
                    began: self.now,
                });
            }
        }
        for dial in broken {
            let heals = self
                .network
                .disturbed_until(self.now, dial.dialler.node, dead.node);
            let at = heals.unwrap_or(self.now) + self.latency();
            self.schedule(at, Happening::Closes(dial));
        }
    }

    fn freeze(&mut self, id: NodeId, span: Duration) {
        let freeze = self.next_in_queue;
        if let Some(process) = &mut self.node_mut(id).process {
            process.frozen = Some(freeze);
            self.counters.freezes += 1;
            self.schedule_after(span, Happening::Thaw(id, freeze));
        }
    }

    /// A thawed process works off what has waited, in the order it came.
    fn thaw(&mut self, id: NodeId) {
        let Some(life) = self.life_of(id) else { return };
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.frozen.take().is_none() {
            return;
        }
        let waiting = std::mem::take(&mut process.inbox);
        self.note(|| format!("{id} thaws"));
        for input in waiting {
            self.give(life, input);
        }
        self.give(life, Input::Tick);
    }

    /// A process's deadline has come, unless its clock stood still or it has been looked at since.
    fn wake(&mut self, life: Life) {
        let now = self.now;
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.wakes_at != Some(now) {
            return;
        }
        process.wakes_at = None;
        let deadline = process.election.poll_timeout();
        let Some(node) = self.nodes.get(&life.node) else {
            return;
        };
        let local = node.clock.read(now);
        match deadline {
            Some(deadline) if deadline > local => self.plan_wake(life, deadline.since(local)),
            Some(_) | None => self.give(life, Input::Tick),
        }
    }

    fn plan_wake(&mut self, life: Life, after: Duration) {
        let at = self.now + after;
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.wakes_at.is_none_or(|planned| planned > at) {
            process.wakes_at = Some(at);
            self.schedule(at, Happening::Wake(life));
        }
    }

    /// Hands an input to a process, and carries out what follows.
    fn give(&mut self, life: Life, input: Input) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&life.node) else {
            return;
        };
        let local = node.clock.read(now);
        let Some(process) = node
            .process
            .as_mut()
            .filter(|process| process.generation == life.generation)
        else {
            return;
        };
        if process.frozen.is_some() {
            process.inbox.push_back(input);
            return;
        }
        process.election.handle(local, input);
        let outputs: Vec<Output> = std::iter::from_fn(|| process.election.poll_output()).collect();
        let deadline = process.election.poll_timeout();
        for output in outputs {
            self.carry_out(life, output);
        }
        if let Some(deadline) = deadline {
            self.plan_wake(life, deadline.since(local));
        }
    }

    fn carry_out(&mut self, life: Life, output: Output) {
        match output {
            Output::Persist { sequence, vote } => self.persist(life, sequence, vote),
            Output::Send { to, message } => self.send(life, to, message),
            Output::Publish(fact) => self.publish(life, &fact),
        }
    }

    /// A disk syncs one vote after the other, mostly quickly.
    fn persist(&mut self, life: Life, sequence: u64, vote: Vote) {
        let slow = self.rng.u8(..) < 8;
        let micros = if slow {
            self.rng.u64(8_000..60_000)
        } else {
            self.rng.u64(50..3_000)
        };
        let now = self.now;
        let Some(process) = self.process_mut(life) else {
            return;
        };
        let done_at = now.max(process.disk_free_at) + Duration::from_micros(micros);
        process.disk_free_at = done_at;
        self.schedule(done_at, Happening::Persisted { life, sequence, vote });
    }

    /// What was asked for before a crash may have reached the disk or not.
    fn persisted(&mut self, life: Life, sequence: u64, vote: Vote) {
        let alive = self.process_mut(life).is_some();
        let next_life_began = self.life_of(life.node).is_some_and(|now| now != life);
        if !alive && (next_life_began || self.rng.bool()) {
            return;
        }
        self.node_mut(life.node).disk = Some(vote);
        self.watcher.persisted(life.node, vote.epoch);
        self.give(life, Input::Persisted { sequence });
    }

    fn send(&mut self, from: Life, to: NodeId, message: ElectionMessage) {
        let Some(generation) = self
            .process_mut(from)
            .and_then(|process| process.links.get(&to)?.up_to)
        else {
            return;
        };
        self.counters.count_message(&message);
        self.watch_vote(from.node, to, &message);
        if !message.is_heartbeat() {
            self.note(|| format!("{} -> {to} {message:?}", from.node));
        }
        let to = Life { node: to, generation };
        let copies = 1 + u8::from(self.network.duplicates(self.now, &mut self.rng));
        for _ in 0..copies {
            let latency = self.latency();
            let cut_until = self.network.cut_until(self.now, from.node, to.node);
            let lost =
                self.network.loses(self.now, &mut self.rng) || (cut_until.is_some() && self.rng.bool());
            if lost {
                self.counters.lost += 1;
            } else {
                let at = cut_until.unwrap_or(self.now) + latency;
                let arrives = Happening::Arrives {
                    from: from.node,
                    to,
                    message,
                };
                self.schedule(at, arrives);
            }
        }
    }

    fn watch_vote(&mut self, from: NodeId, to: NodeId, message: &ElectionMessage) {
        use crate::protocol::GrantVerdict::Granted;
        match *message {
            ElectionMessage::Claim { ballot, .. } | ElectionMessage::Handover { ballot, .. } => {
                self.watcher.voted(from, ballot);
            }
            ElectionMessage::Grant {
                ballot,
                verdict: Granted,
            } => {
                debug_assert_eq!(ballot.id, to);
                self.watcher.voted(from, ballot);
            }
            _ => {}
        }
    }

    fn publish(&mut self, life: Life, fact: &Fact) {
        self.counters.count_fact(fact);
        if !matches!(fact, Fact::HeartbeatAnswered { .. }) {
            self.note(|| format!("{} ** {fact:?}", life.node));
        }
        if let Fact::ServingStarted { ballot } = fact
            && self.reigns.last() != Some(ballot)
        {
            self.reigns.push(*ballot);
        }
        if let Fact::BecameLeader { ballot, grants } = fact {
            let needed = self.fewest_grants();
            self.watcher
                .led(*ballot, life.generation, grants.len(), needed, self.config.policy);
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

    fn dial_after(&mut self, pause: Duration, dialler: Life, peer: NodeId) {
        let began = self.now + pause;
        let Some(process) = self.process_mut(dialler) else {
            return;
        };
        let link = process.links.entry(peer).or_default();
        link.attempt += 1;
        link.up_to = None;
        let dial = Dial {
            dialler,
            peer,
            attempt: link.attempt,
            began,
        };
        self.schedule(began, Happening::Dial(dial));
    }

    fn dial(&mut self, dial: Dial) {
        let (a, b) = (dial.dialler.node, dial.peer);
        if !self.is_current(dial) {
            return;
        }
        let timeout = self.config.timing.heartbeat_timeout;
        self.schedule_after(timeout, Happening::Settles(dial, DialEnd::Silent));
        if self.network.disturbed_until(self.now, a, b).is_none() {
            let latency = self.latency();
            self.schedule_after(latency, Happening::Reaches(dial));
        }
    }

    /// A dial reaches the peer's host: its kernel answers at once, its process when it runs.
    fn reach(&mut self, dial: Dial) {
        let back = self.latency();
        let Some(life) = self.life_of(dial.peer) else {
            self.schedule_after(back, Happening::Settles(dial, DialEnd::Refused));
            return;
        };
        self.schedule_after(back, Happening::Settles(dial, DialEnd::Accepted));
        let (a, b) = (dial.dialler, life);
        let greeted = LinkChange::Greeted {
            generation: a.generation,
        };
        self.give(
            b,
            Input::Link {
                peer: a.node,
                change: greeted,
            },
        );
        let cut = self.network.disturbed_until(self.now, a.node, b.node).is_some();
        let Some(process) = self.process_mut(b).filter(|process| process.frozen.is_none()) else {
            return;
        };
        let welcomed = DialEnd::Welcomed {
            by: b.generation,
            epoch: process.election.epoch(),
            blank: process.election.blank(),
        };
        if !cut {
            let latency = back + self.latency();
            self.schedule_after(latency, Happening::Settles(dial, welcomed));
        }
    }

    fn settle(&mut self, dial: Dial, end: DialEnd) {
        let alive = self.life_of(dial.peer);
        let began = self
            .nodes
            .get(&dial.dialler.node)
            .map(|node| node.clock.read(dial.began));
        if !self.is_current(dial) {
            return;
        }
        let frozen = self
            .process_mut(dial.dialler)
            .is_some_and(|process| process.frozen.is_some());
        if frozen {
            // A frozen dialler sees how its dial ended when it thaws.
            self.schedule_after(REDIAL_PAUSE, Happening::Settles(dial, end));
            return;
        }
        let change = match end {
            DialEnd::Accepted => LinkChange::Accepted,
            DialEnd::Welcomed { by, .. } if alive.map(|life| life.generation) != Some(by) => {
                self.settle(dial, DialEnd::Reset);
                return;
            }
            DialEnd::Welcomed { by, epoch, blank } => LinkChange::Up {
                generation: by,
                epoch,
                blank,
            },
            DialEnd::Refused => LinkChange::Refused {
                began: began.unwrap_or_default(),
            },
            DialEnd::Silent => LinkChange::Silent,
            DialEnd::Reset => {
                self.dial_after(REDIAL_PAUSE, dial.dialler, dial.peer);
                return;
            }
        };
        match end {
            DialEnd::Welcomed { by, .. } => self.link_up(dial, by),
            DialEnd::Refused => self.dial_after(PROOF_RENEWAL, dial.dialler, dial.peer),
            DialEnd::Silent => self.dial_after(Duration::ZERO, dial.dialler, dial.peer),
            DialEnd::Accepted | DialEnd::Reset => {}
        }
        self.give(
            dial.dialler,
            Input::Link {
                peer: dial.peer,
                change,
            },
        );
    }

    fn link_up(&mut self, dial: Dial, generation: Generation) {
        if let Some(process) = self.process_mut(dial.dialler) {
            let link = process.links.entry(dial.peer).or_default();
            link.up_to = Some(generation);
        }
    }

    /// Whether the dial is the latest its process made to that peer, and not settled yet.
    fn is_current(&mut self, dial: Dial) -> bool {
        let link = self
            .process_mut(dial.dialler)
            .and_then(|process| process.links.get(&dial.peer));
        link.is_some_and(|link| link.attempt == dial.attempt && link.up_to.is_none())
    }

    fn close(&mut self, dial: Dial) {
        let link = self
            .process_mut(dial.dialler)
            .and_then(|process| process.links.get(&dial.peer));
        if link.is_some_and(|link| link.attempt == dial.attempt && link.up_to.is_some()) {
            self.dial_after(Duration::ZERO, dial.dialler, dial.peer);
            let change = LinkChange::Closed;
            self.give(
                dial.dialler,
                Input::Link {
                    peer: dial.peer,
                    change,
                },
            );
        }
    }

    /// Checks what must hold after every step.
    fn look(&mut self) {
        let now = self.now;
        let serving: Vec<Ballot> = self
            .nodes
            .values()
            .filter_map(|node| node.process.as_ref()?.election.serving(node.clock.read(now)))
            .collect();
        self.watcher.serving(now, &serving);
        match (serving.is_empty(), self.unserved_since) {
            (true, None) => self.unserved_since = Some(now),
            (false, Some(since)) => {
                self.counters.without_leader += now.since(since);
                self.unserved_since = None;
                let alive = self.nodes.values().filter(|node| node.process.is_some()).count();
                self.counters.lone_survivors += u64::from(alive == 1 && self.nodes.len() > 1);
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn agreed(&self) -> bool {
        let Some(&highest) = self.nodes.keys().last() else {
            return false;
        };
        let mut ballots = BTreeSet::new();
        let mut serving = 0;
        for node in self.nodes.values() {
            let Some(process) = &node.process else {
                return false;
            };
            let view = process.election.view(node.clock.read(self.now));
            ballots.insert(view.ballot);
            serving += usize::from(view.serving);
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
