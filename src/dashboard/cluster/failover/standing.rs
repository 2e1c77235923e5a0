//! Whether a leader can have a quorum, as far as links, processes and its workers tell.
//!
//! A reign ends by its leader's own word, by its death, by an heir, or when too few still follow. One
//! worker that hears nothing of its leader ends none.

use std::time::Duration;

use super::{Cause, Leadership};
use crate::id::NodeId;
use crate::time::Time;

/// For how long what was done to a leader on purpose explains that its reign ends.
///
/// Longer than two promises of the slowest preset; what ends later has another reason.
const BLAME: Duration = Duration::from_secs(15);

/// Who could follow the leader now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dashboard::cluster) struct Standing {
    /// How many nodes are a quorum, the leader included.
    pub(in crate::dashboard::cluster) needed: usize,
    /// The nodes whose promises may run, the leader included; nobody while that stands still.
    ///
    /// Whether their links are sound does not matter: a promise runs on when a link is cut.
    pub(in crate::dashboard::cluster) voters: Vec<NodeId>,
    /// What keeps too many of the others away, if anything does.
    pub(in crate::dashboard::cluster) hindrance: Option<Hindrance>,
}

/// What keeps others away from a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dashboard::cluster) enum Hindrance {
    /// Its links are cut.
    Cut,
    /// They stand still themselves.
    TheyStandStill,
}

/// What was done to a leader on purpose that need not end its reign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strain {
    pub(super) at: Time,
    pub(super) cause: Cause,
}

impl Strain {
    /// Says whether it is why a reign ended of which nothing better is known.
    pub(super) fn explains(self, ended: Time, cause: Cause) -> bool {
        let vague = matches!(cause, Cause::Suspected(_) | Cause::SteppedDown(_));
        vague && self.cause.leader() == cause.leader() && ended >= self.at && ended.since(self.at) <= BLAME
    }
}

impl Leadership {
    /// Folds in who could follow the leader, after something has changed.
    pub(in crate::dashboard::cluster) fn weighed(&mut self, at: Time, standing: &Standing) {
        let Some(leader) = self.reign.map(|reign| reign.ballot.id) else {
            return;
        };
        match standing.hindrance {
            Some(Hindrance::Cut) => self.begin(at, Cause::CutOff(leader)),
            Some(Hindrance::TheyStandStill) => self.begin(at, Cause::LeftAlone(leader)),
            None => self.unhindered(),
        }
        let faithful = standing
            .voters
            .iter()
            .filter(|node| !self.doubts.contains_key(node));
        if faithful.count() < standing.needed
            && let Some(first) = self.first_doubt_near(at)
        {
            self.lost(first, Cause::Suspected(leader));
            self.note_suspicion(first);
            self.concluded = true;
        }
    }

    /// Folds in what is wrong with the leader on purpose besides; `None` when that is over.
    pub(in crate::dashboard::cluster) fn strained(&mut self, at: Time, cause: Option<Cause>) {
        let Some(cause) = cause else {
            self.strain = self
                .strain
                .filter(|strain| !matches!(strain.cause, Cause::Slowed(_)));
            return;
        };
        // Each node tells its part of one fault, within moments.
        let known = self
            .strain
            .filter(|strain| strain.cause == cause && at.since(strain.at) < BLAME);
        self.strain = known.or(Some(Strain { at, cause }));
    }

    /// Returns since when a worker has suspected the leader, unless that is long ago.
    pub(super) fn first_doubt_near(&self, at: Time) -> Option<Time> {
        let near = self.doubts.values().filter(|since| at.since(**since) <= BLAME);
        near.min().copied()
    }

    /// A leader whose links were healed before it stopped serving leads on.
    fn unhindered(&mut self) {
        let hindered = |cause| matches!(cause, Cause::CutOff(_) | Cause::LeftAlone(_));
        if self.running.is_some_and(|running| hindered(running.cause)) {
            self.running = None;
        }
    }
}
