//! Everything that happens on a node, as plain data.
//!
//! The log line, the dashboard, the headless output, a recording and the tests are readers of this
//! one stream; a live node, a recording and the simulator are its writers. What a person reads is
//! made from a fact (see [`mod@line`]), never the other way round.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{Ballot, Epoch, Generation, ImageId, NodeId, RequestId, UserName};
use crate::time::Time;

pub mod line;
pub mod process;

/// The version of the event format; a reader refuses a higher one.
pub const EVENT_VERSION: u32 = 1;

/// Something that happened on a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The version of the format, [`EVENT_VERSION`].
    #[serde(rename = "v")]
    pub version: u32,
    /// On which node.
    pub node: NodeId,
    /// In which life of its process.
    pub generation: Generation,
    /// The how-manieth event of that life, from 0, without gaps.
    pub sequence: u64,
    /// When, on the node's monotonic clock, in nanoseconds.
    pub monotonic_ns: Time,
    /// When, in milliseconds since the Unix epoch; for people, never for order.
    pub wall_ms: u64,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What an event says.
///
/// Its fields stand beside those of [`Event`] on one line, so none may share a name with one of them:
/// the node that a fact is *about* is written `worker` or `peer`, never `node`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The process serves its port.
    Started {
        /// The process id.
        pid: u32,
        /// Where it listens, `host:port`.
        address: String,
        /// The version of the program.
        program: String,
    },
    /// The process was asked to stop.
    Stopping,
    /// A control connection to a peer stands, and the peer has greeted.
    LinkUp {
        /// Whom it reaches.
        peer: NodeId,
    },
    /// The control connection to a peer is gone, or could not be made.
    LinkDown {
        /// Whom it reached.
        peer: NodeId,
        /// How it ended.
        reason: LinkDownReason,
    },
    /// Somebody's greeting was refused.
    GreetingRefused {
        /// Who it said it was, with the address it came from.
        from: String,
        /// Why.
        reason: String,
    },
    /// A worker believes that its leader is down.
    LeaderSuspected {
        /// The leader.
        leader: NodeId,
        /// What made it believe so.
        reason: SuspicionReason,
    },
    /// The node asks everybody who is there.
    ElectionStarted {
        /// Its how-manieth probe.
        round: u64,
    },
    /// An election ended without enough nodes to decide.
    QuorumMissing {
        /// The nodes that neither answered nor are proven dead.
        missing: Vec<NodeId>,
    },
    /// The node asks the others for their votes.
    ClaimStarted {
        /// For which reign.
        ballot: Ballot,
    },
    /// The node gave its one vote of this epoch.
    Voted {
        /// For which reign.
        ballot: Ballot,
    },
    /// A quorum voted for the node.
    BecameLeader {
        /// The reign that begins.
        ballot: Ballot,
        /// Who voted for it, itself included.
        grants: Vec<NodeId>,
    },
    /// A quorum promised: the leader serves from now on.
    ServingStarted {
        /// Its reign.
        ballot: Ballot,
    },
    /// The leader no longer holds a quorum of promises and serves nobody.
    ServingStopped {
        /// Its reign.
        ballot: Ballot,
    },
    /// The node follows a leader.
    Following {
        /// The leader's reign.
        ballot: Ballot,
    },
    /// The leader ended its own reign.
    SteppedDown {
        /// The reign that ended.
        ballot: Ballot,
        /// Why.
        reason: StepDownReason,
    },
    /// The leader voted for a returning higher id and hands over to it.
    HandoverStarted {
        /// The reign that is to begin.
        ballot: Ballot,
    },
    /// An election message arrived; heartbeats and what answers them are told apart below.
    MessageReceived {
        /// Who sent it.
        from: NodeId,
        /// Which, in the words of the wire (`election`, `answer`, `claim` …).
        message: String,
    },
    /// The leader answered a heartbeat, and the worker renewed its promise.
    HeartbeatAnswered {
        /// The leader.
        leader: NodeId,
        /// From the heartbeat to its answer, in microseconds.
        after_us: u64,
    },
    /// The leader's view of a node in the rotation changed.
    RotationChanged {
        /// The node.
        #[serde(rename = "worker")]
        node: NodeId,
        /// What it is now.
        state: WorkerState,
        /// Whose turn is next from now on; none when no node is active.
        #[serde(default)]
        next: Option<NodeId>,
    },
    /// So many images are kept on the node: told at its start and when the number changes.
    Holding {
        /// How many.
        images: u64,
    },
    /// A client's offer waits for the election to end.
    OfferParked {
        /// The image offered.
        image: ImageId,
    },
    /// The leader gave a request to a node.
    Assigned {
        /// The leader's reign.
        ballot: Ballot,
        /// The number of the assignment within the reign.
        request: RequestId,
        /// The image it is about.
        image: ImageId,
        /// Whose image.
        user: UserName,
        /// To which node.
        #[serde(rename = "worker")]
        node: NodeId,
        /// The node that had it before and failed.
        redispatched_from: Option<NodeId>,
        /// Whose turn is next after this.
        #[serde(default)]
        next: Option<NodeId>,
    },
    /// A node finished a request that the leader had given it.
    RequestDone {
        /// The number of the assignment.
        request: RequestId,
        /// Which node had it.
        #[serde(rename = "worker")]
        node: NodeId,
        /// How it ended.
        outcome: RequestOutcome,
    },
    /// An image began to arrive on the assigned node.
    UploadStarted {
        /// The image.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// Its file name, as the client gave it.
        file: String,
        /// The size of the plain image, in bytes.
        bytes: u64,
    },
    /// An image is encrypted, on stable storage and acknowledged.
    UploadDone {
        /// The image.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// Its file name, as the client gave it.
        file: String,
        /// The size of the plain image, in bytes.
        bytes: u64,
        /// On how many nodes it is.
        copies: usize,
        /// From the first byte to the acknowledgement, in microseconds.
        took_us: u64,
    },
    /// An upload ended without an acknowledgement.
    UploadFailed {
        /// The image.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// Its file name, as the client gave it.
        file: String,
        /// Why.
        reason: String,
    },
    /// A reader of the log fell behind, and lines were dropped rather than the node delayed.
    LogDropped {
        /// How many lines.
        lines: u64,
    },
}

