//! How a node is: the answer to `{"type":"status"}`.

use serde::{Deserialize, Serialize};

use crate::config::QuorumPolicy;
use crate::event::WorkerState;
use crate::fault::NodeFaults;
use crate::id::{Ballot, ClusterName, Epoch, Generation, NodeId};

/// How a node is, as it sees itself and the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// Which member answers.
    pub node: NodeId,
    /// In which life of its process.
    pub generation: Generation,
    /// The cluster it belongs to.
    pub cluster: ClusterName,
    /// The version of the program.
    pub program: String,
    /// Its process id.
    pub pid: u32,
    /// Since its start, in milliseconds.
    pub uptime_ms: u64,
    /// What it is in the election.
    pub role: NodeRole,
    /// The reign it leads or follows.
    pub ballot: Option<Ballot>,
    /// Whether it leads and holds a quorum of promises now.
    pub serving: bool,
    /// The highest epoch it has voted in or followed.
    pub epoch: Epoch,
    /// How it counts the quorum.
    pub quorum: QuorumStatus,
    /// How it sees the others, in the order of ids.
    pub peers: Vec<PeerStatus>,
    /// The leader's rotation; empty on workers.
    pub rotation: Vec<RotationStatus>,
    /// Images kept on this node.
    pub images: u64,
    /// Client requests in flight on this node.
    pub transfers: usize,
    /// What its store has committed, and with how many syncs.
    #[serde(default)]
    pub store: StoreCounters,
    /// Whether its store still takes what it is given.
    #[serde(default)]
    pub health: StoreHealth,
    /// What is wrong with it on purpose; none when it takes no faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<NodeFaults>,
}

impl StatusReport {
    /// Returns the leader that this node believes in.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.ballot.map(|ballot| ballot.id)
    }
}

/// What a node is in the election.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// It has just started and votes for nobody yet.
    Starting,
    /// It follows a leader.
    Following,
    /// It has no leader, and looks for one or stands itself.
    Electing,
    /// It leads.
    Leading,
}

/// How a node counts the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumStatus {
    /// The policy.
    pub policy: QuorumPolicy,
    /// How many nodes must agree now.
    pub needed: usize,
    /// How many nodes it counts as reachable, itself included.
    pub reachable: usize,
    /// The members that it cannot reach.
    pub missing: Vec<NodeId>,
}

/// How a node sees a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// The peer.
    pub node: NodeId,
    /// Where it listens.
    pub address: String,
    /// Whether a control connection to it stands.
    pub linked: bool,
    /// Whether its port refuses connections: nobody listens there.
    pub dead: bool,
}

/// One node in the leader's rotation, since this reign began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationStatus {
    /// The node.
    pub node: NodeId,
    /// What it is to the rotation.
    pub state: WorkerState,
    /// Requests given to it.
    pub assigned: u64,
    /// Requests it has not finished.
    pub in_flight: u64,
    /// Requests it did.
    pub done: u64,
    /// Requests it failed.
    pub failed: u64,
    /// Requests it was given after another node had failed them.
    pub redispatched: u64,
    /// Whether its turn is next.
    pub next: bool,
}

/// Whether a store still takes what it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StoreHealth {
    /// It does.
    #[default]
    Ok,
    /// It only reads, until its node is started again.
    ReadOnly {
        /// Why, and what to do about it.
        reason: String,
    },
}

/// What a store has committed since its node started, and with how many syncs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreCounters {
    /// Batches committed, each with one sync a directory it touched.
    pub batches: u64,
    /// Records committed.
    pub records: u64,
    /// Tombstones committed.
    pub tombstones: u64,
    /// Syncs of directories for them.
    pub directory_syncs: u64,
    /// Syncs of the index.
    pub index_syncs: u64,
}
