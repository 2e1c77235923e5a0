//! An image that comes from a peer: its entry, then its bytes, then the word that they were right.

use bytes::Bytes;

use super::{DataConnection, DataError, DataPool};
use crate::id::{ImageId, NodeId};
use crate::protocol::{CHUNK_BYTES, DataReply, DataRequest, Entry};
use crate::server::buffers::Buffers;
use crate::server::connection::STALL;
use crate::store::Digest;

/// An image that comes from a peer; dropped before its end, the connection closes.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    pool: &'a DataPool,
    connection: DataConnection,
    entry: Entry,
    left: u64,
    buffers: Buffers,
}

impl DataPool {
    /// Asks a peer for an image.
    ///
    /// # Errors
    ///
    /// When the peer cannot be asked, does not keep it, or does not answer.
    pub(crate) async fn fetch(
        &self,
        peer: NodeId,
        image: ImageId,
        buffers: &Buffers,
    ) -> Result<Fetch<'_>, DataError> {
        let (connection, reply) = self.ask(peer, &DataRequest::Fetch { image }).await?;
        match reply {
            DataReply::Copy(copy) if copy.entry.image == image => Ok(Fetch {
                pool: self,
                connection,
                left: copy.entry.body_bytes,
                entry: copy.entry,
                buffers: buffers.clone(),
            }),
            DataReply::Copy(_)
            | DataReply::Kept
            | DataReply::Known { .. }
            | DataReply::Summary(_)
            | DataReply::Items
            | DataReply::Chunk
            | DataReply::Whole { .. }
            | DataReply::Error(_) => Err(DataError::Unexpected(peer)),
        }
    }
}

impl Fetch<'_> {
    /// Returns what is fetched.
    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Returns the next bytes of `IV ‖ ciphertext`; `None` when all have come.
    ///
    /// # Errors
    ///
    /// When the connection fails or stands still, and when the peer finds its copy damaged.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, DataError> {
        if self.left == 0 {
            return Ok(None);
        }
        let peer = self.connection.peer();
        let reader = &mut self.connection.reader;
        let reply = reader.reply(STALL).await?;
        let bytes = reader.body_left();
        if reply != DataReply::Chunk || bytes == 0 || bytes > self.left.min(CHUNK_BYTES as u64) {
            return Err(DataError::Unexpected(peer));
        }
        let room = usize::try_from(bytes).unwrap_or(CHUNK_BYTES);
        let mut chunk = self.buffers.take(room);
        let mut filled = 0;
        while filled < chunk.len() {
            filled += reader.body(&mut chunk[filled..]).await?;
        }
        self.left -= bytes;
        Ok(Some(chunk.share()))
    }

    /// Waits for the word that all of it was undamaged; returns the digest that it must have.
    ///
    /// # Errors
    ///
    /// When the peer finds its copy damaged, and when the connection fails or stands still.
    pub(crate) async fn whole(mut self) -> Result<Digest, DataError> {
        let peer = self.connection.peer();
        let DataReply::Whole { digest } = self.connection.reader.reply(STALL).await? else {
            return Err(DataError::Unexpected(peer));
        };
        let digest = digest.parse().map_err(|_| DataError::Unexpected(peer))?;
        self.pool.release(self.connection);
        Ok(digest)
    }
}
