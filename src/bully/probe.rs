//! Probing: who is there, and may I stand?
//!
//! A probe asks every reachable node. It ends in a claim when a quorum supports it and every higher
//! id is out of the way: dead, silent, leaving, or having bullied before without leading.

use super::answers::Answers;
use super::election::{Idle, Role, Waiting};
use super::{ANSWER_TIME, COORDINATOR_WAIT, Election, RETRY_TIME, RETRY_TIME_MAX};
use crate::event::Fact;
use crate::id::{Epoch, NodeId};
use crate::protocol::{AnswerVerdict, ElectionMessage};
use crate::time::Time;

/// A probe under way.
#[derive(Debug)]
pub(super) struct Probe {
    /// The first probe since the node began to stand; answers to earlier ones are stale.
    first_round: u64,
    answers: Answers,
    /// When who has not answered counts as silent.
    answers_until: Time,
    /// When to ask again.
    retry_at: Time,
}

impl Election {
    /// Stands for election if the node may, and otherwise waits until it may.
    pub(super) fn stand(&mut self, now: Time) {
        if !self.may_stand(now) {
            self.idle_until_allowed(now);
            return;
        }
        self.start_probe(now, Answers::default());
    }

    /// Asks everybody, with answers that are known already.
    fn start_probe(&mut self, now: Time, answers: Answers) {
        self.round += 1;
        let retry_at = self.retry_after(now, RETRY_TIME);
        let first_round = match &self.role {
            Role::Candidate(probe) => probe.first_round,
            _ => self.round,
        };
        self.role = Role::Candidate(Probe {
            first_round,
            answers,
            answers_until: now + ANSWER_TIME,
            retry_at,
        });
        self.publish(Fact::ElectionStarted { round: self.round });
        self.send_to_all(ElectionMessage::Election { round: self.round });
        self.advance_probe(now);
    }

    fn idle_until_allowed(&mut self, now: Time) {
        let allowed = self.may_stand_from();
        self.role = Role::Idle(Idle {
            until: if allowed > now {
                allowed
            } else {
                now + RETRY_TIME_MAX
            },
            waiting: Waiting::Retry,
        });
    }

    /// Waits for a time without standing.
    pub(super) fn idle(&mut self, until: Time, waiting: Waiting) {
        self.role = Role::Idle(Idle { until, waiting });
    }

    /// Tries again later; later still if tries keep failing.
    pub(super) fn idle_and_retry(&mut self, now: Time) {
        let until = self.retry_after(now, RETRY_TIME);
        self.failures += 1;
        self.idle(until, Waiting::Retry);
    }

    pub(super) fn on_election(&mut self, now: Time, from: NodeId, round: u64) {
        let verdict = self.verdict_for(now, from);
        let answer = ElectionMessage::Answer {
            round,
            verdict,
            epoch: self.highest_epoch,
        };
        self.send(from, answer);
        match verdict {
            AnswerVerdict::LeaderAlive(_) => self.remind(now, from),
            AnswerVerdict::Support => self.yield_to(now, from),
            AnswerVerdict::Bully => self.bully(now, from),
            AnswerVerdict::NotYet => {}
        }
    }

    /// A leader that is asked who leads asks for a promise.
    fn remind(&mut self, now: Time, asker: NodeId) {
        if let Role::Leader(reign) = &self.role {
            let coordinator = reign.coordinator(now);
            self.send(asker, coordinator);
        }
    }

    fn verdict_for(&self, now: Time, asker: NodeId) -> AnswerVerdict {
        if let Role::Leader(reign) = &self.role {
            return AnswerVerdict::LeaderAlive(reign.ballot);
        }
        if let Some(ballot) = self.binding(now) {
            return AnswerVerdict::LeaderAlive(ballot);
        }
        match &self.role {
            _ if !self.may_stand(now) => AnswerVerdict::NotYet,
            Role::Claimant(_) | Role::HandingOver(_) | Role::Leader(_) => AnswerVerdict::NotYet,
            Role::Idle(idle) if idle.waiting == Waiting::Granted => AnswerVerdict::NotYet,
            Role::Idle(_) | Role::Candidate(_) | Role::Follower(_) if asker > self.config.me => {
                AnswerVerdict::Support
            }
            Role::Idle(_) | Role::Candidate(_) | Role::Follower(_) => AnswerVerdict::Bully,
        }
    }

    /// Lets a higher id stand first, unless it has failed to lead before.
    fn yield_to(&mut self, now: Time, higher: NodeId) {
        let failed = self.peers.get(higher).is_some_and(|peer| peer.failed_to_lead);
        if !failed && matches!(self.role, Role::Candidate(_)) {
            self.idle(now + COORDINATOR_WAIT, Waiting::Bullied(higher));
        }
    }

