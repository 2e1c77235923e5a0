//! What is told, folded into who leads.

use std::time::Duration;

use super::{Beginning, Cause, Failover, HISTORY_MAX, Leadership, Reign};
use crate::event::process::{ProcessFact, ProcessSignal};
use crate::event::{Fact, StepDownReason, SuspicionReason};
use crate::id::{Ballot, NodeId};
use crate::time::Time;

/// How long a leader must have served nobody, and then go on, to be worth a word.
const NOTICED: Duration = Duration::from_millis(100);

impl Leadership {
    /// Folds in what a node told.
    pub(in crate::dashboard::cluster) fn told(&mut self, at: Time, node: NodeId, fact: &Fact) {
        match fact {
            Fact::Started { .. } => {
                self.doubts.remove(&node);
                self.follows.remove(&node);
                if self.newest.is_none() {
                    self.begin(at, Cause::Start);
                }
            }
            Fact::LeaderSuspected { leader, reason } => self.suspected(at, node, *leader, *reason),
            Fact::HandoverStarted { .. } if self.is_leader(node) => self.begin(at, Cause::HandedOver(node)),
            Fact::SteppedDown { reason, .. } if self.is_leader(node) => self.stepped_down(at, node, *reason),
            Fact::ServingStopped { ballot } if self.led_last() == Some(*ballot) => {
                self.concluded = false;
                if self.reign.is_some() {
                    self.lost(at, Cause::SteppedDown(node));
                }
            }
            Fact::Following { ballot } => self.follows_on(at, node, *ballot),
            Fact::BecameLeader { ballot, .. } => self.elected(at, *ballot),
            Fact::ServingStarted { ballot } => self.serves(at, *ballot),
            Fact::UploadDone { .. } => self.uploaded(at),
            // What is left says nothing about who leads, or nothing that is not said above.
            _ => {}
        }
    }

    /// Folds in what became of a node's process.
    pub(in crate::dashboard::cluster) fn became(&mut self, at: Time, node: NodeId, fact: &ProcessFact) {
        match fact {
            ProcessFact::Signalled { signal } if self.is_leader(node) => match signal {
                ProcessSignal::Kill => self.begin(at, Cause::Killed(node)),
                ProcessSignal::Terminate => self.begin(at, Cause::Stopped(node)),
                ProcessSignal::Freeze => self.begin(at, Cause::Frozen(node)),
                ProcessSignal::Thaw => self.thawed(node),
            },
            ProcessFact::Exited { .. } => {
                self.doubts.remove(&node);
                self.exited(at, node);
            }
            ProcessFact::Signalled { .. }
            | ProcessFact::Spawned { .. }
            | ProcessFact::Restarting { .. }
            | ProcessFact::GaveUp { .. }
            | ProcessFact::Wrote { .. }
            | ProcessFact::OutputDropped { .. }
            | ProcessFact::FaultsUntold { .. }
            | ProcessFact::Sampled { .. }
            | ProcessFact::Summary { .. } => {}
        }
    }

    /// Folds in that somebody who came later found a leader that serves.
    pub(in crate::dashboard::cluster) fn found(&mut self, at: Time, ballot: Ballot) {
        if self.newest.is_some_and(|newest| ballot < newest) {
            return;
        }
        self.newest = Some(ballot);
        self.running = None;
        self.reigns(ballot, at, Beginning::Missed);
    }

    /// Folds in that the leader cannot be reached any more.
    pub(in crate::dashboard::cluster) fn lost_sight_of(&mut self, at: Time, node: NodeId) {
        if self.is_leader(node) {
            self.lost(at, Cause::Suspected(node));
        }
    }

    fn reigns(&mut self, ballot: Ballot, since: Time, beginning: Beginning) {
        let known = self.last_reign.filter(|reign| reign.ballot == ballot);
        let reign = known.unwrap_or(Reign {
            ballot,
            since,
            beginning,
        });
        self.reign = Some(reign);
        self.last_reign = Some(reign);
        self.doubts.clear();
        self.concluded = false;
        if known.is_none() {
            self.strain = None;
        }
    }

    /// Begins a failover, unless one runs: what is known first is its cause, or what was done before.
    pub(super) fn begin(&mut self, at: Time, cause: Cause) {
        if self.running.is_some() {
            return;
        }
        let from = self.reign.map(|reign| reign.ballot);
        let strain = self.strain.filter(|strain| strain.explains(at, cause));
        let (began, cause) = strain.map_or((at, cause), |strain| (strain.at, strain.cause));
        let since = self.doubts.values().filter(|since| **since >= began).min();
        let suspected = since.map(|since| since.since(began));
        self.running = Some(Failover {
            suspected,
            ..Failover::new(cause, from, began)
        });
    }

    pub(super) fn lost(&mut self, at: Time, cause: Cause) {
        self.begin(at, cause);
        self.reign = None;
    }

    /// The process of a node is gone; who was only missed before has crashed.
    fn exited(&mut self, at: Time, node: NodeId) {
        if let Some(running) = &mut self.running
            && running.cause == Cause::Suspected(node)
        {
            running.cause = Cause::Crashed(node);
        }
        if self.is_leader(node) {
            self.lost(at, Cause::Crashed(node));
        }
        // It cannot be found to go on.
        self.concluded &= self.led_last().is_none_or(|ballot| ballot.id != node);
    }

