//! What a change of the connection to a peer means: life, death, or a reason to ask again.

use super::election::{Role, Waiting};
use super::{EPOCH_LEAP_MAX, Election, LinkChange};
use crate::event::SuspicionReason;
use crate::id::NodeId;
use crate::protocol::ElectionMessage;
use crate::time::Time;

impl Election {
    pub(super) fn on_link(&mut self, now: Time, id: NodeId, change: LinkChange) {
        let could_stand = self.may_stand(now);
        let remembers = !self.blank();
        if self.peers.get(id).is_none() {
            return;
        }
        if let LinkChange::Up { epoch, .. } = change
            && epoch.0 <= self.highest_epoch.0.saturating_add(EPOCH_LEAP_MAX)
        {
            self.highest_epoch = self.highest_epoch.max(epoch);
        }
        if let LinkChange::Up { blank, .. } = change
            && let Some(peer) = self.peers.get_mut(id)
        {
            peer.forgetful = blank && remembers;
        }
        if self.peers.learn(now, id, change) {
            self.forget_promise_of(id);
        }
        self.recall();
        if !could_stand && self.may_stand(now) {
            self.retry_now(now);
        }
        match change {
            LinkChange::Up { .. } => self.peer_up(now, id),
            LinkChange::Refused { .. } if self.proof(now, id).is_some() => self.peer_dead(now, id),
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

    /// A peer is proven dead: what it promised, what was promised to it and what it was to do is void.
    fn peer_dead(&mut self, now: Time, id: NodeId) {
        self.forget_promise_of(id);
        match &mut self.role {
            Role::Follower(follower) if follower.ballot.id == id => {
                self.suspect(now, SuspicionReason::Refused);
            }
            Role::Idle(idle) if idle.waiting.is_for(id, self.vote) => idle.until = now,
            Role::Idle(_)
            | Role::Candidate(_)
            | Role::Claimant(_)
            | Role::Leader(_)
            | Role::HandingOver(_)
            | Role::Follower(_) => {}
        }
    }
}
