//! What a leader has given to whom, since its reign began.
//!
//! Owns the rotation, the numbers of assignments, and which of them are still open. A node that
//! leaves the rotation has failed what it had; the clients offer it again. Pure: the time comes as
//! a value, and what happened waits to be taken out as facts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Fact, RequestKind, RequestOutcome, WorkerState};
use crate::id::{Ballot, ImageId, NodeId, RequestId, UserName};
use crate::loadbalancer::RoundRobin;
use crate::protocol::{Offer, RotationStatus};
use crate::time::Time;

/// How many assignments are remembered as open.
///
/// Nine nodes have 64 transfers each at most; what is beyond has clients that never came.
const OPEN_MAX: usize = 4096;

/// How long an assignment is remembered as open: longer than any upload that is not stuck.
const OPEN_TIME: Duration = Duration::from_hours(1);

/// The assignments of one reign.
#[derive(Debug)]
pub(crate) struct Dispatch {
    ballot: Ballot,
    rotation: RoundRobin,
    assigned: u64,
    open: BTreeMap<RequestId, Open>,
    /// What happened and has not been taken out.
    facts: Vec<Fact>,
}

/// An assignment whose end is not known.
#[derive(Debug)]
struct Open {
    node: NodeId,
    image: ImageId,
    since: Time,
}

impl Dispatch {
    /// Makes the empty book of a reign over `members`, none of which is active yet.
    pub(crate) fn new(ballot: Ballot, members: impl IntoIterator<Item = NodeId>) -> Self {
        Self {
            ballot,
            rotation: RoundRobin::new(members),
            assigned: 0,
            open: BTreeMap::new(),
            facts: Vec::new(),
        }
    }

    /// Takes out what happened since it was last asked, in order.
    pub(crate) fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// Returns the reign.
    pub(crate) fn ballot(&self) -> Ballot {
        self.ballot
    }

    /// Gives an offer to the next node; `None` when no node is active.
    pub(crate) fn assign(&mut self, now: Time, offer: &Offer, user: UserName) -> Option<(RequestId, NodeId)> {
        // Two downloads of one image are two requests; an upload that comes again is the same one.
        if offer.kind == RequestKind::Upload {
            self.give_up(|open| open.image == offer.image);
        }
        let node = self.rotation.assign(offer.failed)?;
        self.assigned += 1;
        let request = RequestId(self.assigned);
        let image = offer.image;
        self.open.insert(
            request,
            Open {
                node,
                image,
                since: now,
            },
        );
        self.facts.push(Fact::Assigned {
            ballot: self.ballot,
            request,
            kind: offer.kind,
            image,
            user,
            node,
            redispatched_from: offer.failed.filter(|&failed| failed != node),
            next: self.rotation.next(),
        });
        self.forget_old(now);
        Some((request, node))
    }

    /// Notes the end of an assignment, told by the node that had it; anything else is ignored.
    pub(crate) fn finish(&mut self, by: NodeId, ballot: Ballot, request: RequestId, outcome: RequestOutcome) {
        let had_it = self.open.get(&request).is_some_and(|open| open.node == by);
        if ballot == self.ballot && had_it {
            self.close(request, outcome);
        }
    }

    /// Sets what a node is; one that is down or suspect has failed what it had.
    pub(crate) fn set_state(&mut self, node: NodeId, state: WorkerState) {
        if !self.rotation.set_state(node, state) {
            return;
        }
        let next = self.rotation.next();
        self.facts.push(Fact::RotationChanged { node, state, next });
        match state {
            WorkerState::Down | WorkerState::Suspect => self.give_up(|open| open.node == node),
            WorkerState::Active | WorkerState::Draining | WorkerState::CatchingUp => {}
        }
    }

    /// Reports every node, in the order of ids.
    pub(crate) fn rotation(&self) -> Vec<RotationStatus> {
        self.rotation.rotation()
    }

    /// Counts open assignments as failed whose client never came, or whose end was never told.
    pub(crate) fn forget_old(&mut self, now: Time) {
        while let Some((&oldest, open)) = self.open.first_key_value()
            && (self.open.len() > OPEN_MAX || now.since(open.since) > OPEN_TIME)
        {
            self.close(oldest, RequestOutcome::Failed);
        }
    }

    fn give_up(&mut self, which: impl Fn(&Open) -> bool) {
        let lost = self.open.iter().filter(|&(_, open)| which(open));
        let lost: Vec<RequestId> = lost.map(|(&request, _)| request).collect();
        for request in lost {
            self.close(request, RequestOutcome::Failed);
        }
    }

