//! Who leads, and the stopwatch of how leadership passes on.
//!
//! A failover begins with what is known first: the key that killed the leader, its exit, a worker's
//! suspicion, or the handover itself. It ends when an heir serves; the first upload that is
//! acknowledged after that is noted, too.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::process::{ProcessFact, ProcessSignal};
use crate::event::{Fact, StepDownReason, SuspicionReason};
use crate::id::{Ballot, NodeId};
use crate::time::Time;

mod cause;
mod spread;

pub use cause::Cause;
pub use spread::Spread;

/// How many failovers are remembered, enough for a distribution on one screen.
pub const HISTORY_MAX: usize = 64;

/// How long a leader must have served nobody, and then go on, to be worth a word.
const NOTICED: Duration = Duration::from_millis(100);

/// Who leads now, and how it came to be.
#[derive(Debug, Clone, Default)]
pub struct Leadership {
    /// The reign that serves.
    pub reign: Option<Reign>,
    /// The failover that runs.
    pub running: Option<Failover>,
    /// Those that ended, the newest last.
    pub history: VecDeque<Failover>,
    /// The reign that served last; it may go on after a doubt.
    last_reign: Option<Reign>,
    /// The newest ballot that was ever heard of.
    newest: Option<Ballot>,
}

/// A leader that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reign {
    /// Who, in which epoch.
    pub ballot: Ballot,
    /// Since when.
    pub since: Time,
    /// Whether that was seen.
    pub beginning: Beginning,
}

/// Whether the beginning of a reign was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It was.
    Seen,
    /// It lies before the first look at the cluster.
    Missed,
}

/// One passing of leadership, by its phases; each is a time since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failover {
    /// Why.
    pub cause: Cause,
    /// The reign that was.
    pub from: Option<Ballot>,
    /// When it began.
    pub began: Time,
    /// When a worker first believed that the leader is down.
    pub suspected: Option<Duration>,
    /// When a quorum had voted for the heir.
    pub elected: Option<Duration>,
    /// When the heir began to serve.
    pub serving: Option<Duration>,
    /// When the first upload under the heir was acknowledged.
    pub first_upload: Option<Duration>,
    /// The heir's reign.
    pub heir: Option<Ballot>,
}

impl Failover {
    /// Says whether something was lost: nobody wanted the leader to end.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        match self.cause {
            Cause::Start | Cause::HandedOver(_) => false,
            Cause::Killed(_)
            | Cause::Stopped(_)
            | Cause::Frozen(_)
            | Cause::Crashed(_)
            | Cause::Suspected(_)
            | Cause::SteppedDown(_) => true,
        }
    }

    /// Says whether another reign came of it.
    #[must_use]
    pub fn passed_on(&self) -> bool {
        self.heir != self.from
    }

    const fn new(cause: Cause, from: Option<Ballot>, began: Time) -> Self {
        Self {
            cause,
            from,
            began,
            suspected: None,
            elected: None,
            serving: None,
            first_upload: None,
            heir: None,
        }
    }
}

impl Leadership {
    /// Returns the newest failover that ended.
    #[must_use]
    pub fn last(&self) -> Option<&Failover> {
        self.history.back()
    }

    /// Returns the ballot of the reign that serves, or that served last.
    #[must_use]
    pub fn led_last(&self) -> Option<Ballot> {
        self.last_reign.map(|reign| reign.ballot)
    }

    /// Forgets the failovers that ended.
    pub(super) fn forget(&mut self) {
        self.history.clear();
    }

    /// Folds in what a node told.
    pub(super) fn told(&mut self, at: Time, node: NodeId, fact: &Fact) {
        match fact {
            Fact::Started { .. } if self.newest.is_none() => self.begin(at, Cause::Start),
            Fact::LeaderSuspected { leader, reason } if self.is_or_was_leader(*leader) => {
                self.suspected(at, *leader, *reason);
            }
            Fact::HandoverStarted { .. } if self.is_leader(node) => self.begin(at, Cause::HandedOver(node)),
            Fact::SteppedDown { reason, .. } if self.is_leader(node) => self.stepped_down(at, node, *reason),
            Fact::ServingStopped { ballot } if self.reign.is_some_and(|reign| reign.ballot == *ballot) => {
                self.begin(at, Cause::SteppedDown(node));
                self.reign = None;
            }
            Fact::Following { ballot } => self.follows_on(*ballot),
            Fact::BecameLeader { ballot, .. } => self.elected(at, *ballot),
            Fact::ServingStarted { ballot } => self.serves(at, *ballot),
            Fact::UploadDone { .. } => self.uploaded(at),
            // What is left says nothing about who leads, or nothing that is not said above.
            _ => {}
        }
    }

