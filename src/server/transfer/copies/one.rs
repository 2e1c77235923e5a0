//! One copy on its way to a peer: the header, then bytes as they are lent, then the commit.
//!
//! Hears a refusal while it is still sending. Whoever drops it closes the connection, and the peer
//! drops what it has; only a copy that is kept gives its connection back.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::board::Board;
use crate::id::NodeId;
use crate::protocol::{DataReply, DataRequest};
use crate::server::connection::STALL;
use crate::server::data::{DataConnection, DataError, DataPool};
use crate::store::Digest;

/// How long nothing may come to be copied before the peer is shown that it goes on.
///
/// A client may pause and be borne; the peer bears a minute of silence.
const BEAT: Duration = Duration::from_secs(15);

/// What a copy is given.
#[derive(Debug)]
pub(super) enum Piece {
    /// The next bytes.
    Chunk(Bytes),
    /// That was all; bring it to stable storage.
    Commit(Digest),
}

/// Brings one copy to a peer; returns once it is on stable storage there.
///
/// # Errors
///
/// When the peer cannot be reached, refuses or stands still.
pub(super) async fn bring(
    pool: &DataPool,
    peer: NodeId,
    header: &DataRequest,
    mut pieces: mpsc::Receiver<Piece>,
    board: &Board,
) -> Result<(), DataError> {
    let mut connection = pool.acquire(peer).await?;
    connection.writer.hold(header)?;
    let Some(digest) = send(&mut connection, &mut pieces, board).await? else {
        return Err(DataError::Closed(peer));
    };
    let digest = digest.to_string();
    connection.writer.say(&DataRequest::Commit { digest }).await?;
    loop {
        match connection.reader.reply(STALL).await? {
            DataReply::Kept => break,
            // A sign of life while the disk works.
            DataReply::Chunk => board.moved(),
            DataReply::Known { .. }
            | DataReply::Summary(_)
            | DataReply::Items
            | DataReply::Copy(_)
            | DataReply::Whole { .. }
            | DataReply::Error(_) => return Err(DataError::Unexpected(peer)),
        }
    }
    pool.release(connection);
    Ok(())
}

/// Sends what is lent; returns the digest of all of it, or `None` when the transfer was given up.
async fn send(
    connection: &mut DataConnection,
    pieces: &mut mpsc::Receiver<Piece>,
    board: &Board,
) -> Result<Option<Digest>, DataError> {
    let DataConnection { reader, writer, .. } = connection;
    let sending = async {
        loop {
            match timeout(BEAT, pieces.recv()).await {
                Ok(Some(Piece::Chunk(bytes))) => {
                    board.moved();
                    writer.chunk(&bytes).await?;
                }
                Ok(Some(Piece::Commit(digest))) => return Ok(Some(digest)),
                Ok(None) => return Ok(None),
                Err(_) => writer.say(&DataRequest::Chunk).await?,
            }
        }
    };
    // Nothing but a refusal can come before the commit.
    tokio::select! {
        biased;
        sent = sending => sent,
        refused = reader.refusal() => Err(refused),
    }
}
