//! What peers are asked in one message: what they keep, and that they mark a delete.

use super::{DataConnection, DataError, DataPool};
use crate::id::{ImageId, NodeId};
use crate::protocol::{Bury, CHUNK_BYTES, CatalogueItem, DataReply, DataRequest, Summary};

/// The most bytes that the items of one bucket may have.
///
/// A bucket of a million images' catalogue has under 2 MiB.
const BUCKET_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl DataPool {
    /// Asks for a peer's catalogue in short.
    ///
    /// # Errors
    ///
    /// When the peer cannot be asked, or does not answer.
    pub(crate) async fn summary(&self, peer: NodeId) -> Result<Summary, DataError> {
        let (connection, reply) = self.ask(peer, &DataRequest::Summarise).await?;
        let DataReply::Summary(summary) = reply else {
            return Err(DataError::Unexpected(peer));
        };
        self.release(connection);
        Ok(summary)
    }

    /// Asks for everything in one bucket of a peer's catalogue.
    ///
    /// # Errors
    ///
    /// When the peer cannot be asked, or does not answer.
    pub(crate) async fn bucket(&self, peer: NodeId, bucket: u8) -> Result<Vec<CatalogueItem>, DataError> {
        let (mut connection, reply) = self.ask(peer, &DataRequest::Bucket { bucket }).await?;
        let body = connection.reader.body_left();
        if !matches!(reply, DataReply::Items) || body > BUCKET_BYTES_MAX {
            return Err(DataError::Unexpected(peer));
        }
        let items = read_items(&mut connection).await?;
        self.release(connection);
        Ok(items)
    }

    /// Asks what a peer keeps under an id, and whether its not knowing it says anything.
    ///
    /// # Errors
    ///
    /// When the peer cannot be asked, or does not answer.
    pub(crate) async fn look_up(
        &self,
        peer: NodeId,
        image: ImageId,
    ) -> Result<(Option<CatalogueItem>, bool), DataError> {
        let (connection, reply) = self.ask(peer, &DataRequest::LookUp { image }).await?;
        let DataReply::Known { known, complete } = reply else {
            return Err(DataError::Unexpected(peer));
        };
        self.release(connection);
        Ok((known, complete))
    }

    /// Has a peer bring the mark of a delete to stable storage.
    ///
    /// # Errors
    ///
    /// When the peer cannot be asked, refuses, or does not answer.
    pub(crate) async fn bury(&self, peer: NodeId, bury: &Bury) -> Result<(), DataError> {
        let (connection, reply) = self.ask(peer, &DataRequest::Bury(bury.clone())).await?;
        if reply != DataReply::Kept {
            return Err(DataError::Unexpected(peer));
        }
        self.release(connection);
        Ok(())
    }

    /// Asks a peer; a connection that died while it was kept is replaced once.
    pub(super) async fn ask(
        &self,
        peer: NodeId,
        request: &DataRequest,
    ) -> Result<(DataConnection, DataReply), DataError> {
        let mut connection = self.acquire(peer).await?;
        match connection.ask(request).await {
            Ok(reply) => Ok((connection, reply)),
            Err(error) if connection.was_kept() && error.is_dead_connection() => {
                let mut fresh = self.dial(peer).await?;
                let reply = fresh.ask(request).await?;
                Ok((fresh, reply))
            }
            Err(error) => Err(error),
        }
    }
}

/// Reads a body that has an item a line.
async fn read_items(connection: &mut DataConnection) -> Result<Vec<CatalogueItem>, DataError> {
    let peer = connection.peer();
    let mut items = Vec::new();
    let mut pending = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = connection.reader.body(&mut chunk).await?;
        if read == 0 {
            break;
        }
        pending.extend_from_slice(&chunk[..read]);
        let whole = memchr::memrchr(b'\n', &pending).map_or(0, |at| at + 1);
        for line in pending[..whole].split_inclusive(|&byte| byte == b'\n') {
            items.push(serde_json::from_slice(line).map_err(|_| DataError::Unexpected(peer))?);
        }
        pending.drain(..whole);
    }
    if pending.is_empty() {
        Ok(items)
    } else {
        Err(DataError::Unexpected(peer))
    }
}
