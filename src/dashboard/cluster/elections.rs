//! Elections, message by message.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::Fact;
use crate::event::process::{ProcessFact, ProcessSignal};
use crate::id::NodeId;
use crate::time::Time;

/// How many elections can be read again.
const ELECTIONS_MAX: usize = 16;

/// How many steps of one election are kept; nine nodes need some two hundred.
const STEPS_MAX: usize = 512;

/// How long it must be quiet before what comes is another election.
const QUIET: Duration = Duration::from_secs(2);

/// The last elections, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Elections(VecDeque<Election>);

/// One election.
#[derive(Debug, Clone, Default)]
pub struct Election {
    /// What happened, in the order of its times.
    pub steps: Vec<Step>,
    /// How many steps there was no room for.
    pub dropped: u64,
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
    pub fn newest(&self) -> impl ExactSizeIterator<Item = &Election> {
        self.0.iter().rev()
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
            | ProcessFact::Sampled { .. }
            | ProcessFact::Summary { .. } => return,
        };
        self.add(Step { at, node, what });
    }

    fn add(&mut self, step: Step) {
        let last = self.0.back().and_then(|election| election.steps.last());
        if last.is_none_or(|last| step.at.since(last.at) > QUIET) {
            if self.0.len() == ELECTIONS_MAX {
                self.0.pop_front();
            }
            self.0.push_back(Election::default());
        }
        if let Some(election) = self.0.back_mut() {
            election.add(step);
        }
    }
}

impl Election {
    /// Nodes are heard one after the other; what they told is put in the order of its times.
    fn add(&mut self, step: Step) {
        if self.steps.len() == STEPS_MAX {
            self.dropped += 1;
            return;
        }
        let after = self.steps.partition_point(|earlier| earlier.at <= step.at);
        self.steps.insert(after, step);
    }

    /// Returns when it began.
    #[must_use]
    pub fn began(&self) -> Time {
        self.steps.first().map_or(Time::ZERO, |step| step.at)
    }
}