    /// A refused connection and a resignation are proof; silence is what one worker believes.
    fn suspected(&mut self, at: Time, by: NodeId, leader: NodeId, reason: SuspicionReason) {
        let followed = self.follows.remove(&by);
        let led = self.reign.map(|reign| reign.ballot);
        // Who was slow may suspect an earlier reign of a node that leads again.
        let earlier = followed.is_some_and(|followed| Some(followed) != led);
        if !self.is_leader(leader) || earlier {
            return self.suspected_before(at, leader);
        }
        self.doubts.entry(by).or_insert(at);
        match reason {
            SuspicionReason::NoAnswer => {}
            SuspicionReason::Resigned => self.lost(at, Cause::SteppedDown(leader)),
            SuspicionReason::Refused => self.lost(at, Cause::Suspected(leader)),
        }
        self.note_suspicion(at);
    }

    /// Notes when a worker first suspected the leader whose failover runs.
    pub(super) fn note_suspicion(&mut self, at: Time) {
        if let Some(running) = &mut self.running {
            let after = at.since(running.began);
            running.suspected = Some(running.suspected.map_or(after, |known| known.min(after)));
        }
    }

    /// Its worker may be heard later than the supervisor of the leader, or than the heir.
    fn suspected_before(&mut self, at: Time, leader: NodeId) {
        let was = |failover: &Failover| failover.cause.leader() == Some(leader);
        if self.running.as_ref().is_some_and(was) {
            return self.note_suspicion(at);
        }
        if let Some(last) = self.history.back_mut().filter(|last| was(last))
            && last.serving.is_some_and(|serving| at <= last.began + serving)
        {
            last.suspected.get_or_insert(at.since(last.began));
        }
    }

    fn stepped_down(&mut self, at: Time, node: NodeId, reason: StepDownReason) {
        let cause = match reason {
            StepDownReason::HandedOver | StepDownReason::HandoverFailed => Cause::HandedOver(node),
            StepDownReason::Stopping => Cause::Stopped(node),
            StepDownReason::QuorumLost | StepDownReason::Superseded { .. } => Cause::SteppedDown(node),
        };
        self.lost(at, cause);
    }

    /// A worker that follows the same reign again has suspected its leader wrongly.
    fn follows_on(&mut self, at: Time, node: NodeId, ballot: Ballot) {
        self.follows.insert(node, ballot);
        if self.led_last() != Some(ballot) {
            return;
        }
        self.doubts.remove(&node);
        let goes_on = |running: &Failover| running.from == Some(ballot) && at >= running.began;
        if self.concluded && self.running.as_ref().is_some_and(goes_on) {
            self.concluded = false;
            self.reign = self.last_reign;
            self.running = None;
        }
    }

    /// A leader that was frozen so briefly that nobody noticed leads on.
    fn thawed(&mut self, node: NodeId) {
        let unnoticed =
            |failover: &Failover| failover.cause == Cause::Frozen(node) && failover.suspected.is_none();
        if self.running.as_ref().is_some_and(unnoticed) {
            self.running = None;
        }
    }

    fn elected(&mut self, at: Time, ballot: Ballot) {
        if self.newest.is_some_and(|newest| ballot < newest) {
            return;
        }
        self.newest = Some(ballot);
        self.ousted(at, ballot);
        if let Some(running) = &mut self.running {
            running.elected = Some(at.since(running.began));
            running.heir = Some(ballot);
        }
    }

    /// A new reign of another node ends the one that was, even if nobody has said so yet.
    ///
    /// A leader that begins anew, so that whoever has voted since can follow it, goes on serving.
    fn ousted(&mut self, at: Time, heir: Ballot) {
        let Some(old) = self
            .reign
            .map(|reign| reign.ballot)
            .filter(|old| old.id != heir.id)
        else {
            return;
        };
        let first = self.first_doubt_near(at).unwrap_or(at);
        self.lost(first, Cause::Suspected(old.id));
    }

    fn serves(&mut self, at: Time, ballot: Ballot) {
        if self.newest.is_some_and(|newest| ballot < newest) {
            return;
        }
        self.newest = Some(ballot);
        self.ousted(at, ballot);
        self.reigns(ballot, at, Beginning::Seen);
        // A leader that goes on in its own reign at once was never missed.
        let missed = |running: &Failover| running.from != Some(ballot) || at.since(running.began) >= NOTICED;
        if let Some(mut ended) = self.running.take().filter(missed) {
            ended.serving = Some(at.since(ended.began));
            ended.heir = Some(ballot);
            if self.history.len() == HISTORY_MAX {
                self.history.pop_front();
            }
            self.history.push_back(ended);
        }
    }

    /// Notes the first upload under an heir; whoever leads first is nobody's heir.
    fn uploaded(&mut self, at: Time) {
        let heir = self.history.back_mut().filter(|last| last.cause != Cause::Start);
        let Some(last) = heir else {
            return;
        };
        // One that was done before may be heard of only now.
        let since = last.serving.map(|serving| last.began + serving);
        if self.running.is_none() && since.is_some_and(|since| at >= since) {
            last.first_upload.get_or_insert(at.since(last.began));
        }
    }
}
