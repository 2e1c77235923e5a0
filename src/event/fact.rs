//! What an event says: one closed enum of everything that can happen on a node.

use serde::{Deserialize, Serialize};

use super::{LinkDownReason, RequestKind, RequestOutcome, StepDownReason, SuspicionReason, WorkerState};
use crate::fault::NodeFaults;
use crate::id::{Ballot, ImageId, NodeId, RequestId, UserName};

/// What an event says.
///
/// Its fields stand beside those of [`super::Event`] on one line, so none may share a name with one of them:
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
    /// The leader voted for a returning higher id, or, its store failing, for any; it hands over to it.
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
        /// What is asked for.
        #[serde(default)]
        kind: RequestKind,
        /// The image it is about; a list has an id of its own.
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
    /// An acknowledged image, or the mark of an acknowledged delete, is not on a node yet.
    CopyMissed {
        /// The image.
        image: ImageId,
        /// The node that has to fetch it.
        peer: NodeId,
    },
    /// The node has found out how much it lacks of what others keep.
    CatchingUp {
        /// How many images and marks of deletes.
        missing: u64,
    },
    /// The node keeps everything that the leader kept when it last looked.
    InSync {
        /// The reign in which it looked.
        ballot: Ballot,
    },
    /// A record is not what was written; it is set aside.
    RecordDamaged {
        /// Its image.
        image: ImageId,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that was damaged has been fetched again.
    RecordRepaired {
        /// Its image.
        image: ImageId,
        /// From whom.
        peer: NodeId,
    },
    /// The node's store only reads from now on, until its process begins anew.
    StoreReadOnly {
        /// Why, and what to do about it.
        reason: String,
    },
    /// No node has a good copy of an image any more.
    ImageLost {
        /// The image.
        image: ImageId,
    },
    /// An image was read and sent to its user.
    Downloaded {
        /// The image.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// Its file name.
        file: String,
        /// The size of the plain image, in bytes.
        bytes: u64,
        /// From the request to the last byte, in microseconds.
        took_us: u64,
    },
    /// A user was told which images are theirs.
    Listed {
        /// Who.
        user: UserName,
        /// How many.
        images: u64,
    },
    /// A delete is on stable storage and acknowledged.
    Deleted {
        /// The image.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// On how many nodes it is marked.
        copies: usize,
    },
    /// A download, a list or a delete failed.
    RequestFailed {
        /// What was asked for.
        kind: RequestKind,
        /// The image, or the id of the list.
        image: ImageId,
        /// Whose.
        user: UserName,
        /// Why.
        reason: String,
    },
    /// What is wrong with the node on purpose has changed.
    FaultsChanged {
        /// All of it.
        faults: NodeFaults,
    },
    /// The node's clock stands still for a while, on purpose.
    ClockStalled {
        /// How long, in milliseconds.
        for_ms: u64,
    },
    /// A reader of the log fell behind, and lines were dropped rather than the node delayed.
    LogDropped {
        /// How many lines.
        lines: u64,
    },
}
