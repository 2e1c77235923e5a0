//! Processes and their disks: how a life begins, is frozen, is driven, and ends.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::Clock;
use super::connection::Link;
use super::{Cluster, Happening};
use crate::bully::{Election, ElectionConfig, Input, Output, Vote};
use crate::config::Timing;
use crate::event::process::{Ending, ProcessSignal};
use crate::event::{EventStamp, Fact};
use crate::fault::NodeFaults;
use crate::id::{Generation, NodeId};
use crate::protocol::NodeRole;
use crate::simulation::BrokenRule;
use crate::simulation::by_node::ByNode;
use crate::time::Time;

/// The signal that nobody can ignore.
const SIGKILL: i32 = 9;

/// One life of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) node: NodeId,
    pub(super) generation: Generation,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) disk: Option<Vote>,
    pub(super) lives: u64,
    pub(super) process: Option<Process>,
    pub(super) last_death: Option<Time>,
    pub(super) last_start: Time,
    pub(super) clock: Clock,
}

#[derive(Debug)]
pub(super) struct Process {
    pub(super) generation: Generation,
    pub(super) election: Election,
    pub(super) stamp: EventStamp,
    /// What it has told of what is wrong with its links.
    pub(super) faults_told: NodeFaults,
    /// What waits for a frozen process to thaw.
    pub(super) inbox: VecDeque<Input>,
    pub(super) frozen: Option<u64>,
    pub(super) links: ByNode<Link>,
    /// The latest life of each peer that has greeted.
    pub(super) greeted: ByNode<Option<Generation>>,
    pub(super) disk_free_at: Time,
    /// When it will be looked at again; earlier plans for it are forgotten.
    pub(super) wakes_at: Option<Time>,
}