    /// Folds in what became of a node's process.
    pub(super) fn became(&mut self, at: Time, node: NodeId, fact: &ProcessFact) {
        if !self.is_leader(node) {
            return;
        }
        match fact {
            ProcessFact::Signalled { signal } => match signal {
                ProcessSignal::Kill => self.begin(at, Cause::Killed(node)),
                ProcessSignal::Terminate => self.begin(at, Cause::Stopped(node)),
                ProcessSignal::Freeze => self.begin(at, Cause::Frozen(node)),
                ProcessSignal::Thaw => self.thawed(node),
            },
            ProcessFact::Exited { .. } => self.lost(at, Cause::Crashed(node)),
            ProcessFact::Spawned { .. }
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
    pub(super) fn found(&mut self, at: Time, ballot: Ballot) {
        if self.newest.is_some_and(|newest| ballot < newest) {
            return;
        }
        self.newest = Some(ballot);
        self.running = None;
        let known = self.last_reign.filter(|reign| reign.ballot == ballot);
        self.reigns(known.unwrap_or(Reign {
            ballot,
            since: at,
            beginning: Beginning::Missed,
        }));
    }

    /// Folds in that the leader cannot be reached any more.
    pub(super) fn lost_sight_of(&mut self, at: Time, node: NodeId) {
        if self.is_leader(node) {
            self.lost(at, Cause::Suspected(node));
        }
    }

    fn is_leader(&self, node: NodeId) -> bool {
        self.reign.is_some_and(|reign| reign.ballot.id == node)
    }

    /// Says so, too, of one whose failover runs: its worker may notice later than its supervisor.
    fn is_or_was_leader(&self, node: NodeId) -> bool {
        let was = self.running.and_then(|failover| failover.cause.leader());
        self.is_leader(node) || was == Some(node)
    }

    fn reigns(&mut self, reign: Reign) {
        self.reign = Some(reign);
        self.last_reign = Some(reign);
    }

    /// Begins a failover, unless one runs: what is known first is its cause.
    fn begin(&mut self, at: Time, cause: Cause) {
        let from = self.reign.map(|reign| reign.ballot);
        self.running.get_or_insert(Failover::new(cause, from, at));
    }

    fn lost(&mut self, at: Time, cause: Cause) {
        self.begin(at, cause);
        self.reign = None;
    }

    fn suspected(&mut self, at: Time, leader: NodeId, reason: SuspicionReason) {
        let cause = match reason {
            SuspicionReason::Resigned => Cause::SteppedDown(leader),
            SuspicionReason::Refused | SuspicionReason::NoAnswer => Cause::Suspected(leader),
        };
        self.begin(at, cause);
        if let Some(running) = &mut self.running {
            // A suspicion alone is no proof: until somebody else leads, the leader may go on.
            if !matches!(running.cause, Cause::Suspected(_)) {
                self.reign = None;
            }
            running.suspected.get_or_insert(at.since(running.began));
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
    fn follows_on(&mut self, ballot: Ballot) {
        let doubted =
            |running: Failover| running.from == Some(ballot) && matches!(running.cause, Cause::Suspected(_));
        if self.running.is_some_and(doubted) && self.reign.is_some() {
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
        if let Some(running) = &mut self.running {
            running.elected = Some(at.since(running.began));
            running.heir = Some(ballot);
        }
    }

    fn serves(&mut self, at: Time, ballot: Ballot) {
        if self.newest.is_some_and(|newest| ballot < newest) {
            return;
        }
        self.newest = Some(ballot);
        let known = self.last_reign.filter(|reign| reign.ballot == ballot);
        self.reigns(known.unwrap_or(Reign {
            ballot,
            since: at,
            beginning: Beginning::Seen,
        }));
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

    fn uploaded(&mut self, at: Time) {
        let Some(last) = self.history.back_mut() else {
            return;
        };
        // One that was done before may be heard of only now.
        let since = last.serving.map(|serving| last.began + serving);
        if self.running.is_none() && since.is_some_and(|since| at >= since) {
            last.first_upload.get_or_insert(at.since(last.began));
        }
    }
}

#[cfg(test)]
mod tests;
