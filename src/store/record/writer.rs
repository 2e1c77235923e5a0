//! Writing a record: the header, then the body in chunks, then the trailer.

use std::io::{self, Write};

use serde::Serialize;

use super::trailer::trailer;
use super::{FORMAT, MAGIC, RecordHeader, SUITE};
use crate::store::Digest;

/// The header line as written.
#[derive(Serialize)]
struct HeaderLine<'a> {
    magic: &'static str,
    format: u32,
    suite: u32,
    #[serde(flatten)]
    header: &'a RecordHeader,
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

    /// Writes the next bytes of the body; best in chunks of [`crate::protocol::CHUNK_BYTES`].
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
        let trailer = trailer(&mut self.record, self.body_bytes);
        self.target.write_all(&trailer)?;
        Ok(self.target)
    }
}
