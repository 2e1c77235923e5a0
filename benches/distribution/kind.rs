//! What is done to a leader.

use std::fmt;

/// What is done to a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `kill -9`.
    Kill,
    /// SIGSTOP.
    Freeze,
    /// Nothing passes between it and the others, and no connection ends; clients still reach it.
    Cut,
    /// SIGTERM.
    Stop,
}

impl Kind {
    /// All of them, in the order of the report.
    pub(crate) const ALL: [Self; 4] = [Self::Kill, Self::Freeze, Self::Cut, Self::Stop];

    /// The word that chooses it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Cut => "cut",
            Self::Stop => "stop",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kill => "kill -9",
            Self::Freeze => "freeze",
            Self::Cut => "silent cut",
            Self::Stop => "graceful stop",
        })
    }
}
