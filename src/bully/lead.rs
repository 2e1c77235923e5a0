//! Leading: promises that give the right to serve, and the ways a reign ends.

use std::collections::BTreeSet;

use super::election::{HandingOver, Role};
use super::promises::Promises;
use super::{ANSWER_TIME, CLAIM_TIME, COORDINATOR_WAIT, Election};
use crate::event::{Fact, StepDownReason};
use crate::id::{Ballot, Epoch, NodeId};
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// To whom a leader hands over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heirs {
    /// To a higher id that is in sync.
    Higher,
    /// To whoever is in sync: this node keeps nothing more, so anybody leads better.
    All,
}

/// A leader's side of its reign.
#[derive(Debug)]
pub(super) struct Reign {
    pub(super) ballot: Ballot,
    /// The reign it took over by handover.
    handover: Option<Ballot>,
    /// Whether it held a quorum of promises when it last looked.
    pub(super) serving: bool,
    promises: Promises,
    /// When to step down unless a quorum promises; only while it serves nobody.
    step_down_at: Option<Time>,
}

impl Reign {
    /// The message that says who leads and asks for a promise.
    pub(super) fn coordinator(&self, now: Time) -> ElectionMessage {
        ElectionMessage::Coordinator {
            ballot: self.ballot,
            leader_time: now,
            handover: self.handover,
        }
    }

    /// The workers whose promises run.
    pub(super) fn promised(&self, now: Time) -> impl Iterator<Item = NodeId> {
        self.promises.of(now)
    }
}

impl Election {
    pub(super) fn lead(&mut self, now: Time, ballot: Ballot, handover: Option<Ballot>, grants: Vec<NodeId>) {
        self.failures = 0;
        self.quorum_missing_told = false;
        for peer in self.peers.values_mut() {
            peer.failed_to_lead = false;
            peer.stable_since = None;
            peer.in_sync = false;
        }
        let reign = Reign {
            ballot,
            handover,
            serving: false,
            promises: Promises::default(),
            step_down_at: Some(now + COORDINATOR_WAIT),
        };
        let coordinator = reign.coordinator(now);
        self.role = Role::Leader(reign);
        self.publish(Fact::BecameLeader { ballot, grants });
        self.send_to_all(coordinator);
        self.advance_reign(now);
    }

    pub(super) fn on_heartbeat(&mut self, now: Time, from: NodeId, ballot: Ballot) {
        if ballot.id != self.config.me {
            return;
        }
        let message = match &self.role {
            Role::Leader(reign) if reign.ballot == ballot => ElectionMessage::HeartbeatAck {
                ballot,
                leader_time: now,
            },
            Role::Leader(reign) => reign.coordinator(now),
            Role::Claimant(claim) if claim.continues(ballot) => return,
            Role::HandingOver(_) => return,
            Role::Claimant(_) | Role::Idle(_) | Role::Candidate(_) | Role::Follower(_) => {
                self.disown(from, ballot);
                return;
            }
        };
        self.send(from, message);
    }

    /// Says of a reign of one's own that it is over.
    pub(super) fn disown(&mut self, to: NodeId, ballot: Ballot) {
        let leads = matches!(&self.role, Role::Leader(reign) if reign.ballot == ballot);
        if !leads {
            let leaving = self.leaving;
            self.send(to, ElectionMessage::Resign { ballot, leaving });
        }
    }

    pub(super) fn on_promise(&mut self, now: Time, from: NodeId, ballot: Ballot, leader_time: Time) {
        let Role::Leader(reign) = &mut self.role else {
            return;
        };
        if reign.ballot != ballot || leader_time > now {
            return;
        }
        reign.promises.count(from, leader_time, &self.config.timing);
        if let Some(peer) = self.peers.get_mut(from) {
            peer.stable_since.get_or_insert(now);
        }
        self.advance_reign(now);
    }

    /// A worker says whether it could serve what this node serves: only then may it take over.
    pub(super) fn on_sync(&mut self, now: Time, from: NodeId, in_sync: bool) {
        if from == self.config.me {
            self.heirs = if in_sync { Heirs::Higher } else { Heirs::All };
            self.advance_reign(now);
        }
        if let Some(peer) = self.peers.get_mut(from) {
            peer.in_sync = in_sync && matches!(self.role, Role::Leader(_));
        }
    }

    /// A process that restarted or died keeps no promise.
    pub(super) fn forget_promise_of(&mut self, id: NodeId) {
        if let Role::Leader(reign) = &mut self.role {
            reign.promises.remove(id);
        }
    }

    /// Whether the promises of a quorum run.
    pub(super) fn holds_quorum(&self, now: Time, reign: &Reign) -> bool {
        1 + reign.promises.running(now) >= self.needed_to_serve(now)
    }

    pub(super) fn advance_reign(&mut self, now: Time) {
        self.drop_lapsed_promises(now);
        self.ask_for_overdue_heartbeats(now);
        let Role::Leader(reign) = &self.role else {
            return;
        };
        let (ballot, held) = (reign.ballot, self.holds_quorum(now, reign));
        match (reign.serving, held) {
            (false, true) => self.start_serving(ballot),
            (true, false) => self.stop_serving(now, ballot),
            (false, false) if reign.step_down_at.is_some_and(|at| now >= at) => {
                self.resign(now, ballot, StepDownReason::QuorumLost);
            }
            (false, false) => {}
            (true, true) => self.hand_over_if_due(now),
        }
    }

