//! What happened in runs, counted: proof that the faults were real.

use std::time::Duration;

use crate::event::{Fact, StepDownReason};
use crate::protocol::{ElectionMessage, GrantVerdict};

/// The messages of an election by their names on the wire, in the order of [`Messages`].
const NAMES: [&str; 11] = [
    "election",
    "answer",
    "claim",
    "grant",
    "coordinator",
    "handover",
    "resign",
    "stale",
    "heartbeat",
    "heartbeat_ack",
    "promise",
];

/// Messages sent, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Messages([u64; NAMES.len()]);

impl Messages {
    /// Returns how many were sent of each kind, those of heartbeats last.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.0)
    }

    /// Returns how many were sent of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds what was sent elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Returns what was sent since `before` was all.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut since = *self;
        for (count, sent) in since.0.iter_mut().zip(before.0) {
            *count -= sent;
        }
        since
    }

    fn count(&mut self, message: &ElectionMessage) {
        self.0[place(message)] += 1;
    }
}

/// Where a kind stands in [`NAMES`].
const fn place(message: &ElectionMessage) -> usize {
    match message {
        ElectionMessage::Election { .. } => 0,
        ElectionMessage::Answer { .. } => 1,
        ElectionMessage::Claim { .. } => 2,
        ElectionMessage::Grant { .. } => 3,
        ElectionMessage::Coordinator { .. } => 4,
        ElectionMessage::Handover { .. } => 5,
        ElectionMessage::Resign { .. } => 6,
        ElectionMessage::Stale { .. } => 7,
        ElectionMessage::Heartbeat { .. } => 8,
        ElectionMessage::HeartbeatAck { .. } => 9,
        ElectionMessage::Promise { .. } => 10,
    }
}

/// What happened in a run, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reigns that began.
    pub reigns: u64,
    /// Reigns that served.
    pub servings: u64,
    /// Handovers begun.
    pub handovers: u64,
    /// Reigns ended for want of a quorum.
    pub step_downs: u64,
    /// Suspicions of a leader.
    pub suspicions: u64,
    /// Votes refused.
    pub refused_grants: u64,
    /// Starts on a disk that had been lost.
    pub amnesia: u64,
    /// Links cut in one direction only.
    pub one_way_cuts: u64,
    /// Reigns that served while everybody else was dead.
    pub lone_survivors: u64,
    /// Processes killed.
    pub crashes: u64,
    /// Processes frozen.
    pub freezes: u64,
    /// Clocks stalled.
    pub clock_stalls: u64,
    /// Messages sent, by kind.
    pub messages: Messages,
    /// Those of them that were sent in elections: from when nobody served until another reign did.
    pub election_messages: Messages,
    /// How many elections that were, the first included; a handover is none.
    pub elections: u64,
    /// Messages lost.
    pub lost: u64,
    /// How often another node than before began to serve.
    pub leader_changes: u64,
    /// Happenings; the invariants were checked after each.
    pub steps: u64,
    /// Virtual time in which nobody served who was not frozen.
    pub without_leader: Duration,
    /// Virtual time of the run.
    pub duration: Duration,
}

impl Counters {
    /// Adds what another run counted.
    pub fn add(&mut self, other: &Self) {
        self.reigns += other.reigns;
        self.servings += other.servings;
        self.handovers += other.handovers;
        self.step_downs += other.step_downs;
        self.suspicions += other.suspicions;
        self.refused_grants += other.refused_grants;
        self.amnesia += other.amnesia;
        self.one_way_cuts += other.one_way_cuts;
        self.lone_survivors += other.lone_survivors;
        self.crashes += other.crashes;
        self.freezes += other.freezes;
        self.clock_stalls += other.clock_stalls;
        self.messages.add(&other.messages);
        self.election_messages.add(&other.election_messages);
        self.elections += other.elections;
        self.leader_changes += other.leader_changes;
        self.steps += other.steps;
        self.lost += other.lost;
        self.without_leader += other.without_leader;
        self.duration += other.duration;
    }

    pub(super) fn count_fact(&mut self, fact: &Fact) {
        match fact {
            Fact::BecameLeader { .. } => self.reigns += 1,
            Fact::ServingStarted { .. } => self.servings += 1,
            Fact::HandoverStarted { .. } => self.handovers += 1,
            Fact::LeaderSuspected { .. } => self.suspicions += 1,
            Fact::SteppedDown {
                reason: StepDownReason::QuorumLost,
                ..
            } => self.step_downs += 1,
            _ => {}
        }
    }

    pub(super) fn count_message(&mut self, message: &ElectionMessage) {
        self.messages.count(message);
        if let ElectionMessage::Grant {
            verdict: GrantVerdict::Refused { .. },
            ..
        } = message
        {
            self.refused_grants += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Ballot, Epoch, NodeId};
    use crate::time::Time;

    #[test]
    fn every_message_is_counted_under_its_name() {
        let ballot = Ballot {
            epoch: Epoch(1),
            id: NodeId::MIN,
        };
        let leader_time = Time::ZERO;
        let all = [
            ElectionMessage::Election { round: 1 },
            ElectionMessage::Answer {
                round: 1,
                verdict: crate::protocol::AnswerVerdict::Support,
                epoch: Epoch(1),
            },
            ElectionMessage::Claim {
                ballot,
                handover: None,
            },
            ElectionMessage::Grant {
                ballot,
                verdict: GrantVerdict::Granted,
            },
            ElectionMessage::Coordinator {
                ballot,
                leader_time,
                handover: None,
            },
            ElectionMessage::Handover { ballot, from: ballot },
            ElectionMessage::Resign {
                ballot,
                leaving: false,
            },
            ElectionMessage::Stale { epoch: Epoch(1) },
            ElectionMessage::Heartbeat { ballot },
            ElectionMessage::HeartbeatAck { ballot, leader_time },
            ElectionMessage::Promise { ballot, leader_time },
        ];
        for message in all {
            let mut messages = Messages::default();
            messages.count(&message);
            let counted: Vec<_> = messages.by_name().filter(|(_, count)| *count > 0).collect();
            assert_eq!(counted, [(message.name(), 1)]);
        }
    }
}
