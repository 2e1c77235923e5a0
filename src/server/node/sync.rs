//! Who keeps all that is kept: what the leader knows of its workers, and each node of itself.
//!
//! A worker proves it anew in every reign, and again after its promise lapsed or its link broke: it
//! may have been away. What a node knows of itself it takes along into a reign of its own, so that
//! an heir gives work to itself at once.

use std::collections::BTreeMap;

use super::Node;
use crate::bully::{Input, View};
use crate::id::{Ballot, NodeId};
use crate::protocol::{ControlMessage, NodeRole};
use crate::server::input::FoundSync;
use crate::server::surroundings::Surroundings;

/// Who keeps all that is kept.
#[derive(Debug)]
pub(super) struct SyncBook {
    /// Whether this node does, as far as it last found out.
    me: bool,
    /// The workers that do, and the reign in which they said so.
    workers: BTreeMap<NodeId, Ballot>,
}

impl SyncBook {
    /// Makes the book of a node that has heard nothing; one that is alone can lack nothing.
    pub(super) fn new(alone: bool) -> Self {
        Self {
            me: alone,
            workers: BTreeMap::new(),
        }
    }

    /// Forgets that a worker is in sync: it has been out of reach.
    pub(super) fn forget(&mut self, worker: NodeId) {
        self.workers.remove(&worker);
    }
}

impl Node {
    /// This node has found out whether it keeps all that is kept; a worker tells its leader.
    pub(super) fn found_sync(&mut self, ballot: Ballot, found: FoundSync) {
        let now = self.clock.now();
        if self.election.view(now).ballot != Some(ballot) {
            return;
        }
        // Whoever keeps nothing more falls behind with the next image.
        let in_sync = found.in_sync && !self.read_only_told;
        let abreast = found.abreast && in_sync;
        self.sync.me = in_sync;
        if abreast || !in_sync {
            self.abreast.found(now, abreast);
        }
        if ballot.id != self.config.id {
            let message = ControlMessage::Sync { ballot, in_sync };
            self.links.send(now, ballot.id, message);
        }
    }

    /// This node keeps nothing more: it is not in sync, in this reign and in all to come.
    pub(super) fn lose_sync(&mut self) {
        self.sync.me = false;
        self.drive(Input::InSync {
            peer: self.config.id,
            in_sync: false,
        });
        if let Some(ballot) = self.election.view(self.clock.now()).ballot {
            self.found_sync(ballot, FoundSync::LACKING);
        }
    }

    /// A worker says whether it keeps all that this node keeps.
    pub(super) fn heard_sync(&mut self, from: NodeId, ballot: Ballot, in_sync: bool) {
        let view = self.election.view(self.clock.now());
        if view.role != NodeRole::Leading || view.ballot != Some(ballot) {
            return;
        }
        if in_sync {
            self.sync.workers.insert(from, ballot);
        } else {
            self.sync.forget(from);
        }
        self.drive(Input::InSync { peer: from, in_sync });
    }

    /// Says whether a node keeps all that is kept, in the reign that this node leads.
    pub(super) fn is_in_sync(&self, node: NodeId, view: &View) -> bool {
        if node == self.config.id {
            return self.sync.me;
        }
        let said = self.sync.workers.get(&node);
        said.is_some() && said == view.ballot.as_ref()
    }

    /// Lets the rest of the runtime know who leads and who can be asked.
    pub(super) fn tell_surroundings(&self, view: &View) {
        let now = Surroundings {
            ballot: view.ballot,
            linked: self.links.up().collect(),
            in_sync: self.sync.me,
        };
        self.surroundings.send_if_modified(|told| {
            let news = *told != now;
            if news {
                *told = now;
            }
            news
        });
    }
}
