//! Elections, message by message, each from what began it to who leads because of it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::Fact;
use crate::event::process::{ProcessFact, ProcessSignal};
use crate::id::{Ballot, NodeId};
use crate::time::Time;

/// How many elections can be read again.
const ELECTIONS_MAX: usize = 16;

/// How many steps of one election are kept; nine nodes need some two hundred.
const STEPS_MAX: usize = 512;

/// How long it must be quiet after a leader was found before what comes is another election.
///
/// The last workers follow within milliseconds; a returning node takes over after two seconds.
const QUIET: Duration = Duration::from_secs(1);

/// How long a silence an election may have in which no leader was found: a frozen leader is suspected
/// only when the promise to it has run out.
const PATIENCE: Duration = Duration::from_mins(1);

/// The last elections, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Elections {
    kept: VecDeque<Election>,
    /// How many there were, those included that are forgotten.
    count: u64,
    leader: Option<NodeId>,
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
    settled: bool,
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

    /// Folds in what a node told.
    pub(super) fn told(&mut self, at: Time, node: NodeId, fact: &Fact) {
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
            Fact::Started { .. }
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
            | Fact::FaultsChanged { .. }
            | Fact::ClockStalled { .. }
            | Fact::LogDropped { .. } => return,
        };
        self.add(Step { at, node, what });
    }

    /// Folds in what became of a node's process.
    pub(super) fn became(&mut self, at: Time, node: NodeId, fact: &ProcessFact) {
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
            | ProcessFact::Summary { .. } => return,
        };
        self.add(Step { at, node, what });
    }

    fn add(&mut self, step: Step) {
        let of_leader = self.leader == Some(step.node);
        if let Happening::Fact(Fact::ServingStarted { ballot }) = &step.what {
            self.leader = Some(ballot.id);
        }
        if self.kept.back().is_none_or(|last| !last.goes_on(step.at)) {
            // What became of a process was of no election unless one followed.
            if self.kept.back().is_some_and(|last| !last.decides) {
                self.kept.pop_back();
            }
            if self.kept.len() == ELECTIONS_MAX {
                self.kept.pop_front();
            }
            self.kept.push_back(Election::default());
        }
        if let Some(election) = self.kept.back_mut() {
            election.add(step, of_leader);
            if election.decides && election.number == 0 {
                self.count += 1;
                election.number = self.count;
            }
        }
    }
}

impl Election {
    /// Says whether something that happens at `at` still belongs to it.
    fn goes_on(&self, at: Time) -> bool {
        let quiet = if self.is_settled() { QUIET } else { PATIENCE };
        self.steps.last().is_none_or(|last| at.since(last.at) <= quiet)
    }

    /// Says whether a leader is followed, or there is nothing to decide.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled || !self.decides
    }

    /// Nodes are heard one after the other; what they told is put in the order of its times.
    fn add(&mut self, step: Step, of_leader: bool) {
        self.judge(&step, of_leader);
        if self.steps.len() == STEPS_MAX {
            // How it began and how it ended say more than what a long one repeats.
            self.steps.remove(STEPS_MAX / 2);
            self.dropped += 1;
        }
        let after = self.steps.partition_point(|earlier| earlier.at <= step.at);
        self.steps.insert(after, step);
    }

    /// Learns from a step whether this is an election, and whether it has come to its end.
    fn judge(&mut self, step: &Step, of_leader: bool) {
        let settles = match &step.what {
            Happening::Message { .. } => {
                self.messages += 1;
                self.decides = true;
                return;
            }
            Happening::Signal(_) | Happening::Exit if !of_leader => return,
            Happening::Signal(ProcessSignal::Thaw) => true,
            Happening::Signal(_) | Happening::Exit => false,
            Happening::Fact(fact) => match fact {
                Fact::ServingStarted { ballot } => {
                    self.outcome = Some((step.at, *ballot));
                    true
                }
                Fact::Following { .. } => true,
                Fact::Voted { .. } | Fact::BecameLeader { .. } => return,
                _ => false,
            },
        };
        self.decides = true;
        self.settled = settles;
    }

    /// Returns when it began.
    #[must_use]
    pub fn began(&self) -> Time {
        self.steps.first().map_or(Time::ZERO, |step| step.at)
    }
}

#[cfg(test)]
mod tests;
