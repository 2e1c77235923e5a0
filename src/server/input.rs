//! Everything that can happen to the task that owns a node: one closed enum.
//!
//! Connections, disks and timers say what happened; only the node's task decides what follows.

use tokio::sync::oneshot;

use super::links::Accepted;
use super::vote::VoteError;
use crate::bully::LinkChange;
use crate::event::RequestOutcome;
use crate::id::{Ballot, ImageId, NodeId, UserName};
use crate::protocol::{
    Assignment, ControlMessage, NodeError, NodeMessage, Offer, PeerWelcome, Refusal, StatusReport,
};

/// Which accepted connection something came by, counted since the node started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// How a node stands that takes an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The peers that it reaches.
    pub(crate) linked: Vec<NodeId>,
    /// How many nodes must agree now, as this one counts.
    pub(crate) quorum: usize,
    /// Whether nothing was acknowledged of which it does not know.
    pub(crate) abreast: bool,
}

/// What a node found when it compared what it keeps with what others keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoundSync {
    /// Whether it keeps all that its leader keeps.
    pub(crate) in_sync: bool,
    /// Whether it was compared with enough nodes to know all that was acknowledged.
    pub(crate) abreast: bool,
}

impl FoundSync {
    /// What is told of a node that has much to fetch, or can keep no more.
    pub(crate) const LACKING: Self = Self {
        in_sync: false,
        abreast: false,
    };
}

/// What happened.
#[derive(Debug)]
pub(crate) enum NodeInput {
    /// A peer dialled this node and says who it is.
    Greeting {
        /// Who it says it is.
        from: NodeId,
        /// By which connection, in which life of its process.
        by: Accepted,
        /// Whether it may stay.
        reply: oneshot::Sender<GreetingAnswer>,
    },
    /// A greeted peer's connection is gone.
    GreetedGone {
        /// The peer.
        from: NodeId,
        /// Its connection.
        connection: ConnectionId,
    },
    /// A greeted peer says something.
    Control {
        /// The peer.
        from: NodeId,
        /// Its connection.
        connection: ConnectionId,
        /// What it says.
        message: ControlMessage,
    },
    /// Something became known about the connection to a peer that this node dials.
    Link {
        /// The peer.
        peer: NodeId,
        /// What.
        change: LinkChange,
    },
    /// A vote is on stable storage, or could not be brought there.
    Kept {
        /// The number of the request.
        sequence: u64,
        /// How it ended.
        kept: Result<(), VoteError>,
    },
    /// A client asks who acts for an image.
    Offer {
        /// The request.
        offer: Offer,
        /// Whose image it is.
        user: UserName,
        /// The answer; it may take until the election has ended.
        reply: oneshot::Sender<NodeMessage>,
    },
    /// A client brings an image, with what a leader assigned.
    Admission {
        /// The assignment.
        assignment: Assignment,
        /// Whether this node takes it, and how it stands.
        reply: oneshot::Sender<Result<Standing, NodeError>>,
    },
    /// An image is acknowledged that peers do not keep though they are reached.
    Missed {
        /// The image.
        image: ImageId,
        /// The peers.
        peers: Vec<NodeId>,
    },
    /// A peer brings a copy or a mark of a delete, with the reign that assigned it.
    Fence {
        /// The reign.
        ballot: Ballot,
        /// Whether this node has left it behind.
        reply: oneshot::Sender<Result<(), NodeError>>,
    },
    /// This node has found out whether it keeps all that is kept.
    InSync {
        /// The reign in which it looked.
        ballot: Ballot,
        /// What it found.
        found: FoundSync,
    },
    /// A peer asks for what this node keeps in short, and whether that is all there is.
    Abreast {
        /// The answer.
        reply: oneshot::Sender<bool>,
    },
    /// An assignment to this node ended.
    Finished {
        /// The assignment.
        assignment: Assignment,
        /// How.
        outcome: RequestOutcome,
    },
    /// Somebody asks how the node is.
    Status {
        /// The answer.
        reply: oneshot::Sender<Box<StatusReport>>,
    },
}

/// What a peer's greeting is answered with.
#[derive(Debug)]
pub(crate) enum GreetingAnswer {
    /// It may stay.
    Welcome(PeerWelcome),
    /// Its id has a connection that still stands; it may be about to be noticed gone.
    Occupied,
    /// It may not stay.
    Refused(Refusal),
}
