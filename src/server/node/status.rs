//! How the node is, as it answers to `{"type":"status"}`, and what of it is told by itself.

use super::Node;
use crate::event::Fact;
use crate::protocol::{StatusReport, StoreHealth};
use crate::server::dispatch::Dispatch;
use crate::server::transfer::TRANSFERS_MAX;
use crate::time::Time;

impl Node {
    /// Reports how the node is now.
    pub(super) fn status(&self) -> StatusReport {
        let now = self.clock.now();
        let view = self.election.view(now);
        let uptime = now.since(Time::ZERO);
        StatusReport {
            node: self.config.id,
            generation: self.clock.generation(),
            cluster: self.config.cluster.name.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
            role: view.role,
            ballot: view.ballot,
            serving: view.serving,
            epoch: view.epoch,
            quorum: view.quorum,
            peers: self.links.status(),
            rotation: self.dispatch.as_ref().map(Dispatch::rotation).unwrap_or_default(),
            images: self.store.count(),
            transfers: TRANSFERS_MAX.saturating_sub(self.transfers.available_permits()),
            store: self.store.counters(),
            health: self.store.health(),
            faults: self.faults.now(),
        }
    }

    /// Tells, once, that the store only reads from now on: such a node gets no work while another
    /// can do it, and hands a reign over.
    ///
    /// Looked at after every input. A node that hears and says nothing in the length of a heartbeat
    /// has nobody whom it could tell.
    pub(super) fn tell_health(&mut self) {
        if self.read_only_told {
            return;
        }
        let StoreHealth::ReadOnly { reason } = self.store.health() else {
            return;
        };
        self.read_only_told = true;
        self.events.publish(Fact::StoreReadOnly { reason });
        self.lose_sync();
    }

    /// Tells how many images are kept, when that has changed.
    ///
    /// Told here and not by the transfers, which end side by side: numbers never come out of order.
    pub(super) fn tell_images(&mut self) {
        let images = self.store.count();
        if self.images_told.replace(images) != Some(images) {
            self.events.publish(Fact::Holding { images });
        }
    }
}
