//! What a survivor tells of a failover, as it happens.
//!
//! A node stamps its events by a clock with an origin of its own, so what counts is when they come:
//! some tens of microseconds later.

use heirloom::event::{Event, Fact, LinkDownReason};
use heirloom::id::{Ballot, NodeId};
use heirloom::protocol::Purpose;

use crate::asker::Asker;
use crate::race::{Mark, Race, Teller};
use crate::round::{Member, Reign};

/// Watches a survivor; it has been welcomed when this returns.
pub(crate) fn watch(address: &str, old: Reign, race: &mut Race) {
    let watcher = Asker::welcomed(address, Purpose::Watch);
    race.join(Some(watcher.end()), move |teller| look_out(watcher, old, &teller));
}

/// Tells of what the node tells, until the connection is ended.
fn look_out(mut watcher: Asker, old: Reign, teller: &Teller) {
    while let Some(event) = watcher.hear::<Event>() {
        if let Some(mark) = mark_of(&event.fact, old.leader) {
            teller.tell(mark, None);
        }
    }
}

/// Returns which moment of the end of `old` a fact is, if it is one.
///
/// A connection that closed is no proof: only what follows from it is.
fn mark_of(fact: &Fact, old: Member) -> Option<Mark> {
    if is_gone(fact, old) {
        return Some(Mark::Detected);
    }
    let has_heir = matches!(
        fact,
        Fact::BecameLeader { ballot, .. } | Fact::Following { ballot } if member(ballot.id) != old
    );
    has_heir.then_some(Mark::Elected)
}

fn is_gone(fact: &Fact, old: Member) -> bool {
    let refused = LinkDownReason::Refused;
    matches!(fact, Fact::LeaderSuspected { leader, .. } if member(*leader) == old)
        || matches!(fact, Fact::LinkDown { peer, reason } if member(*peer) == old && *reason == refused)
}

/// Returns a node by its number.
pub(crate) fn member(node: NodeId) -> Member {
    Member(u64::from(node.number()))
}

/// Returns a ballot as a reign.
pub(crate) fn reign(ballot: Ballot) -> Reign {
    Reign {
        term: ballot.epoch.0,
        leader: member(ballot.id),
    }
}
