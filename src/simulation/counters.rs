//! What happened in runs, counted: proof that the faults were real.

use std::time::Duration;

use crate::event::{Fact, StepDownReason};
use crate::protocol::{ElectionMessage, GrantVerdict};

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
    /// Messages sent.
    pub messages: u64,
    /// Messages lost.
    pub lost: u64,
    /// Virtual time in which nobody served.
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
        self.messages += other.messages;
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
        self.messages += 1;
        if let ElectionMessage::Grant {
            verdict: GrantVerdict::Refused { .. },
            ..
        } = message
        {
            self.refused_grants += 1;
        }
    }
}
