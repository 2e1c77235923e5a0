//! An accepted connection: its two halves, and how it is spoken to without waiting for ever.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::faults::{Gate, Heard, Said};
use super::watch::until_end;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};

/// How long nothing may move on a connection while something should.
///
/// Longer than any pause of a network that still works, shorter than a client's own patience.
pub(crate) const STALL: Duration = Duration::from_secs(10);

/// The most bytes a header may have that comes by an accepted connection.
///
/// Whoever dials sends short ones: the longest begins an upload, and a file name of nothing but
/// escapes takes 6 KiB. What comes back may be longer; see [`crate::protocol::HEADER_BYTES_MAX`].
pub(crate) const ASKED_BYTES_MAX: usize = 8 * 1024;

/// How long a refused connection is kept, so that the refusal is read before the end is.
///
/// Closing a connection with unread bytes resets it, and a reset can overtake what was written.
const LINGER_TIME: Duration = Duration::from_secs(1);

/// An accepted connection, over any transport.
#[derive(Debug)]
pub(crate) struct Connection<R, W> {
    /// What it says.
    pub(crate) reader: FrameReader<Heard<R>>,
    /// What it is told.
    pub(crate) writer: FrameWriter<Said<W>>,
    /// What is between them and a peer, once it has said that it is one.
    pub(crate) gate: Gate,
    /// Where it comes from, for people.
    pub(crate) from: String,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// Makes a connection that has said nothing yet.
    pub(crate) fn new(reader: R, writer: W, from: String) -> Self {
        let gate = Gate::default();
        let reader = Heard::new(reader, gate.clone());
        Self {
            reader: FrameReader::with_limit(reader, ASKED_BYTES_MAX),
            writer: FrameWriter::new(Said::new(writer, gate.clone())),
            gate,
            from,
        }
    }

    /// Waits for the next message: long for it to begin, and not long for its end.
    ///
    /// `None` when the connection ended, or when nothing came in time.
    pub(crate) async fn next<M: DeserializeOwned>(
        &mut self,
        idle_time: Duration,
    ) -> Option<Result<M, FrameError>> {
        match timeout(idle_time, self.reader.begun()).await.ok()? {
            Ok(()) => timeout(STALL, self.reader.message()).await.ok()?.transpose(),
            Err(error) => Some(Err(error)),
        }
    }

    /// Writes a last message, and waits a little for it to be read.
    pub(crate) async fn end_with(&mut self, last: &impl Serialize) {
        let told = async {
            self.writer.message(last).await?;
            self.writer.shutdown().await
        };
        if let Ok(Ok(())) = timeout(LINGER_TIME, told).await {
            let _ = timeout(LINGER_TIME, until_end(self.reader.transport())).await;
        }
    }

    /// Writes a message, to someone who must not take for ever to read it.
    ///
    /// # Errors
    ///
    /// When the connection fails or nothing moves.
    pub(crate) async fn tell(&mut self, message: &impl Serialize) -> Result<(), FrameError> {
        match timeout(STALL, self.writer.message(message)).await {
            Ok(written) => written,
            Err(_) => Err(FrameError::Io(io::ErrorKind::TimedOut.into())),
        }
    }
}
