//! What a node knows about one other: its link, its death, its stability.

use std::time::Duration;

use super::{LinkChange, PROOF_TIME};
use crate::id::Generation;
use crate::time::Time;

/// How long a loss is remembered against a peer: five quiet minutes and it is forgotten.
const FLAP_MEMORY: Duration = Duration::from_mins(5);

/// The longest that a flapping peer must be stable before it takes over.
const TAKEOVER_AFTER_MAX: Duration = Duration::from_mins(1);

/// What a node knows about one other.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own; no combination is excluded"
)]
pub(super) struct Peer {
    /// Whether it can be spoken to.
    pub(super) linked: bool,
    /// Whether it left the last question unanswered, and has said nothing since.
    pub(super) silent: bool,
    /// Whether it remembered no vote when it last welcomed us, though we had voted, and has said
    /// nothing since that it must remember a vote for.
    pub(super) forgetful: bool,
    /// Whether it bullied and then did not lead.
    pub(super) failed_to_lead: bool,
    /// Whether it said that it is about to exit.
    pub(super) leaving: bool,
    /// Whether it keeps all that this node keeps, as it has said in this reign.
    pub(super) in_sync: bool,
    /// Since when it has been following without a break, as a leader sees it.
    pub(super) stable_since: Option<Time>,
    /// Whether it has welcomed this life of ours: it knows that we restarted.
    heard: bool,
    /// Whether its port has refused us since we started.
    refused_once: bool,
    /// Whether it remembered no vote when it last welcomed us.
    blank: bool,
    generation: Option<Generation>,
    refusals: Option<Refusals>,
    last_contact: Option<Time>,
    losses: u32,
    last_loss: Option<Time>,
}

/// What of a peer is counted among all; see [`super::peers`].
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is counted by itself")]
pub(super) struct Known {
    pub(super) heard: bool,
    pub(super) blank: bool,
    /// Whether it has welcomed this life of ours or refused it.
    pub(super) met: bool,
    pub(super) refusing: bool,
}

/// Refused dials without a gap between them.
#[derive(Debug, Clone, Copy)]
struct Refusals {
    first_began: Time,
    last_began: Time,
}

impl Peer {
    /// Learns of a change of the link; says whether the peer's process is another than before.
    ///
    /// Only [`super::peers::Peers::learn`] calls it, which counts what follows.
    pub(super) fn learn(&mut self, now: Time, change: LinkChange) -> bool {
        match change {
            LinkChange::Greeted { generation } => self.met(now, generation),
            LinkChange::Up {
                generation, blank, ..
            } => {
                self.linked = true;
                self.silent = false;
                self.heard = true;
                self.blank = blank;
                self.met(now, generation)
            }
            LinkChange::Accepted => {
                self.contacted(now);
                false
            }
            LinkChange::Closed => {
                self.linked = false;
                self.lose(now);
                false
            }
            LinkChange::Refused { began } => {
                self.linked = false;
                self.refused(began);
                false
            }
            LinkChange::Silent => {
                self.linked = false;
                false
            }
        }
    }

    /// What of it is counted.
    pub(super) fn known(&self) -> Known {
        Known {
            heard: self.heard,
            blank: self.heard && self.blank,
            met: self.heard || self.refused_once,
            refusing: self.refusals.is_some(),
        }
    }

    /// Whether it can be spoken to and answers.
    pub(super) fn answers(&self) -> bool {
        self.linked && !self.silent
    }

    /// Since when its death has been proven without a gap, if it is proven at `now`.
    pub(super) fn proof(&self, now: Time) -> Option<Time> {
        self.refusals
            .filter(|refusals| now < refusals.last_began + PROOF_TIME)
            .map(|refusals| refusals.first_began)
    }

    /// When the proof of its death lapses unless it is renewed.
    pub(super) fn proof_until(&self) -> Option<Time> {
        self.refusals.map(|refusals| refusals.last_began + PROOF_TIME)
    }

    /// It broke off: what counted as stable does so no more.
    pub(super) fn lose(&mut self, now: Time) {
        let forgotten = self.last_loss.is_none_or(|last| now.since(last) > FLAP_MEMORY);
        self.losses = if forgotten {
            1
        } else {
            self.losses.saturating_add(1)
        };
        self.last_loss = Some(now);
        self.stable_since = None;
        self.in_sync = false;
    }

    /// When it will have been stable long enough to take over.
    pub(super) fn may_take_over_at(&self, takeover_after: Duration) -> Option<Time> {
        let doublings = self.losses.saturating_sub(1).min(16);
        let wait = takeover_after
            .saturating_mul(1 << doublings)
            .min(TAKEOVER_AFTER_MAX.max(takeover_after));
        self.stable_since.map(|since| since + wait)
    }

    fn met(&mut self, now: Time, generation: Generation) -> bool {
        let restarted = self.generation.is_some_and(|known| known != generation);
        if restarted {
            self.stable_since = None;
            self.in_sync = false;
        }
        if self.generation != Some(generation) {
            self.generation = Some(generation);
            self.leaving = false;
            self.failed_to_lead = false;
        }
        self.contacted(now);
        restarted
    }

    /// Somebody accepted a connection there: proofs of death are void.
    fn contacted(&mut self, now: Time) {
        self.last_contact = Some(now);
        self.refusals = None;
    }

    /// A dial that began before the last contact proves nothing.
    fn refused(&mut self, began: Time) {
        if self.last_contact.is_some_and(|contact| began <= contact) {
            return;
        }
        self.refused_once = true;
        self.refusals = Some(match self.refusals {
            Some(held) if began < held.last_began + PROOF_TIME => Refusals {
                first_began: held.first_began,
                last_began: began.max(held.last_began),
            },
            _ => Refusals {
                first_began: began,
                last_began: began,
            },
        });
    }
}