    /// Stands against a lower id, whose question counts as support.
    fn bully(&mut self, now: Time, lower: NodeId) {
        match &mut self.role {
            Role::Candidate(probe) => {
                probe.answers.insert(lower, AnswerVerdict::Support);
                self.advance_probe(now);
            }
            Role::Idle(idle) if idle.waiting == Waiting::Retry => {
                let mut answers = Answers::default();
                answers.insert(lower, AnswerVerdict::Support);
                self.start_probe(now, answers);
            }
            Role::Idle(_)
            | Role::Claimant(_)
            | Role::Leader(_)
            | Role::HandingOver(_)
            | Role::Follower(_) => {}
        }
    }

    pub(super) fn on_answer(
        &mut self,
        now: Time,
        from: NodeId,
        round: u64,
        verdict: AnswerVerdict,
        epoch: Epoch,
    ) {
        self.highest_epoch = self.highest_epoch.max(epoch);
        if let AnswerVerdict::LeaderAlive(ballot) = verdict
            && ballot.id == self.config.me
        {
            self.disown(from, ballot);
            return;
        }
        let Role::Candidate(probe) = &mut self.role else {
            return;
        };
        if round >= probe.first_round {
            probe.answers.insert(from, verdict);
            self.advance_probe(now);
        }
    }

    pub(super) fn advance_probe(&mut self, now: Time) {
        let Role::Candidate(probe) = &self.role else {
            return;
        };
        if let Some(ballot) = probe.answers.leader_alive() {
            if self.can_hear(ballot.id) {
                self.send(ballot.id, ElectionMessage::Heartbeat { ballot });
            }
            self.idle_and_retry(now);
        } else if let Some(higher) = self.bullied_by(probe) {
            self.idle(now + COORDINATOR_WAIT, Waiting::Bullied(higher));
        } else if self.supported(now, probe) && self.unopposed(now, probe) {
            let heard = probe.answers.heard().collect();
            self.claim(now, heard, None);
        } else if now >= probe.retry_at {
            self.probe_lapsed(now);
        }
    }

    /// When the probe must be looked at again.
    pub(super) fn probe_timeout(&self, probe: &Probe) -> Time {
        if self.last_advance < probe.answers_until {
            probe.answers_until
        } else {
            probe.retry_at
        }
    }

    fn can_hear(&self, id: NodeId) -> bool {
        self.peers.get(id).is_some_and(|peer| peer.linked)
    }

    /// The higher id that stands itself, unless it did so before in vain.
    fn bullied_by(&self, probe: &Probe) -> Option<NodeId> {
        let mut bullies = probe.answers.bullies();
        bullies.find(|&id| !self.peers.get(id).is_some_and(|peer| peer.failed_to_lead))
    }

    fn supported(&self, now: Time, probe: &Probe) -> bool {
        let answers = &probe.answers;
        1 + answers.supporters() >= self.needed_to_claim(now, answers.len(), |id| answers.of(id).is_some())
    }

    /// Whether every higher id is out of the way.
    fn unopposed(&self, now: Time, probe: &Probe) -> bool {
        let mut higher = self.peers.above(self.config.me);
        higher.all(|(&id, peer)| {
            match probe.answers.of(id) {
                _ if peer.leaving || peer.failed_to_lead || self.proof(now, id).is_some() => true,
                // A higher id that supports has been told of an even higher one; it does not stand.
                Some(AnswerVerdict::Support) => true,
                Some(AnswerVerdict::Bully | AnswerVerdict::NotYet | AnswerVerdict::LeaderAlive(_)) => false,
                None => peer.silent || now >= probe.answers_until,
            }
        })
    }

    /// How many nodes must agree to a claim when so many peers have answered, and these.
    ///
    /// While somebody is merely silent, a death counts only after it has been proven for as long as
    /// a promise runs: the silent one may be a leader that lives on the same proofs.
    pub(super) fn needed_to_claim(
        &self,
        now: Time,
        heard: usize,
        has_answered: impl Fn(NodeId) -> bool,
    ) -> usize {
        let dead = self
            .peers
            .refusing()
            .filter(|(_, peer)| peer.proof(now).is_some());
        let dead_and_unheard = dead.filter(|(id, _)| !has_answered(*id)).count();
        let somebody_silent = heard + dead_and_unheard < self.peers.len();
        let since = if somebody_silent {
            now - self.config.timing.promise()
        } else {
            now
        };
        self.quorum_without(self.dead_since(now, since).count())
    }

    fn probe_lapsed(&mut self, now: Time) {
        let Role::Candidate(probe) = &self.role else {
            return;
        };
        for (&id, peer) in self.peers.iter_mut() {
            peer.silent |= peer.linked && probe.answers.of(id).is_none();
        }
        self.failures += 1;
        let answering = 1 + self.peers.values().filter(|peer| peer.answers()).count();
        if answering < self.needed_to_serve(now) && !self.quorum_missing_told {
            self.quorum_missing_told = true;
            let missing = self.missing();
            self.publish(Fact::QuorumMissing { missing });
        }
        self.stand(now);
    }
}
