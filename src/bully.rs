//! The election: the bully decides who runs, a quorum decides who leads.
//!
//! One [`Election`] is one node's part of it, as a state machine without clock, socket, disk or
//! unseeded randomness. A driver hands in what happened and carries out what comes back:
//!
//! ```text
//!   links, messages, votes on disk, time                    persist, send, publish
//!        ----- Input ---->  Election::handle  ---- Output ---->
//!                           Election::poll_timeout  --------->  when to say Tick
//! ```
//!
//! The textbook algorithm (Garcia-Molina, *Elections in a Distributed Computing System*, 1982)
//! elects two leaders under a partition. Here the highest reachable id still *stands*, but it leads
//! only with the votes of a quorum, one vote a node and epoch, on disk before it is cast (Ongaro
//! and Ousterhout, *In Search of an Understandable Consensus Algorithm*, §5.2); and it *serves* only
//! while the promises of a quorum run, which are leases (Gray and Cheriton, 1989).
//!
//! ```text
//!            grace over                every higher id excluded,     grants of
//!   Idle -------------> Candidate ------------------------------> Claimant ---> Leader
//!    ^   <------------- asks "who is there?"   support of a quorum     |   a quorum | serves while a quorum
//!    |     a higher id bullies, a leader is alive                      |            | has promised
//!    |  <------------------------- refused, or too slow ---------------+            |
//!    |  <------------------------------------- quorum lost, superseded -------------+
//!    |  promise expired, leader dead, resigned
//!   Follower <--- Coordinator from a leader (from any state) ---     HandingOver <--+ a higher id is stable
//! ```
//!
//! # Invariants
//!
//! - One leader a ballot, never twice; one vote a node and epoch, across restarts.
//! - Never two leaders that serve: a promise binds its maker for longer than the leader counts it.
//! - A minority never leads because others are silent.
//!
//! `simulation` checks them under random faults; change no rule without it.

mod claim;
mod follow;
mod lead;
mod mutation;
mod peer;
mod persist;
mod probe;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{QuorumPolicy, Timing};
use crate::event::{Fact, StepDownReason, SuspicionReason};
use crate::id::{Ballot, Epoch, Generation, NodeId};
use crate::protocol::{ElectionMessage, NodeRole, QuorumStatus};
use crate::time::Time;

pub use mutation::Mutation;

use claim::Claim;
use follow::Follower;
use lead::Reign;
use peer::Peer;
use persist::Persistence;
use probe::Probe;

/// How long a probe waits for answers before who is silent no longer counts.
///
/// A message and its answer take well under a millisecond on a LAN; a stopped process never answers.
pub const ANSWER_TIME: Duration = Duration::from_millis(25);

/// How long a claim waits for its grants, before jitter: a few rounds and the slowest disk's sync.
pub const CLAIM_TIME: Duration = Duration::from_millis(100);

/// How long a node waits for somebody it supported or voted for to lead: a claim and its promises.
pub const COORDINATOR_WAIT: Duration = Duration::from_millis(150);

/// Between two tries, before jitter and backoff.
pub const RETRY_TIME: Duration = Duration::from_millis(60);

/// The longest a backed-off try waits; a cluster whose messages take a second still elects.
pub const RETRY_TIME_MAX: Duration = Duration::from_secs(1);

/// How long a refused dial proves that nobody listens there, from when the dial began.
///
/// Shorter than the shortest start-up grace, so that a proof is void before the node it is about
/// votes again.
pub const PROOF_TIME: Duration = Duration::from_millis(500);

/// How often a driver must dial a dead peer again, so that its proof never lapses.
pub const PROOF_RENEWAL: Duration = Duration::from_millis(250);

/// What an election is told before it starts.
#[derive(Debug, Clone)]
pub struct ElectionConfig {
    /// The node that runs it.
    pub me: NodeId,
    /// In which life of its process.
    pub generation: Generation,
    /// All members, itself included.
    pub members: BTreeSet<NodeId>,
    /// How quickly it notices and takes over.
    pub timing: Timing,
    /// How it counts.
    pub policy: QuorumPolicy,
}

/// What a node must never forget: the newest epoch it knows, and its one vote in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The newest epoch it has voted in or followed.
    pub epoch: Epoch,
    /// Whom it voted for or followed in that epoch.
    pub voted_for: Option<NodeId>,
}