    fn start_serving(&mut self, ballot: Ballot) {
        if let Role::Leader(reign) = &mut self.role {
            reign.serving = true;
            reign.step_down_at = None;
        }
        self.publish(Fact::ServingStarted { ballot });
    }

    fn stop_serving(&mut self, now: Time, ballot: Ballot) {
        if let Role::Leader(reign) = &mut self.role {
            reign.serving = false;
            reign.step_down_at = Some(now + 2 * ANSWER_TIME);
            let coordinator = reign.coordinator(now);
            self.send_to_all(coordinator);
        }
        self.publish(Fact::ServingStopped { ballot });
    }

    fn drop_lapsed_promises(&mut self, now: Time) {
        let Role::Leader(reign) = &mut self.role else {
            return;
        };
        for id in reign.promises.drop_lapsed(now) {
            if let Some(peer) = self.peers.get_mut(id) {
                peer.lose(now);
            }
        }
    }

    fn ask_for_overdue_heartbeats(&mut self, now: Time) {
        let Role::Leader(reign) = &mut self.role else {
            return;
        };
        let coordinator = reign.coordinator(now);
        for id in reign.promises.ask_overdue(now) {
            self.send(id, coordinator);
        }
    }

    pub(super) fn reign_timeout(&self, reign: &Reign) -> Option<Time> {
        let proofs = self.peers.refusing().filter_map(|(_, peer)| peer.proof_until());
        let proofs = proofs.filter(|&until| until > self.last_advance);
        let takeover = reign.serving.then(|| self.next_takeover()).flatten();
        proofs
            .chain(reign.promises.next_deadline())
            .chain(takeover)
            .chain(reign.step_down_at)
            .min()
    }

    /// Who may take over next, and when: the highest id in sync, unless a still higher one soon may.
    ///
    /// From a leader that keeps nothing more anybody may; it gets nothing back before it is in sync.
    fn takeovers(&self) -> impl DoubleEndedIterator<Item = (NodeId, Time)> {
        let after = self.config.timing.takeover_after;
        let heirs = match self.heirs {
            Heirs::Higher => self.peers.above(self.config.me),
            Heirs::All => self.peers.in_order(),
        };
        heirs.filter_map(move |(&id, peer)| {
            let at = peer
                .may_take_over_at(after)
                .filter(|_| peer.linked && !peer.leaving && peer.in_sync)?;
            Some((id, at))
        })
    }

    fn next_takeover(&self) -> Option<Time> {
        let next = self.takeovers().map(|(_, at)| at).min()?;
        Some(next.max(self.last_advance + ANSWER_TIME))
    }

    fn hand_over_if_due(&mut self, now: Time) {
        let soon = now + self.config.timing.takeover_after;
        let heir = self.takeovers().rev().find(|&(_, at)| at <= soon);
        if let Some((heir, at)) = heir
            && at <= now
        {
            self.hand_over_to(now, heir);
        }
    }

    /// Ends the reign by voting for the heir.
    fn hand_over_to(&mut self, now: Time, heir: NodeId) {
        let Role::Leader(reign) = &self.role else {
            return;
        };
        let from = reign.ballot;
        let to = Ballot {
            epoch: self.highest_epoch.max(from.epoch).next(),
            id: heir,
        };
        self.vote_for(to);
        self.role = Role::HandingOver(HandingOver {
            from,
            to,
            until: now + 2 * CLAIM_TIME,
        });
        self.publish(Fact::HandoverStarted { ballot: to });
        self.send_when_persisted(heir, ElectionMessage::Handover { ballot: to, from });
    }

    /// The heir did not lead in time: ends the reign for good, and trusts the heir less.
    pub(super) fn handover_failed(&mut self, now: Time, handing: HandingOver) {
        if let Some(peer) = self.peers.get_mut(handing.to.id) {
            peer.lose(now);
        }
        self.resign(now, handing.from, StepDownReason::HandoverFailed);
    }

    /// Somebody has voted in a newer epoch and cannot follow this reign.
    ///
    /// A leader that serves begins a newer reign of its own, which everybody can follow; one that
    /// does not serve has been left behind.
    pub(super) fn on_stale(&mut self, now: Time, epoch: Epoch) {
        self.highest_epoch = self.highest_epoch.max(epoch);
        let Role::Leader(reign) = &self.role else {
            return;
        };
        let from = reign.ballot;
        if epoch < from.epoch {
            return;
        }
        if self.serving(now).is_some() {
            let ballot = Ballot {
                epoch: self.highest_epoch.next(),
                id: self.config.me,
            };
            self.claim(now, BTreeSet::new(), Some((ballot, from)));
        } else {
            self.resign(now, from, StepDownReason::Superseded { epoch });
        }
    }

    /// Ends one's own reign: its promises are void.
    pub(super) fn resign(&mut self, now: Time, ballot: Ballot, reason: StepDownReason) {
        let leaving = self.leaving;
        self.send_to_all(ElectionMessage::Resign { ballot, leaving });
        self.publish(Fact::SteppedDown { ballot, reason });
        self.idle_and_retry(now);
    }
}
