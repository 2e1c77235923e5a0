//! The cluster as the dashboard knows it: a fold over what nodes and their supervisor tell.
//!
//! Every part folds what is its business; this file reads the clocks and hands events on. Nothing
//! here asks anybody anything, so a live cluster, a recording and the simulator look the same.

use std::collections::{BTreeMap, VecDeque};

use self::clocks::{Clocks, Source};
use self::elections::Elections;
use self::failover::Leadership;
use self::logs::Logs;
use self::node::{Node, Told};
use self::requests::Requests;
use self::rotation::Rotation;
use self::tape::{MarkKind, Tape};
use crate::config::ClusterConfig;
use crate::event::process::{ProcessEvent, ProcessFact};
use crate::event::{Event, Fact, WorkerState};
use crate::fault::{Fault, Matrix, Way};
use crate::id::{ImageId, NodeId};
use crate::protocol::Contact;
use crate::time::Time;

mod clocks;
pub mod elections;
pub mod failover;
mod forget;
mod logging;
pub mod logs;
pub mod node;
pub mod requests;
pub mod rotation;
pub mod samples;
mod standing;
pub mod tape;

/// Everything that is known of a cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The members, by id.
    pub nodes: BTreeMap<NodeId, Node>,
    /// Who leads, and how it came to be.
    pub leadership: Leadership,
    /// The leader's rotation.
    pub rotation: Rotation,
    /// The log of requests.
    pub requests: Requests,
    /// What each node believed in the last minutes.
    pub tape: Tape,
    /// The last elections, message by message.
    pub elections: Elections,
    /// What nodes wrote.
    pub logs: Logs,
    /// What is wrong on purpose, as far as a person here can tell: what was asked for last, until nodes
    /// say otherwise. One that is down or stands still says nothing, and has it all the same.
    pub wanted: Matrix,
    clocks: Clocks,
    /// Of which images it was noted lately that a node lacks them, the newest last.
    missed: VecDeque<(ImageId, NodeId)>,
}

/// How many of those are remembered, so that none is counted twice.
///
/// It is told twice within moments: when a copy is lost, and when the rest is acknowledged.
const MISSED_REMEMBERED: usize = 256;

/// How many clocks are read anew because of one event: a message, its answer, and what led to them.
const CORRECTIONS_MAX: usize = 8;

impl Cluster {
    /// Makes a cluster of which nothing is known but its members.
    #[must_use]
    pub fn new(config: &ClusterConfig) -> Self {
        let members = config.members.iter();
        let nodes = members.map(|(id, address)| (id, Node::new(id, address.clone())));
        Self {
            nodes: nodes.collect(),
            leadership: Leadership::default(),
            rotation: Rotation::default(),
            requests: Requests::default(),
            tape: Tape::default(),
            elections: Elections::default(),
            logs: Logs::default(),
            wanted: Matrix::new(config.members.ids()),
            clocks: Clocks::default(),
            missed: VecDeque::new(),
        }
    }

