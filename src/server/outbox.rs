//! What waits to be sent to a peer: bounded, and the oldest goes first when it overflows.
//!
//! The election tolerates loss, and a message that is late is worth less than none: putting one in
//! never waits, and what has waited too long for a connection is dropped when it comes up.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::protocol::ControlMessage;
use crate::time::Time;

/// How many messages wait for a peer.
///
/// A burst of an election is under ten; a peer whose socket is full for longer is as good as cut off.
const OUTBOX_MESSAGES: usize = 64;

/// The messages to one peer that its connection has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Guards the queue only; held for a push or a pop.
    waiting: Mutex<VecDeque<(Time, ControlMessage)>>,
    filled: Notify,
}

impl Outbox {
    /// Puts a message in at `now`; the oldest makes room when it is full.
    pub(crate) fn push(&self, now: Time, message: ControlMessage) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() == OUTBOX_MESSAGES {
            waiting.pop_front();
        }
        waiting.push_back((now, message));
        drop(waiting);
        self.filled.notify_one();
    }

    /// Takes the oldest message out; waits while there is none. One reader at a time.
    pub(crate) async fn pop(&self) -> ControlMessage {
        loop {
            if let Some(message) = self.try_pop() {
                return message;
            }
            self.filled.notified().await;
        }
    }

    /// Takes the oldest message out, if there is one.
    pub(crate) fn try_pop(&self) -> Option<ControlMessage> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front().map(|(_, message)| message)
    }

    /// Drops what has waited longer than `age_max` at `now`.
    pub(crate) fn drop_older(&self, now: Time, age_max: Duration) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|&(queued, _)| now.since(queued) <= age_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ElectionMessage;

    fn probe(round: u64) -> ControlMessage {
        ControlMessage::Election(ElectionMessage::Election { round })
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
