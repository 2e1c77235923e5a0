//! A record: one encrypted image as it is kept and exchanged, complete in itself.
//!
//! | bytes            | what                                                                   |
//! | ---------------- | ---------------------------------------------------------------------- |
//! | one line of JSON | `magic`, `format`, `suite`, and the fields of [`RecordHeader`]         |
//! | body             | `IV ‖ ciphertext` (suite 0, see `encryption`)                          |
//! | 8                | length of the body, big endian                                         |
//! | 32               | BLAKE3 of everything before: line, newline, body, length               |
//! | 8                | end mark, `HEIRLEND`                                                   |
//!
//! Unknown fields of the header are ignored, so that later versions can add some without a new
//! format. Owns the layout of one record, written by `writer` and read by `reader`; where it stands
//! and how it gets there durably is the business of the store. Tombstones end in the same way.

mod reader;
pub(super) mod trailer;
mod writer;

use std::io;

use serde::{Deserialize, Serialize};

pub use reader::RecordReader;
pub(super) use trailer::TRAILER_BYTES;
pub use writer::RecordWriter;

use crate::id::{ClusterName, Epoch, ImageId, UserName};
use crate::protocol::{Entry, ImageKind};

/// The most bytes a file name may have.
///
/// A name of 255 bytes that is no UTF-8 has at most 765 when it is made so.
pub const FILE_NAME_BYTES_MAX: usize = 1024;

/// The most bytes the header line may have, its newline included.
///
/// A file name of nothing but escapes takes six times its length, and all the rest under 1 KiB.
pub(super) const HEADER_BYTES_MAX: usize = 8 * 1024;

const MAGIC: &str = "heirloom-record";
const FORMAT: u32 = 1;

/// Suite 0: AES-128-CTR under the key made from the user's name, the id as IV.
const SUITE: u32 = 0;

/// What a record says about its image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHeader {
    /// The cluster that keeps it.
    pub cluster: ClusterName,
    /// The image; also the IV, and the name of the record's file.
    #[serde(rename = "id")]
    pub image: ImageId,
    /// Whose it is.
    pub user: UserName,
    /// Its file name, as the client gave it.
    pub file: String,
    /// What kind of image it is.
    pub kind: ImageKind,
    /// When it was uploaded, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// The reign in which it was assigned.
    pub epoch: Epoch,
}

impl RecordHeader {
    /// Makes the header of a record that another node of `cluster` describes.
    #[must_use]
    pub fn of(entry: Entry, cluster: ClusterName) -> Self {
        Self {
            cluster,
            image: entry.image,
            user: entry.user,
            file: entry.file,
            kind: entry.kind,
            created_ms: entry.created_ms,
            epoch: entry.epoch,
        }
    }

    /// Describes the image as a catalogue does; how long its body is, only the record knows.
    pub(super) fn entry(&self) -> Entry {
        let Self {
            cluster: _,
            image,
            user,
            file,
            kind,
            created_ms,
            epoch,
        } = self.clone();
        Entry {
            image,
            user,
            file,
            kind,
            body_bytes: 0,
            created_ms,
            epoch,
        }
    }
}

/// Why a record cannot be used; reads on from `record <path>`.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system refused.
    #[error("could not be read: {0}")]
    Io(#[from] io::Error),
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// It does not begin like one.
    #[error("is no record of heirloom")]
    NotARecord,
    /// A later version of the program wrote it.
    #[error("has format {0}, and this program knows up to {FORMAT}; use a newer heirloom")]
    NewerFormat(u32),
    /// It is encrypted in a way that came later.
    #[error("is encrypted by suite {0}, and this program knows only suite {SUITE}; use a newer heirloom")]
    UnknownSuite(u32),
    /// Its end is not there.
    #[error("is cut short")]
    Truncated,
    /// Its bytes are not those that were written.
    #[error("is damaged: {0}")]
    Damaged(&'static str),
    /// It stands under the name of another image.
    #[error("is of image {0}, not of the image it is named after")]
    Renamed(ImageId),
    /// It comes from another cluster.
    #[error("belongs to cluster {0:?}")]
    ForeignCluster(ClusterName),
}

impl RecordError {
    /// Says whether the record is lost, rather than out of reach for the moment.
    ///
    /// A node that has no descriptor or memory left has lost nothing.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Io(error) => {
                error.kind() == io::ErrorKind::NotFound
                    || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
            }
            // Later versions wrote these: they are whole, and of use to a newer program.
            Self::NewerFormat(_) | Self::UnknownSuite(_) => false,
            Self::Empty
            | Self::NotARecord
            | Self::Truncated
            | Self::Damaged(_)
            | Self::Renamed(_)
            | Self::ForeignCluster(_) => true,
        }
    }

    /// Says whether there is no such file.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}
