//! Who of the copies of one transfer is waited for, and who is dropped: decisions, without I/O.
//!
//! The acknowledgement needs some of the copies, and it does not matter which. As long as enough
//! others keep up, one that falls behind is waited for only as long as the transfer's patience
//! lasts; once too few do, it decides, and how slow it is does not count. Patience grows back slowly while the transfer goes on: a peer that is now and then a little slower is no laggard, one
//! that stands still is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::id::NodeId;

/// The longest standstill of copies which a transfer bears that can go on without them.
///
/// A person does not notice it, and a disk that pauses for a flush is not dropped for that.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);

/// How much of the time that passes is added to the patience: one part of so many.
///
/// So a transfer takes a third longer at most for the sake of copies that are not needed.
const RECOVERY: u32 = 4;

/// How long an acknowledgement waits for copies beyond the quorum, so that they can be counted.
const GRACE_MIN: Duration = Duration::from_millis(250);

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It takes what it is given.
    Taking,
    /// It is on stable storage.
    Kept,
    /// It is no more.
    Lost,
}

/// What to do about copies that have no room for the next bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lag {
    /// Nobody is behind, or nobody who was is left.
    None,
    /// Wait as long as they move: too few others keep up for the acknowledgement.
    Wait,
    /// Wait, but no longer than this.
    WaitAtMost(Duration),
    /// Go on without them.
    Drop,
}

/// How far the copies are from an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Everybody has answered, and enough have kept it.
    Complete,
    /// Enough have kept it, and some have yet to answer.
    Enough,
    /// Too few have kept it so far.
    TooFew,
    /// Too few are left.
    Hopeless,
}

/// The copies of one transfer, but for the local one.
#[derive(Debug)]
pub(super) struct Company {
    needed: usize,
    standing: BTreeMap<NodeId, Standing>,
    /// For how long copies that are not needed may still be waited for.
    patience: Duration,
}

/// Chooses who gets a copy: whoever is linked, but for those to be spared, unless they are needed.
pub(super) fn choose(linked: &[NodeId], spared: &BTreeSet<NodeId>, needed: usize) -> Vec<NodeId> {
    let (spared, mut chosen): (Vec<NodeId>, Vec<NodeId>) =
        linked.iter().partition(|peer| spared.contains(peer));
    if chosen.len() < needed {
        chosen.extend(spared);
    }
    chosen
}

/// Returns how long the rest is waited for when it took the others so long to keep their copies.
///
/// Syncs of a large image end apart by more than those of a small one.
pub(super) fn grace(others: Duration) -> Duration {
    GRACE_MIN.max(others / RECOVERY)
}

impl Company {
    /// Begins with copies on `peers`, of which `needed` must be kept.
    pub(super) fn new(peers: impl IntoIterator<Item = NodeId>, needed: usize) -> Self {
        let standing = peers.into_iter().map(|peer| (peer, Standing::Taking)).collect();
        Self {
            needed,
            standing,
            patience: PATIENCE,
        }
    }

    /// Notes that a peer has the copy on stable storage.
    pub(super) fn kept(&mut self, peer: NodeId) {
        self.standing.insert(peer, Standing::Kept);
    }

    /// Notes that a peer will not have the copy.
    pub(super) fn lost(&mut self, peer: NodeId) {
        self.standing.insert(peer, Standing::Lost);
    }

    /// Notes that copies that are not needed have been waited for.
    pub(super) fn waited(&mut self, span: Duration) {
        self.patience = self.patience.saturating_sub(span);
    }

    /// Notes that the transfer has gone on for so long.
    pub(super) fn went_on(&mut self, span: Duration) {
        self.patience = (self.patience + span / RECOVERY).min(PATIENCE);
    }

    /// Returns who has yet to answer.
    pub(super) fn taking(&self) -> Vec<NodeId> {
        self.who(Standing::Taking)
    }

    /// Returns who has the copy on stable storage.
    pub(super) fn keepers(&self) -> Vec<NodeId> {
        self.who(Standing::Kept)
    }

    /// Returns how many must keep it.
    pub(super) fn needed(&self) -> usize {
        self.needed
    }

