//! What clients and nodes say to each other.
//!
//! ```text
//!   client                              every node            the assigned node
//!     | Offer                      ---->  |
//!     | <---- Declined | Assigned | Unavailable
//!     | Upload + body (the plain image)                  ---->  |
//!     | <----            Chunk + body, again and again (IV ‖ ciphertext)
//!     | Finish                                           ---->  |
//!     | <----            Chunk without a body, while the disk works
//!     | <----                                     Stored | Error
//! ```
//!
//! The client must read while it writes. `Finish` says that the image did not change while it was
//! sent; without it nothing is kept. A `Chunk` without a body is a sign of life and no more. The
//! image id makes all of it idempotent.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{Ballot, ImageId, NodeId, RequestId};

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Asks who acts for an image; sent to every node.
    Offer(Offer),
    /// Begins an upload on the assigned node; its body is the plain image.
    Upload(Upload),
    /// Ends an upload: the body was the whole image and did not change meanwhile.
    Finish,
}

/// A request, offered to every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The image; the same in every attempt.
    pub image: ImageId,
    /// The size of the plain image, in bytes; the leader assigns none above its limit.
    pub size: u64,
    /// The node that an earlier attempt was assigned to and that failed.
    pub failed: Option<NodeId>,
}

/// The leader's answer: who does it, under which reign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The leader's reign; the assigned node refuses an older one than its own.
    pub ballot: Ballot,
    /// The number of the assignment within the reign.
    pub request: RequestId,
    /// Who does it.
    pub node: NodeId,
    /// How long the client should see nothing move before it offers again, in milliseconds.
    pub stall_ms: u64,
}

/// The header of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The image, and the IV of its encryption.
    pub image: ImageId,
    /// The file name without folders, lossy where it was no UTF-8.
    pub file: String,
    /// What the leader answered.
    pub assignment: Assignment,
}

/// What a node answers to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NodeMessage {
    /// The node does not lead.
    Declined {
        /// `Node 1 is not the leader`.
        reason: String,
    },
    /// The node leads, and this is who does it.
    Assigned(Assignment),
    /// Nobody leads, as far as this node knows.
    Unavailable {
        /// The nodes that are missing for a quorum.
        missing: Vec<NodeId>,
    },
    /// A piece of the encrypted image; its body is the next bytes of `IV ‖ ciphertext`.
    Chunk,
    /// The image is on stable storage.
    Stored(Stored),
    /// The request failed.
    Error(NodeError),
}

/// The acknowledgement of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The image.
    pub image: ImageId,
    /// BLAKE3 of `IV ‖ ciphertext`, as 64 hexadecimal digits.
    pub digest: String,
    /// On how many nodes it is on stable storage.
    pub copies: usize,
    /// How many members the cluster has.
    pub members: usize,
}

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct NodeError {
    /// What a program does about it.
    pub code: ErrorCode,
    /// What a person reads: one sentence, lower case, that says what to do.
    pub reason: String,
}

/// What a client does about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request makes no sense; the connection closes.
    BadRequest,
    /// The content is no image, or too large: no node will take it.
    NotAccepted,
    /// The same id was used for another content: take a new id.
    Conflict,
    /// The assignment is of a reign that is over: offer again.
    StaleAssignment,
    /// The node has too much to do: offer again.
    Busy,
    /// The client stood still for too long: offer again.
    Stalled,
    /// The node's disk refuses: another node may take it.
    Storage,
    /// The disk failed so late that the image may be kept: offer it again, under the same id.
    Unknown,
}

/// The kinds of image that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Graphics Interchange Format.
    Gif,
    /// WebP.
    Webp,
    /// Windows bitmap.
    Bmp,
    /// Tagged Image File Format.
    Tiff,
    /// AV1 Image File Format.
    Avif,
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Avif => "AVIF",
        })
    }
}
