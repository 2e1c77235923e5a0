//! When somebody served, and the gaps in which nobody did.

use std::time::Duration;

use super::counters::{Counters, Messages};
use crate::id::Ballot;
use crate::time::Time;

/// A time in which nobody served, and what ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// What ended it.
    pub kind: GapKind,
    /// How long it was.
    pub span: Duration,
}

/// What ended a time in which nobody served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// The first reign of the run.
    Start,
    /// An election: another reign than before.
    Failover,
    /// Another reign, which the one before had voted for.
    Handover,
    /// The same reign went on: its leader had been frozen, or lacked promises for a moment.
    Pause,
}

/// Who served last, and since when nobody does.
#[derive(Debug)]
pub(super) struct Service {
    unserved_since: Option<Time>,
    last: Option<Ballot>,
    /// Whom a leader voted for when it last handed over.
    heir: Option<Ballot>,
    /// What had been sent when the gap began.
    sent_before: Messages,
    pub(super) gaps: Vec<Gap>,
}

impl Service {
    /// Of a run that begins: nobody serves yet.
    pub(super) fn new() -> Self {
        Self {
            unserved_since: Some(Time::ZERO),
            last: None,
            heir: None,
            sent_before: Messages::default(),
            gaps: Vec::new(),
        }
    }

    /// A leader voted for this reign.
    pub(super) fn handed_over(&mut self, heir: Ballot) {
        self.heir = Some(heir);
    }

    /// Looks at who serves now; says whether somebody begins to.
    pub(super) fn look(&mut self, now: Time, serving: Option<Ballot>, counters: &mut Counters) -> bool {
        match (serving, self.unserved_since) {
            (None, None) => {
                self.unserved_since = Some(now);
                self.sent_before = counters.messages;
                false
            }
            (Some(ballot), Some(since)) => {
                self.unserved_since = None;
                self.end_gap(ballot, now.since(since), counters);
                true
            }
            (None, Some(_)) => false,
            (Some(ballot), None) => {
                self.last = Some(ballot);
                false
            }
        }
    }

    fn end_gap(&mut self, ballot: Ballot, span: Duration, counters: &mut Counters) {
        counters.without_leader += span;
        let kind = match self.last {
            None => GapKind::Start,
            Some(last) if last == ballot => GapKind::Pause,
            Some(_) if self.heir == Some(ballot) => GapKind::Handover,
            Some(_) => GapKind::Failover,
        };
        if matches!(kind, GapKind::Start | GapKind::Failover) {
            counters.elections += 1;
            let sent = counters.messages.since(&self.sent_before);
            counters.election_messages.add(&sent);
        }
        counters.leader_changes += u64::from(self.last.is_some_and(|last| last.id != ballot.id));
        self.last = Some(ballot);
        self.gaps.push(Gap { kind, span });
    }

    /// The run is over: what is unserved now stays so.
    pub(super) fn end(&mut self, now: Time, counters: &mut Counters) {
        if let Some(since) = self.unserved_since {
            counters.without_leader += now.since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};

    fn ballot(epoch: u64, id: u16) -> Ballot {
        Ballot {
            epoch: Epoch(epoch),
            id: NodeId::new(id).expect("not zero"),
        }
    }

    #[test]
    fn a_gap_is_named_by_what_ends_it() {
        let mut service = Service::new();
        let mut counters = Counters::default();
        let seen = [
            (10, Some(ballot(1, 3))),
            (20, None),
            (25, Some(ballot(1, 3))),
            (30, None),
            (37, Some(ballot(2, 2))),
            (40, None),
            (42, Some(ballot(3, 3))),
        ];
        for (at, serving) in seen {
            if at == 40 {
                service.handed_over(ballot(3, 3));
            }
            service.look(Time::from_nanos(at), serving, &mut counters);
        }
        let gaps: Vec<_> = service
            .gaps
            .iter()
            .map(|gap| (gap.kind, gap.span.as_nanos()))
            .collect();
        let expected = [
            (GapKind::Start, 10),
            (GapKind::Pause, 5),
            (GapKind::Failover, 7),
            (GapKind::Handover, 2),
        ];
        assert_eq!(gaps, expected);
        assert_eq!((counters.elections, counters.leader_changes), (2, 2));
        assert_eq!(counters.without_leader.as_nanos(), 24);
    }
}
