//! What the player wants done, or told; and how fast it goes on.

use super::verdict::Verdict;
use crate::event::process::Wish;
use crate::fault::Fault;
use crate::lab::scenario::action::LoadOf;

/// How captions are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Nobody reads along.
    Unread,
    /// Each stays as long as it takes to read.
    Read,
    /// Each stays until somebody asks for the next.
    Stepped,
}

/// What the player wants done, or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cue {
    /// Tell the audience this.
    Say(String),
    /// Tell the audience what is being done.
    Doing {
        /// The line that asks for it.
        line: usize,
        /// What, and to whom.
        text: String,
    },
    /// Do this to a process.
    Wish(Wish),
    /// Do this to links or disks; what cannot be done is told by [`Player::refused`](super::Player::refused).
    Fault(Fault),
    /// Begin this load.
    LoadOn(LoadOf),
    /// End the load.
    LoadOff,
    /// Read back what was acknowledged, and tell by [`Player::checked`](super::Player::checked).
    Check,
    /// Tell the audience that this is waited for or being found out.
    Watching(String),
    /// Tell the audience what was found.
    Judged(Verdict),
    /// It is over.
    Over,
}
