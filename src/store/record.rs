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
//! format. Owns the bytes of one record; where it stands and how it gets there durably is the
//! business of the store.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::id::{ClusterName, Epoch, ImageId, UserName};
use crate::protocol::{CHUNK_BYTES, ImageKind};

/// The most bytes a file name may have.
///
/// A name of 255 bytes that is no UTF-8 has at most 765 when it is made so.
pub const FILE_NAME_BYTES_MAX: usize = 1024;

/// The most bytes the header line may have, its newline included.
///
/// A file name of nothing but escapes takes six times its length, and all the rest under 1 KiB.
pub(super) const HEADER_BYTES_MAX: usize = 8 * 1024;

/// How many bytes stand behind the body.
pub(super) const TRAILER_BYTES: usize = 48;

const MAGIC: &str = "heirloom-record";
const FORMAT: u32 = 1;

/// Suite 0: AES-128-CTR under the key made from the user's name, the id as IV.
const SUITE: u32 = 0;

const END_MARK: [u8; 8] = *b"HEIRLEND";

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

/// The header line as written.
#[derive(Serialize)]
struct HeaderLine<'a> {
    magic: &'static str,
    format: u32,
    suite: u32,
    #[serde(flatten)]
    header: &'a RecordHeader,
}

/// What is read of a header line before the rest can be understood.
#[derive(Deserialize)]
struct Preamble {
    magic: String,
    format: u32,
    suite: u32,
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

/// Writes one record: the header, then the body in chunks, then the trailer.
#[derive(Debug)]
pub struct RecordWriter<W> {
    target: W,
    record: blake3::Hasher,
    body: blake3::Hasher,
    body_bytes: u64,
}

impl<W: Write> RecordWriter<W> {
    /// Begins a record.
    ///
    /// # Errors
    ///
    /// When the target does not take the header.
    pub fn new(mut target: W, header: &RecordHeader) -> io::Result<Self> {
        let mut line = serde_json::to_vec(&HeaderLine {
            magic: MAGIC,
            format: FORMAT,
            suite: SUITE,
            header,
        })?;
        line.push(b'\n');
        target.write_all(&line)?;
        let mut record = blake3::Hasher::new();
        record.update(&line);
        Ok(Self {
            target,
            record,
            body: blake3::Hasher::new(),
            body_bytes: 0,
        })
    }

    /// Writes the next bytes of the body; best in chunks of [`CHUNK_BYTES`].
    ///
    /// # Errors
    ///
    /// When the target does not take them; the record cannot be continued then.
    pub fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.target.write_all(chunk)?;
        self.record.update(chunk);
        self.body.update(chunk);
        self.body_bytes += chunk.len() as u64;
        Ok(())
    }

    /// Returns the digest of the body written so far.
    pub fn body_digest(&self) -> Digest {
        self.body.finalize().into()
    }

    /// Writes the trailer and returns the target; syncing it is the caller's business.
    ///
    /// # Errors
    ///
    /// When the target does not take it.
    pub fn finish(mut self) -> io::Result<W> {
        let length = self.body_bytes.to_be_bytes();
        self.record.update(&length);
        let mut trailer = [0; TRAILER_BYTES];
        trailer[..8].copy_from_slice(&length);
        trailer[8..40].copy_from_slice(self.record.finalize().as_bytes());
        trailer[40..].copy_from_slice(&END_MARK);
        self.target.write_all(&trailer)?;
        Ok(self.target)
    }
}

#[cfg(test)]
impl<W> RecordWriter<W> {
    /// Goes on writing to another target, as if the disk below had been exchanged.
    pub(super) fn retargeted(self, target: W) -> Self {
        Self { target, ..self }
    }
}

/// Reads one record, and checks it on the way.
///
/// The bytes of the body are handed out before the digest behind them could be checked: only the
/// 0 at the end says that they were the right ones.
#[derive(Debug)]
pub struct RecordReader<R = BufReader<File>> {
    source: R,
    header: RecordHeader,
    record: blake3::Hasher,
    body: blake3::Hasher,
    body_bytes: u64,
    /// How many bytes of the body are still to be read.
    left: u64,
    checked: bool,
}

impl RecordReader {
    /// Opens the record file of `image` in `cluster`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not the record it should be.
    pub fn open(path: &Path, cluster: &ClusterName, image: ImageId) -> Result<Self, RecordError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Self::new(BufReader::new(file), bytes, cluster, image)
    }
}

