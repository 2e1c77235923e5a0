//! What of all that is told becomes a line of the logs, and of which kind.

use super::Cluster;
use super::logs::{LineKind, Topic};
use crate::event::process::{self, ProcessEvent, ProcessFact};
use crate::event::{Event, Fact, line};

impl Cluster {
    pub(super) fn log_event(&mut self, event: &Event) {
        if let Fact::LogDropped { lines } = event.fact {
            self.logs.lost(event.node, lines);
        }
        if let Some(text) = line::of(event) {
            let kind = if is_warning(&event.fact) {
                LineKind::Warning
            } else {
                LineKind::Event
            };
            let topic = topic_of(&event.fact);
            self.logs.push(event.node, event.wall_ms, kind, topic, &text);
        }
    }

    pub(super) fn log_process(&mut self, event: &ProcessEvent) {
        match &event.fact {
            ProcessFact::Wrote { stream, text } => {
                let kind = LineKind::Output(*stream);
                let text = format!("Node {}: {text}", event.node);
                self.logs
                    .push(event.node, event.wall_ms, kind, Topic::Rest, &text);
            }
            ProcessFact::OutputDropped { lines } => self.logs.lost(event.node, *lines),
            ProcessFact::Spawned { .. }
            | ProcessFact::Signalled { .. }
            | ProcessFact::Exited { .. }
            | ProcessFact::Restarting { .. }
            | ProcessFact::GaveUp { .. }
            | ProcessFact::Sampled { .. }
            | ProcessFact::FaultsUntold { .. }
            | ProcessFact::Summary { .. } => {
                if let Some(text) = process::line_of(event) {
                    self.logs
                        .push(event.node, event.wall_ms, LineKind::Process, Topic::Rest, &text);
                }
            }
        }
    }
}

/// Says what a fact's line is about.
const fn topic_of(fact: &Fact) -> Topic {
    match fact {
        Fact::OfferParked { .. }
        | Fact::Assigned { .. }
        | Fact::RequestDone { .. }
        | Fact::UploadStarted { .. }
        | Fact::UploadDone { .. }
        | Fact::UploadFailed { .. }
        | Fact::CopyMissed { .. }
        | Fact::Downloaded { .. }
        | Fact::Listed { .. }
        | Fact::Deleted { .. }
        | Fact::RequestFailed { .. } => Topic::Requests,
        // Nothing else is asked for by clients.
        _ => Topic::Rest,
    }
}

/// Says whether a person should see it among other lines.
const fn is_warning(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::LeaderSuspected { .. }
            | Fact::QuorumMissing { .. }
            | Fact::ServingStopped { .. }
            | Fact::SteppedDown { .. }
            | Fact::GreetingRefused { .. }
            | Fact::UploadFailed { .. }
            | Fact::RequestFailed { .. }
            | Fact::RecordDamaged { .. }
            | Fact::StoreReadOnly { .. }
            | Fact::ImageLost { .. }
            | Fact::FaultsChanged { .. }
            | Fact::ClockStalled { .. }
            | Fact::LogDropped { .. }
    )
}
