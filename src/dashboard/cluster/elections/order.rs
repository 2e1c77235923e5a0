//! No message arrives before it was sent.
//!
//! The steps of an election are stamped by different clocks, which are read off what was heard: never
//! too early, and too late by whatever the least delayed event was delayed. Where an arrival stands before
//! what its sender did first, the sender's clock is read too late by at least as much. So it is with
//! votes before an election, with an election before who follows, and with who follows before a service.

use std::time::Duration;

use super::{Election, Elections, Failover, Happening, Step};
use crate::event::Fact;
use crate::id::{Ballot, NodeId};
use crate::time::Time;

/// How far apart an arrival and its sending may stand in the wrong order.
///
/// Clocks are read to a millisecond after some events; what is further apart is another message.
const DISORDER: Duration = Duration::from_millis(20);

/// How long a message takes at least.
const LEAST: Duration = Duration::from_micros(1);

/// How many of the last steps are looked at: an election of nine nodes without its repetitions.
const LOOKED_AT: usize = 96;

impl Elections {
    /// Returns a node whose clock is read too late in the newest election, and by how much at least.
    pub(in crate::dashboard::cluster) fn late_clock(&self) -> Option<(NodeId, Duration)> {
        self.kept.back().and_then(Election::late_clock)
    }

    /// Puts what a node told in the newest election so much earlier; returns the failover that it timed.
    pub(in crate::dashboard::cluster) fn correct(&mut self, node: NodeId, by: Duration) -> Option<Failover> {
        let election = self.kept.back_mut()?;
        let timed = election.failover;
        election.correct(node, by);
        timed
    }
}

impl Election {
    fn late_clock(&self) -> Option<(NodeId, Duration)> {
        let last = &self.steps[self.steps.len().saturating_sub(LOOKED_AT)..];
        last.iter().enumerate().find_map(|(place, effect)| {
            let late = |is_cause: &dyn Fn(&Step) -> bool| self.late_cause(last, place, is_cause);
            match &effect.what {
                Happening::Message { from, message } if message == "coordinator" => {
                    let reign = followed_then(&last[place..], effect.node, *from)?;
                    late(&|step| is_elected(step, reign))
                }
                Happening::Message { from, message } => {
                    late(&|step| step.node == *from && sends(step, message, effect.node))
                }
                Happening::Fact(Fact::BecameLeader { ballot, grants }) => grants
                    .iter()
                    .find_map(|voter| late(&|step| step.node == *voter && votes_for(step, *ballot))),
                Happening::Fact(Fact::ServingStarted { ballot }) => late(&|step| follows(step, *ballot)),
                Happening::Fact(Fact::Following { ballot }) => late(&|step| is_elected(step, *ballot)),
                Happening::Fact(_) | Happening::Signal(_) | Happening::Exit => None,
            }
        })
    }

    /// Returns whose clock is late where every cause of a step stands behind it, and one of them near.
    fn late_cause(
        &self,
        steps: &[Step],
        effect: usize,
        is_cause: &dyn Fn(&Step) -> bool,
    ) -> Option<(NodeId, Duration)> {
        let at = steps[effect].at;
        let near = |step: &&Step| distance(step.at, at) <= DISORDER && is_cause(step);
        if steps[..effect].iter().any(|step| near(&step)) {
            return None;
        }
        let cause = steps[effect..].iter().find(near)?;
        let by = cause.at.since(at) + LEAST;
        let known = self.corrected.get(&cause.node).copied().unwrap_or_default();
        // What would take more was no cause of it, or a message was taken for another.
        (cause.node != steps[effect].node && known + by <= DISORDER).then_some((cause.node, by))
    }

    fn correct(&mut self, node: NodeId, by: Duration) {
        *self.corrected.entry(node).or_default() += by;
        for step in self.steps.iter_mut().filter(|step| step.node == node) {
            match step.what {
                Happening::Message { .. } | Happening::Fact(_) => step.at = step.at - by,
                // Its supervisor told that, by a clock of its own.
                Happening::Signal(_) | Happening::Exit => {}
            }
        }
        self.steps.sort_by_key(|step| step.at);
        if let Some((at, _)) = self.outcome.as_mut().filter(|(_, ballot)| ballot.id == node) {
            *at = *at - by;
        }
        if let Some(failover) = &mut self.failover {
            failover.correct(node, by);
        }
    }
}

/// Returns the reign of which a node heard first: that in which it followed its leader right then.
///
/// A leader announces itself again to whoever it meets, so that no announcement alone says of which
/// reign it is.
fn followed_then(steps: &[Step], node: NodeId, leader: NodeId) -> Option<Ballot> {
    let facts = steps.iter().filter(|step| step.node == node);
    let mut told = facts.filter_map(|step| match &step.what {
        Happening::Fact(fact) => Some(fact),
        Happening::Message { .. } | Happening::Signal(_) | Happening::Exit => None,
    });
    match told.next() {
        Some(Fact::Following { ballot }) if ballot.id == leader => Some(*ballot),
        _ => None,
    }
}

/// Says whether a node sent such a message to another one because of this.
fn sends(step: &Step, message: &str, to: NodeId) -> bool {
    match (&step.what, message) {
        (Happening::Fact(Fact::ElectionStarted { .. }), "election")
        | (Happening::Fact(Fact::ClaimStarted { .. }), "claim")
        | (Happening::Fact(Fact::SteppedDown { .. }), "resign") => true,
        (Happening::Fact(Fact::HandoverStarted { ballot }), "handover") => ballot.id == to,
        (Happening::Message { from, message }, "answer") => *from == to && message == "election",
        (Happening::Message { from, message }, "grant") => *from == to && message == "claim",
        _ => false,
    }
}

