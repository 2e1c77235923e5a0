//! What a player is busy with.

use crate::lab::scenario::condition::Condition;
use crate::time::Time;

/// What the player is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// The step has not begun.
    Begins,
    /// A caption is read until then; without an end, until somebody asks for the next.
    Reads(Option<Time>),
    /// Time passes until then.
    Pauses(Time),
    /// Something was done; what comes of it is to be shown.
    Acted,
    /// A fault was done then, and not everybody has said so.
    Spreads { since: Time },
    /// A condition is looked for, or looked after.
    Watches(Watch),
    /// What was acknowledged is read back.
    Checks { since: Time },
    /// Nothing more happens.
    Over,
}

/// A condition under watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) condition: Condition,
    pub(super) since: Time,
    pub(super) until: Time,
    /// How many uploads had been acknowledged when it began.
    pub(super) uploads: u64,
    /// Whether it must come to hold, or hold on.
    pub(super) manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Comes,
    Lasts,
}
