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
    /// When it last heard of a reign that it took part in, or saw that there can be none.
    in_touch: Time,
    /// Since when it has been in touch without a break.
    since: Time,
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
            since: now,
            promise,
        }
    }

    /// Looks at how things stand now.
    pub(super) fn look(&mut self, now: Time, view: &View) {
        let Some(in_touch) = view.in_touch.map(|until| until.max(self.in_touch)) else {
            self.was = self.is(now);
            return;
        };
        if in_touch > self.in_touch + self.promise {
            self.was = false;
            self.since = in_touch;
        }
        self.in_touch = in_touch;
        self.was = self.is(now);
    }

    /// A comparison that began at `began` found this node in sync with enough others, or lacking.
    ///
    /// What it found says nothing if the node was out of touch in between.
    pub(super) fn found(&mut self, began: Time, abreast: bool) {
        self.was = abreast && began >= self.since;
    }

    /// Says whether nothing can have been acknowledged of which this node does not know.
    ///
    /// Whoever acknowledges something tells every other member, if not at once then as soon as they
    /// meet; for how long a node that hears nothing may be cut off without noticing, its promise
    /// says. Also right at a wake-up, before anything else was looked at.
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

    fn view(in_touch: Option<Time>) -> View {
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

    /// Looks at `now` while taking part, or while it cannot tell.
    fn look(abreast: &mut Abreast, now: u64, in_touch: bool) {
        abreast.look(ms(now), &view(in_touch.then(|| ms(now))));
    }

    #[test]
    fn a_node_that_has_just_started_may_have_been_away() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        look(&mut abreast, 1, true);
        assert!(!abreast.is(ms(2)));
        abreast.found(ms(1), true);
        assert!(abreast.is(ms(4)));
    }

    #[test]
    fn a_survivor_that_sees_everybody_die_stays_abreast() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        abreast.found(ms(0), true);
        look(&mut abreast, 300, false);
        look(&mut abreast, 350, true);
        look(&mut abreast, 740, true);
        assert!(abreast.is(ms(1000)));
    }

    #[test]
    fn who_was_cut_off_or_frozen_for_longer_than_a_promise_is_abreast_no_more() {
        let mut cut_off = Abreast::new(false, ms(0), PROMISE);
        cut_off.found(ms(0), true);
        for now in (100..=500).step_by(100) {
            look(&mut cut_off, now, false);
        }
        look(&mut cut_off, 501, true);
        assert!(!cut_off.is(ms(502)));

        let mut frozen = Abreast::new(false, ms(0), PROMISE);
        frozen.found(ms(0), true);
        assert!(!frozen.is(ms(401)), "asked before it has looked at anything");
        look(&mut frozen, 402, true);
        assert!(!frozen.is(ms(403)));
    }

    #[test]
    fn a_worker_knows_of_its_leader_only_until_it_last_heard_of_it() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        abreast.found(ms(0), true);
        abreast.look(ms(390), &view(Some(ms(100))));
        assert!(abreast.is(ms(500)) && !abreast.is(ms(501)));
    }

    #[test]
    fn what_was_compared_before_a_gap_says_nothing_after_it() {
        let mut abreast = Abreast::new(false, ms(0), PROMISE);
        look(&mut abreast, 500, true);
        abreast.found(ms(499), true);
        assert!(!abreast.is(ms(501)));
        abreast.found(ms(500), true);
        assert!(abreast.is(ms(501)));
    }
}
