//! What a node knows about all others, and what that comes to: counted once, not at every look.
//!
//! An election asks after every message how many it has heard and who is dead. Among a thousand
//! nodes to count anew would cost a thousand steps a message, so a change is counted when it is learned.
//! Invariant: the counts are those of the peers, for only [`Peers::learn`] changes what is counted.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use super::LinkChange;
use super::peer::{Known, Peer};
use crate::id::NodeId;
use crate::time::Time;

/// What a node knows about all others.
#[derive(Debug)]
pub(super) struct Peers {
    all: BTreeMap<NodeId, Peer>,
    /// How many have welcomed this life of ours.
    heard: usize,
    /// How many of those remembered no vote.
    blank: usize,
    /// How many have welcomed this life of ours or refused it.
    met: usize,
    /// Whose port has refused us since it last accepted.
    refusing: BTreeSet<NodeId>,
}

impl Peers {
    pub(super) fn new(ids: impl Iterator<Item = NodeId>) -> Self {
        Self {
            all: ids.map(|id| (id, Peer::default())).collect(),
            heard: 0,
            blank: 0,
            met: 0,
            refusing: BTreeSet::new(),
        }
    }

    /// Learns of a change of a link; says whether the peer's process is another than before.
    pub(super) fn learn(&mut self, now: Time, id: NodeId, change: LinkChange) -> bool {
        let Some(peer) = self.all.get_mut(&id) else {
            return false;
        };
        let before = peer.known();
        let restarted = peer.learn(now, change);
        let after = peer.known();
        self.recount(id, before, after);
        restarted
    }

    fn recount(&mut self, id: NodeId, before: Known, after: Known) {
        let adjust = |count: &mut usize, was: bool, is: bool| {
            *count = *count + usize::from(is) - usize::from(was);
        };
        adjust(&mut self.heard, before.heard, after.heard);
        adjust(&mut self.blank, before.blank, after.blank);
        adjust(&mut self.met, before.met, after.met);
        match (before.refusing, after.refusing) {
            (false, true) => {
                self.refusing.insert(id);
            }
            (true, false) => {
                self.refusing.remove(&id);
            }
            (false, false) | (true, true) => {}
        }
    }

    /// How many have welcomed this life of ours.
    pub(super) fn heard(&self) -> usize {
        self.heard
    }

    /// How many of those who have remembered no vote when they did.
    pub(super) fn blank(&self) -> usize {
        self.blank
    }

    pub(super) fn everybody_heard(&self) -> bool {
        self.heard == self.all.len()
    }

    /// Whether everybody has welcomed this life of ours or refused it.
    pub(super) fn everybody_met(&self) -> bool {
        self.met == self.all.len()
    }

    /// Those whose port has refused us since it last accepted, whether or not that still proves anything.
    pub(super) fn refusing(&self) -> impl Iterator<Item = (NodeId, &Peer)> {
        self.refusing
            .iter()
            .filter_map(|id| Some((*id, self.all.get(id)?)))
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, id: NodeId) -> Option<&Peer> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Peer> {
        self.all.get_mut(&id)
    }

    pub(super) fn iter(&self) -> btree_map::Iter<'_, NodeId, Peer> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> btree_map::IterMut<'_, NodeId, Peer> {
        self.all.iter_mut()
    }

    pub(super) fn values(&self) -> btree_map::Values<'_, NodeId, Peer> {
        self.all.values()
    }

    pub(super) fn values_mut(&mut self) -> btree_map::ValuesMut<'_, NodeId, Peer> {
        self.all.values_mut()
    }

    /// All, in the order of ids.
    pub(super) fn in_order(&self) -> btree_map::Range<'_, NodeId, Peer> {
        self.all.range(..)
    }

    /// Those with a higher id than `me`.
    pub(super) fn above(&self, me: NodeId) -> btree_map::Range<'_, NodeId, Peer> {
        self.all.range(me..)
    }
}
