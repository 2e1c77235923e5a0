//! Where the copies of one transfer leave word: how each ended, and that something moved.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::id::NodeId;
use crate::server::data::DataError;

/// How a copy ended.
pub(super) type End = (NodeId, Result<(), DataError>);

/// What the copies of one transfer have to say.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Guards the ends that nobody has read yet, for a push or a take.
    ends: Mutex<Vec<End>>,
    changed: Notify,
}

impl Board {
    /// Says that a copy has taken something: it may have room.
    pub(super) fn moved(&self) {
        self.changed.notify_one();
    }

    /// Says that a copy has ended.
    pub(super) fn ended(&self, peer: NodeId, how: Result<(), DataError>) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.push((peer, how));
        self.changed.notify_one();
    }

    /// Takes the ends that nobody has read yet.
    pub(super) fn take_ends(&self) -> Vec<End> {
        std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something was said since this was last waited for.
    pub(super) async fn change(&self) {
        self.changed.notified().await;
    }
}
