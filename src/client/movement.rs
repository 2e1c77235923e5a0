//! When something last moved between a client and the node that encrypts.
//!
//! Decides nothing: how long a standstill is borne is said by whoever waits, and what it costs is
//! the business of `client::patience`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When bytes last moved, noted by both directions of an exchange.
///
/// Bytes that were sent may only have filled buffers on the way; bytes that returned prove that
/// the node works.
#[derive(Debug)]
pub(super) struct Movement {
    /// Guards two instants, for as long as it takes to set or copy them.
    moved: Mutex<Moved>,
}

#[derive(Debug, Clone, Copy)]
struct Moved {
    /// In either direction.
    last: Instant,
    returned: Option<Instant>,
}

impl Movement {
    /// Begins now, as if something had just moved.
    pub(super) fn start() -> Self {
        let moved = Moved {
            last: Instant::now(),
            returned: None,
        };
        Self {
            moved: Mutex::new(moved),
        }
    }

    /// Returns when the node last proved that it works, if ever.
    pub(super) fn last_returned(&self) -> Option<Instant> {
        self.moved().returned
    }

    /// Notes that bytes went up.
    pub(super) fn note_sent(&self) {
        self.moved().last = Instant::now();
    }

    /// Notes that the node shows life, though it brings nothing yet.
    pub(super) fn note_alive(&self) {
        self.moved().last = Instant::now();
    }

    /// Notes that bytes came back.
    pub(super) fn note_returned(&self) {
        let now = Instant::now();
        *self.moved() = Moved {
            last: now,
            returned: Some(now),
        };
    }

    fn moved(&self) -> MutexGuard<'_, Moved> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work`; `None` when nothing moves for `span` meanwhile.
    pub(super) async fn within<T>(&self, span: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.standstill(span) => None,
        }
    }

    async fn standstill(&self, span: Duration) {
        loop {
            let until = self.moved().last + span;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}