/// What happens to an election.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A peer's message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: ElectionMessage,
    },
    /// Something became known about the connection to a peer.
    Link {
        /// The peer.
        peer: NodeId,
        /// What.
        change: LinkChange,
    },
    /// A vote is on stable storage.
    Persisted {
        /// The number that [`Output::Persist`] gave it.
        sequence: u64,
    },
    /// Time passed: a deadline of [`Election::poll_timeout`] has come.
    Tick,
    /// The process was asked to stop.
    Shutdown,
}

/// What became known about the connection to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange {
    /// The peer dialled this node and greeted; it can be heard, not yet spoken to.
    ///
    /// Must be handled before the peer is welcomed: whoever is welcomed may rely on it that
    /// promises of its earlier life are void.
    Greeted {
        /// In which life of its process it is.
        generation: Generation,
    },
    /// This node dialled the peer and was welcomed: the peer knows of this life of ours.
    Up {
        /// In which life of its process the peer is.
        generation: Generation,
        /// The newest epoch it knows.
        epoch: Epoch,
        /// Whether it remembers no vote.
        blank: bool,
    },
    /// A dialled connection was accepted, but not greeted yet: no life, but no death either.
    Accepted,
    /// The connection that stood has closed.
    Closed,
    /// A dial was refused: nobody listens there.
    Refused {
        /// When that dial began.
        began: Time,
    },
    /// A dial was not answered in time.
    Silent,
}

/// What an election wants done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Bring this vote to stable storage, then say [`Input::Persisted`].
    Persist {
        /// The number of this request; grows.
        sequence: u64,
        /// The vote.
        vote: Vote,
    },
    /// Send this to a peer; it may be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: ElectionMessage,
    },
    /// Tell everybody who watches.
    Publish(Fact),
}

/// What an election shows of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// What the node is.
    pub role: NodeRole,
    /// The reign it leads or follows.
    pub ballot: Option<Ballot>,
    /// Whether it leads and holds a quorum of promises.
    pub serving: bool,
    /// The newest epoch it knows.
    pub epoch: Epoch,
    /// How it counts.
    pub quorum: QuorumStatus,
    /// For a leader: the workers whose promises run now. Empty otherwise.
    pub promised: BTreeSet<NodeId>,
}

/// What the node is doing in the election.
#[derive(Debug)]
enum Role {
    /// It has no leader and waits.
    Idle(Idle),
    /// It asks who is there.
    Candidate(Probe),
    /// It asks for votes.
    Claimant(Claim),
    /// It leads.
    Leader(Reign),
    /// It has voted for a higher id and waits for it to lead.
    HandingOver(HandingOver),
    /// A promise binds it to a leader.
    Follower(Follower),
}

/// Waiting without a leader.
#[derive(Debug, Clone, Copy)]
struct Idle {
    /// When to stand.
    until: Time,
    /// For what.
    waiting: Waiting,
}

/// What a node without a leader waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// To be allowed to stand, or to try again.
    Retry,
    /// For a higher id that stands itself.
    Bullied(NodeId),
    /// For a claimant that has this node's vote.
    Granted,
}

/// A reign that ends by voting for a higher id.
#[derive(Debug, Clone, Copy)]
struct HandingOver {
    from: Ballot,
    to: Ballot,
    until: Time,
}

/// The election of one node, as a state machine without clock, socket or disk.
#[derive(Debug)]
pub struct Election {
    config: ElectionConfig,
    rng: fastrand::Rng,
    started: Time,
    last_advance: Time,
    /// The vote as it will be once everything asked for is on disk.
    vote: Vote,
    /// The highest epoch seen anywhere; the next claim is above it.
    highest_epoch: Epoch,
    /// Whether the disk remembered nothing and not enough others have been heard to vote safely.
    amnesia: bool,
    persistence: Persistence,
    peers: BTreeMap<NodeId, Peer>,
    role: Role,
    /// How many probes this life has made.
    round: u64,
    /// How many tries in a row came to nothing; stretches the time of the next.
    failures: u32,
    /// Whether the missing quorum has been told since there was last a leader.
    quorum_missing_told: bool,
    leaving: bool,
    outputs: VecDeque<Output>,
    mutation: Option<Mutation>,
}

