//! The reasons and states that facts speak of.

use serde::{Deserialize, Serialize};

use crate::id::Epoch;

/// How a control connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkDownReason {
    /// It stood, and closed.
    Closed,
    /// A new one was refused: nobody listens there.
    Refused,
    /// A new one was not answered.
    Silent,
}

/// What made a worker believe that its leader is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspicionReason {
    /// Its port refused a connection.
    Refused,
    /// It did not answer heartbeats until the promise to it expired.
    NoAnswer,
    /// It resigned.
    Resigned,
}

/// Why a leader ended its own reign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepDownReason {
    /// Too few nodes promised to follow.
    QuorumLost,
    /// It handed over to a higher id.
    HandedOver,
    /// A handover came to nothing.
    HandoverFailed,
    /// Somebody else leads, or voted, in a newer epoch.
    Superseded {
        /// That epoch.
        epoch: Epoch,
    },
    /// Its process was asked to stop.
    Stopping,
}

/// What a node is to the leader's rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Takes requests.
    Active,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// Is up, but not in sync yet.
    CatchingUp,
    /// Has a connection but does not answer.
    Suspect,
    /// Has no connection.
    Down,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// It was done and acknowledged.
    Done,
    /// It failed, or its node did.
    Failed,
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// That an image is encrypted and kept.
    #[default]
    Upload,
    /// That a kept image is sent.
    Download,
    /// Which images are kept.
    List,
    /// Which image a name stands for: the list that a client asks for before a download or a delete.
    LookUp,
    /// That an image is kept no longer.
    Delete,
}

impl RequestKind {
    /// Returns what such a request is called at the beginning of a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Upload => "Upload",
            Self::Download => "Download",
            Self::List => "List",
            Self::LookUp => "Look-up",
            Self::Delete => "Delete",
        }
    }
}
