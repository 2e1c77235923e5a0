//! Offers: the leader assigns them, workers decline them, and without a leader they wait.

use std::time::Duration;

use super::Node;
use crate::bully::{Input, View};
use crate::event::{Fact, WorkerState};
use crate::id::{Ballot, NodeId};
use crate::protocol::{Assignment, ErrorCode, NodeError, NodeMessage, NodeRole};
use crate::server::dispatch::Dispatch;
use crate::server::parking::Pending;

/// The least that a client waits while nothing moves before it offers again.
///
/// A promise is the longest that a frozen node goes unnoticed; under a fast timing it is shorter
/// than a disk may take for a sync.
const STALL_MIN: Duration = Duration::from_secs(1);

impl Node {
    /// Answers an offer that has just come now, or lets it wait.
    pub(super) fn offered(&mut self, pending: Pending) {
        let view = self.election.view(self.clock.now());
        self.rotate(&view);
        self.answer_or_park(pending, &view);
    }

    /// Answers an offer, or lets it wait; the rotation is up to date with `view`.
    fn answer_or_park(&mut self, pending: Pending, view: &View) {
        let now = self.clock.now();
        if let Some(ballot) = self.election.serving(now) {
            return self.assign(ballot, pending, view);
        }
        if self.leader_elsewhere(view).is_some() {
            return answer(
                pending,
                NodeMessage::Declined {
                    reason: format!("Node {} is not the leader", self.config.id),
                },
            );
        }
        let image = pending.offer.image;
        match self.parking.park(now, pending) {
            Ok(()) => self.events.publish(Fact::OfferParked { image }),
            Err(pending) => turn_away(pending, view),
        }
    }

    /// Lets the election act on deadlines that have come, and brings the rotation and the waiting
    /// offers up to date with it.
    pub(super) fn settle(&mut self) {
        let due = self.election.poll_timeout();
        if due.is_some_and(|due| due <= self.clock.now()) {
            self.drive(Input::Tick);
        }
        let now = self.clock.now();
        let view = self.election.view(now);
        self.abreast.look(now, &view);
        self.rotate(&view);
        self.tell_surroundings(&view);
        while let Some(pending) = self.parking.pop_due(now) {
            turn_away(pending, &view);
        }
        if view.serving || self.leader_elsewhere(&view).is_some() {
            // Answering can park again if a promise runs out just now: no more than are there.
            for _ in 0..self.parking.len() {
                if let Some(pending) = self.parking.pop() {
                    self.answer_or_park(pending, &view);
                }
            }
        }
    }

    /// Answers all that wait, for the node stops.
    pub(super) fn turn_away_all(&mut self) {
        let view = self.election.view(self.clock.now());
        while let Some(pending) = self.parking.pop() {
            turn_away(pending, &view);
        }
    }

    /// Returns the leader that this node follows and reaches.
    ///
    /// A leader whose connection has just been lost may be dead: until a new dial tells, offers
    /// wait rather than being sent after it.
    fn leader_elsewhere(&self, view: &View) -> Option<NodeId> {
        match view.role {
            NodeRole::Following => view
                .ballot
                .map(|ballot| ballot.id)
                .filter(|&leader| self.links.is_up(leader)),
            NodeRole::Starting | NodeRole::Electing | NodeRole::Leading => None,
        }
    }

    fn assign(&mut self, ballot: Ballot, pending: Pending, view: &View) {
        let bytes_max = self.config.image_bytes_max;
        if pending.offer.size > bytes_max {
            return answer(pending, too_large(bytes_max));
        }
        let Pending { offer, user, reply } = pending;
        let now = self.clock.now();
        let dispatch = self.dispatch.as_mut();
        let assigned = dispatch.and_then(|dispatch| dispatch.assign(now, &offer, user));
        self.publish_dispatched();
        let message = match assigned {
            Some((request, node)) => NodeMessage::Assigned(Assignment {
                ballot,
                request,
                node,
                quorum: view.quorum.needed,
                stall_ms: self.stall_ms(),
            }),
            None => unavailable(view),
        };
        let _ = reply.send(message);
    }

    /// Publishes what happened to assignments and to the rotation.
    pub(super) fn publish_dispatched(&mut self) {
        let facts = self.dispatch.as_mut().map(Dispatch::take_facts);
        for fact in facts.into_iter().flatten() {
            self.events.publish(fact);
        }
    }

    /// Keeps the rotation of the reign that the node leads, and what each node is to it.
    fn rotate(&mut self, view: &View) {
        let (NodeRole::Leading, Some(ballot)) = (view.role, view.ballot) else {
            self.dispatch = None;
            return;
        };
        if self
            .dispatch
            .as_ref()
            .is_none_or(|dispatch| dispatch.ballot() != ballot)
        {
            let members = self.config.cluster.members.ids();
            self.dispatch = Some(Dispatch::new(ballot, members));
        }
        let members = self.config.cluster.members.ids();
        let states: Vec<(NodeId, WorkerState)> =
            members.map(|node| (node, self.state_of(node, view))).collect();
        for &(node, state) in &states {
            if matches!(state, WorkerState::Suspect | WorkerState::Down) {
                self.sync.forget(node);
            }
        }
        let now = self.clock.now();
        if let Some(dispatch) = &mut self.dispatch {
            for (node, state) in states {
                dispatch.set_state(node, state);
            }
            dispatch.forget_old(now);
        }
        self.publish_dispatched();
    }

    fn state_of(&self, node: NodeId, view: &View) -> WorkerState {
        if node == self.config.id || (self.links.is_up(node) && view.promised.contains(&node)) {
            if self.is_in_sync(node, view) {
                WorkerState::Active
            } else {
                WorkerState::CatchingUp
            }
        } else if self.links.is_up(node) {
            WorkerState::Suspect
        } else {
            WorkerState::Down
        }
    }

    fn stall_ms(&self) -> u64 {
        let stall = self.config.timing.promise().max(STALL_MIN);
        u64::try_from(stall.as_millis()).unwrap_or(u64::MAX)
    }
}

fn answer(pending: Pending, message: NodeMessage) {
    // A client that has gone needs no answer.
    let _ = pending.reply.send(message);
}

fn turn_away(pending: Pending, view: &View) {
    answer(pending, unavailable(view));
}

/// Every node says so of the upload itself; this spares the client the sending.
fn too_large(bytes_max: u64) -> NodeMessage {
    NodeMessage::Error(NodeError {
        code: ErrorCode::NotAccepted,
        reason: format!("the image is too large: at most {bytes_max} bytes are accepted (--max-image)"),
    })
}

fn unavailable(view: &View) -> NodeMessage {
    NodeMessage::Unavailable {
        missing: view.quorum.missing.clone(),
    }
}
