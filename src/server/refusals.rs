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

/// How many refusals are told within that time; those beyond are not.
const REFUSALS_MAX: usize = 64;

/// What a refusal is about; the words that a stranger chose are left out, or it would never repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// It speaks another version.
    Version,
    /// It means another cluster.
    Cluster,
    /// It claims an id that is not its own.
    Id,
    /// There is no room for it.
    Room,
    /// It brings faults, and the node takes none.
    Faults,
    /// The node stops.
    Stopping,
}

/// A greeting that is refused: what about, and what it is told.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What about.
    pub(crate) cause: Cause,
    /// What it is told.
    pub(crate) refusal: Refusal,
}

impl Refused {
    /// Makes a refusal.
    pub(crate) fn new(cause: Cause, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            cause,
            refusal: Refusal { reason },
        }
    }
}

/// Publishes refused greetings, each kind from each host once in a while.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog {
    /// Guards when each host was last told of for each cause.
    told: Mutex<BTreeMap<(String, Cause), Time>>,
}

impl RefusalLog {
    /// Publishes a refusal, unless its host was refused for the same cause a moment ago.
    pub(crate) fn publish(&self, context: &Context, speaker: &str, from: &str, refused: &Refused) {
        if self.is_news(context.clock.now(), host_of(from), refused.cause) {
            context.events.publish(Fact::GreetingRefused {
                from: format!("{speaker} at {from}"),
                reason: refused.refusal.reason.clone(),
            });
        }
    }

    fn is_news(&self, now: Time, host: &str, cause: Cause) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.since(*at) < REFUSAL_QUIET_TIME);
        let kind = (host.to_owned(), cause);
        if told.contains_key(&kind) || told.len() >= REFUSALS_MAX {
            return false;
        }
        told.insert(kind, now);
        true
    }
}

/// Returns `host` of `host:port`: whoever comes back does so from another port.
fn host_of(from: &str) -> &str {
    from.rsplit_once(':').map_or(from, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_is_news_once_in_a_while() {
        let log = RefusalLog::default();
        let later = Time::ZERO + REFUSAL_QUIET_TIME;
        assert!(log.is_news(Time::ZERO, "10.0.0.2", Cause::Cluster));
        assert!(!log.is_news(Time::ZERO, "10.0.0.2", Cause::Cluster));
        assert!(log.is_news(Time::ZERO, "10.0.0.2", Cause::Version));
        assert!(log.is_news(Time::ZERO, "10.0.0.3", Cause::Cluster));
        assert!(log.is_news(later, "10.0.0.2", Cause::Cluster));
    }

    #[test]
    fn another_port_is_the_same_host() {
        assert_eq!(host_of("10.0.0.2:40001"), host_of("10.0.0.2:40002"));
        assert_eq!(host_of("[::1]:40001"), "[::1]");
    }

    #[test]
    fn a_flood_from_many_hosts_is_told_in_bounded_numbers() {
        let log = RefusalLog::default();
        let told = (0..10 * REFUSALS_MAX)
            .filter(|number| log.is_news(Time::ZERO, &number.to_string(), Cause::Id))
            .count();
        assert_eq!(told, REFUSALS_MAX);
    }
}
