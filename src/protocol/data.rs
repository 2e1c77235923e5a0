//! What nodes say to each other about images: copies, marks of deletes, and what each one keeps.
//!
//! The node that dials asks, the other answers; one request at a time on a connection.
//!
//! ```text
//!   Copy, then Chunk + body again and again, then Commit   --> Kept | Error
//!   Bury                                                   --> Kept | Error
//!   LookUp                                                 --> Known
//!   Summarise                                              --> Summary
//!   Bucket                                                 --> Items + body (a line of JSON each)
//!   Fetch              --> Copy, then Chunk + body again and again, then Whole | Error
//! ```
//!
//! A copy that is not committed leaves nothing behind: whoever gives it up closes the connection. A
//! node that does not take a copy says `Error` at once and closes; the sender may still be writing.

use serde::{Deserialize, Serialize};

use super::{CatalogueItem, Entry, NodeError, Summary, Tombstone};
use crate::id::{Ballot, ImageId, RequestId};

/// What the node that dialled asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DataRequest {
    /// Begins a copy of an image that has been assigned to the sender.
    Copy(Copy),
    /// The next bytes of the copy's `IV ‖ ciphertext`, as its body.
    Chunk,
    /// The copy is whole: bring it to stable storage.
    Commit {
        /// BLAKE3 of `IV ‖ ciphertext`, as 64 hexadecimal digits.
        digest: String,
    },
    /// Bring the mark of a delete to stable storage.
    Bury(Bury),
    /// Asks what the node keeps under an id.
    LookUp {
        /// The id.
        image: ImageId,
    },
    /// Asks for the catalogue in short.
    Summarise,
    /// Asks for everything in one bucket of the catalogue.
    Bucket {
        /// Which: the first byte of the ids in it.
        bucket: u8,
    },
    /// Asks for an image.
    Fetch {
        /// Which.
        image: ImageId,
    },
}

/// The header of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// What is copied.
    #[serde(flatten)]
    pub entry: Entry,
    /// The reign that assigned it; whoever has voted in a newer one refuses. None for an image that
    /// was kept before, which any reign may have.
    pub ballot: Option<Ballot>,
    /// The number of the assignment within the reign: with the ballot it says which of two attempts
    /// at one image is the newer. Nothing without a ballot.
    #[serde(default)]
    pub request: RequestId,
}

/// A delete on its way to another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bury {
    /// The mark.
    #[serde(flatten)]
    pub tombstone: Tombstone,
    /// The reign that assigned it; whoever has voted in a newer one refuses.
    pub ballot: Ballot,
}

/// What the asked node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DataReply {
    /// The copy, or the mark of the delete, is on stable storage.
    Kept,
    /// What the node keeps under the id.
    Known {
        /// None when it is neither kept nor deleted there.
        known: Option<CatalogueItem>,
        /// Whether the node's not knowing it says anything; see [`Summary::complete`].
        complete: bool,
    },
    /// The catalogue in short.
    Summary(Summary),
    /// Everything in a bucket: the body has a [`CatalogueItem`] a line.
    Items,
    /// The header of an image that was asked for.
    Copy(Copy),
    /// The next bytes of its `IV ‖ ciphertext`, as the body.
    Chunk,
    /// That was all of it, and it was undamaged.
    Whole {
        /// BLAKE3 of `IV ‖ ciphertext`, as 64 hexadecimal digits.
        digest: String,
    },
    /// The request failed; the connection closes.
    Error(NodeError),
}
