//! What is kept, as nodes and clients speak of it: entries, marks of deletes, and short digests of
//! many of them.
//!
//! A catalogue is a set of items, one an image id; a tombstone wins over an entry of the same id.
//! Two catalogues are compared bucket by bucket, so that what is asked for grows with what differs
//! and not with what is kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ImageKind;
use crate::id::{Epoch, ImageId, NodeId, UserName};

/// How many buckets a catalogue has: one for each first byte of an image id.
///
/// A summary of so many fits a header line, and in a catalogue of 100,000 images a bucket has 400.
pub const BUCKETS: usize = 256;

/// An image as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The image.
    pub image: ImageId,
    /// Whose it is.
    pub user: UserName,
    /// Its file name, as the client gave it.
    pub file: String,
    /// What kind of image it is.
    pub kind: ImageKind,
    /// The length of `IV ‖ ciphertext`, in bytes.
    pub body_bytes: u64,
    /// When it was uploaded, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// The reign in which it was assigned.
    pub epoch: Epoch,
}

/// The mark of a delete; it wins over the image, whichever came first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The image that is no more.
    pub image: ImageId,
    /// Whose it was.
    pub user: UserName,
    /// When it was deleted, in milliseconds since the Unix epoch; for people, never for order.
    pub deleted_ms: u64,
}

/// What a catalogue says about an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum CatalogueItem {
    /// The image is kept.
    Entry(Entry),
    /// The image was deleted.
    Tombstone(Tombstone),
}

impl CatalogueItem {
    /// Returns the id it is about.
    #[must_use]
    pub const fn image(&self) -> ImageId {
        match self {
            Self::Entry(entry) => entry.image,
            Self::Tombstone(tombstone) => tombstone.image,
        }
    }

    /// Returns whose image it is or was.
    #[must_use]
    pub const fn user(&self) -> &UserName {
        match self {
            Self::Entry(entry) => &entry.user,
            Self::Tombstone(tombstone) => &tombstone.user,
        }
    }
}

/// One line of a list: an image, and who keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The image.
    #[serde(flatten)]
    pub entry: Entry,
    /// The nodes that keep a copy, as far as they could be asked; in the order of ids.
    pub nodes: Vec<NodeId>,
}

/// The digest of a set of items; prints as 32 hexadecimal digits.
///
/// The exclusive or of what each item contributes, so that the order does not matter and adding
/// twice takes out again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BucketDigest(pub u128);

impl fmt::Display for BucketDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for BucketDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BucketDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An image id has the same form on the wire, and reads it strictly.
        let text = String::deserialize(deserializer)?;
        let digits = ImageId::from_str(&text).map_err(serde::de::Error::custom)?;
        Ok(Self(u128::from_be_bytes(*digits.as_bytes())))
    }
}

/// A catalogue in short: the digest of each of its [`BUCKETS`] buckets, and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The digests, in the order of buckets.
    pub buckets: Vec<BucketDigest>,
    /// How many images are kept.
    pub images: u64,
    /// How many deletes are marked.
    pub tombstones: u64,
    /// Whether nothing may be missing for a reason that the node has forgotten; see `store`.
    pub complete: bool,
    /// Whether it might have forgotten something when its process started: its disk was new then.
    #[serde(default)]
    pub new: bool,
    /// Whether it knows all that was acknowledged: it was in sync, and has not been away since.
    #[serde(default)]
    pub abreast: bool,
}

impl Summary {
    /// Returns the buckets in which two catalogues differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u8> + 'a {
        let both = self.buckets.iter().zip(&other.buckets);
        (0..=u8::MAX)
            .zip(both)
            .filter(|(_, (mine, theirs))| mine != theirs)
            .map(|(bucket, _)| bucket)
    }
}
