//! Whether this node can say alone what is kept: it was in sync with enough nodes, and not away since.
//!
//! A quorum that is a majority has met every other majority, so it need not ask this. Under `live`
//! the survivors may be fewer; what they say is the truth only while nothing can have been
//! acknowledged without them. Owns that judgement; pure: time and view are told.

use std::time::Duration;

use crate::bully::View;
use crate::time::Time;

/// What a node knows of being abreast of everybody else.
#[derive(Debug)]
pub(super) struct Abreast {
    /// Whether it was, when it was last in touch.
    was: bool,
    /// When it last took part in a reign, or saw that there can be none.
    in_touch: Time,
    /// How long a reign can go on without it before its promise has run out.
    promise: Duration,
}

impl Abreast {
    /// Makes the judgement of a node that has just started: it may have been away for long, unless
    /// it is alone.
    pub(super) const fn new(alone: bool, now: Time, promise: Duration) -> Self {
        Self {
            was: alone,
            in_touch: now,
            promise,
        }
    }

    /// Looks at how things stand now.
    pub(super) fn look(&mut self, now: Time, view: &View) {
        self.was = self.is(now);
        if view.in_touch {
            self.in_touch = now;
        }
    }

    /// This node was found in sync with enough others, or to lack something.
    pub(super) fn found(&mut self, now: Time, abreast: bool) {
        self.was = abreast;
        self.in_touch = now;
    }

    /// Says whether nothing can have been acknowledged of which this node does not know.
    ///
    /// For as long as its promise ran, whoever acknowledged something was linked with it, and told
    /// it. Also right at a wake-up, before anything else was looked at.
    pub(super) fn is(&self, now: Time) -> bool {
        self.was && now <= self.in_touch + self.promise
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::QuorumPolicy;
    use crate::id::Epoch;
    use crate::protocol::{NodeRole, QuorumStatus};

    const PROMISE: Duration = Duration::from_millis(400);

    fn ms(millis: u64) -> Time {
        Time::ZERO + Duration::from_millis(millis)
    }

    fn view(in_touch: bool) -> View {
        View {
            role: NodeRole::Electing,
            ballot: None,
            serving: false,
            epoch: Epoch(1),
            quorum: QuorumStatus {
                policy: QuorumPolicy::Live,
                needed: 1,
                reachable: 1,
                missing: Vec::new(),
            },
            in_touch,
            promised: std::collections::BTreeSet::new(),
        }
    }

    #[test]
    fn a_node_that_has_just_started_may_have_been_away() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        abreast.look(ms(1), &view(true));
        assert!(!abreast.is(ms(2)));
        abreast.found(ms(3), true);
        assert!(abreast.is(ms(4)));
    }

    #[test]
    fn a_survivor_that_sees_everybody_die_stays_abreast() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        abreast.found(ms(0), true);
        abreast.look(ms(300), &view(false));
        abreast.look(ms(350), &view(true));
        abreast.look(ms(740), &view(true));
        assert!(abreast.is(ms(1000)));
    }

    #[test]
    fn who_was_cut_off_or_frozen_for_longer_than_a_promise_is_abreast_no_more() {
        let mut cut_off = Abreast::new(false, ms(0), PROMISE);
        cut_off.found(ms(0), true);
        for now in (100..=500).step_by(100) {
            cut_off.look(ms(now), &view(false));
        }
        cut_off.look(ms(501), &view(true));
        assert!(!cut_off.is(ms(502)));

        let mut frozen = Abreast::new(false, ms(0), PROMISE);
        frozen.found(ms(0), true);
        assert!(!frozen.is(ms(401)), "asked before it has looked at anything");
        frozen.look(ms(402), &view(true));
        assert!(!frozen.is(ms(403)));
    }
}
