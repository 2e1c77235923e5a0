//! Reading a record, and checking on the way that it is what was written.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use super::trailer::{TRAILER_BYTES, check, check_length};
use super::{FORMAT, HEADER_BYTES_MAX, MAGIC, RecordError, RecordHeader, SUITE};
use crate::id::{ClusterName, ImageId};
use crate::protocol::{CHUNK_BYTES, Entry};
use crate::store::Digest;
use crate::store::disk::{Disk, DiskFile, Sequential, read_exact_at};

/// What is read of a header line before the rest can be understood.
#[derive(Deserialize)]
struct Preamble {
    magic: String,
    format: u32,
    suite: u32,
}

/// Reads one record, and checks it on the way.
///
/// The bytes of the body are handed out before the digest behind them could be checked: only the
/// 0 at the end says that they were the right ones.
#[derive(Debug)]
pub struct RecordReader<R = BufReader<Sequential>> {
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
    /// Opens the record file of `image` in `cluster`, to read all of it.
    pub(in crate::store) fn open(
        disk: &dyn Disk,
        path: &Path,
        cluster: &ClusterName,
        image: ImageId,
    ) -> Result<Self, RecordError> {
        let file = disk.open(path)?;
        file.read_ahead();
        Self::of(file, cluster, image)
    }

    /// Opens it likewise, for its header and its end.
    pub(in crate::store) fn open_ends(
        disk: &dyn Disk,
        path: &Path,
        cluster: &ClusterName,
        image: ImageId,
    ) -> Result<Self, RecordError> {
        Self::of(disk.open(path)?, cluster, image)
    }

    fn of(file: Box<dyn DiskFile>, cluster: &ClusterName, image: ImageId) -> Result<Self, RecordError> {
        let bytes = file.len()?;
        Self::new(BufReader::new(Sequential::new(file)), bytes, cluster, image)
    }

    /// Checks that the record has its end, without reading the body.
    pub(in crate::store) fn check_end(&self) -> Result<(), RecordError> {
        let file = self.source.get_ref().file();
        let end = file.len()?.saturating_sub(TRAILER_BYTES as u64);
        let mut trailer = [0; TRAILER_BYTES];
        read_exact_at(file, &mut trailer, end).map_err(truncated)?;
        check_length(&trailer, self.body_bytes)
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

    /// Returns the record as the catalogue knows it.
    pub fn entry(&self) -> Entry {
        Entry {
            body_bytes: self.body_bytes,
            ..self.header.entry()
        }
    }

    /// Returns the length of the body, `IV ‖ ciphertext`, in bytes.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes
    }

    /// Reads the next bytes of the body, as many as there is room for, and says how many: fewer only
    /// at its end; 0 when it is finished and was found undamaged.
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
        let chunk = &mut chunk[..room];
        self.source.read_exact(chunk).map_err(truncated)?;
        self.record.update(chunk);
        self.body.update(chunk);
        self.left -= room as u64;
        Ok(room)
    }

    /// Reads what is left and returns the digest of the whole body, when nothing is damaged.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what was written.
    pub fn verify(mut self) -> Result<Digest, RecordError> {
        let room = usize::try_from(self.left).unwrap_or(CHUNK_BYTES);
        let mut chunk = vec![0; room.min(CHUNK_BYTES)];
        while self.read(&mut chunk)? > 0 {}
        Ok(self.body.finalize().into())
    }

    /// Checks the trailer, once.
    fn check(&mut self) -> Result<(), RecordError> {
        if self.checked {
            return Ok(());
        }
        let mut trailer = [0; TRAILER_BYTES];
        self.source.read_exact(&mut trailer).map_err(truncated)?;
        check(&mut self.record, self.body_bytes, &trailer)?;
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
