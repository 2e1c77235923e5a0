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
//!     |
//!     | Download                                         ---->  |
//!     | <----      Image, then Chunk + body again and again, then Sent | Error
//!     | List                                             ---->  |
//!     | <----      Listing + body (a line of JSON each) again and again, then EndOfList | Error
//!     | Delete                                           ---->  |
//!     | <----                                    Deleted | Error
//! ```
//!
//! The client must read while it writes. `Finish` says that the image did not change while it was
//! sent; without it nothing is kept. A `Chunk` without a body is a sign of life and no more. The
//! image id makes all of it idempotent.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::event::RequestKind;
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
    /// Asks the assigned node for an image.
    Download(Download),
    /// Asks the assigned node which images are kept for the user.
    List(List),
    /// Asks the assigned node to delete an image.
    Delete(Delete),
}

/// A request, offered to every node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What is asked for.
    #[serde(default)]
    pub kind: RequestKind,
    /// The image; the same in every attempt. A list has an id of its own.
    pub image: ImageId,
    /// The size of the plain image, in bytes; the leader assigns none above its limit. 0 for what is
    /// no upload.
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
    /// How many nodes must have done it for it to be acknowledged, the assigned one included.
    pub quorum: usize,
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
    /// When the client began, in milliseconds since the Unix epoch: the same in every attempt.
    pub created_ms: u64,
    /// What comes back.
    #[serde(default, rename = "return")]
    pub back: Back,
    /// What the leader answered.
    pub assignment: Assignment,
}

/// What an upload gives back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// The encrypted image.
    #[default]
    Cipher,
    /// Nothing but the acknowledgement.
    None,
}

/// Asks the assigned node for an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Which.
    pub image: ImageId,
    /// What the leader answered.
    pub assignment: Assignment,
}

/// Asks the assigned node which images of the user are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The id under which it was offered.
    pub image: ImageId,
    /// Only images whose file name holds this, or whose id begins with it.
    #[serde(default)]
    pub matching: Option<String>,
    /// What the leader answered.
    pub assignment: Assignment,
}

/// Asks the assigned node to delete an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// Which.
    pub image: ImageId,
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
    /// The image that was asked for; its bytes follow as `Chunk`s.
    Image(Entry),
    /// That was all of it, and it was undamaged.
    Sent {
        /// BLAKE3 of `IV ‖ ciphertext`, as 64 hexadecimal digits.
        digest: String,
    },
    /// Some of a user's images, newest first: the body has a [`super::Listed`] a line.
    Listing,
    /// That was the whole list.
    EndOfList {
        /// How many images it had.
        images: u64,
        /// How many nodes were asked and answered, the assigned one included.
        nodes: usize,
        /// How many members the cluster has.
        members: usize,
    },
    /// The delete is on stable storage.
    Deleted {
        /// On how many nodes.
        copies: usize,
        /// How many members the cluster has.
        members: usize,
    },
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
    /// The user has no image of that id, as far as a quorum knows.
    NoSuchImage,
    /// Too few nodes could be asked or took part: offer again.
    NoQuorum,
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