impl Election {
    /// Makes the election of a node that starts now.
    ///
    /// `remembered` is the vote found on disk; `None` says that the disk is blank. `seed` feeds
    /// the jitter of its retries. The node's port must already be open: proofs of its death are
    /// dated by it.
    #[must_use]
    pub fn new(config: ElectionConfig, remembered: Option<Vote>, seed: u64, now: Time) -> Self {
        let others = config.members.iter().copied().filter(|&id| id != config.me);
        let vote = remembered.unwrap_or_default();
        let mut election = Self {
            rng: fastrand::Rng::with_seed(seed),
            started: now,
            last_advance: now,
            vote,
            highest_epoch: vote.epoch,
            amnesia: remembered.is_none(),
            persistence: Persistence::new(remembered.is_none()),
            peers: others.map(|id| (id, Peer::default())).collect(),
            role: Role::Idle(Idle {
                until: now,
                waiting: Waiting::Retry,
            }),
            round: 0,
            failures: 0,
            quorum_missing_told: false,
            leaving: false,
            outputs: VecDeque::new(),
            mutation: None,
            config,
        };
        election.recall();
        election
    }

    /// Breaks one rule on purpose, so that the simulator can prove that it would notice.
    pub fn mutate(&mut self, mutation: Mutation) {
        self.mutation = Some(mutation);
        self.recall();
    }

    /// Takes an input; what follows from it comes out of [`Self::poll_output`].
    ///
    /// Its own deadlines are looked at first, so that a process that slept serves nobody.
    #[expect(clippy::needless_pass_by_value, reason = "an input happens once")]
    pub fn handle(&mut self, now: Time, input: Input) {
        self.advance(now);
        match input {
            Input::Message { from, message } => self.on_message(now, from, message),
            Input::Link { peer, change } => self.on_link(now, peer, change),
            Input::Persisted { sequence } => self.on_persisted(now, sequence),
            Input::Tick => {}
            Input::Shutdown => self.on_shutdown(now),
        }
        self.advance(now);
    }

