//! What happens during an upload, or any other request, as plain data.
//!
//! The client reports it while it works; the transcript, the progress bar, the dashboard's dialog
//! and the tests are its readers. Nothing here is a sentence for people: that is for whoever shows
//! it to them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::config::Address;
use crate::id::{Ballot, ClusterName, ImageId, NodeId};
use crate::protocol::{Assignment, NodeError};

pub mod line;

/// Hears of every [`UploadEvent`] as it happens; must not block.
pub type Observer<'a> = dyn FnMut(UploadEvent) + Send + 'a;

/// Something that happened during an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum UploadEvent {
    /// An offer goes out to every member.
    Broadcasting {
        /// How many members there are.
        servers: usize,
    },
    /// It goes to this one, too.
    Sending {
        /// Which.
        node: NodeId,
        /// Where it listens.
        address: Address,
    },
    /// A member answered the offer, or will not.
    Answered {
        /// Which.
        node: NodeId,
        /// What it said.
        answer: Answer,
    },
    /// The answers are in, and the leader has named who encrypts.
    Assigned {
        /// Who.
        node: NodeId,
        /// The leader and its reign.
        ballot: Ballot,
    },
    /// Bytes went to the assigned node and came back encrypted, if they were to come back.
    Progress {
        /// How many came back in this attempt; or how many went up, if none is to come back.
        done: u64,
        /// How many will.
        total: u64,
    },
    /// An attempt came to nothing; the image is offered again.
    Retrying(Obstacle),
    /// The image is stored in the cluster, and the encrypted file stands in its folder, if one was
    /// wanted.
    Saved(Receipt),
    /// The upload ended without success.
    Failed {
        /// Why, as a person reads it.
        reason: String,
    },
}

/// What a member said to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It does not lead.
    Declined {
        /// In its own words.
        reason: String,
    },
    /// It leads, and has named who encrypts.
    Assigned(Assignment),
    /// It knows no leader.
    Unavailable {
        /// The nodes that are missing for a quorum.
        missing: Vec<NodeId>,
    },
    /// It refused the offer.
    Failed(NodeError),
    /// It said nothing.
    Unreachable(Unreachable),
}

/// Why a member said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// Nobody listens on its port.
    ConnectionRefused,
    /// It did not answer in time.
    NoAnswer,
    /// It closed the connection.
    Closed,
    /// It answered, but does not speak to this client.
    Refused(String),
    /// Another cluster answers at its address.
    OtherCluster(ClusterName),
    /// Another node answers at its address.
    OtherNode(NodeId),
    /// What answers at its address speaks another language.
    NotANode,
    /// Something else, in the words of the system.
    Other(String),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionRefused => f.write_str("connection refused"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Closed => f.write_str("it closed the connection"),
            Self::OtherCluster(name) => write!(f, "cluster {name} answers there"),
            Self::OtherNode(node) => write!(f, "node {node} answers there"),
            Self::NotANode => f.write_str("what answers there is no node"),
            Self::Refused(reason) | Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// Why an attempt came to nothing though another may succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody leads.
    NoLeader {
        /// The nodes that are missing for a quorum or could not be reached, and why.
        missing: BTreeMap<NodeId, Unreachable>,
    },
    /// Every member that was asked says that another leads.
    EveryoneDeclines,
    /// No member could be reached at all, and every port refuses.
    NobodyListens,
    /// Whoever could be reached does not speak to this client.
    Refused {
        /// In its own words.
        reason: String,
    },
    /// The assigned node did not bring it to an acknowledgement.
    Attempt {
        /// Which node.
        node: NodeId,
        /// What happened.
        why: Setback,
    },
}

/// Why the assigned node did not bring a request to an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// Its connection ended, or could not be made.
    Lost,
    /// Nothing moved between client and node, as the client saw it.
    Silent,
    /// Nothing moved between client and node, as the node saw it.
    WaitedInVain,
    /// It knows a newer reign than the leader that answered.
    Stale,
    /// It has too much to do.
    Busy,
    /// Its disk refuses.
    Storage {
        /// In its own words.
        reason: String,
    },
    /// Its disk does not take the mark of a delete.
    Undeleted {
        /// In its own words.
        reason: String,
    },
    /// Its disk does not give back what is kept.
    Unreadable {
        /// In its own words.
        reason: String,
    },
    /// Too few nodes could be asked or took part.
    NoQuorum {
        /// In its own words.
        reason: String,
    },
    /// Its disk failed so late that the image may be kept.
    Unknown {
        /// In its own words.
        reason: String,
    },
    /// What came back is not what it confirmed.
    Mismatch,
    /// It has another content under this id; the next attempt has a new one.
    Conflict,
}

/// What an upload came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The image's name in the cluster, and its IV.
    pub image: ImageId,
    /// Where the encrypted file stands; none when none was wanted.
    pub saved: Option<PathBuf>,
    /// Who led.
    pub leader: NodeId,
    /// Who encrypted it.
    pub server: NodeId,
    /// The size of the plain image, in bytes.
    pub bytes: u64,
    /// On how many nodes it is on stable storage.
    pub copies: usize,
    /// How many members the cluster has.
    pub members: usize,
    /// BLAKE3 of the encrypted file, as 64 hexadecimal digits.
    pub digest: String,
}
