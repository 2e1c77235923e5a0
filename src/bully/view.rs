//! What an election shows of itself to whoever asks.

use std::collections::BTreeSet;

use super::election::Role;
use super::{Election, View};
use crate::id::Ballot;
use crate::protocol::{NodeRole, QuorumStatus};
use crate::time::Time;

impl Election {
    /// Returns what the node is at `now`, and the reign it leads or follows.
    #[must_use]
    pub fn position(&self, now: Time) -> (NodeRole, Option<Ballot>) {
        match &self.role {
            Role::Leader(reign) => (NodeRole::Leading, Some(reign.ballot)),
            Role::Follower(follower) => (NodeRole::Following, Some(follower.ballot)),
            Role::Idle(_) if !self.may_stand(now) => (NodeRole::Starting, None),
            Role::Idle(_) | Role::Candidate(_) | Role::Claimant(_) | Role::HandingOver(_) => {
                (NodeRole::Electing, None)
            }
        }
    }

    /// Shows the election as it is at `now`.
    #[must_use]
    pub fn view(&self, now: Time) -> View {
        let (role, ballot) = self.position(now);
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
            in_touch: self.in_touch(now),
            promised: match &self.role {
                Role::Leader(reign) => reign.promised(now).collect(),
                _ => BTreeSet::new(),
            },
        }
    }
}
