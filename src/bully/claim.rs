//! Claiming: the binding votes, asked for and given.

use std::collections::BTreeSet;

use super::election::{Role, Waiting};
use super::{CLAIM_TIME, COORDINATOR_WAIT, Election, Mutation, Vote};
use crate::event::{Fact, StepDownReason};
use crate::id::{Ballot, NodeId};
use crate::protocol::{ElectionMessage, GrantVerdict};
use crate::time::Time;

/// A claim under way.
#[derive(Debug)]
pub(super) struct Claim {
    ballot: Ballot,
    /// The reign that ended by voting for this one.
    handover: Option<Ballot>,
    /// Who voted for it, besides the claimant.
    grants: BTreeSet<NodeId>,
    /// Who has answered the probe or the claim: alive, whatever it said.
    heard: BTreeSet<NodeId>,
    /// The claimant's own vote counts when this is on disk.
    own_vote: u64,
    /// When the claim has failed.
    pub(super) until: Time,
}

impl Claim {
    /// Whether it is to continue one's own reign under a newer epoch.
    pub(super) fn continues(&self, reign: Ballot) -> bool {
        self.handover == Some(reign)
    }
}

impl Election {
    /// Votes for itself in a new epoch and asks the others to.
    ///
    /// `heard` answered the probe before; `handover` is the reign that voted for this one already.
    pub(super) fn claim(&mut self, now: Time, heard: BTreeSet<NodeId>, handover: Option<(Ballot, Ballot)>) {
        let (ballot, from) = match handover {
            Some((ballot, from)) => (ballot, Some(from)),
            None => (
                Ballot {
                    epoch: self.highest_epoch.max(self.vote.epoch).next(),
                    id: self.config.me,
                },
                None,
            ),
        };
        self.vote_for(ballot);
        let until = self.retry_after(now, CLAIM_TIME);
        self.role = Role::Claimant(Claim {
            ballot,
            handover: from,
            grants: from
                .into_iter()
                .map(|from| from.id)
                .filter(|&id| id != self.config.me)
                .collect(),
            heard,
            own_vote: self.persistence.asked(),
            until,
        });
        self.publish(Fact::ClaimStarted { ballot });
        let linked: Vec<NodeId> = self.linked().collect();
        for to in linked {
            self.send_when_persisted(
                to,
                ElectionMessage::Claim {
                    ballot,
                    handover: from,
                },
            );
        }
    }

    fn linked(&self) -> impl Iterator<Item = NodeId> {
        self.peers
            .iter()
            .filter(|(_, peer)| peer.linked)
            .map(|(&id, _)| id)
    }

    /// Casts the one vote of an epoch, on its way to the disk.
    pub(super) fn vote_for(&mut self, ballot: Ballot) {
        self.vote = Vote::of(ballot);
        self.persist_vote();
        self.publish(Fact::Voted { ballot });
    }

    pub(super) fn on_claim(&mut self, now: Time, from: NodeId, ballot: Ballot, handover: Option<Ballot>) {
        if ballot.id != from {
            return;
        }
        self.highest_epoch = self.highest_epoch.max(ballot.epoch);
        if !self.awaits(ballot) {
            if !self.may_grant(now, ballot, handover) {
                let verdict = GrantVerdict::Refused {
                    epoch: self.highest_epoch,
                };
                self.send(from, ElectionMessage::Grant { ballot, verdict });
                return;
            }
            self.vote_for(ballot);
            self.idle(now + COORDINATOR_WAIT, Waiting::Granted);
        }
        let verdict = GrantVerdict::Granted;
        self.send_when_persisted(from, ElectionMessage::Grant { ballot, verdict });
    }

    /// Whether this node's vote for the claim is cast already, and nothing has come of it yet.
    fn awaits(&self, ballot: Ballot) -> bool {
        match &self.role {
            Role::Idle(idle) => idle.waiting == Waiting::Granted && self.vote == Vote::of(ballot),
            Role::HandingOver(handing) => handing.to == ballot,
            Role::Candidate(_) | Role::Claimant(_) | Role::Leader(_) | Role::Follower(_) => false,
        }
    }

    fn may_grant(&self, now: Time, ballot: Ballot, handover: Option<Ballot>) -> bool {
        let bound = self.binding(now).is_some_and(|promised| {
            // Its own promised leader claims anew: whoever claims no longer leads.
            handover != Some(promised) && promised.id != ballot.id
        });
        let leads = matches!(self.role, Role::Leader(_) | Role::HandingOver(_));
        let new_epoch = ballot.epoch > self.vote.epoch
            || (self.mutated(Mutation::DoubleVote) && ballot.epoch == self.vote.epoch);
        self.may_stand(now) && !bound && !leads && new_epoch
    }

    pub(super) fn on_grant(&mut self, now: Time, from: NodeId, ballot: Ballot, verdict: GrantVerdict) {
        let Role::Claimant(claim) = &mut self.role else {
            return;
        };
        if claim.ballot != ballot {
            return;
        }
        claim.heard.insert(from);
        match verdict {
            GrantVerdict::Granted => {
                claim.grants.insert(from);
            }
            GrantVerdict::Refused { epoch } => self.highest_epoch = self.highest_epoch.max(epoch),
        }
        self.advance_claim(now);
    }

    /// Leads if a quorum has voted for it, gives up if it took too long.
    pub(super) fn advance_claim(&mut self, now: Time) {
        let Role::Claimant(claim) = &self.role else {
            return;
        };
        let own_vote = self.persistence.is_done(claim.own_vote);
        if own_vote
            && claim.grants.len() + 1
                >= self.needed_to_claim(now, claim.heard.len(), |id| claim.heard.contains(&id))
        {
            let mut grants: Vec<NodeId> = claim.grants.iter().copied().collect();
            grants.push(self.config.me);
            grants.sort_unstable();
            self.lead(now, claim.ballot, claim.handover, grants);
        } else if now >= claim.until {
            if let Some(from) = claim.handover.filter(|from| from.id == self.config.me) {
                self.resign(now, from, StepDownReason::HandoverFailed);
            } else {
                self.idle_and_retry(now);
            }
        }
    }

    /// The leader has voted for this node: claims with that vote.
    pub(super) fn on_handover(&mut self, now: Time, from: NodeId, ballot: Ballot, reign: Ballot) {
        let follows = matches!(&self.role, Role::Follower(follower) if follower.ballot == reign);
        let meant = ballot.id == self.config.me && reign.id == from && ballot.epoch > self.vote.epoch;
        if meant && follows && self.may_stand(now) {
            self.claim(now, BTreeSet::from([from]), Some((ballot, reign)));
        }
    }
}
