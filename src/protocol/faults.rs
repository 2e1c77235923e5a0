//! What a node is told to do wrong on purpose, on a connection of its own.
//!
//! Only nodes that were started with `--allow-faults` welcome such a connection.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{NodeFaults, millis};

/// What is done to a node on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FaultsRequest {
    /// This is all that is wrong from now on; what it does not name is right again.
    Set(NodeFaults),
    /// The clock stands still for a while, from now on.
    StallClock {
        /// How long.
        #[serde(rename = "for_ms", with = "millis")]
        span: Duration,
    },
}

/// What a node says to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FaultsReply {
    /// It is so.
    Done,
    /// It cannot be.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}
