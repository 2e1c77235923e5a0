//! Catching up: some time after a node follows a leader, it keeps all that the leader keeps.
//!
//! Images are no part of a run. What an election hears of them is who could serve them, and that is
//! said again and again, for it is forgotten when a node breaks off.

use std::time::Duration;

use super::process::Life;
use super::{Cluster, Happening};
use crate::bully::Input;
use crate::id::Ballot;
use crate::protocol::NodeRole;

/// How often a worker says again that it is in sync.
const SAID_EVERY: Duration = Duration::from_millis(500);

impl Cluster<'_> {
    /// A node that begins to follow a leader catches up: mostly at once, now and then for seconds.
    pub(super) fn catch_up(&mut self, worker: Life, ballot: Ballot) {
        let lacks_much = self.rng.u8(..) < 32;
        let millis = if lacks_much {
            self.rng.u64(100..4_000)
        } else {
            self.rng.u64(1..20)
        };
        self.schedule_after(Duration::from_millis(millis), Happening::Syncs(worker, ballot));
    }

    /// A worker that still follows a leader tells it that it is in sync, unless the way is cut.
    pub(super) fn sync(&mut self, worker: Life, ballot: Ballot) {
        if self.role_in(worker, ballot) != Some(NodeRole::Following) {
            return;
        }
        self.schedule_after(SAID_EVERY, Happening::Syncs(worker, ballot));
        let frozen = self
            .process_mut(worker)
            .is_some_and(|process| process.frozen.is_some());
        let cut = self.network.disturbed_until(self.now, worker.node, ballot.id);
        let leader = self.life_of(ballot.id);
        let leader = leader.filter(|&leader| self.role_in(leader, ballot) == Some(NodeRole::Leading));
        if let Some(leader) = leader.filter(|_| cut.is_none() && !frozen) {
            let peer = worker.node;
            let in_sync = true;
            self.give(leader, Input::InSync { peer, in_sync });
        }
    }

    /// What a life is in a reign, if it is anything in it.
    fn role_in(&mut self, life: Life, ballot: Ballot) -> Option<NodeRole> {
        let local = self.nodes.get(life.node)?.clock.read(self.now);
        let (role, held) = self.process_mut(life)?.election.position(local);
        (held == Some(ballot)).then_some(role)
    }
}
