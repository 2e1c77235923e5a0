//! What the node's task knows about the connections with its peers, both ways.
//!
//! Owns who may speak as which peer, and whether each can be spoken to. An id has one accepted
//! connection at a time: another greeting under it is let in only when it comes from the same life
//! of the same process, which must then have lost the first; that one is cut. Counts nothing and
//! elects nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::input::ConnectionId;
use super::outbox::Outbox;
use crate::bully::LinkChange;
use crate::event::{Fact, LinkDownReason};
use crate::id::{Generation, NodeId};
use crate::protocol::{ControlMessage, PeerStatus};
use crate::time::Time;

/// The connections with all peers.
#[derive(Debug)]
pub(crate) struct Links(BTreeMap<NodeId, Link>);

/// The connections with one peer.
#[derive(Debug)]
pub(crate) struct Link {
    /// Where it listens, for people.
    pub(crate) address: String,
    /// What is to be said to it.
    pub(crate) outbox: Arc<Outbox>,
    /// Wakes whoever dials it.
    pub(crate) wake: Arc<Notify>,
    dialled: Dialled,
    accepted: Option<Accepted>,
}

/// The connection that a peer dialled and greeted on.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Which.
    pub(crate) connection: ConnectionId,
    /// In which life of its process the peer dialled it.
    pub(crate) generation: Generation,
    /// Cuts it; cancelled once it was cut for any other reason.
    pub(crate) cut: CancellationToken,
}

/// What became of the connection that this node dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialled {
    /// Nothing is known yet.
    Unknown,
    /// It stands.
    Up,
    /// It does not.
    Down(LinkDownReason),
}

/// Whether a greeting is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is the peer's connection from now on.
    Granted,
    /// The peer has one that still stands.
    Occupied,
    /// There is no such peer.
    Unknown,
}

impl Link {
    /// Makes the link with a peer about which nothing is known yet.
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            outbox: Arc::default(),
            wake: Arc::default(),
            dialled: Dialled::Unknown,
            accepted: None,
        }
    }
}

impl Links {
    /// Makes the links with these peers.
    pub(crate) fn new(peers: BTreeMap<NodeId, Link>) -> Self {
        Self(peers)
    }

    /// Decides about a peer's greeting; the connection that it replaces is cut.
    pub(crate) fn greet(&mut self, from: NodeId, by: Accepted) -> Entry {
        let Some(link) = self.0.get_mut(&from) else {
            return Entry::Unknown;
        };
        if let Some(standing) = &link.accepted {
            if standing.generation != by.generation && !standing.cut.is_cancelled() {
                return Entry::Occupied;
            }
            standing.cut.cancel();
        }
        link.outbox.meet(by.generation);
        link.accepted = Some(by);
        // It lives: there is no point in waiting before it is dialled again.
        link.wake.notify_one();
        Entry::Granted
    }

    /// A greeted connection is gone; a later one of the same peer stays.
    pub(crate) fn gone(&mut self, from: NodeId, by: ConnectionId) {
        if let Some(link) = self.0.get_mut(&from) {
            link.accepted.take_if(|standing| standing.connection == by);
        }
    }

    /// Says whether what comes by a connection is what the peer says.
    pub(crate) fn speaks_for(&self, from: NodeId, by: ConnectionId) -> bool {
        let accepted = self.0.get(&from).and_then(|link| link.accepted.as_ref());
        accepted.is_some_and(|standing| standing.connection == by)
    }

    /// Learns what became of a dialled connection; returns the fact, if that is news.
    pub(crate) fn changed(&mut self, peer: NodeId, change: LinkChange) -> Option<Fact> {
        let link = self.0.get_mut(&peer)?;
        let dialled = match change {
            LinkChange::Up { .. } => Dialled::Up,
            LinkChange::Closed => Dialled::Down(LinkDownReason::Closed),
            LinkChange::Refused { .. } => Dialled::Down(LinkDownReason::Refused),
            LinkChange::Silent => Dialled::Down(LinkDownReason::Silent),
            LinkChange::Greeted { .. } | LinkChange::Accepted => return None,
        };
        if std::mem::replace(&mut link.dialled, dialled) == dialled {
            return None;
        }
        match dialled {
            Dialled::Unknown => None,
            Dialled::Up => Some(Fact::LinkUp { peer }),
            Dialled::Down(reason) => Some(Fact::LinkDown { peer, reason }),
        }
    }

