//! What a node is, in one word; every word has a shape and a colour of its own in the theme.

use super::{Belief, Node, Process, Told};
use crate::event::WorkerState;
use crate::event::process::Ending;

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
    /// It ended in order, and stays so.
    Stopped,
    /// It is gone.
    Dead,
    /// It crashed too often.
    GivenUp,
    /// It cannot be reached from here.
    OutOfReach,
}

impl NodeState {
    /// Every state, in the order of the help.
    pub const ALL: [Self; 14] = [
        Self::Leading,
        Self::Following,
        Self::CatchingUp,
        Self::Electing,
        Self::CutOff,
        Self::Starting,
        Self::Frozen,
        Self::Stopping,
        Self::Restarting,
        Self::Stopped,
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
            Self::Stopped => "stopped",
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
            | Self::Stopped
            | Self::Dead
            | Self::GivenUp
            | Self::OutOfReach => false,
        }
    }
}

impl Node {
    /// Returns what the node is, in one word.
    #[must_use]
    pub fn state(&self) -> NodeState {
        match &self.process {
            Process::Unknown => NodeState::NeverStarted,
            Process::Running { told, .. } => match told {
                Told::Nothing => self.believed_state(),
                Told::Freeze { .. } => NodeState::Frozen,
                Told::Stop { .. } | Told::Kill { .. } => NodeState::Stopping,
            },
            Process::Restarting { .. } => NodeState::Restarting,
            Process::Down {
                ending: Ending::Code(0),
                ..
            } => NodeState::Stopped,
            Process::Down { .. } | Process::Refusing { .. } => NodeState::Dead,
            Process::GivenUp { .. } => NodeState::GivenUp,
            Process::OutOfReach { .. } => NodeState::OutOfReach,
        }
    }

    fn believed_state(&self) -> NodeState {
        match self.belief {
            Belief::Nothing => NodeState::Starting,
            Belief::Electing | Belief::Elected(_) => NodeState::Electing,
            Belief::NoQuorum { .. } => NodeState::CutOff,
            Belief::Follows(_) if self.catches_up() => NodeState::CatchingUp,
            Belief::Follows(_) => NodeState::Following,
            Belief::Leads(_) => NodeState::Leading,
        }
    }

    /// Says whether it takes no work until it is in sync: the leader's word counts, if there is one.
    #[must_use]
    pub fn catches_up(&self) -> bool {
        match self.in_rotation {
            Some(state) => state == WorkerState::CatchingUp,
            None => self.holdings.missing > 0,
        }
    }
}
