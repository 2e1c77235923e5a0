//! What goes into an election and what comes out of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::config::{QuorumPolicy, Timing};
use crate::event::Fact;
use crate::id::{Ballot, Epoch, Generation, NodeId};
use crate::protocol::{ElectionMessage, NodeRole, QuorumStatus};
use crate::time::Time;

/// What an election is told before it starts.
#[derive(Debug, Clone)]
pub struct ElectionConfig {
    /// The node that runs it.
    pub me: NodeId,
    /// All members, itself included.
    pub members: BTreeSet<NodeId>,
    /// How quickly it notices and takes over.
    pub timing: Timing,
    /// How it counts.
    pub policy: QuorumPolicy,
}

/// What a node must never forget: the newest epoch it knows, and its one vote in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The newest epoch it has voted in or followed.
    pub epoch: Epoch,
    /// Whom it voted for or followed in that epoch.
    pub voted_for: Option<NodeId>,
}

impl Vote {
    /// Makes the vote for a reign.
    #[must_use]
    pub const fn of(ballot: Ballot) -> Self {
        Self {
            epoch: ballot.epoch,
            voted_for: Some(ballot.id),
        }
    }
}

/// What happens to an election.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A peer's message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: ElectionMessage,
    },
    /// Something became known about the connection to a peer.
    Link {
        /// The peer.
        peer: NodeId,
        /// What.
        change: LinkChange,
    },
    /// A vote is on stable storage.
    Persisted {
        /// The number that [`Output::Persist`] gave it.
        sequence: u64,
    },
    /// A worker of this node's reign keeps all that this node keeps, or lacks something of it.
    ///
    /// Said of the node itself, that it will keep nothing more, or does again: then it hands over to
    /// anybody who does, and not to a higher id alone. Of a worker it is void when the reign ends or the worker breaks off: it must be said again.
    InSync {
        /// The worker, or the node itself.
        peer: NodeId,
        /// Whether it does.
        in_sync: bool,
    },
    /// Time passed: a deadline of [`super::Election::poll_timeout`] has come.
    Tick,
    /// The process was asked to stop.
    Shutdown,
}

/// What became known about the connection to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkChange {
    /// The peer dialled this node and greeted; it can be heard, not yet spoken to.
    ///
    /// Must be handled before the peer is welcomed: whoever is welcomed may rely on it that
    /// promises of its earlier life are void.
    Greeted {
        /// In which life of its process it is.
        generation: Generation,
    },
    /// This node dialled the peer and was welcomed: the peer knows of this life of ours.
    Up {
        /// In which life of its process the peer is.
        generation: Generation,
        /// The newest epoch it knows.
        epoch: Epoch,
        /// Whether it remembers no vote.
        blank: bool,
    },
    /// A dialled connection was accepted, but not greeted yet: no life, but no death either.
    Accepted,
    /// The connection that stood has closed.
    Closed,
    /// A dial was refused: nobody listens there.
    Refused {
        /// When that dial began.
        began: Time,
    },
    /// A dial was not answered in time.
    Silent,
}

/// What an election wants done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Bring this vote to stable storage, then say [`Input::Persisted`].
    Persist {
        /// The number of this request; grows.
        sequence: u64,
        /// The vote.
        vote: Vote,
    },
    /// Send this to a peer; it may be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: ElectionMessage,
    },
    /// Tell everybody who watches.
    Publish(Fact),
}

/// What an election shows of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// What the node is.
    pub role: NodeRole,
    /// The reign it leads or follows.
    pub ballot: Option<Ballot>,
    /// Whether it leads and holds a quorum of promises.
    pub serving: bool,
    /// The newest epoch it knows.
    pub epoch: Epoch,
    /// How it counts.
    pub quorum: QuorumStatus,
    /// Whether nothing can be going on without it: it follows or serves, or everybody else answers
    /// it or is proven dead.
    pub in_touch: bool,
    /// For a leader: the workers whose promises run now. Empty otherwise.
    pub promised: BTreeSet<NodeId>,
}