    /// Decides about `behind` copies that have no room while the others do.
    pub(super) fn lag(&self, behind: usize) -> Lag {
        let keeping_up = self.count(Standing::Taking).saturating_sub(behind);
        if behind == 0 {
            Lag::None
        } else if keeping_up < self.needed {
            Lag::Wait
        } else if self.patience.is_zero() {
            Lag::Drop
        } else {
            Lag::WaitAtMost(self.patience)
        }
    }

    /// Says how far the copies are.
    pub(super) fn progress(&self) -> Progress {
        let (kept, taking) = (self.count(Standing::Kept), self.count(Standing::Taking));
        if kept + taking < self.needed {
            Progress::Hopeless
        } else if kept < self.needed {
            Progress::TooFew
        } else if taking > 0 {
            Progress::Enough
        } else {
            Progress::Complete
        }
    }

    fn who(&self, standing: Standing) -> Vec<NodeId> {
        let all = self.standing.iter().filter(|&(_, &its)| its == standing);
        all.map(|(&peer, _)| peer).collect()
    }

    fn count(&self, standing: Standing) -> usize {
        self.standing.values().filter(|&&its| its == standing).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    /// Copies on nodes 1 and 2, of which one is needed: a cluster of three.
    fn pair() -> Company {
        Company::new([id(1), id(2)], 1)
    }

    #[test]
    fn whoever_is_linked_gets_a_copy_unless_it_lagged_and_is_not_needed() {
        let linked = [id(1), id(2), id(4)];
        let lagged = BTreeSet::from([id(2), id(3)]);
        assert_eq!(choose(&linked, &lagged, 2), [id(1), id(4)]);
        assert_eq!(choose(&linked, &lagged, 3), [id(1), id(4), id(2)]);
        assert_eq!(choose(&[], &lagged, 1), []);
    }

    #[test]
    fn a_laggard_is_borne_for_the_patience_of_the_transfer_and_then_dropped() {
        let mut company = pair();
        assert_eq!(company.lag(0), Lag::None);
        assert_eq!(company.lag(1), Lag::WaitAtMost(PATIENCE));
        company.waited(PATIENCE / 2);
        assert_eq!(company.lag(1), Lag::WaitAtMost(PATIENCE / 2));
        company.waited(PATIENCE);
        assert_eq!(company.lag(1), Lag::Drop);
    }

    #[test]
    fn a_peer_that_is_a_little_slower_is_kept_and_one_that_is_much_slower_is_not() {
        let millis = Duration::from_millis;
        // Of every 100 ms it waits for so many.
        let dropped_after = |waiting: Duration| {
            let mut company = pair();
            (1..1000).find(|_| {
                company.waited(waiting);
                let lag = company.lag(1);
                company.went_on(millis(100));
                lag == Lag::Drop
            })
        };
        assert_eq!(dropped_after(millis(25)), None);
        assert_eq!(dropped_after(millis(50)), Some(9));
    }

    #[test]
    fn the_rest_of_a_large_image_has_more_time() {
        assert_eq!(grace(Duration::from_millis(3)), GRACE_MIN);
        assert_eq!(grace(Duration::from_secs(8)), Duration::from_secs(2));
    }

    #[test]
    fn a_laggard_that_is_needed_is_waited_for_whatever_it_cost_before() {
        let mut company = pair();
        company.waited(PATIENCE);
        assert_eq!(company.lag(2), Lag::Wait);
        company.lost(id(1));
        assert_eq!(company.lag(1), Lag::Wait);
    }

    #[test]
    fn the_rest_may_be_counted_once_enough_have_kept_it() {
        let mut company = pair();
        assert_eq!(company.progress(), Progress::TooFew);
        company.kept(id(2));
        assert_eq!(company.progress(), Progress::Enough);
        assert_eq!((company.keepers(), company.taking()), (vec![id(2)], vec![id(1)]));
        company.lost(id(1));
        assert_eq!(company.progress(), Progress::Complete);
    }

    #[test]
    fn without_enough_copies_there_is_no_hope() {
        let mut company = pair();
        company.lost(id(1));
        assert_eq!(company.progress(), Progress::TooFew);
        company.lost(id(2));
        assert_eq!(company.progress(), Progress::Hopeless);
        assert_eq!(Company::new([], 1).progress(), Progress::Hopeless);
    }

    #[test]
    fn the_last_survivor_needs_nobody() {
        assert_eq!(Company::new([], 0).progress(), Progress::Complete);
    }
}