    fn close(&mut self, request: RequestId, outcome: RequestOutcome) {
        if let Some(Open { node, .. }) = self.open.remove(&request) {
            self.rotation.finish(node, outcome);
            self.facts.push(Fact::RequestDone {
                request,
                node,
                outcome,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Epoch;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn reign() -> Ballot {
        Ballot {
            epoch: Epoch(4),
            id: id(3),
        }
    }

    /// A book over three active nodes.
    fn dispatch() -> Dispatch {
        let mut dispatch = Dispatch::new(reign(), (1..=3).map(id));
        for node in 1..=3 {
            dispatch.set_state(id(node), WorkerState::Active);
        }
        dispatch
    }

    fn assign(
        dispatch: &mut Dispatch,
        now: Time,
        image: u128,
        failed: Option<NodeId>,
    ) -> (RequestId, NodeId) {
        let offer = Offer {
            kind: RequestKind::Upload,
            image: ImageId::from_bytes(image.to_be_bytes()),
            size: 1,
            failed,
        };
        let user = "alice".parse().expect("valid");
        dispatch.assign(now, &offer, user).expect("somebody is active")
    }

    fn in_flight(dispatch: &Dispatch) -> u64 {
        dispatch.rotation().iter().map(|status| status.in_flight).sum()
    }

    #[test]
    fn a_request_is_closed_by_the_node_that_had_it_and_by_nobody_else() {
        let mut dispatch = dispatch();
        let (request, node) = assign(&mut dispatch, Time::ZERO, 1, None);
        let done = RequestOutcome::Done;
        let other = id(if node == id(1) { 2 } else { 1 });
        let earlier = Ballot {
            epoch: Epoch(3),
            ..reign()
        };
        dispatch.take_facts();
        dispatch.finish(other, reign(), request, done);
        dispatch.finish(node, earlier, request, done);
        assert!(dispatch.take_facts().is_empty());
        dispatch.finish(node, reign(), request, done);
        dispatch.finish(node, reign(), request, done);
        let outcome = done;
        assert_eq!(
            dispatch.take_facts(),
            [Fact::RequestDone {
                request,
                node,
                outcome
            }]
        );
        assert_eq!(in_flight(&dispatch), 0);
    }

    #[test]
    fn every_change_tells_whose_turn_is_next() {
        let mut dispatch = dispatch();
        assign(&mut dispatch, Time::ZERO, 1, None);
        dispatch.set_state(id(2), WorkerState::Down);
        dispatch.set_state(id(2), WorkerState::Active);
        assign(&mut dispatch, Time::ZERO, 2, None);
        for node in 1..=3 {
            dispatch.set_state(id(node), WorkerState::Down);
        }
        let next: Vec<Option<u16>> = dispatch
            .take_facts()
            .iter()
            .filter_map(|fact| match fact {
                Fact::Assigned { next, .. } | Fact::RotationChanged { next, .. } => Some(*next),
                _ => None,
            })
            .map(|next| next.map(NodeId::number))
            .collect();
        let expected = [1, 1, 1, 2, 3, 3, 1, 2, 3].map(Some);
        assert_eq!(next, [expected.as_slice(), &[None]].concat());
    }

    #[test]
    fn a_node_that_goes_down_has_failed_what_it_had() {
        let mut dispatch = dispatch();
        let (request, node) = assign(&mut dispatch, Time::ZERO, 1, None);
        assign(&mut dispatch, Time::ZERO, 2, None);
        dispatch.take_facts();
        dispatch.set_state(node, WorkerState::Down);
        let state = WorkerState::Down;
        let outcome = RequestOutcome::Failed;
        assert_eq!(
            dispatch.take_facts(),
            [
                Fact::RotationChanged {
                    node,
                    state,
                    next: Some(id(3))
                },
                Fact::RequestDone {
                    request,
                    node,
                    outcome
                },
            ]
        );
        assert_eq!(in_flight(&dispatch), 1);
    }

    #[test]
    fn an_image_that_is_offered_again_goes_to_another_node() {
        let mut dispatch = dispatch();
        let (_, node) = assign(&mut dispatch, Time::ZERO, 1, None);
        let (_, other) = assign(&mut dispatch, Time::ZERO, 1, Some(node));
        assert_ne!(node, other);
        assert_eq!(in_flight(&dispatch), 1, "the first attempt is over");
        let redispatched: u64 = dispatch.rotation().iter().map(|status| status.redispatched).sum();
        assert_eq!(redispatched, 1);
    }

    #[test]
    fn clients_that_never_come_are_forgotten() {
        let mut dispatch = dispatch();
        for image in 0..=OPEN_MAX {
            assign(&mut dispatch, Time::ZERO, image as u128, None);
        }
        assert_eq!(in_flight(&dispatch), OPEN_MAX as u64);
        let much_later = Time::ZERO + OPEN_TIME + Duration::from_nanos(1);
        dispatch.forget_old(much_later);
        assert_eq!(in_flight(&dispatch), 0);
    }
}
