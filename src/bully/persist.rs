//! Votes on their way to the disk, and the messages that wait for them.
//!
//! A message that tells of a vote leaves only when the vote is on stable storage.

use std::collections::VecDeque;

use super::election::Role;
use super::{Election, Output};
use crate::id::NodeId;
use crate::protocol::ElectionMessage;
use crate::time::Time;

/// Votes on their way to the disk.
#[derive(Debug)]
pub(super) struct Persistence {
    asked: u64,
    done: u64,
    blank: bool,
    waiting: VecDeque<(u64, Output)>,
}

impl Persistence {
    pub(super) fn new(blank: bool) -> Self {
        Self {
            asked: 0,
            done: 0,
            blank,
            waiting: VecDeque::new(),
        }
    }

    /// Drops what waits for a peer and is of the same kind: of each only the newest counts.
    ///
    /// Hence no more waits than there are peers and kinds, however long the disk takes.
    fn supersede(&mut self, peer: NodeId, message: &ElectionMessage) {
        self.waiting.retain(|(_, output)| match output {
            Output::Send { to, message: older } => *to != peer || older.name() != message.name(),
            Output::Persist { .. } | Output::Publish(_) => true,
        });
    }

    /// Whether no vote has ever been on this disk.
    pub(super) fn blank(&self) -> bool {
        self.blank
    }

    /// The number of the newest vote asked for.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Whether the vote of that number is on disk.
    pub(super) fn is_done(&self, sequence: u64) -> bool {
        self.done >= sequence
    }
}

impl Election {
    /// Asks for the present vote to be brought to disk.
    pub(super) fn persist_vote(&mut self) {
        self.persistence.asked += 1;
        self.highest_epoch = self.highest_epoch.max(self.vote.epoch);
        self.outputs.push_back(Output::Persist {
            sequence: self.persistence.asked,
            vote: self.vote,
        });
    }

    /// Sends a message that depends on every vote asked for so far.
    pub(super) fn send_when_persisted(&mut self, to: NodeId, message: ElectionMessage) {
        let output = Output::Send { to, message };
        let sequence = self.persistence.asked;
        if self.persistence.is_done(sequence) {
            self.outputs.push_back(output);
        } else {
            self.persistence.supersede(to, &message);
            self.persistence.waiting.push_back((sequence, output));
        }
    }

    pub(super) fn on_persisted(&mut self, now: Time, sequence: u64) {
        self.persistence.done = self.persistence.done.max(sequence);
        self.persistence.blank = false;
        while let Some((_, output)) = self
            .persistence
            .waiting
            .pop_front_if(|(needed, _)| *needed <= sequence)
        {
            self.outputs.push_back(output);
        }
        if matches!(self.role, Role::Claimant(_)) {
            self.advance_claim(now);
        }
    }
}
