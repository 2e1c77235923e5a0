//! Elections, message by message, each from what began it to who leads because of it.
//!
//! Who leads is not judged here: [`Leadership`] says so, and an election lasts for as long as a
//! passing of leadership does. So no entry says that nobody leads while the banner says who does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::failover::{Failover, Leadership};
use crate::event::Fact;
use crate::event::process::{ProcessFact, ProcessSignal};
use crate::id::{Ballot, NodeId};
use crate::time::Time;

mod order;

/// How many elections can be read again.
const ELECTIONS_MAX: usize = 16;

/// How many steps of one election are kept; nine nodes need some two hundred.
const STEPS_MAX: usize = 512;

/// How long it must be quiet after a leader was found before what comes is another election.
///
/// The last workers follow within milliseconds; a returning node takes over after two seconds.
const QUIET: Duration = Duration::from_secs(1);

/// How long a node that finds no leader may wait before it asks again, and it is still the same doubt.
const PATIENCE: Duration = Duration::from_mins(1);

/// The last elections, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Elections {
    kept: VecDeque<Election>,
    /// How many there were, those included that are forgotten.
    count: u64,
}

/// One election.
#[derive(Debug, Clone, Default)]
pub struct Election {
    /// The how-manieth it is, from 1; 0 as long as it decides nothing.
    pub number: u64,
    /// What happened, in the order of its times.
    pub steps: Vec<Step>,
    /// How many steps in its middle there was no room for.
    pub dropped: u64,
    /// How many messages arrived.
    pub messages: u64,
    /// Who came to lead, and when.
    pub outcome: Option<(Time, Ballot)>,
    /// How leadership passed on, or is about to; none while a leader leads on whatever others believe.
    pub failover: Option<Failover>,
    /// Whether nobody was needed to lead when it was last heard of.
    settled: bool,
    /// By how much the clocks of nodes were read too late in it.
    corrected: BTreeMap<NodeId, Duration>,
    /// Whether it is an election at all, rather than the death of a worker that led to nothing.
    decides: bool,
}

/// Something that happened in an election.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// To which node.
    pub node: NodeId,
    /// What.
    pub what: Happening,
}

/// What happened to a node in an election.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// A message arrived from another node.
    Message {
        /// From whom.
        from: NodeId,
        /// Which, in the words of the wire.
        message: String,
    },
    /// The node told this about itself.
    Fact(Fact),
    /// Its process was told this.
    Signal(ProcessSignal),
    /// Its process ended.
    Exit,
}

impl Elections {
    /// Returns the elections, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Election> {
        self.kept.iter().rev().filter(|election| election.decides)
    }

    /// Returns how many elections there were, those included that can no longer be read.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Forgets all of them, and how many there were.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.count = 0;
    }

    /// Folds in what a node told, after `leadership` was; says whether it was a step.
    pub(super) fn told(&mut self, at: Time, node: NodeId, fact: &Fact, leadership: &Leadership) -> bool {
        let what = match fact {
            Fact::MessageReceived { from, message } => Happening::Message {
                from: *from,
                message: message.clone(),
            },
            Fact::LeaderSuspected { .. }
            | Fact::ElectionStarted { .. }
            | Fact::QuorumMissing { .. }
            | Fact::ClaimStarted { .. }
            | Fact::Voted { .. }
            | Fact::BecameLeader { .. }
            | Fact::ServingStarted { .. }
            | Fact::ServingStopped { .. }
            | Fact::Following { .. }
            | Fact::SteppedDown { .. }
            | Fact::HandoverStarted { .. } => Happening::Fact(fact.clone()),
            // What is done on purpose is a step of what it leads to.
            Fact::FaultsChanged { .. } | Fact::ClockStalled { .. } if leadership.running.is_some() => {
                Happening::Fact(fact.clone())
            }
            Fact::FaultsChanged { .. }
            | Fact::ClockStalled { .. }
            | Fact::Started { .. }
            | Fact::Stopping
            | Fact::LinkUp { .. }
            | Fact::LinkDown { .. }
            | Fact::GreetingRefused { .. }
            | Fact::HeartbeatAnswered { .. }
            | Fact::RotationChanged { .. }
            | Fact::Holding { .. }
            | Fact::OfferParked { .. }
            | Fact::Assigned { .. }
            | Fact::RequestDone { .. }
            | Fact::UploadStarted { .. }
            | Fact::UploadDone { .. }
            | Fact::UploadFailed { .. }
            | Fact::CopyMissed { .. }
            | Fact::CatchingUp { .. }
            | Fact::InSync { .. }
            | Fact::RecordDamaged { .. }
            | Fact::RecordRepaired { .. }
            | Fact::StoreReadOnly { .. }
            | Fact::ImageLost { .. }
            | Fact::Downloaded { .. }
            | Fact::Listed { .. }
            | Fact::Deleted { .. }
            | Fact::RequestFailed { .. }
            | Fact::LogDropped { .. } => {
                self.stand(leadership);
                return false;
            }
        };
        self.add(Step { at, node, what }, leadership);
        true
    }

    /// Folds in what became of a node's process, after `leadership` was.
    pub(super) fn became(&mut self, at: Time, node: NodeId, fact: &ProcessFact, leadership: &Leadership) {
        let what = match fact {
            ProcessFact::Signalled { signal } => Happening::Signal(*signal),
            ProcessFact::Exited { .. } => Happening::Exit,
            ProcessFact::Spawned { .. }
            | ProcessFact::Restarting { .. }
            | ProcessFact::GaveUp { .. }
            | ProcessFact::Wrote { .. }
            | ProcessFact::OutputDropped { .. }
            | ProcessFact::FaultsUntold { .. }
            | ProcessFact::Sampled { .. }
            | ProcessFact::Summary { .. } => return self.stand(leadership),
        };
        self.add(Step { at, node, what }, leadership);
    }

    /// Folds in who leads, which may have come out without a step.
    pub(super) fn stand(&mut self, leadership: &Leadership) {
        if let Some(last) = self.kept.back_mut() {
            last.settled |= leadership.running.is_none();
        }
    }

    fn add(&mut self, step: Step, leadership: &Leadership) {
        // Whatever brings a leader ends the newest, even by a clock that is read a little too early.
        let ends = leadership.running.is_none() && self.kept.back().is_some_and(|last| !last.settled);
        if let Some(earlier) = self.heard_late(&step).filter(|_| !ends) {
            earlier.insert(step);
            return;
        }
        if self.begins_another(&step, leadership) {
            // What became of a process was of no election unless one followed.
            if self.kept.back().is_some_and(|last| !last.decides) {
                self.kept.pop_back();
            }
            if self.kept.len() == ELECTIONS_MAX {
                self.kept.pop_front();
            }
            self.kept.push_back(Election {
                settled: true,
                ..Election::default()
            });
        }
        if let Some(election) = self.kept.back_mut() {
            election.judge(&step, leadership);
            election.insert(step);
            if election.decides && election.number == 0 {
                self.count += 1;
                election.number = self.count;
            }
        }
    }

    /// Returns the election before the newest where a step belongs to it, heard only now.
    fn heard_late(&mut self, step: &Step) -> Option<&mut Election> {
        let began = self.kept.back()?.steps.first()?.at;
        let before = self.kept.len().checked_sub(2)?;
        let before = self.kept.get_mut(before)?;
        let latest = before.steps.last()?.at;
        (step.at < began && step.at.since(latest) <= QUIET).then_some(before)
    }

    /// Says whether a step is the first of another election.
    fn begins_another(&self, step: &Step, leadership: &Leadership) -> bool {
        let Some(last) = self.kept.back() else {
            return true;
        };
        // As long as nobody leads, whatever happens is about that.
        if !last.settled {
            return false;
        }
        let since = |then: Option<&Step>| then.map_or(Duration::ZERO, |then| step.at.since(then.at));
        let led = leadership.reign.map(|reign| reign.ballot);
        let passes_on = leadership.running.is_some();
        if last.is_doubt_of(step) && since(last.steps.last()) <= PATIENCE {
            // Whoever is mistaken asks for as long as that, which is one happening; what ends the reign
            // much later is another.
            return passes_on && since(last.steps.first()) > QUIET;
        }
        let quiet = since(last.steps.last()) > QUIET;
        let other = |(_, ballot): (Time, Ballot)| passes_on || led != Some(ballot);
        quiet || last.outcome.is_some_and(other)
    }
}

