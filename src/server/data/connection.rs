//! A connection on which a peer is asked: one request at a time.
//!
//! Owns no retry. Its two halves can be used side by side, so that a refusal is heard while an
//! image is still being sent.

use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, timeout};

use super::DataError;
use crate::id::NodeId;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{CHUNK_BYTES, DataReply, DataRequest, Greeted, Opening};
use crate::server::connection::STALL;
use crate::server::faults::{Gate, Heard, Said};

/// A welcomed connection to a peer.
#[derive(Debug)]
pub(crate) struct DataConnection {
    /// What the peer answers.
    pub(crate) reader: DataReader,
    /// What it is asked.
    pub(crate) writer: DataWriter,
    /// Since when it has had nothing to do; none while it has, and before it ever had.
    pub(super) idle_since: Option<Instant>,
}

/// What a peer answers.
#[derive(Debug)]
pub(crate) struct DataReader {
    peer: NodeId,
    frames: FrameReader<Heard<OwnedReadHalf>>,
}

/// What a peer is asked.
#[derive(Debug)]
pub(crate) struct DataWriter {
    peer: NodeId,
    frames: FrameWriter<Said<OwnedWriteHalf>>,
}

impl DataConnection {
    /// Greets a peer on a fresh connection.
    ///
    /// # Errors
    ///
    /// When the connection fails, or the peer does not let it in.
    pub(super) async fn open(
        stream: TcpStream,
        gate: Gate,
        peer: NodeId,
        hello: &Opening,
    ) -> Result<Self, DataError> {
        let (read, write) = stream.into_split();
        let mut connection = Self {
            reader: DataReader {
                peer,
                frames: FrameReader::new(Heard::new(read, gate.clone())),
            },
            writer: DataWriter {
                peer,
                frames: FrameWriter::new(Said::new(write, gate)),
            },
            idle_since: None,
        };
        let written = connection.writer.frames.message(hello).await;
        written.map_err(|error| DataError::Frame { peer, error })?;
        match connection.reader.message(STALL).await? {
            Greeted::Welcome(welcome) if welcome.node == peer => Ok(connection),
            Greeted::Welcome(welcome) => Err(DataError::Unwelcome {
                peer,
                reason: format!("node {} answers there; correct the address", welcome.node),
            }),
            Greeted::Refused(refusal) => Err(DataError::Unwelcome {
                peer,
                reason: refusal.reason,
            }),
            Greeted::WelcomePeer(_) | Greeted::Status(_) => Err(DataError::Unexpected(peer)),
        }
    }

    /// Returns whom it reaches.
    pub(crate) fn peer(&self) -> NodeId {
        self.reader.peer
    }

    /// Says whether it was used before, so that the peer may have closed it meanwhile.
    pub(crate) fn was_kept(&self) -> bool {
        self.idle_since.is_some()
    }

    /// Asks something that has no body, and returns the answer.
    ///
    /// # Errors
    ///
    /// When the connection fails or stands still, and when the peer refuses.
    pub(crate) async fn ask(&mut self, request: &DataRequest) -> Result<DataReply, DataError> {
        self.writer.say(request).await?;
        self.reader.reply(STALL).await
    }

    /// Says whether nothing has come on it: neither an end nor what nobody asked for.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.reader.frames.transport().is_quiet()
    }
}

impl DataReader {
    /// Waits at most `patience` for an answer; a refusal is an error.
    ///
    /// Can be cancelled without losing what has come.
    ///
    /// # Errors
    ///
    /// When the connection fails or stands still, and when the peer refuses.
    pub(crate) async fn reply(&mut self, patience: Duration) -> Result<DataReply, DataError> {
        let peer = self.peer;
        match self.message(patience).await? {
            DataReply::Error(error) => Err(DataError::Refused { peer, error }),
            reply @ (DataReply::Kept
            | DataReply::Known { .. }
            | DataReply::Summary(_)
            | DataReply::Items
            | DataReply::Copy(_)
            | DataReply::Chunk
            | DataReply::Whole { .. }) => Ok(reply),
        }
    }

    /// Waits, for ever if need be, for a refusal; returns it, or what ended the connection instead.
    ///
    /// Can be cancelled without losing what has come.
    pub(crate) async fn refusal(&mut self) -> DataError {
        let peer = self.peer;
        match self.frames.message().await {
            Ok(Some(DataReply::Error(error))) => DataError::Refused { peer, error },
            Ok(Some(_)) => DataError::Unexpected(peer),
            Ok(None) => DataError::Closed(peer),
            Err(error) => DataError::Frame { peer, error },
        }
    }

    /// Reads the next bytes of an answer's body; 0 when it is finished.
    ///
    /// # Errors
    ///
    /// When the connection fails, ends too early or stands still.
    pub(super) async fn body(&mut self, chunk: &mut [u8]) -> Result<usize, DataError> {
        let peer = self.peer;
        match timeout(STALL, self.frames.body(chunk)).await {
            Ok(read) => read.map_err(|error| DataError::Frame { peer, error }),
            Err(_) => Err(DataError::Stalled(peer)),
        }
    }

    /// Returns how many bytes of the last answer's body have not been read.
    pub(super) fn body_left(&self) -> u64 {
        self.frames.body_left()
    }

    async fn message<M: DeserializeOwned>(&mut self, patience: Duration) -> Result<M, DataError> {
        let peer = self.peer;
        match timeout(patience, self.frames.message()).await {
            Ok(Ok(Some(message))) => Ok(message),
            Ok(Ok(None)) => Err(DataError::Closed(peer)),
            Ok(Err(error)) => Err(DataError::Frame { peer, error }),
            Err(_) => Err(DataError::Stalled(peer)),
        }
    }
}

impl DataWriter {
    /// Writes a request that has no body.
    ///
    /// # Errors
    ///
    /// When the connection fails, or the peer takes nothing.
    pub(crate) async fn say(&mut self, request: &DataRequest) -> Result<(), DataError> {
        let peer = self.peer;
        in_time(peer, self.frames.message(request)).await
    }

    /// Holds a request back until what belongs to it goes out.
    ///
    /// # Errors
    ///
    /// When the request cannot be put into words.
    pub(crate) fn hold(&mut self, request: &DataRequest) -> Result<(), DataError> {
        let peer = self.peer;
        let held = self.frames.hold(request);
        held.map_err(|error| DataError::Frame { peer, error })
    }

    /// Writes the next bytes of a copy, [`CHUNK_BYTES`] at most, with what is held back.
    ///
    /// # Errors
    ///
    /// When the connection fails, or the peer takes nothing.
    pub(crate) async fn chunk(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        debug_assert!(bytes.len() <= CHUNK_BYTES, "no receiver has room for more");
        let peer = self.peer;
        let held = self
            .frames
            .hold_with_body(&DataRequest::Chunk, bytes.len() as u64);
        held.map_err(|error| DataError::Frame { peer, error })?;
        let mut gone = 0;
        while gone < bytes.len() {
            // Whatever the peer takes is movement, however little it is.
            gone += in_time(peer, self.frames.some(&bytes[gone..])).await?;
        }
        in_time(peer, self.frames.flush()).await
    }
}

async fn in_time<T>(
    peer: NodeId,
    write: impl Future<Output = Result<T, FrameError>>,
) -> Result<T, DataError> {
    match timeout(STALL, write).await {
        Ok(written) => written.map_err(|error| DataError::Frame { peer, error }),
        Err(_) => Err(DataError::Stalled(peer)),
    }
}
