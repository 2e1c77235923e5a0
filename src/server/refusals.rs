//! Refused greetings, told once in a while: who is refused tends to come back at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::context::Context;
use crate::event::Fact;
use crate::protocol::Refusal;
use crate::time::Time;

/// How long the same refusal is not told again: a misconfigured peer comes back four times a second.
const REFUSAL_QUIET_TIME: Duration = Duration::from_mins(1);

/// How many refusals are remembered for that; the table starts afresh when it is full.
const REFUSALS_MAX: usize = 64;

/// Publishes refused greetings, each kind once in a while.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    /// Guards when each kind of refusal was last told.
    told: Mutex<BTreeMap<(String, String), Time>>,
}

impl RefusalLog {
    /// Publishes a refusal, unless the same was told a moment ago.
    pub(crate) fn publish(&self, context: &Context, speaker: &str, from: &str, refusal: &Refusal) {
        if self.is_news(context.clock.now(), speaker, &refusal.reason) {
            context.events.publish(Fact::GreetingRefused {
                from: format!("{speaker} at {from}"),
                reason: refusal.reason.clone(),
            });
        }
    }

    fn is_news(&self, now: Time, speaker: &str, reason: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = (speaker.to_owned(), reason.to_owned());
        if told
            .get(&kind)
            .is_some_and(|&at| now.since(at) < REFUSAL_QUIET_TIME)
        {
            return false;
        }
        if told.len() >= REFUSALS_MAX {
            told.clear();
        }
        told.insert(kind, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_is_news_once_in_a_while() {
        let log = RefusalLog::default();
        let later = Time::ZERO + REFUSAL_QUIET_TIME;
        assert!(log.is_news(Time::ZERO, "node 2", "wrong cluster"));
        assert!(!log.is_news(Time::ZERO, "node 2", "wrong cluster"));
        assert!(log.is_news(Time::ZERO, "node 3", "wrong cluster"));
        assert!(log.is_news(later, "node 2", "wrong cluster"));
    }

    #[test]
    fn a_flood_of_different_refusals_takes_bounded_memory() {
        let log = RefusalLog::default();
        for number in 0..10 * REFUSALS_MAX {
            assert!(log.is_news(Time::ZERO, &number.to_string(), "no"));
        }
        assert!(log.told.lock().expect("not poisoned").len() <= REFUSALS_MAX);
    }
}
