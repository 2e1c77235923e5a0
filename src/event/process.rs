//! What happens to the processes of nodes, as plain data: told by whoever owns them.
//!
//! A node tells what it does ([`Event`](super::Event)); only its supervisor can tell that it was
//! started, how it exited, and what it wrote that was no event. On one stream of lines the two are
//! told apart by their key: `fact` or `process`. What a person wants of the processes is here too, so
//! that who shows them and who owns them share the words.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::line::printable;
use crate::id::NodeId;
use crate::time::Time;

/// How many crashes within [`CRASH_WINDOW`] make a supervisor give a node up.
///
/// With its backoff, a node that exits at once is given up after three seconds.
pub const CRASHES_MAX: u32 = 5;

/// Crashes longer ago than this count no more.
pub const CRASH_WINDOW: Duration = Duration::from_secs(10);

/// The how-manieth process of a node that its supervisor started, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Life(pub u64);

/// Something that happened to the process of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEvent {
    /// The version of the format, [`EVENT_VERSION`](super::EVENT_VERSION).
    #[serde(rename = "v")]
    pub version: u32,
    /// Whose process.
    pub node: NodeId,
    /// Which of its processes; 0 before the first.
    pub life: Life,
    /// When, on the supervisor's monotonic clock, in nanoseconds.
    pub monotonic_ns: Time,
    /// When, in milliseconds since the Unix epoch; for people, never for order.
    pub wall_ms: u64,
    /// What.
    #[serde(flatten)]
    pub fact: ProcessFact,
}

/// What a process event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "process", rename_all = "snake_case")]
pub enum ProcessFact {
    /// The process was started.
    Spawned {
        /// Its id.
        pid: u32,
    },
    /// The process was sent a signal: by its supervisor, or, as was seen, by somebody else.
    Signalled {
        /// Which.
        signal: ProcessSignal,
    },
    /// The process is gone.
    Exited {
        /// How it ended.
        ending: Ending,
    },
    /// The process crashed, and the next is started soon.
    Restarting {
        /// In how many milliseconds.
        after_ms: u64,
        /// How many crashes there were lately, this one included.
        crashes: u32,
    },
    /// The node crashed too often to be started again.
    GaveUp {
        /// How many crashes there were lately.
        crashes: u32,
    },
    /// The process wrote a line that is no event.
    Wrote {
        /// Where.
        stream: OutputStream,
        /// The line; a longer one was cut, and what a terminal could obey is U+FFFD.
        text: String,
    },
    /// What the process used; told only to who asks for it.
    Sampled {
        /// CPU since its last sample, in thousandths of one core.
        cpu_permille: u32,
        /// Its resident memory, in bytes.
        memory_bytes: u64,
    },
    /// Lines were dropped because they came faster than they were read.
    OutputDropped {
        /// How many.
        lines: u64,
    },
    /// The process could not be told what is wrong with it on purpose.
    FaultsUntold {
        /// Why, and what to do.
        reason: String,
    },
    /// The cluster has stopped; what became of this node.
    Summary {
        /// How many times it was started again after a crash.
        restarts: u32,
        /// How its last process ended, if there was one.
        last: Option<Ending>,
    },
}

/// What a person wants of the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Start a node that is down.
    Start(NodeId),
    /// Stop a node in order; it stays down.
    Stop(NodeId),
    /// Kill a node without a word; it stays down.
    Kill(NodeId),
    /// Make a node stand still.
    Freeze(NodeId),
    /// Let a frozen node go on.
    Thaw(NodeId),
    /// Stop a node in order and start it again.
    Restart(NodeId),
    /// Stop everything in order, workers before the leader; nothing is started after this.
    StopAll,
    /// Kill everything at once; nothing is started after this.
    KillAll,
}

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessSignal {
    /// To stop in order; one that stands still is woken first.
    Terminate,
    /// To be gone.
    Kill,
    /// To stand still.
    Freeze,
    /// To go on after standing still.
    Thaw,
}

/// Where a process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// How a process ended; prints as the end of a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It exited with a code.
    Code(i32),
    /// It died by a signal.
    Signal(i32),
    /// It could not even be started, because of this.
    Unstarted(String),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exited with code {code}"),
            Self::Signal(number) => match signal_name(*number) {
                Some(name) => write!(f, "was killed by {name}"),
                None => write!(f, "was killed by signal {number}"),
            },
            Self::Unstarted(reason) => write!(f, "could not be started: {reason}"),
        }
    }
}

/// Names the signals that have the same number on every system.
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}

/// Returns the line a person reads for an event; `None` for what the node tells itself.
#[must_use]
pub fn line_of(event: &ProcessEvent) -> Option<String> {
    let said = match &event.fact {
        ProcessFact::Spawned { .. } | ProcessFact::Sampled { .. } => return None,
        ProcessFact::Signalled { signal } => match signal {
            ProcessSignal::Terminate => return None,
            ProcessSignal::Kill => "Told to be gone (SIGKILL)".to_owned(),
            ProcessSignal::Freeze => "Frozen".to_owned(),
            ProcessSignal::Thaw => "Thawed".to_owned(),
        },
        ProcessFact::Exited { ending } => format!("Process {ending}"),
        ProcessFact::Restarting { after_ms, crashes } => {
            format!("Restarting in {after_ms} ms (crash {crashes})")
        }
        ProcessFact::GaveUp { crashes } => format!("Crashed {crashes} times in a row; given up"),
        ProcessFact::Wrote { text, .. } => text.clone(),
        ProcessFact::OutputDropped { lines } => {
            format!("{lines} lines of output were dropped: they came faster than they were read")
        }
        ProcessFact::FaultsUntold { reason } => format!("Could not be told its faults: {reason}"),
        ProcessFact::Summary { restarts, last } => {
            let times = if *restarts == 1 { "restart" } else { "restarts" };
            match last {
                Some(ending) => format!("{restarts} {times}; {ending}"),
                None => format!("{restarts} {times}; never started"),
            }
        }
    };
    Some(printable(&format!("Node {}: {said}", event.node)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_their_code_or_their_signal() {
        let said = [
            Ending::Code(2),
            Ending::Signal(9),
            Ending::Signal(64),
            Ending::Unstarted("no memory".to_owned()),
        ];
        assert_eq!(
            said.map(|ending| ending.to_string()),
            [
                "exited with code 2",
                "was killed by SIGKILL",
                "was killed by signal 64",
                "could not be started: no memory",
            ]
        );
    }
}