fn votes_for(step: &Step, reign: Ballot) -> bool {
    matches!(&step.what, Happening::Fact(Fact::Voted { ballot }) if *ballot == reign)
}

fn follows(step: &Step, reign: Ballot) -> bool {
    matches!(&step.what, Happening::Fact(Fact::Following { ballot }) if *ballot == reign)
}

fn is_elected(step: &Step, reign: Ballot) -> bool {
    matches!(&step.what, Happening::Fact(Fact::BecameLeader { ballot, .. }) if *ballot == reign)
}

fn distance(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::testing::{Scene, ballot_of, node};
    use crate::event::process::ProcessSignal;
    use crate::event::{EVENT_VERSION, Event};
    use crate::id::Generation;

    /// Tells a fact of a node whose clock is read so many milliseconds too late.
    fn tell_late(scene: &mut Scene, number: u16, late: u64, fact: Fact) {
        let at = scene.now() + Duration::from_millis(late);
        let event = Event {
            version: EVENT_VERSION,
            node: node(number),
            generation: Generation(1),
            sequence: 0,
            monotonic_ns: at,
            wall_ms: 0,
            fact,
        };
        scene.model.cluster.node_told(at, &event);
    }

    #[test]
    fn a_message_never_arrives_before_it_was_sent() {
        let mut scene = Scene::led(120, 40);
        scene.after(5000).kill(3).after(10);
        let ballot = ballot_of(2, node(2));
        let received = |from, message: &str| Fact::MessageReceived {
            from: node(from),
            message: message.to_owned(),
        };
        tell_late(&mut scene, 2, 8, Fact::ElectionStarted { round: 2 });
        scene.after(1).tell(1, received(2, "election"));
        tell_late(&mut scene, 2, 9, received(1, "answer"));
        tell_late(&mut scene, 2, 9, Fact::ClaimStarted { ballot });
        scene.after(2).tell(1, received(2, "claim"));
        tell_late(&mut scene, 2, 10, Fact::ServingStarted { ballot });
        let cluster = &scene.model.cluster;
        let election = cluster.elections.newest().next().expect("one");
        let place = |wanted: &dyn Fn(&Step) -> bool| election.steps.iter().position(wanted).expect("there");
        let told = |fact: fn(&Fact) -> bool| {
            place(&move |step| matches!(&step.what, Happening::Fact(told) if fact(told)))
        };
        let came = |name: &'static str| {
            place(&move |step| matches!(&step.what, Happening::Message { message, .. } if message == name))
        };
        let asked = told(|fact| matches!(fact, Fact::ElectionStarted { .. }));
        let stood = told(|fact| matches!(fact, Fact::ClaimStarted { .. }));
        assert!(
            asked < came("election") && came("election") < came("answer"),
            "{election:?}"
        );
        assert!(stood < came("claim"), "{election:?}");
        assert!(election.steps.is_sorted_by_key(|step| step.at));
        let last = cluster.leadership.last().expect("it ended");
        assert_eq!(election.took(), last.serving, "the stopwatch is put right, too");
        assert!(last.serving < Some(Duration::from_millis(20)), "{last:?}");
    }

    #[test]
    fn a_clock_that_is_late_in_one_election_changes_no_stopwatch_of_another() {
        let mut scene = Scene::led(120, 40);
        scene.after(5000).kill(3).suspect(2, 3).elect(2, 2, &[1, 2]);
        let last = *scene.model.cluster.leadership.last().expect("it ended");
        scene.after(5000);
        tell_late(&mut scene, 2, 8, Fact::ElectionStarted { round: 9 });
        let message = "election".to_owned();
        scene.tell(
            1,
            Fact::MessageReceived {
                from: node(2),
                message,
            },
        );
        let newest = scene.model.cluster.elections.newest().next().expect("one");
        assert!(newest.corrected.contains_key(&node(2)), "{newest:?}");
        assert_eq!(scene.model.cluster.leadership.last(), Some(&last));
    }

    #[test]
    fn what_contradicts_itself_moves_nothing_far() {
        let mut scene = Scene::led(120, 40);
        scene.after(5000);
        let before = scene.now();
        let (to, reign) = (ballot_of(2, node(2)), ballot_of(2, node(2)));
        for _ in 0..50 {
            // Each says that the other did first what it did itself.
            scene.tell(1, Fact::Following { ballot: reign }).after(1);
            let grants = vec![node(1)];
            scene.tell(2, Fact::BecameLeader { ballot: to, grants }).after(1);
            scene.tell(1, Fact::Voted { ballot: to }).after(1);
        }
        let election = scene.model.cluster.elections.newest().next().expect("one");
        let first = election.steps.first().expect("a step");
        assert!(
            before.since(first.at) <= 2 * DISORDER,
            "{:?}",
            before.since(first.at)
        );
        scene.after(1000).tell(1, Fact::ElectionStarted { round: 7 });
        let election = scene.model.cluster.elections.newest().next().expect("one");
        let newest = election.steps.last().expect("a step");
        assert!(
            scene.now().since(newest.at) <= DISORDER,
            "{:?}",
            scene.now().since(newest.at)
        );
    }

    #[test]
    fn clocks_that_are_right_are_left_alone() {
        let mut scene = Scene::led(120, 40);
        let signal = ProcessSignal::Freeze;
        scene.process(3, crate::event::process::ProcessFact::Signalled { signal });
        scene.after(6000).suspect_silent(2, 3).elect(2, 2, &[1, 2]);
        let election = scene.model.cluster.elections.newest().next().expect("one");
        assert_eq!(election.late_clock(), None);
        assert_eq!(election.took(), Some(Duration::from_millis(6003)));
    }
}