    /// Puts a message into a peer's outbox at `now`.
    pub(crate) fn send(&self, now: Time, to: NodeId, message: ControlMessage) {
        if let Some(link) = self.0.get(&to) {
            link.outbox.push(now, message);
        }
    }

    /// Says whether a peer can be spoken to.
    pub(crate) fn is_up(&self, peer: NodeId) -> bool {
        self.0.get(&peer).is_some_and(|link| link.dialled == Dialled::Up)
    }

    /// Returns the peers that can be spoken to, in the order of ids.
    pub(crate) fn up(&self) -> impl Iterator<Item = NodeId> {
        let up = self.0.iter().filter(|(_, link)| link.dialled == Dialled::Up);
        up.map(|(&peer, _)| peer)
    }

    /// Reports every peer, in the order of ids.
    pub(crate) fn status(&self) -> Vec<PeerStatus> {
        let one = |(&node, link): (&NodeId, &Link)| PeerStatus {
            node,
            address: link.address.clone(),
            linked: link.dialled == Dialled::Up,
            dead: link.dialled == Dialled::Down(LinkDownReason::Refused),
        };
        self.0.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Epoch;

    const FIRST: ConnectionId = ConnectionId(1);
    const SECOND: ConnectionId = ConnectionId(2);

    fn peer() -> NodeId {
        NodeId::new(2).expect("not zero")
    }

    fn links() -> Links {
        Links::new(BTreeMap::from([(peer(), Link::new("127.0.0.1:8002".to_owned()))]))
    }

    fn by(connection: ConnectionId, generation: u64) -> Accepted {
        Accepted {
            connection,
            generation: Generation(generation),
            cut: CancellationToken::new(),
        }
    }

    #[test]
    fn an_id_with_a_live_connection_is_occupied_until_that_is_gone() {
        let mut links = links();
        assert_eq!(links.greet(peer(), by(FIRST, 1)), Entry::Granted);
        assert_eq!(links.greet(peer(), by(SECOND, 2)), Entry::Occupied);
        assert!(links.speaks_for(peer(), FIRST) && !links.speaks_for(peer(), SECOND));
        links.gone(peer(), FIRST);
        assert_eq!(links.greet(peer(), by(SECOND, 2)), Entry::Granted);
    }

    #[test]
    fn the_same_life_replaces_the_connection_it_lost_and_that_one_is_cut() {
        let mut links = links();
        let first = by(FIRST, 1);
        let cut = first.cut.clone();
        assert_eq!(links.greet(peer(), first), Entry::Granted);
        assert!(!cut.is_cancelled());
        assert_eq!(links.greet(peer(), by(SECOND, 1)), Entry::Granted);
        assert!(cut.is_cancelled());
        links.gone(peer(), FIRST);
        assert!(
            links.speaks_for(peer(), SECOND),
            "the end of the first is old news"
        );
    }

    #[test]
    fn a_connection_that_was_cut_occupies_no_id() {
        let mut links = links();
        let first = by(FIRST, 1);
        let cut = first.cut.clone();
        assert_eq!(links.greet(peer(), first), Entry::Granted);
        cut.cancel();
        assert_eq!(links.greet(peer(), by(SECOND, 2)), Entry::Granted);
    }

    #[test]
    fn a_stranger_has_no_link() {
        let stranger = NodeId::new(7).expect("not zero");
        assert_eq!(links().greet(stranger, by(FIRST, 1)), Entry::Unknown);
    }

    #[test]
    fn only_a_change_of_the_link_is_news() {
        let mut links = links();
        let began = Time::ZERO;
        let reason = LinkDownReason::Refused;
        let down = Some(Fact::LinkDown { peer: peer(), reason });
        assert_eq!(links.changed(peer(), LinkChange::Refused { began }), down);
        assert_eq!(links.changed(peer(), LinkChange::Refused { began }), None);
        assert!(links.status()[0].dead);
        assert_eq!(links.changed(peer(), LinkChange::Accepted), None);
        let up = LinkChange::Up {
            generation: Generation(1),
            epoch: Epoch(0),
            blank: true,
        };
        assert_eq!(links.changed(peer(), up), Some(Fact::LinkUp { peer: peer() }));
        assert!(links.is_up(peer()));
    }
}
