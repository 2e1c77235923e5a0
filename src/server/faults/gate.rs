//! The gate between a connection and whoever reads it: shut while its way is cut.

use std::sync::{Arc, OnceLock};
use std::task::{Context as Wait, Poll};

use tokio::time::sleep;

use super::{Faults, Waiter, lateness};
use crate::fault::Way;
use crate::id::NodeId;

/// The gate of one connection, shared by its two halves; open until it is bound to a peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<OnceLock<(Faults, NodeId)>>);

impl Gate {
    /// Makes the gate of a connection with a peer.
    pub(crate) fn of(faults: &Faults, peer: NodeId) -> Self {
        let gate = Self::default();
        gate.bind(faults, peer);
        gate
    }

    /// The connection is one with this peer; a node that takes no faults has no use for that.
    pub(crate) fn bind(&self, faults: &Faults, peer: NodeId) {
        if faults.allowed() {
            // A connection greets once.
            let _ = self.0.set((faults.clone(), peer));
        }
    }

    /// Lets a greeting in as late as it is; says whether it got through, and was not held up by a cut.
    ///
    /// One that was held up belongs to a dial that nobody waits for any more. It is kept until the way
    /// is open, for to close it would be to say something through the cut, or until `left` says that
    /// the dialler has closed it: then nobody is there to be told. Every dialler of ours does so within
    /// its patience, so no more are kept than dial at a time.
    pub(crate) async fn let_in(&self, left: impl Future<Output = ()>) -> bool {
        let Some((faults, peer)) = self.0.get() else {
            return true;
        };
        if !faults.both_open(*peer) {
            tokio::select! {
                () = faults.until_both_open(*peer) => {}
                () = left => {}
            }
            return false;
        }
        sleep(lateness(faults.hears(*peer))).await;
        true
    }

    /// Waits until something can be heard; returns what is wrong with the way all the same.
    pub(super) fn poll_open(&self, waiter: &mut Waiter, wait: &mut Wait<'_>) -> Poll<Way> {
        let Some((faults, peer)) = self.0.get() else {
            return Poll::Ready(Way::default());
        };
        faults.poll(waiter, wait, |faults| {
            let way = faults.hears.get(peer).copied().unwrap_or_default();
            (!way.cut).then_some(way)
        })
    }

    /// Says whether nothing can be heard now.
    pub(super) fn is_shut(&self) -> bool {
        self.0.get().is_some_and(|(faults, peer)| faults.hears(*peer).cut)
    }
}
