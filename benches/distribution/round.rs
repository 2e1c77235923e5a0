//! One round: a leader is struck, and the moments are taken at which others are seen to go on.
//!
//! All moments are of one clock, that of this process. Owns the order of a round; what a cluster is
//! and how it is asked is behind [`Cluster`].

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use crate::kind::Kind;
use crate::race::{Mark, Race};

/// How long anything may take before the run fails; ten times what the slowest failover takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long is paused before somebody is asked again whether a cluster is whole.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A member, by the number that its system knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Member(pub(crate) u64);

/// Who leads, and in which epoch or term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reign {
    pub(crate) term: u64,
    pub(crate) leader: Member,
}

/// Three members, one of whom leads.
pub(crate) trait Cluster {
    /// The moments that it lets be seen.
    fn marks(&self) -> &'static [Mark];

    /// Between two heartbeats; a strike comes at any point of it.
    fn heartbeat(&self) -> Duration;

    /// Waits until all three are up and as good as each other under one leader.
    fn settle(&mut self) -> Reign;

    /// Begins to ask and to watch everybody but the leader.
    fn watch(&mut self, reign: Reign, race: &mut Race);

    /// Does it to the leader; returns the moment just before.
    fn strike(&mut self, kind: Kind, leader: Member, race: &Race) -> Instant;

    /// Brings back whom it was done to.
    fn restore(&mut self, kind: Kind, struck: Member);
}

/// What a round came to.
#[derive(Debug)]
pub(crate) struct Round {
    /// From the strike to each moment.
    pub(crate) took: BTreeMap<Mark, Duration>,
    /// By how much the term grew; one is all that is needed.
    pub(crate) terms: u64,
    /// How often the leader or its term changed while nothing was done to anybody.
    pub(crate) unasked: u64,
    /// Whether the leader or its term changed once more when the struck one came back.
    pub(crate) is_upset: bool,
}

/// Strikes the leader of a settled cluster, measures, and brings it back; returns the next reign.
pub(crate) fn round(cluster: &mut dyn Cluster, kind: Kind, mut reign: Reign) -> (Round, Reign) {
    let mut unasked = 0;
    let mut race = Race::new();
    cluster.watch(reign, &mut race);
    pause(cluster.heartbeat());
    while race.has_begun() {
        unasked += 1;
        reign = cluster.settle();
        race = Race::new();
        cluster.watch(reign, &mut race);
        pause(cluster.heartbeat());
    }
    let struck = cluster.strike(kind, reign.leader, &race);
    let (took, told) = race.finish(struck, cluster.marks());
    cluster.restore(kind, reign.leader);
    let next = cluster.settle();
    if next != told {
        eprintln!("  {kind}: {told:?} was told, and then it became {next:?}");
    }
    let round = Round {
        took,
        terms: told.term.saturating_sub(reign.term),
        unasked,
        is_upset: next != told,
    };
    (round, next)
}

/// Waits for any part of a heartbeat, so that no strike knows when the last one was.
fn pause(heartbeat: Duration) {
    thread::sleep(heartbeat.min(PAUSE_MAX).mul_f64(fastrand::f64()));
}

/// The longest such pause: a death is noticed whenever it comes, and five seconds a round are an hour.
const PAUSE_MAX: Duration = Duration::from_millis(100);

/// Looks again and again until there is what is looked for.
///
/// # Panics
///
/// With what was seen last, when that takes too long.
pub(crate) fn patiently<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < deadline, "{what} never came about: {seen}"),
        }
        thread::sleep(LOOK_AGAIN);
    }
}
