//! Who leads, and the stopwatch of how leadership passes on.
//!
//! A failover begins with what ended the reign, as far as that is known: the key that killed the leader,
//! its exit, the cut that took its quorum away, or the handover itself. It ends when an heir serves; the
//! first upload that is acknowledged after that is noted, too.
//!
//! A leader leads as long as it has a quorum. One worker that suspects it believes something, and
//! that is shown as its belief; see `Standing`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::id::{Ballot, NodeId};
use crate::time::Time;

mod cause;
mod correct;
mod fold;
mod spread;
mod standing;

pub use cause::Cause;
pub use spread::Spread;
use standing::Strain;
pub(super) use standing::{Hindrance, Standing};

/// How many failovers are remembered, enough for a distribution on one screen.
pub const HISTORY_MAX: usize = 64;

/// Who leads now, and how it came to be.
#[derive(Debug, Clone, Default)]
pub struct Leadership {
    /// The reign that serves.
    pub reign: Option<Reign>,
    /// The failover that runs.
    pub running: Option<Failover>,
    /// Those that ended, the newest last.
    pub history: VecDeque<Failover>,
    /// The reign that served last; it may go on after a doubt.
    last_reign: Option<Reign>,
    /// The newest ballot that was ever heard of.
    newest: Option<Ballot>,
    /// Which reign each worker followed last; it suspects the leader of that one.
    follows: BTreeMap<NodeId, Ballot>,
    /// The workers that suspect who leads, and since when.
    doubts: BTreeMap<NodeId, Time>,
    /// What is wrong with the leader on purpose and may end its reign.
    strain: Option<Strain>,
    /// Whether a reign ended by what others said: its leader has not said so, and may be found to go on.
    concluded: bool,
}

/// A leader that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reign {
    /// Who, in which epoch.
    pub ballot: Ballot,
    /// Since when.
    pub since: Time,
    /// Whether that was seen.
    pub beginning: Beginning,
}

/// Whether the beginning of a reign was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It was.
    Seen,
    /// It lies before the first look at the cluster.
    Missed,
}

/// One passing of leadership, by its phases; each is a time since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failover {
    /// Why.
    pub cause: Cause,
    /// The reign that was.
    pub from: Option<Ballot>,
    /// When it began.
    pub began: Time,
    /// When a worker first believed that the leader is down.
    pub suspected: Option<Duration>,
    /// When a quorum had voted for the heir.
    pub elected: Option<Duration>,
    /// When the heir began to serve.
    pub serving: Option<Duration>,
    /// When the first upload under the heir was acknowledged.
    pub first_upload: Option<Duration>,
    /// The heir's reign.
    pub heir: Option<Ballot>,
}

impl Failover {
    /// Says whether something was lost: nobody wanted the leader to end.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        match self.cause {
            Cause::Start | Cause::HandedOver(_) => false,
            Cause::Killed(_)
            | Cause::Stopped(_)
            | Cause::Frozen(_)
            | Cause::Crashed(_)
            | Cause::CutOff(_)
            | Cause::LeftAlone(_)
            | Cause::Stalled(_)
            | Cause::Slowed(_)
            | Cause::Suspected(_)
            | Cause::SteppedDown(_) => true,
        }
    }

    /// Says whether another reign came of it.
    #[must_use]
    pub fn passed_on(&self) -> bool {
        self.heir != self.from
    }

    const fn new(cause: Cause, from: Option<Ballot>, began: Time) -> Self {
        Self {
            cause,
            from,
            began,
            suspected: None,
            elected: None,
            serving: None,
            first_upload: None,
            heir: None,
        }
    }
}

impl Leadership {
    /// Returns the newest failover that ended.
    #[must_use]
    pub fn last(&self) -> Option<&Failover> {
        self.history.back()
    }

    /// Returns the ballot of the reign that serves, or that served last.
    #[must_use]
    pub fn led_last(&self) -> Option<Ballot> {
        self.last_reign.map(|reign| reign.ballot)
    }

    /// Forgets the failovers that ended, and how one began after which nobody serves yet.
    pub(super) fn forget(&mut self, now: Time) {
        self.history.clear();
        if let Some(running) = self.running.as_mut().filter(|_| self.reign.is_none()) {
            *running = Failover::new(Cause::Start, running.from, now);
        }
    }

    fn is_leader(&self, node: NodeId) -> bool {
        self.reign.is_some_and(|reign| reign.ballot.id == node)
    }
}

#[cfg(test)]
mod tests;