/// How a control connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkDownReason {
    /// It stood, and closed.
    Closed,
    /// A new one was refused: nobody listens there.
    Refused,
    /// A new one was not answered.
    Silent,
}

/// What made a worker believe that its leader is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspicionReason {
    /// Its port refused a connection.
    Refused,
    /// It did not answer heartbeats until the promise to it expired.
    NoAnswer,
    /// It resigned.
    Resigned,
}

/// Why a leader ended its own reign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepDownReason {
    /// Too few nodes promised to follow.
    QuorumLost,
    /// It handed over to a higher id.
    HandedOver,
    /// A handover came to nothing.
    HandoverFailed,
    /// Somebody else leads, or voted, in a newer epoch.
    Superseded {
        /// That epoch.
        epoch: Epoch,
    },
    /// Its process was asked to stop.
    Stopping,
}

/// What a node is to the leader's rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Takes requests.
    Active,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// Is up, but not in sync yet.
    CatchingUp,
    /// Has a connection but does not answer.
    Suspect,
    /// Has no connection.
    Down,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// It was done and acknowledged.
    Done,
    /// It failed, or its node did.
    Failed,
}

/// Makes the events of one life of one node: stamps facts with who, when, and in which order.
#[derive(Debug)]
pub struct EventStamp {
    node: NodeId,
    generation: Generation,
    next_sequence: u64,
}

impl EventStamp {
    /// Makes the stamp of a life that has had no event yet.
    #[must_use]
    pub const fn new(node: NodeId, generation: Generation) -> Self {
        Self {
            node,
            generation,
            next_sequence: 0,
        }
    }

    /// Makes the next event of `fact`, at `now`; `wall` is the time since the Unix epoch.
    pub fn stamp(&mut self, now: Time, wall: Duration, fact: Fact) -> Event {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        Event {
            version: EVENT_VERSION,
            node: self.node,
            generation: self.generation,
            sequence,
            monotonic_ns: now,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            fact,
        }
    }
}