    /// Returns the next thing to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when [`Input::Tick`] is due, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        if self.leaving {
            return None;
        }
        match &self.role {
            Role::Idle(idle) => Some(idle.until),
            Role::Candidate(probe) => Some(self.probe_timeout(probe)),
            Role::Claimant(claim) => Some(claim.until),
            Role::Leader(reign) => self.reign_timeout(reign),
            Role::HandingOver(handing) => Some(handing.until),
            Role::Follower(follower) => Some(follower.timeout()),
        }
    }

    /// Returns the reign under which this node may act as leader at `now`, if any.
    #[must_use]
    pub fn serving(&self, now: Time) -> Option<Ballot> {
        match &self.role {
            Role::Leader(reign) if reign.serving && self.holds_quorum(now, reign) => Some(reign.ballot),
            _ => None,
        }
    }

    /// Says whether the node's disk remembers no vote: it is new or was lost.
    #[must_use]
    pub fn blank(&self) -> bool {
        self.persistence.blank()
    }

    /// Returns the newest epoch the node has voted in or followed.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.vote.epoch
    }

    /// Shows the election as it is at `now`.
    #[must_use]
    pub fn view(&self, now: Time) -> View {
        let (role, ballot) = match &self.role {
            Role::Leader(reign) => (NodeRole::Leading, Some(reign.ballot)),
            Role::Follower(follower) => (NodeRole::Following, Some(follower.ballot)),
            Role::Idle(_) if !self.may_stand(now) => (NodeRole::Starting, None),
            Role::Idle(_) | Role::Candidate(_) | Role::Claimant(_) | Role::HandingOver(_) => {
                (NodeRole::Electing, None)
            }
        };
        View {
            role,
            ballot,
            serving: self.serving(now).is_some(),
            epoch: self.vote.epoch,
            quorum: QuorumStatus {
                policy: self.config.policy,
                needed: self.needed_to_serve(now),
                reachable: 1 + self.peers.values().filter(|peer| peer.answers()).count(),
                missing: self.missing(),
            },
            promised: match &self.role {
                Role::Leader(reign) => reign.promised(now).collect(),
                _ => BTreeSet::new(),
            },
        }
    }

    /// Acts on every deadline that has come.
    fn advance(&mut self, now: Time) {
        if self.leaving {
            return;
        }
        self.last_advance = now;
        self.recall();
        match &self.role {
            Role::Idle(idle) if now >= idle.until => self.idle_ended(now, *idle),
            Role::Candidate(_) => self.advance_probe(now),
            Role::Claimant(_) => self.advance_claim(now),
            Role::Leader(_) => self.advance_reign(now),
            Role::HandingOver(handing) if now >= handing.until => self.handover_failed(now, *handing),
            Role::Idle(_) | Role::HandingOver(_) => {}
            Role::Follower(_) => self.advance_follower(now),
        }
    }

    fn on_message(&mut self, now: Time, from: NodeId, message: ElectionMessage) {
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        peer.silent = false;
        if self.leaving {
            return;
        }
        match message {
            ElectionMessage::Election { round } => self.on_election(now, from, round),
            ElectionMessage::Answer { verdict, epoch, .. } => self.on_answer(now, from, verdict, epoch),
            ElectionMessage::Claim { ballot, handover } => self.on_claim(now, from, ballot, handover),
            ElectionMessage::Grant { ballot, verdict } => self.on_grant(now, from, ballot, verdict),
            ElectionMessage::Coordinator {
                ballot,
                leader_time,
                handover,
            } => self.on_coordinator(now, from, ballot, leader_time, handover),
            ElectionMessage::Heartbeat { ballot } => self.on_heartbeat(now, from, ballot),
            ElectionMessage::HeartbeatAck { ballot, leader_time } => {
                self.on_heartbeat_ack(now, from, ballot, leader_time);
            }
            ElectionMessage::Promise { ballot, leader_time } => {
                self.on_promise(now, from, ballot, leader_time);
            }
            ElectionMessage::Handover { ballot, from: reign } => self.on_handover(now, from, ballot, reign),
            ElectionMessage::Resign { ballot, leaving } => self.on_resign(now, from, ballot, leaving),
            ElectionMessage::Stale { epoch } => self.on_stale(now, epoch),
        }
    }

    fn on_link(&mut self, now: Time, id: NodeId, change: LinkChange) {
        let could_stand = self.may_stand(now);
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.learn(now, change) {
            self.forget_promise_of(id);
        }
        self.recall();
        if !could_stand && self.may_stand(now) {
            self.retry_now(now);
        }
        match change {
            LinkChange::Up { epoch, .. } => {
                self.highest_epoch = self.highest_epoch.max(epoch);
                self.peer_up(now, id);
            }
            LinkChange::Refused { .. } if self.proof(now, id).is_some() => self.peer_dead(now, id),
            LinkChange::Silent if self.mutated(Mutation::SilenceIsProof) => self.peer_dead(now, id),
            LinkChange::Refused { .. }
            | LinkChange::Silent
            | LinkChange::Greeted { .. }
            | LinkChange::Accepted
            | LinkChange::Closed => {}
        }
    }

    /// A peer can be spoken to: says at once what it would otherwise ask for.
    fn peer_up(&mut self, now: Time, id: NodeId) {
        match &mut self.role {
            Role::Leader(reign) => {
                let coordinator = reign.coordinator(now);
                self.send(id, coordinator);
            }
            Role::Follower(follower) if follower.ballot.id == id => follower.next_heartbeat = now,
            Role::Candidate(_) => self.send(id, ElectionMessage::Election { round: self.round }),
            Role::Idle(_) => self.retry_now(now),
            Role::Claimant(_) | Role::HandingOver(_) | Role::Follower(_) => {}
        }
    }

    /// Something changed for the better: stands without waiting out the last failure.
    fn retry_now(&mut self, now: Time) {
        if let Role::Idle(idle) = &mut self.role
            && idle.waiting == Waiting::Retry
        {
            idle.until = now;
            self.failures = 0;
        }
    }

    /// A peer is proven dead: what it promised and what was promised to it is void.
    fn peer_dead(&mut self, now: Time, id: NodeId) {
        self.forget_promise_of(id);
        if matches!(&self.role, Role::Follower(follower) if follower.ballot.id == id) {
            self.suspect(now, SuspicionReason::Refused);
        }
    }

    fn on_shutdown(&mut self, now: Time) {
        self.leaving = true;
        match &self.role {
            Role::Leader(reign) => {
                let ballot = reign.ballot;
                self.resign(now, ballot, StepDownReason::Stopping);
            }
            Role::HandingOver(handing) => {
                let ballot = handing.from;
                self.resign(now, ballot, StepDownReason::Stopping);
            }
            Role::Idle(_) | Role::Candidate(_) | Role::Claimant(_) | Role::Follower(_) => {}
        }
    }

    fn idle_ended(&mut self, now: Time, idle: Idle) {
        match idle.waiting {
            Waiting::Retry => {}
            Waiting::Bullied(by) => {
                if let Some(peer) = self.peers.get_mut(&by) {
                    peer.failed_to_lead = self.mutation != Some(Mutation::DeferForEver);
                }
            }
            Waiting::Granted => self.failures += 1,
        }
        self.stand(now);
    }

    /// Whether the node may vote and stand: it remembers enough, and its restart is behind it.
    fn may_stand(&self, now: Time) -> bool {
        !self.leaving && !self.amnesia && !self.in_grace(now) && !self.abstains(now)
    }

    /// When the node may stand, as far as time alone decides it.
    fn may_stand_from(&self) -> Time {
        let timing = &self.config.timing;
        self.started + timing.startup_grace.max(timing.promise())
    }

    /// In its start-up grace a node counts everybody; the grace ends when everybody has been heard.
    fn in_grace(&self, now: Time) -> bool {
        let everybody_heard = self.peers.values().all(|peer| peer.heard);
        !everybody_heard && now < self.started + self.config.timing.startup_grace
    }

    /// A node that restarted has forgotten its promise, and abstains until it cannot run any more.
    fn abstains(&self, now: Time) -> bool {
        let everybody_known = self.peers.values().all(|peer| peer.heard || peer.refused_once);
        !everybody_known
            && now < self.started + self.config.timing.promise()
            && !self.mutated(Mutation::ForgetsPromise)
    }

    /// Ends the amnesia of a blank disk as soon as what it forgot can no longer do harm.
    ///
    /// Among n − Q + 1 others is one of every quorum that this node may have voted in; and where a
    /// whole quorum is blank, nothing was ever voted.
    fn recall(&mut self) {
        if !self.amnesia {
            return;
        }
        let members = self.config.members.len();
        let majority = members / 2 + 1;
        let heard = self.peers.values().filter(|peer| peer.heard).count();
        let blank = 1 + self
            .peers
            .values()
            .filter(|peer| peer.heard && peer.blank)
            .count();
        if heard > members - majority || blank >= majority || self.mutated(Mutation::AmnesiaVotes) {
            self.amnesia = false;
            if self.highest_epoch > self.vote.epoch && !self.mutated(Mutation::AmnesiaVotes) {
                self.vote = Vote {
                    epoch: self.highest_epoch,
                    voted_for: None,
                };
            }
        }
    }

    /// Since when the peer's port has been refusing connections without a gap, if it does now.
    fn proof(&self, now: Time, id: NodeId) -> Option<Time> {
        let peer = self.peers.get(&id)?;
        let silence_counts = self.mutated(Mutation::SilenceIsProof) && !peer.answers();
        peer.proof(now).or(silence_counts.then_some(Time::ZERO))
    }

    /// How many nodes a quorum has when `dead` of them do not count.
    fn quorum_without(&self, dead: usize) -> usize {
        if self.mutated(Mutation::NoQuorum) {
            return 1;
        }
        (self.config.members.len() - dead) / 2 + 1
    }

    /// How many nodes, the leader included, must hold promises for it to serve.
    fn needed_to_serve(&self, now: Time) -> usize {
        self.quorum_without(self.dead_since(now, now).count())
    }

    /// The members whose proofs of death count and have held since `since`.
    fn dead_since(&self, now: Time, since: Time) -> impl Iterator<Item = NodeId> {
        let counts = self.config.policy == QuorumPolicy::Live && !self.in_grace(now);
        let dead = move |id: &NodeId| counts && self.proof(now, *id).is_some_and(|began| began <= since);
        self.peers.keys().copied().filter(dead)
    }

    /// The members that can neither be spoken to nor, where that counts, are proven dead.
    fn missing(&self) -> Vec<NodeId> {
        self.peers
            .iter()
            .filter(|(_, peer)| !peer.answers())
            .map(|(&id, _)| id)
            .collect()
    }

    /// Whether a ballot is none that this node has already left behind.
    fn is_current(&self, ballot: Ballot) -> bool {
        (ballot.epoch, Some(ballot.id)) >= (self.vote.epoch, self.vote.voted_for)
    }

    /// The reign that a promise binds the node to now.
    fn binding(&self, now: Time) -> Option<Ballot> {
        match &self.role {
            Role::Follower(follower) if follower.promised_until > now => Some(follower.ballot),
            _ => None,
        }
    }

    /// The time of the next try: doubled for every failure in a row, with jitter.
    fn retry_after(&mut self, now: Time, base: Duration) -> Time {
        let stretched = base
            .saturating_mul(1 << self.failures.min(10))
            .min(RETRY_TIME_MAX);
        now + stretched.mul_f64(1.0 + self.rng.f64() / 2.0)
    }

    fn send(&mut self, to: NodeId, message: ElectionMessage) {
        self.outputs.push_back(Output::Send { to, message });
    }

    fn send_to_all(&mut self, message: ElectionMessage) {
        let linked = self.peers.iter().filter(|(_, peer)| peer.linked);
        for (&to, _) in linked {
            self.outputs.push_back(Output::Send { to, message });
        }
    }

    fn publish(&mut self, fact: Fact) {
        self.outputs.push_back(Output::Publish(fact));
    }

    fn mutated(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }
}
