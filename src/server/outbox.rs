//! What waits to be sent to a peer: bounded, and the oldest goes first when it overflows.
//!
//! The election tolerates loss, and a message that is late is worth less than none: putting one in
//! never waits, and what has waited too long for a connection is dropped when it comes up. Reports
//! are the other way round: late is fine, lost is not. So they have room of their own, wait as long
//! as their peer lives, and go after every message of the election.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::id::Generation;
use crate::protocol::ControlMessage;
use crate::time::Time;

/// How many messages wait for a peer.
///
/// A burst of an election is under ten; a peer whose socket is full for longer is as good as cut off.
const OUTBOX_MESSAGES: usize = 64;

/// How many reports wait for a peer.
///
/// A node has 64 transfers in hand, so this is what ends while a leader is out of reach for minutes.
const OUTBOX_REPORTS: usize = 1024;

/// The messages to one peer that its connection has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Guards the queues only; held for a push or a pop.
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The life of the peer that all this is meant for, once one was met.
    life: Option<Generation>,
    election: VecDeque<(Time, ControlMessage)>,
    reports: VecDeque<ControlMessage>,
}

impl Outbox {
    /// Puts a message in at `now`; the oldest of its kind makes room when there is none.
    pub(crate) fn push(&self, now: Time, message: ControlMessage) {
        let mut waiting = self.lock();
        match message {
            ControlMessage::Election(_) => {
                push_bounded(&mut waiting.election, OUTBOX_MESSAGES, (now, message));
            }
            ControlMessage::Report { .. } | ControlMessage::Sync { .. } | ControlMessage::Missed { .. } => {
                push_bounded(&mut waiting.reports, OUTBOX_REPORTS, message);
            }
        }
        drop(waiting);
        self.filled.notify_one();
    }

    /// Takes the next message out; waits while there is none. One reader at a time.
    pub(crate) async fn pop(&self) -> ControlMessage {
        loop {
            if let Some(message) = self.try_pop() {
                return message;
            }
            self.filled.notified().await;
        }
    }

    /// Takes the next message out, if there is one.
    pub(crate) fn try_pop(&self) -> Option<ControlMessage> {
        let mut waiting = self.lock();
        match waiting.election.pop_front() {
            Some((_, message)) => Some(message),
            None => waiting.reports.pop_front(),
        }
    }

    /// Drops what the election said longer than `age_max` before `now`.
    pub(crate) fn drop_older(&self, now: Time, age_max: Duration) {
        let mut waiting = self.lock();
        waiting
            .election
            .retain(|&(queued, _)| now.since(queued) <= age_max);
    }

    /// The peer was met in this life, on whichever connection: what an earlier one was to hear is
    /// dropped.
    pub(crate) fn meet(&self, life: Generation) {
        let mut waiting = self.lock();
        if waiting.life.replace(life).is_some_and(|earlier| earlier != life) {
            waiting.election.clear();
            waiting.reports.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, most: usize, item: T) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RequestOutcome;
    use crate::id::{Ballot, Epoch, NodeId, RequestId};
    use crate::protocol::ElectionMessage;

    fn probe(round: u64) -> ControlMessage {
        ControlMessage::Election(ElectionMessage::Election { round })
    }

    fn report(request: u64) -> ControlMessage {
        ControlMessage::Report {
            ballot: Ballot {
                epoch: Epoch(1),
                id: NodeId::new(3).expect("not zero"),
            },
            request: RequestId(request),
            outcome: RequestOutcome::Done,
        }
    }

    fn all(outbox: &Outbox) -> Vec<ControlMessage> {
        std::iter::from_fn(|| outbox.try_pop()).collect()
    }

    #[test]
    fn the_oldest_makes_room() {
        let outbox = Outbox::default();
        for round in 0..=OUTBOX_MESSAGES as u64 {
            outbox.push(Time::ZERO, probe(round));
        }
        let left = all(&outbox);
        assert_eq!(left.len(), OUTBOX_MESSAGES);
        assert_eq!(left.first(), Some(&probe(1)));
        assert_eq!(left.last(), Some(&probe(64)));
    }

    #[test]
    fn what_waited_too_long_is_dropped() {
        let outbox = Outbox::default();
        let at = |millis| Time::ZERO + Duration::from_millis(millis);
        outbox.push(at(0), probe(0));
        outbox.push(at(10), probe(1));
        outbox.drop_older(at(35), Duration::from_millis(25));
        assert_eq!(all(&outbox), [probe(1)]);
    }

    #[test]
    fn a_burst_of_reports_pushes_no_heartbeat_out_and_goes_after_it() {
        let outbox = Outbox::default();
        outbox.push(Time::ZERO, probe(0));
        for request in 0..=OUTBOX_REPORTS as u64 {
            outbox.push(Time::ZERO, report(request));
        }
        outbox.push(Time::ZERO, probe(1));
        let left = all(&outbox);
        assert_eq!(left[..3], [probe(0), probe(1), report(1)]);
        assert_eq!(left.len(), 2 + OUTBOX_REPORTS);
    }

    #[test]
    fn a_burst_of_an_election_and_a_lost_connection_push_no_report_out() {
        let outbox = Outbox::default();
        outbox.push(Time::ZERO, report(1));
        for round in 0..=OUTBOX_MESSAGES as u64 {
            outbox.push(Time::ZERO, probe(round));
        }
        outbox.drop_older(Time::ZERO + Duration::from_secs(1), Duration::ZERO);
        assert_eq!(all(&outbox), [report(1)]);
    }

    #[test]
    fn a_peers_next_life_hears_nothing_that_was_meant_for_the_last() {
        let outbox = Outbox::default();
        outbox.meet(Generation(1));
        outbox.push(Time::ZERO, probe(1));
        outbox.push(Time::ZERO, report(1));
        outbox.meet(Generation(2));
        outbox.push(Time::ZERO, probe(2));
        // It has greeted, and now it welcomes.
        outbox.meet(Generation(2));
        assert_eq!(all(&outbox), [probe(2)]);
    }

    #[tokio::test]
    async fn a_reader_waits_for_the_next_message() {
        let outbox = Outbox::default();
        let (popped, ()) = tokio::join!(outbox.pop(), async {
            tokio::task::yield_now().await;
            outbox.push(Time::ZERO, probe(5));
        });
        assert_eq!(popped, probe(5));
    }
}
