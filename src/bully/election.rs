//! One node's election: what it holds, and how an input finds its rule.

use std::collections::VecDeque;
use std::time::Duration;

use super::claim::Claim;
use super::follow::Follower;
use super::lead::{Heirs, Reign};
use super::peers::Peers;
use super::persist::Persistence;
use super::probe::Probe;
use super::{EPOCH_LEAP_MAX, ElectionConfig, Input, Mutation, Output, RETRY_TIME_MAX, Vote};
use crate::event::{Fact, StepDownReason};
use crate::id::{Ballot, Epoch, NodeId};
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// What the node is doing in the election.
#[derive(Debug)]
pub(super) enum Role {
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
pub(super) struct Idle {
    /// When to stand.
    pub(super) until: Time,
    /// For what.
    pub(super) waiting: Waiting,
}

/// What a node without a leader waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// To be allowed to stand, or to try again.
    Retry,
    /// For a higher id that stands itself.
    Bullied(NodeId),
    /// For a claimant that has this node's vote.
    Granted,
}

impl Waiting {
    /// Whether it is that node which is waited for, `vote` being the vote that was given.
    pub(super) fn is_for(self, id: NodeId, vote: Vote) -> bool {
        match self {
            Self::Retry => false,
            Self::Bullied(by) => by == id,
            Self::Granted => vote.voted_for == Some(id),
        }
    }
}

/// A reign that ends by voting for another node.
#[derive(Debug, Clone, Copy)]
pub(super) struct HandingOver {
    pub(super) from: Ballot,
    pub(super) to: Ballot,
    pub(super) until: Time,
}

/// The election of one node, as a state machine without clock, socket or disk.
#[derive(Debug)]
pub struct Election {
    pub(super) config: ElectionConfig,
    pub(super) rng: fastrand::Rng,
    pub(super) started: Time,
    pub(super) last_advance: Time,
    /// The vote as it will be once everything asked for is on disk.
    pub(super) vote: Vote,
    /// The highest epoch seen anywhere; the next claim is above it.
    pub(super) highest_epoch: Epoch,
    /// Whether the disk remembered nothing and not enough others have been heard to vote safely.
    pub(super) amnesia: bool,
    pub(super) persistence: Persistence,
    pub(super) peers: Peers,
    pub(super) role: Role,
    /// How many probes this life has made.
    pub(super) round: u64,
    /// How many tries in a row came to nothing; stretches the time of the next.
    pub(super) failures: u32,
    /// Whether the missing quorum has been told since there was last a leader.
    pub(super) quorum_missing_told: bool,
    pub(super) leaving: bool,
    /// To whom it would hand a reign of its own over.
    pub(super) heirs: Heirs,
    pub(super) outputs: VecDeque<Output>,
    #[cfg(test)]
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
            peers: Peers::new(others),
            role: Role::Idle(Idle {
                until: now,
                waiting: Waiting::Retry,
            }),
            round: 0,
            failures: 0,
            quorum_missing_told: false,
            leaving: false,
            heirs: Heirs::Higher,
            outputs: VecDeque::new(),
            #[cfg(test)]
            mutation: None,
            config,
        };
        election.recall();
        election
    }

    /// Breaks one rule on purpose, so that the simulator can prove that it would notice.
    #[cfg(test)]
    pub(crate) fn mutate(&mut self, mutation: Mutation) {
        self.mutation = Some(mutation);
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
            Input::InSync { peer, in_sync } => self.on_sync(now, peer, in_sync),
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
        let Some(peer) = self.peers.get_mut(from) else {
            return;
        };
        peer.silent = false;
        peer.leaving = false;
        peer.forgetful &= !message.shows_a_vote();
        let sane = message.epoch() <= Epoch(self.highest_epoch.0.saturating_add(EPOCH_LEAP_MAX));
        if self.leaving || !sane {
            return;
        }
        match message {
            ElectionMessage::Election { round } => self.on_election(now, from, round),
            ElectionMessage::Answer {
                round,
                verdict,
                epoch,
            } => self.on_answer(now, from, round, verdict, epoch),
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
                let failed = !self.mutated(Mutation::DeferForEver);
                if let Some(peer) = self.peers.get_mut(by) {
                    peer.failed_to_lead = failed;
                }
            }
            Waiting::Granted => self.failures += 1,
        }
        self.stand(now);
    }

    /// Says whether a ballot is none that this node has already left behind.
    #[must_use]
    pub fn is_current(&self, ballot: Ballot) -> bool {
        (ballot.epoch, Some(ballot.id)) >= (self.vote.epoch, self.vote.voted_for)
    }

    /// The reign that a promise binds the node to now.
    pub(super) fn binding(&self, now: Time) -> Option<Ballot> {
        match &self.role {
            Role::Follower(follower) if follower.promised_until > now => Some(follower.ballot),
            _ => None,
        }
    }

    /// The time of the next try: doubled for every failure in a row, with jitter.
    pub(super) fn retry_after(&mut self, now: Time, base: Duration) -> Time {
        let stretched = base
            .saturating_mul(1 << self.failures.min(10))
            .min(RETRY_TIME_MAX);
        now + stretched.mul_f64(1.0 + self.rng.f64() / 2.0)
    }

    pub(super) fn send(&mut self, to: NodeId, message: ElectionMessage) {
        self.outputs.push_back(Output::Send { to, message });
    }

    pub(super) fn send_to_all(&mut self, message: ElectionMessage) {
        let linked = self.peers.iter().filter(|(_, peer)| peer.linked);
        for (&to, _) in linked {
            self.outputs.push_back(Output::Send { to, message });
        }
    }

    pub(super) fn publish(&mut self, fact: Fact) {
        self.outputs.push_back(Output::Publish(fact));
    }

    /// Whether a rule is broken on purpose; never outside tests.
    #[cfg(test)]
    pub(super) fn mutated(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Whether a rule is broken on purpose; never outside tests.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "the same call as in tests")]
    pub(super) const fn mutated(&self, _: Mutation) -> bool {
        false
    }
}