impl<R: BufRead> RecordReader<R> {
    /// Begins to read a record of `bytes` bytes, which must be that of `image` in `cluster`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not the record it should be.
    pub fn new(
        mut source: R,
        bytes: u64,
        cluster: &ClusterName,
        image: ImageId,
    ) -> Result<Self, RecordError> {
        if bytes == 0 {
            return Err(RecordError::Empty);
        }
        let line = header_line(&mut source)?;
        let header = parse_header(&line)?;
        if header.cluster != *cluster {
            return Err(RecordError::ForeignCluster(header.cluster));
        }
        if header.image != image {
            return Err(RecordError::Renamed(header.image));
        }
        let body_bytes = bytes
            .checked_sub((line.len() + TRAILER_BYTES) as u64)
            .ok_or(RecordError::Truncated)?;
        let mut record = blake3::Hasher::new();
        record.update(&line);
        Ok(Self {
            source,
            header,
            record,
            body: blake3::Hasher::new(),
            body_bytes,
            left: body_bytes,
            checked: false,
        })
    }

    /// Returns what the record says about its image.
    pub fn header(&self) -> &RecordHeader {
        &self.header
    }

    /// Returns the length of the body, `IV ‖ ciphertext`, in bytes.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Reads the next bytes of the body; 0 when it is finished and was found undamaged.
    ///
    /// # Errors
    ///
    /// When it cannot be read or, at the end, when it is not what was written.
    pub fn read(&mut self, chunk: &mut [u8]) -> Result<usize, RecordError> {
        if self.left == 0 {
            self.check()?;
            return Ok(0);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
        let read = match self.source.read(&mut chunk[..room]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return self.read(chunk),
            result => result?,
        };
        if read == 0 && room > 0 {
            return Err(RecordError::Truncated);
        }
        self.record.update(&chunk[..read]);
        self.body.update(&chunk[..read]);
        self.left -= read as u64;
        Ok(read)
    }

    /// Reads what is left and returns the digest of the whole body, when nothing is damaged.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what was written.
    pub fn verify(mut self) -> Result<Digest, RecordError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        while self.read(&mut chunk)? > 0 {}
        Ok(self.body.finalize().into())
    }

    /// Checks the trailer, once.
    fn check(&mut self) -> Result<(), RecordError> {
        if self.checked {
            return Ok(());
        }
        let mut length = [0; 8];
        let mut digest = [0; 32];
        let mut end_mark = [0; 8];
        for part in [&mut length[..], &mut digest, &mut end_mark] {
            self.source.read_exact(part).map_err(truncated)?;
        }
        if end_mark != END_MARK {
            return Err(RecordError::Truncated);
        }
        if u64::from_be_bytes(length) != self.body_bytes {
            return Err(RecordError::Damaged("its length is not the one it says"));
        }
        self.record.update(&length);
        if self.record.finalize() != blake3::Hash::from_bytes(digest) {
            return Err(RecordError::Damaged("its digest is not the one it says"));
        }
        self.checked = true;
        Ok(())
    }
}

fn truncated(error: io::Error) -> RecordError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        RecordError::Truncated
    } else {
        error.into()
    }
}

/// Reads the header line, its newline included.
fn header_line(source: &mut impl BufRead) -> Result<Vec<u8>, RecordError> {
    let mut line = Vec::new();
    let read = source
        .take(HEADER_BYTES_MAX as u64)
        .read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        Ok(line)
    } else if read == HEADER_BYTES_MAX {
        Err(RecordError::NotARecord)
    } else {
        Err(RecordError::Truncated)
    }
}

fn parse_header(line: &[u8]) -> Result<RecordHeader, RecordError> {
    let preamble: Preamble = serde_json::from_slice(line).map_err(|_| RecordError::NotARecord)?;
    if preamble.magic != MAGIC {
        return Err(RecordError::NotARecord);
    }
    if preamble.format > FORMAT {
        return Err(RecordError::NewerFormat(preamble.format));
    }
    if preamble.suite != SUITE {
        return Err(RecordError::UnknownSuite(preamble.suite));
    }
    serde_json::from_slice(line).map_err(|_| RecordError::Damaged("its header is not understood"))
}
