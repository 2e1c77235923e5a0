//! What nodes and a supervisor would tell of all this, for whoever listens.

use std::time::Duration;

use super::Cluster;
use super::connection::LinkTold;
use super::process::Life;
use crate::bully::{Input, LinkChange};
use crate::event::process::{self, Ending, ProcessEvent, ProcessFact, ProcessSignal};
use crate::event::{EVENT_VERSION, Fact, LinkDownReason};
use crate::id::NodeId;

/// When every simulation begins: thirty-one years of 365 days after the Unix epoch, late in 2000.
///
/// A wall clock that is the same in every run, so that a seed gives the same stream to the last byte.
const WALL_AT_START: Duration = Duration::from_hours(31 * 365 * 24);

impl Cluster<'_> {
    /// A life of a node tells a fact, stamped by its own clock.
    pub(super) fn tell(&mut self, life: Life, fact: impl FnOnce() -> Fact) {
        if !self.observer.listens() {
            return;
        }
        let now = self.now;
        let Some(node) = self.nodes.get_mut(life.node) else {
            return;
        };
        let local = node.clock.unstalled(now);
        let Some(process) = &mut node.process else { return };
        if process.generation == life.generation {
            let wall = WALL_AT_START + Duration::from_nanos(now.as_nanos());
            let event = process.stamp.stamp(local, wall, fact());
            self.observer.node_told(now, &event);
        }
    }

    /// A supervisor tells what became of a node's process.
    pub(super) fn tell_process(&mut self, id: NodeId, fact: ProcessFact) {
        if !self.observer.listens() {
            return;
        }
        let now = self.now;
        let wall = WALL_AT_START + Duration::from_nanos(now.as_nanos());
        let life = process::Life(self.nodes.get(id).map_or(0, |node| node.lives));
        self.observer.process_told(&ProcessEvent {
            version: EVENT_VERSION,
            node: id,
            life,
            monotonic_ns: now,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            fact,
        });
    }

    /// A life began: what a supervisor and the node itself say of it.
    pub(super) fn tell_start(&mut self, life: Life) {
        let pid = u32::from(life.node.number());
        self.tell_process(life.node, ProcessFact::Spawned { pid });
        self.tell(life, || Fact::Started {
            pid,
            address: format!("node-{}:1", life.node),
            program: "simulation".to_owned(),
        });
    }

    /// A process got a signal.
    pub(super) fn tell_signal(&mut self, id: NodeId, signal: ProcessSignal) {
        self.tell_process(id, ProcessFact::Signalled { signal });
    }

    /// A process is gone.
    pub(super) fn tell_end(&mut self, id: NodeId, ending: Ending) {
        self.tell_process(id, ProcessFact::Exited { ending });
    }

    /// A process tells of what reaches it, where a real one would.
    pub(super) fn tell_input(&mut self, life: Life, input: &Input) {
        match input {
            Input::Message { from, message } if !message.is_heartbeat() => {
                let (from, message) = (*from, message.name().to_owned());
                self.tell(life, || Fact::MessageReceived { from, message });
            }
            Input::Link { peer, change } => self.tell_link(life, *peer, *change),
            Input::Shutdown => self.tell(life, || Fact::Stopping),
            Input::Message { .. } | Input::Persisted { .. } | Input::InSync { .. } | Input::Tick => {}
        }
    }

    fn tell_link(&mut self, life: Life, peer: NodeId, change: LinkChange) {
        let news = match change {
            LinkChange::Up { .. } => LinkTold::Up,
            LinkChange::Closed => LinkTold::Down(LinkDownReason::Closed),
            LinkChange::Refused { .. } => LinkTold::Down(LinkDownReason::Refused),
            LinkChange::Silent => LinkTold::Down(LinkDownReason::Silent),
            LinkChange::Greeted { .. } | LinkChange::Accepted => return,
        };
        let Some(process) = self.process_mut(life) else {
            return;
        };
        if process.links[peer].told.replace(news) == Some(news) {
            return;
        }
        self.tell(life, || match news {
            LinkTold::Up => Fact::LinkUp { peer },
            LinkTold::Down(reason) => Fact::LinkDown { peer, reason },
        });
    }
}