impl Election {
    /// Says whether somebody leads.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Says whether nothing has come of it so far, and a step is of the node that began it.
    fn is_doubt_of(&self, step: &Step) -> bool {
        let Some(first) = self.steps.first() else {
            return false;
        };
        let to_or_from = match &step.what {
            Happening::Message { from, .. } => step.node == first.node || *from == first.node,
            Happening::Fact(_) | Happening::Signal(_) | Happening::Exit => step.node == first.node,
        };
        self.decides && self.outcome.is_none() && self.failover.is_none() && to_or_from
    }

    /// Nodes are heard one after the other; what they told is put in the order of its times.
    fn insert(&mut self, step: Step) {
        self.messages += u64::from(matches!(step.what, Happening::Message { .. }));
        if self.steps.len() == STEPS_MAX {
            // How it began and how it ended say more than what a long one repeats.
            self.steps.remove(STEPS_MAX / 2);
            self.dropped += 1;
        }
        let after = self.steps.partition_point(|earlier| earlier.at <= step.at);
        self.steps.insert(after, step);
    }

    /// Learns from a step whether this is an election, and whether it has come to its end.
    fn judge(&mut self, step: &Step, leadership: &Leadership) {
        self.decides |= match &step.what {
            Happening::Message { .. } => true,
            Happening::Signal(_) | Happening::Exit => leadership.running.is_some(),
            Happening::Fact(fact) => {
                !matches!(
                    fact,
                    Fact::Voted { .. }
                        | Fact::BecameLeader { .. }
                        | Fact::FaultsChanged { .. }
                        | Fact::ClockStalled { .. }
                ) || leadership.running.is_some()
            }
        };
        if leadership.running.is_some() {
            self.settled = false;
            self.failover = leadership.running;
            return;
        }
        self.settled = true;
        let led = leadership.reign.map(|reign| reign.ballot);
        if let Happening::Fact(Fact::ServingStarted { ballot }) = &step.what
            && led == Some(*ballot)
            && self.outcome.is_none()
        {
            self.outcome = Some((step.at, *ballot));
            let ended = leadership.last().filter(|last| last.heir == led);
            self.failover = ended.copied();
        }
    }

    /// Returns when its first step was.
    #[must_use]
    pub fn opened(&self) -> Time {
        self.steps.first().map_or(Time::ZERO, |step| step.at)
    }

    /// Returns when it began: with what ended the reign before, where that is known.
    #[must_use]
    pub fn began(&self) -> Time {
        self.failover
            .map_or_else(|| self.opened(), |failover| failover.began)
    }

    /// Returns how long it took until somebody led.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        let (at, _) = self.outcome?;
        let timed = self.failover.and_then(|failover| failover.serving);
        Some(timed.unwrap_or_else(|| at.since(self.began())))
    }
}

#[cfg(test)]
mod tests;
