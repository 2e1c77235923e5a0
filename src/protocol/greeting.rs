//! How a connection opens: who speaks, to which cluster, and what for.

use serde::{Deserialize, Serialize};

use super::StatusReport;
use crate::id::{ClusterName, Epoch, Generation, NodeId, UserName};

/// The first message on every connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Opening {
    /// Opens a connection for a purpose.
    Hello(Hello),
    /// Asks for a [`StatusReport`] and nothing else; the node answers and closes.
    Status,
}

/// Who opens a connection, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`super::PROTOCOL_VERSION`] of the speaker.
    pub version: u32,
    /// The cluster it means to reach.
    pub cluster: ClusterName,
    /// What the connection is for.
    #[serde(flatten)]
    pub purpose: Purpose,
}

/// What a connection is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// A peer sends election messages and reports; one connection each way between two nodes.
    Control {
        /// Which member it is.
        node: NodeId,
        /// In which life of its process.
        generation: Generation,
    },
    /// A peer asks for or brings images; as many connections as it has such requests at a time.
    Data {
        /// Which member it is.
        node: NodeId,
    },
    /// A client sends requests; the name is its principal.
    Client {
        /// Whose images it means.
        user: UserName,
    },
    /// A reader wants every event from now on.
    Watch,
    /// Somebody wants the node to do something wrong on purpose.
    Faults,
}

/// The answer to an [`Opening`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Greeted {
    /// The connection is open to a client or a watcher.
    Welcome(Welcome),
    /// The connection is open to a peer.
    WelcomePeer(PeerWelcome),
    /// How the node is; the answer to [`Opening::Status`].
    Status(Box<StatusReport>),
    /// The connection is not opened, and closes.
    Refused(Refusal),
}

/// Who accepted the connection of a client or a watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Which member accepted.
    pub node: NodeId,
}

/// Who accepted a peer's connection, and what an election should know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerWelcome {
    /// Which member accepted.
    pub node: NodeId,
    /// In which life of its process.
    pub generation: Generation,
    /// The highest epoch it has voted in or followed.
    pub epoch: Epoch,
    /// Whether it has never voted as far as it remembers: a new node, or one that lost its disk.
    pub blank: bool,
}

/// Why a connection or a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// One sentence, lower case, that says what to do where something can be done.
    pub reason: String,
}
