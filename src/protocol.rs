//! The wire: what nodes and clients say to each other over TCP.
//!
//! A message is one line of JSON, then, if its header says `"body": n`, `n` raw bytes. Every
//! connection opens with a [`Hello`] that says what it is for; only [`Opening::Status`] may come
//! without one, so that netcat is enough to ask a node how it is:
//!
//! ```text
//! printf '{"type":"status"}\n' | nc 127.0.0.1 8001
//! ```
//!
//! | purpose   | the dialling side sends      | the accepting side answers with |
//! | --------- | ---------------------------- | ------------------------------- |
//! | `control` | [`ControlMessage`]           | nothing; it dials back          |
//! | `data`    | [`DataRequest`]              | [`DataReply`]                   |
//! | `client`  | [`ClientMessage`]            | [`NodeMessage`]                 |
//! | `watch`   | nothing                      | one [`crate::event::Event`] a line |
//! | `faults`  | [`FaultsRequest`]            | [`FaultsReply`]                 |
//!
//! Unknown fields are ignored; an unknown type is answered with a [`Refusal`]. The codec is
//! [`frame`]; this module holds meanings only.

mod catalogue;
mod client;
mod contact;
mod control;
mod data;
mod faults;
pub mod frame;
mod greeting;
mod status;

pub use catalogue::{BUCKETS, BucketDigest, CatalogueItem, Entry, Listed, Summary, Tombstone};
pub use client::{
    Assignment, Back, ClientMessage, Delete, Download, ErrorCode, ImageKind, List, NodeError, NodeMessage,
    Offer, Stored, Upload,
};
pub use contact::Contact;
pub use control::{AnswerVerdict, ControlMessage, ElectionMessage, GrantVerdict};
pub use data::{Bury, Copy, DataReply, DataRequest};
pub use faults::{FaultsReply, FaultsRequest};
pub use greeting::{Greeted, Hello, Opening, PeerWelcome, Purpose, Refusal, Welcome};
pub use status::{
    NodeRole, PeerStatus, QuorumStatus, RotationStatus, StatusReport, StoreCounters, StoreHealth,
};

/// The version of the wire; both sides must speak the same.
pub const PROTOCOL_VERSION: u32 = 2;

/// The most bytes a header line may have, its newline included.
///
/// The longest real header is a status report of nine nodes, about 4 KiB. Who is asked by strangers
/// sets a lower limit for what they send.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;

/// How many bytes of a body are read, encrypted and written at a time.
///
/// Large enough that a system call costs nothing beside the cipher, small enough that a node with
/// eight transfers in flight stays within a few megabytes.
pub const CHUNK_BYTES: usize = 256 * 1024;
