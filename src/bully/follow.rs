//! Following: heartbeats to the leader, the promise they renew, and what ends it.

use super::election::Role;
use super::{Election, Vote};
use crate::event::{Fact, StepDownReason, SuspicionReason};
use crate::id::{Ballot, NodeId};
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// A worker's side of a reign.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) ballot: Ballot,
    /// When the leader last said that it leads.
    pub(super) heard: Time,
    /// Until when a promise binds it neither to vote nor to stand against the leader.
    pub(super) promised_until: Time,
    /// When the next heartbeat goes out; sooner again while one is unanswered.
    pub(super) next_heartbeat: Time,
    /// When the oldest unanswered heartbeat went out.
    unanswered_since: Option<Time>,
}

impl Follower {
    pub(super) fn timeout(&self) -> Time {
        self.next_heartbeat.min(self.promised_until)
    }
}

impl Election {
    pub(super) fn advance_follower(&mut self, now: Time) {
        let resend_after = self.config.timing.heartbeat_timeout / 4;
        if self.binding(now).is_none() {
            self.suspect(now, SuspicionReason::NoAnswer);
            return;
        }
        let Role::Follower(follower) = &mut self.role else {
            return;
        };
        if now >= follower.next_heartbeat {
            follower.unanswered_since.get_or_insert(now);
            follower.next_heartbeat = now + resend_after;
            let (leader, heartbeat) = (
                follower.ballot.id,
                ElectionMessage::Heartbeat {
                    ballot: follower.ballot,
                },
            );
            self.send(leader, heartbeat);
        }
    }

    /// The leader is gone: elects.
    pub(super) fn suspect(&mut self, now: Time, reason: SuspicionReason) {
        let Role::Follower(follower) = &self.role else {
            return;
        };
        let leader = follower.ballot.id;
        if let Some(peer) = self.peers.get_mut(leader)
            && reason == SuspicionReason::NoAnswer
        {
            peer.silent = true;
            peer.lose(now);
        }
        self.failures = 0;
        self.publish(Fact::LeaderSuspected { leader, reason });
        self.stand(now);
    }

    pub(super) fn on_coordinator(
        &mut self,
        now: Time,
        from: NodeId,
        ballot: Ballot,
        leader_time: Time,
        handover: Option<Ballot>,
    ) {
        // What a dead process said last can arrive after the proof of its death.
        if ballot.id != from || self.amnesia || self.proof(now, from).is_some() {
            return;
        }
        if !self.is_current(ballot) {
            let epoch = self.vote.epoch;
            self.send(from, ElectionMessage::Stale { epoch });
            return;
        }
        // Whoever leads anew no longer leads the reign that was promised to.
        let bound = self
            .binding(now)
            .is_some_and(|promised| promised.id != from && handover != Some(promised));
        if !bound {
            self.follow(now, ballot, leader_time);
        }
    }

    pub(super) fn on_heartbeat_ack(&mut self, now: Time, from: NodeId, ballot: Ballot, leader_time: Time) {
        self.on_coordinator(now, from, ballot, leader_time, None);
    }

    /// Promises, or renews the promise, to follow.
    fn follow(&mut self, now: Time, ballot: Ballot, leader_time: Time) {
        if !matches!(&self.role, Role::Follower(follower) if follower.ballot == ballot) {
            self.end_own_reign(ballot);
            self.join(now, ballot);
        }
        let timing = self.config.timing;
        if let Role::Follower(follower) = &mut self.role {
            let sent = follower.unanswered_since.take();
            follower.heard = now;
            follower.promised_until = now + timing.promise();
            follower.next_heartbeat = sent.unwrap_or(now) + timing.heartbeat_interval;
            if let Some(sent) = sent {
                let after_us = u64::try_from(now.since(sent).as_micros()).unwrap_or(u64::MAX);
                let leader = ballot.id;
                self.publish(Fact::HeartbeatAnswered { leader, after_us });
            }
        }
        self.send_when_persisted(ballot.id, ElectionMessage::Promise { ballot, leader_time });
    }

    /// Begins to follow a reign.
    fn join(&mut self, now: Time, ballot: Ballot) {
        let vote = Vote::of(ballot);
        if self.vote != vote {
            self.vote = vote;
            self.persist_vote();
        }
        self.failures = 0;
        self.quorum_missing_told = false;
        for peer in self.peers.values_mut() {
            peer.failed_to_lead = false;
        }
        self.role = Role::Follower(Follower {
            ballot,
            heard: now,
            promised_until: now,
            next_heartbeat: now + self.config.timing.heartbeat_interval,
            unanswered_since: None,
        });
        self.publish(Fact::Following { ballot });
    }

    /// A newer reign ends one's own.
    fn end_own_reign(&mut self, newer: Ballot) {
        let (ballot, reason) = match &self.role {
            Role::Leader(reign) => (reign.ballot, StepDownReason::Superseded { epoch: newer.epoch }),
            Role::HandingOver(handing) => (handing.from, StepDownReason::HandedOver),
            Role::Idle(_) | Role::Candidate(_) | Role::Claimant(_) | Role::Follower(_) => return,
        };
        self.publish(Fact::SteppedDown { ballot, reason });
    }

    pub(super) fn on_resign(&mut self, now: Time, from: NodeId, ballot: Ballot, leaving: bool) {
        if ballot.id != from {
            return;
        }
        if let Some(peer) = self.peers.get_mut(from) {
            peer.leaving |= leaving;
        }
        if matches!(&self.role, Role::Follower(follower) if follower.ballot == ballot) {
            self.suspect(now, SuspicionReason::Resigned);
        }
    }
}
