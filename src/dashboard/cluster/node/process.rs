//! What is known of the process of a node.

use crate::event::process::Ending;
use crate::time::Time;

/// What is known of a node's process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Process {
    /// Nobody has started it, or told of it.
    Unknown,
    /// It runs.
    Running {
        /// Its process id.
        pid: u32,
        /// Since when.
        since: Time,
        /// What it was told to do and has not finished.
        told: Told,
    },
    /// It is gone, and comes back by itself.
    Restarting {
        /// When.
        at: Time,
        /// How many crashes there were lately.
        crashes: u32,
        /// How it ended.
        ending: Ending,
    },
    /// It is gone, and stays so until a person starts it.
    Down {
        /// How it ended.
        ending: Ending,
        /// When.
        since: Time,
    },
    /// It crashed too often to be started again.
    GivenUp {
        /// How many crashes there were lately.
        crashes: u32,
        /// How it ended.
        ending: Ending,
        /// When.
        since: Time,
    },
    /// Its port refuses connections: it has none.
    Refusing {
        /// Since when.
        since: Time,
    },
    /// It cannot be reached; whether it runs, nobody here can tell.
    OutOfReach {
        /// Why.
        reason: String,
        /// Since when.
        since: Time,
    },
}

/// That a node could not be told what is wrong with it on purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Untold {
    /// How many times.
    pub times: u64,
    /// Why, the last time.
    pub why: String,
}

/// What a running process was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// To stand still.
    Freeze {
        /// When.
        at: Time,
    },
    /// To stop.
    Stop {
        /// When.
        at: Time,
    },
    /// It was killed, and is not yet gone.
    Kill {
        /// When.
        at: Time,
    },
}