    /// Returns the node that leads and serves.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.leadership.reign.map(|reign| reign.ballot.id)
    }

    /// Returns what is wrong on purpose with what one node sends to another, as either of them said.
    #[must_use]
    pub fn way(&self, from: NodeId, to: NodeId) -> Way {
        let sent = self.nodes.get(&from).and_then(|node| node.faults.sends.get(&to));
        let heard = || self.nodes.get(&to).and_then(|node| node.faults.hears.get(&from));
        sent.or_else(heard).copied().unwrap_or_default()
    }

    /// Folds in that a person here asks for a fault.
    pub(super) fn asked(&mut self, fault: &Fault) {
        // One that makes no sense changes nothing; whoever does it says why.
        let _ = self.wanted.apply(fault);
    }

    /// Folds in what a node told, heard at `heard`.
    pub fn node_told(&mut self, heard: Time, event: &Event) {
        let source = Source::Node(event.node, event.generation);
        let at = self.clocks.read(source, event.monotonic_ns, heard);
        let Some(node) = self.nodes.get_mut(&event.node) else {
            return;
        };
        node.told(at, &event.fact);
        if let Fact::FaultsChanged { faults } = &event.fact {
            self.wanted.adopt(event.node, faults);
        }
        self.leadership.told(at, event.node, &event.fact);
        self.weigh_fact(at, event.node, &event.fact);
        self.rotation.told(event.node, &event.fact);
        self.requests.told(at, event);
        if self.elections.told(at, event.node, &event.fact, &self.leadership) {
            self.put_clocks_right();
        }
        self.told_of_another(at, event);
        self.mark_fact(at, event);
        self.log_event(event);
        self.note(at, event.node);
    }

    /// Reads clocks anew where a message seems to have arrived before it was sent.
    fn put_clocks_right(&mut self) {
        // Each correction can show the next one up the chain of messages, which is short.
        for _ in 0..CORRECTIONS_MAX {
            let Some((node, by)) = self.elections.late_clock() else {
                return;
            };
            self.clocks.correct(node, by);
            if let Some(failover) = self.elections.correct(node, by) {
                self.leadership.correct(&failover, node, by);
            }
        }
    }

    /// Folds in what became of a node's process, heard at `heard`.
    pub fn process_became(&mut self, heard: Time, event: &ProcessEvent) {
        let at = self.clocks.read(Source::Supervisor, event.monotonic_ns, heard);
        let Some(node) = self.nodes.get_mut(&event.node) else {
            return;
        };
        node.became(at, &event.fact);
        self.leadership.became(at, event.node, &event.fact);
        self.weigh_process(at, &event.fact);
        self.elections
            .became(at, event.node, &event.fact, &self.leadership);
        self.mark_process(at, event);
        self.log_process(event);
        self.note(at, event.node);
    }

    /// Folds in what came of the connection to a node that somebody else started.
    pub fn contacted(&mut self, heard: Time, id: NodeId, contact: &Contact) {
        match contact {
            Contact::Event(event) => return self.node_told(heard, event),
            Contact::Reached(report) => {
                if let Some(node) = self.nodes.get_mut(&id) {
                    node.reported(heard, report);
                }
                self.rotation.reported(report);
                if report.serving && report.ballot == self.rotation.ballot {
                    for turn in &report.rotation {
                        self.rotates(heard, turn.node, turn.state);
                    }
                }
                if let Some(ballot) = report.ballot.filter(|_| report.serving) {
                    self.leadership.found(heard, ballot);
                    self.elections.stand(&self.leadership);
                }
            }
            Contact::Refused => {
                // A node that was never seen alive has not died now.
                if self.nodes.get(&id).is_some_and(Node::was_alive) {
                    self.tape.mark(heard, id, MarkKind::Death);
                }
                self.lost(heard, id, |node| node.refuses(heard));
            }
            Contact::Lost(reason) => self.lost(heard, id, |node| node.lost(heard, reason)),
        }
        self.note(heard, id);
    }

    fn lost(&mut self, heard: Time, id: NodeId, how: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(&id) {
            how(node);
        }
        self.leadership.lost_sight_of(heard, id);
        self.elections.stand(&self.leadership);
        self.requests.lost(id);
        self.rotation.lost(id);
    }

    /// Only the leader knows what a node is to the rotation, and only others what it has not heard of.
    fn told_of_another(&mut self, at: Time, event: &Event) {
        match &event.fact {
            Fact::RotationChanged { node, state, .. } => self.rotates(at, *node, *state),
            Fact::CopyMissed { image, peer } => self.misses(at, *image, *peer),
            // Who keeps an image tells of those it reached; whoever had no process cannot have it.
            Fact::UploadDone { image, copies, .. } | Fact::Deleted { image, copies, .. }
                if *copies < self.nodes.len() =>
            {
                self.dead_miss(at, *image, self.nodes.len() - copies);
            }
            // Everything else is about the node that told it.
            _ => {}
        }
    }

    /// Folds in that so many nodes lack an image: those that have no process, unless others are known to.
    ///
    /// One that died with the image on its disk is not among them.
    fn dead_miss(&mut self, at: Time, image: ImageId, lacking: usize) {
        let known = self.missed.iter().filter(|(missed, _)| *missed == image);
        let dead = self.nodes.values().filter(|node| node.is_proven_dead());
        let dead = dead.map(|node| node.id);
        let dead: Vec<NodeId> = dead
            .filter(|node| !self.missed.contains(&(image, *node)))
            .collect();
        if known.count() + dead.len() <= lacking {
            for node in dead {
                self.misses(at, image, node);
            }
        }
    }

    /// Folds in that a node lacks an image, or the mark of its delete.
    fn misses(&mut self, at: Time, image: ImageId, node: NodeId) {
        if self.missed.contains(&(image, node)) {
            return;
        }
        if self.missed.len() == MISSED_REMEMBERED {
            self.missed.pop_front();
        }
        self.missed.push_back((image, node));
        if let Some(about) = self.nodes.get_mut(&node) {
            about.misses_one(at);
        }
        self.note(at, node);
    }

    fn rotates(&mut self, at: Time, node: NodeId, state: WorkerState) {
        if let Some(about) = self.nodes.get_mut(&node) {
            about.rotates(at, state);
        }
        self.note(at, node);
    }

    fn note(&mut self, at: Time, node: NodeId) {
        if let Some(node) = self.nodes.get(&node) {
            self.tape.note(at, node);
        }
    }

    fn mark_fact(&mut self, at: Time, event: &Event) {
        let kind = match event.fact {
            Fact::ServingStarted { .. } => MarkKind::Elected,
            Fact::UploadDone { .. } => MarkKind::Upload,
            Fact::UploadFailed { .. } => MarkKind::UploadFailed,
            _ => return,
        };
        self.tape.mark(at, event.node, kind);
    }

    fn mark_process(&mut self, at: Time, event: &ProcessEvent) {
        if let ProcessFact::Exited { .. } = event.fact {
            self.requests.lost(event.node);
            self.rotation.lost(event.node);
            self.tape.mark(at, event.node, MarkKind::Death);
        }
        let frozen_now = |node: &Node| matches!(&node.process, node::Process::Running { told: Told::Freeze { at: since }, .. } if *since == at);
        if self.nodes.get(&event.node).is_some_and(frozen_now) {
            self.tape.mark(at, event.node, MarkKind::Frozen);
        }
    }
}
