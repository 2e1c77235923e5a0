//! What peers say to each other: the election, and how a request ended.
//!
//! The meaning of the election's messages is the business of `bully`.

use serde::{Deserialize, Serialize};

use crate::event::RequestOutcome;
use crate::id::{Ballot, Epoch, ImageId, RequestId};
use crate::time::Time;

/// One message on a control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ControlMessage {
    /// A worker tells the leader how a request that it was assigned ended.
    Report {
        /// The reign that assigned it.
        ballot: Ballot,
        /// The number of the assignment.
        request: RequestId,
        /// How it ended.
        outcome: RequestOutcome,
    },
    /// A worker tells its leader whether it keeps everything that the leader keeps.
    Sync {
        /// The leader's reign.
        ballot: Ballot,
        /// Whether it does.
        in_sync: bool,
    },
    /// An image, or the mark of a delete, is acknowledged, and the receiver did not take part.
    Missed {
        /// Which.
        image: ImageId,
    },
    /// The election speaks.
    #[serde(untagged)]
    Election(ElectionMessage),
}

/// One message of the election; see `bully` for the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ElectionMessage {
    /// Probes: who is there, and does anybody have a leader?
    Election {
        /// The asker's how-manieth probe, echoed in the answer.
        round: u64,
    },
    /// Answers a probe.
    Answer {
        /// The probe it answers.
        round: u64,
        /// What the answerer says.
        verdict: AnswerVerdict,
        /// The highest epoch the answerer has seen.
        epoch: Epoch,
    },
    /// Asks for the binding vote.
    Claim {
        /// The reign that is to begin.
        ballot: Ballot,
        /// The reign that ended by voting for this one, if it is a handover.
        handover: Option<Ballot>,
    },
    /// Answers a claim.
    Grant {
        /// The claim it answers.
        ballot: Ballot,
        /// What the voter says.
        verdict: GrantVerdict,
    },
    /// Says that the sender leads, and asks for a promise.
    Coordinator {
        /// The sender's reign.
        ballot: Ballot,
        /// The leader's clock now, to be echoed in the promise.
        leader_time: Time,
        /// The reign it took over by handover: a promise to that one no longer binds.
        handover: Option<Ballot>,
    },
    /// Asks the leader whether it is alive.
    Heartbeat {
        /// The reign that the worker follows.
        ballot: Ballot,
    },
    /// Answers a heartbeat.
    HeartbeatAck {
        /// The leader's reign.
        ballot: Ballot,
        /// The leader's clock now, to be echoed in the promise.
        leader_time: Time,
    },
    /// Binds the worker: for interval + timeout it neither votes nor stands against the leader.
    Promise {
        /// The reign that is promised to.
        ballot: Ballot,
        /// The leader's clock as it came with the message that asked.
        leader_time: Time,
    },
    /// Hands a reign over: the sender has voted for the receiver and serves no more.
    Handover {
        /// The reign that is to begin; its id is the receiver's.
        ballot: Ballot,
        /// The reign that ends.
        from: Ballot,
    },
    /// Ends a reign: promises to it are void.
    Resign {
        /// The reign that ends.
        ballot: Ballot,
        /// Whether the process is about to exit and should not be waited for.
        leaving: bool,
    },
    /// Says that a message belonged to a reign that is over.
    Stale {
        /// The newest epoch the sender has voted in or followed.
        epoch: Epoch,
    },
}

impl ElectionMessage {
    /// Returns the message's name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Election { .. } => "election",
            Self::Answer { .. } => "answer",
            Self::Claim { .. } => "claim",
            Self::Grant { .. } => "grant",
            Self::Coordinator { .. } => "coordinator",
            Self::Heartbeat { .. } => "heartbeat",
            Self::HeartbeatAck { .. } => "heartbeat_ack",
            Self::Promise { .. } => "promise",
            Self::Handover { .. } => "handover",
            Self::Resign { .. } => "resign",
            Self::Stale { .. } => "stale",
        }
    }

    /// Returns the newest epoch that the message speaks of; 0 when it speaks of none.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        match *self {
            Self::Election { .. } => Epoch::default(),
            Self::Answer { verdict, epoch, .. } => match verdict {
                AnswerVerdict::LeaderAlive(ballot) => epoch.max(ballot.epoch),
                AnswerVerdict::Support | AnswerVerdict::Bully | AnswerVerdict::NotYet => epoch,
            },
            Self::Grant { ballot, verdict } => match verdict {
                GrantVerdict::Granted => ballot.epoch,
                GrantVerdict::Refused { epoch } => epoch.max(ballot.epoch),
            },
            Self::Claim { ballot, .. }
            | Self::Coordinator { ballot, .. }
            | Self::Heartbeat { ballot }
            | Self::HeartbeatAck { ballot, .. }
            | Self::Promise { ballot, .. }
            | Self::Handover { ballot, .. }
            | Self::Resign { ballot, .. } => ballot.epoch,
            Self::Stale { epoch } => epoch,
        }
    }

    /// Says whether whoever says it remembers a vote, its own or that for whom it follows.
    #[must_use]
    pub const fn shows_a_vote(&self) -> bool {
        match self {
            Self::Claim { .. }
            | Self::Coordinator { .. }
            | Self::Heartbeat { .. }
            | Self::HeartbeatAck { .. }
            | Self::Promise { .. }
            | Self::Handover { .. } => true,
            Self::Grant { verdict, .. } => matches!(verdict, GrantVerdict::Granted),
            Self::Election { .. } | Self::Answer { .. } | Self::Resign { .. } | Self::Stale { .. } => false,
        }
    }

    /// Says whether it is one of the three that a healthy cluster exchanges all the time.
    #[must_use]
    pub const fn is_heartbeat(&self) -> bool {
        matches!(
            self,
            Self::Heartbeat { .. } | Self::HeartbeatAck { .. } | Self::Promise { .. }
        )
    }
}

/// What a node answers to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    /// It has no leader, and the asker's id is higher.
    Support,
    /// It has no leader, and its own id is higher: it stands itself.
    Bully,
    /// It leads, or its promise to a leader still binds it.
    LeaderAlive(Ballot),
    /// It may not vote yet: it has just started, or stands itself at this moment.
    NotYet,
}

/// What a node answers to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantVerdict {
    /// The vote of this epoch goes to the claimant.
    Granted,
    /// It does not: another vote, a promise or a newer epoch stands against it.
    Refused {
        /// The highest epoch the voter has seen.
        epoch: Epoch,
    },
}