impl Cluster<'_> {
    pub(super) fn process_mut(&mut self, life: Life) -> Option<&mut Process> {
        let process = self.nodes.get_mut(life.node)?.process.as_mut()?;
        (process.generation == life.generation).then_some(process)
    }

    pub(super) fn life_of(&self, id: NodeId) -> Option<Life> {
        let process = self.nodes.get(id)?.process.as_ref()?;
        Some(Life {
            node: id,
            generation: process.generation,
        })
    }

    pub(super) fn start(&mut self, id: NodeId) {
        let now = self.now;
        let seed = self.rng.u64(..);
        let others_voted = self
            .nodes
            .iter()
            .any(|(other, node)| other != id && node.disk.is_some());
        let node = &mut self.nodes[id];
        if node.process.is_some() {
            return;
        }
        node.lives += 1;
        node.last_start = now;
        let blank = node.disk.is_none();
        let life = Life {
            node: id,
            generation: Generation(node.lives),
        };
        self.counters.amnesia += u64::from(blank && others_voted);
        let election = self.elect(id, seed);
        self.nodes[id].process = Some(Process {
            generation: life.generation,
            election,
            stamp: EventStamp::new(id, life.generation),
            faults_told: NodeFaults::default(),
            inbox: VecDeque::new(),
            frozen: None,
            links: ByNode::new(self.config.nodes, |_| Link::default()),
            greeted: ByNode::new(self.config.nodes, |_| None),
            disk_free_at: now,
            wakes_at: None,
        });
        self.note(|| format!("{id} starts"));
        self.tell_start(life);
        self.tell_faults();
        for peer in self.ids().into_iter().filter(|&peer| peer != id) {
            self.dial_after(Duration::ZERO, life, peer);
        }
        self.give(life, Input::Tick);
    }

    /// Makes the election of a node that starts now, with what it is told of its surroundings.
    fn elect(&mut self, id: NodeId, seed: u64) -> Election {
        let config = ElectionConfig {
            me: id,
            members: self.nodes.ids().collect(),
            timing: self.timing_of(id),
            policy: self.config.policy,
        };
        let hides_restarts = self.config.breaks(BrokenRule::HidesRestarts);
        let hides_amnesia = self.config.breaks(BrokenRule::HidesAmnesia);
        let now = self.now;
        let node = &mut self.nodes[id];
        let remembered = node.disk.or(hides_amnesia.then(Vote::default));
        let local = node.clock.read(now);
        let started = if hides_restarts { Time::ZERO } else { local };
        #[cfg_attr(not(test), expect(unused_mut, reason = "only tests break rules"))]
        let mut election = Election::new(config, remembered, seed, started);
        #[cfg(test)]
        if let Some(mutation) = self.config.broken.and_then(BrokenRule::mutation) {
            election.mutate(mutation);
        }
        election
    }

    fn timing_of(&self, id: NodeId) -> Timing {
        let mut timing = self.config.timing;
        if self.config.breaks(BrokenRule::OvercountsPromises) && id.number() % 2 == 1 {
            timing.heartbeat_timeout *= 8;
        }
        timing
    }

    /// Ends a life, without a word to anybody: its kernel closes what it had open.
    pub(super) fn kill(&mut self, id: NodeId) {
        self.end(id, Ending::Signal(SIGKILL));
    }

    /// Ends a life that has said goodbye.
    pub(super) fn exit(&mut self, id: NodeId) {
        self.end(id, Ending::Code(0));
    }

    fn end(&mut self, id: NodeId, ending: Ending) {
        let Some(life) = self.life_of(id) else {
            return;
        };
        self.counters.crashes += 1;
        self.note(|| format!("{id} dies"));
        let now = self.now;
        let node = &mut self.nodes[id];
        node.process = None;
        node.last_death = Some(now);
        self.tell_end(id, ending);
        self.leading.remove(&id);
        self.break_links_to(life);
    }

    pub(super) fn freeze(&mut self, id: NodeId, span: Duration) {
        let freeze = self.queue.ticket();
        if let Some(process) = &mut self.nodes[id].process {
            process.frozen = Some(freeze);
            self.counters.freezes += 1;
            self.tell_signal(id, ProcessSignal::Freeze);
            self.schedule_after(span, Happening::Thaw(id, freeze));
        }
    }

    /// A thawed process works off what has waited, in the order it came.
    pub(super) fn thaw(&mut self, id: NodeId) {
        let Some(life) = self.life_of(id) else { return };
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.frozen.take().is_none() {
            return;
        }
        let waiting = std::mem::take(&mut process.inbox);
        self.note(|| format!("{id} thaws"));
        self.tell_signal(id, ProcessSignal::Thaw);
        self.tell_faults();
        for input in waiting {
            self.give(life, input);
        }
        self.give(life, Input::Tick);
    }

    /// A process's deadline has come, unless its clock stood still or it has been looked at since.
    pub(super) fn wake(&mut self, life: Life) {
        let now = self.now;
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.wakes_at != Some(now) {
            return;
        }
        process.wakes_at = None;
        let deadline = process.election.poll_timeout();
        let Some(node) = self.nodes.get(life.node) else {
            return;
        };
        let local = node.clock.read(now);
        match deadline {
            Some(deadline) if deadline > local => self.plan_wake(life, deadline.since(local)),
            Some(_) | None => self.give(life, Input::Tick),
        }
    }

    pub(super) fn plan_wake(&mut self, life: Life, after: Duration) {
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
    pub(super) fn give(&mut self, life: Life, input: Input) {
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.frozen.is_some() {
            process.inbox.push_back(input);
            return;
        }
        if self.observer.listens() {
            self.tell_input(life, &input);
        }
        self.drive(life, input);
    }

    /// Lets an election act on an input, and carries out what follows.
    fn drive(&mut self, life: Life, input: Input) {
        let local = self.nodes[life.node].clock.read(self.now);
        let Some(process) = self.process_mut(life) else {
            return;
        };
        process.election.handle(local, input);
        let deadline = process.election.poll_timeout();
        let leads = process.election.position(local).0 == NodeRole::Leading;
        let outputs: Vec<Output> = std::iter::from_fn(|| process.election.poll_output()).collect();
        if leads {
            self.leading.insert(life.node);
        } else {
            self.leading.remove(&life.node);
        }
        for output in outputs {
            self.carry_out(life, output);
        }
        if let Some(deadline) = deadline {
            self.plan_wake(life, deadline.since(local));
        }
    }

    pub(super) fn carry_out(&mut self, life: Life, output: Output) {
        match output {
            Output::Persist { sequence, vote } => self.persist(life, sequence, vote),
            Output::Send { to, message } => self.send(life, to, message),
            Output::Publish(fact) => self.publish(life, &fact),
        }
    }

    /// A disk syncs one vote after the other, mostly quickly.
    pub(super) fn persist(&mut self, life: Life, sequence: u64, vote: Vote) {
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
        if self.config.breaks(BrokenRule::SaysSyncedTooEarly) {
            self.give(life, Input::Persisted { sequence });
        }
    }

    /// What was asked for before a crash may have reached the disk or not.
    pub(super) fn persisted(&mut self, life: Life, sequence: u64, vote: Vote) {
        let alive = self.process_mut(life).is_some();
        let next_life_began = self.life_of(life.node).is_some_and(|now| now != life);
        if !alive && (next_life_began || self.rng.bool()) {
            return;
        }
        self.nodes[life.node].disk = Some(vote);
        self.watcher.persisted(life.node, vote.epoch);
        self.give(life, Input::Persisted { sequence });
    }

    pub(super) fn publish(&mut self, life: Life, fact: &Fact) {
        self.counters.count_fact(fact);
        self.tell(life, || fact.clone());
        if !matches!(fact, Fact::HeartbeatAnswered { .. }) {
            self.note(|| format!("{} ** {fact:?}", life.node));
        }
        if let Fact::ServingStarted { ballot } = fact
            && self.reigns.last() != Some(ballot)
        {
            self.reigns.push(*ballot);
        }
        if let Fact::HandoverStarted { ballot } = fact {
            self.service.handed_over(*ballot);
        }
        if let Fact::Following { ballot } = fact {
            self.catch_up(life, *ballot);
        }
        if let Fact::BecameLeader { ballot, grants } = fact {
            let needed = self.fewest_grants();
            self.watcher.led(*ballot, grants, needed, self.config.policy);
        }
    }
}
