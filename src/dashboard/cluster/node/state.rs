//! What a node is, in one word; every word has a shape and a colour of its own in the theme.

/// What a node is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeState {
    /// Nobody has started it.
    NeverStarted,
    /// Its process runs and has not said who leads.
    Starting,
    /// It looks for a leader.
    Electing,
    /// It cannot reach enough nodes.
    CutOff,
    /// It follows a leader.
    Following,
    /// It follows, and fetches what it has missed.
    CatchingUp,
    /// It leads.
    Leading,
    /// It stands still.
    Frozen,
    /// It was told to end.
    Stopping,
    /// It crashed and is about to be started again.
    Restarting,
    /// It is gone.
    Dead,
    /// It crashed too often.
    GivenUp,
    /// It cannot be reached from here.
    OutOfReach,
}

impl NodeState {
    /// Every state, in the order of the help.
    pub const ALL: [Self; 13] = [
        Self::Leading,
        Self::Following,
        Self::CatchingUp,
        Self::Electing,
        Self::CutOff,
        Self::Starting,
        Self::Frozen,
        Self::Stopping,
        Self::Restarting,
        Self::Dead,
        Self::GivenUp,
        Self::OutOfReach,
        Self::NeverStarted,
    ];

    /// Returns the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NeverStarted => "never started",
            Self::Starting => "starting",
            Self::Electing => "electing",
            Self::CutOff => "no quorum",
            Self::Following => "following",
            Self::CatchingUp => "catching up",
            Self::Leading => "leading",
            Self::Frozen => "frozen",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Dead => "dead",
            Self::GivenUp => "given up",
            Self::OutOfReach => "out of reach",
        }
    }

    /// Says whether a process may be there that does its work.
    #[must_use]
    pub const fn is_alive(self) -> bool {
        match self {
            Self::Starting
            | Self::Electing
            | Self::CutOff
            | Self::Following
            | Self::CatchingUp
            | Self::Leading => true,
            Self::NeverStarted
            | Self::Frozen
            | Self::Stopping
            | Self::Restarting
            | Self::Dead
            | Self::GivenUp
            | Self::OutOfReach => false,
        }
    }
}
