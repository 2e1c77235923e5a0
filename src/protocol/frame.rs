//! The codec: one line of JSON, then a body of raw bytes if the line says so.
//!
//! ```text
//!   {"type":"upload","image":"…","body":48211}\n  48,211 raw bytes  {"type":"finish"}\n  …
//! ```
//!
//! Owns the buffering and the limits; knows nothing of what a message means. A clean end between
//! messages is an end; an end inside a message is an error. Generic over the transport, so that
//! TLS can come in underneath.

use std::io;

use bytes::{Buf, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::HEADER_BYTES_MAX;

/// How much room the buffer makes for one read while it looks for a header.
///
/// A connection that says nothing costs no more than this.
const READ_BYTES: usize = 1024;

/// What went wrong between the bytes and the message.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The transport failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A header had no end within the limit.
    #[error("the header is longer than {HEADER_BYTES_MAX} bytes")]
    HeaderTooLong,
    /// A header was not the JSON of an expected message.
    #[error("not understood: {0}")]
    Header(serde_json::Error),
    /// The other side ended inside a header.
    #[error("the connection ended inside a header")]
    EndInHeader,
    /// The other side ended inside a body.
    #[error("the connection ended {missing} bytes before the end of a body")]
    EndInBody {
        /// How many bytes did not come.
        missing: u64,
    },
}

/// Reads messages and their bodies.
///
/// Every method can be cancelled between polls without losing bytes.
#[derive(Debug)]
pub struct FrameReader<R> {
    transport: R,
    buffer: BytesMut,
    /// How many bytes of `buffer` hold no newline; they are not searched again.
    searched: usize,
    body_left: u64,
}

/// The field of a header that says how many bytes follow it.
#[derive(Deserialize)]
struct BodyLength {
    #[serde(default)]
    body: u64,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Makes a reader of messages from `transport`.
    pub fn new(transport: R) -> Self {
        Self {
            transport,
            buffer: BytesMut::new(),
            searched: 0,
            body_left: 0,
        }
    }

    /// Reads the next message; `None` at a clean end. What is left of an earlier body is skipped.
    ///
    /// # Errors
    ///
    /// When the transport fails, when the header is too long or not understood, or when the
    /// connection ends inside a message.
    pub async fn message<M: DeserializeOwned>(&mut self) -> Result<Option<M>, FrameError> {
        self.skip_body().await?;
        let Some(length) = self.header_length().await? else {
            return Ok(None);
        };
        let line = self.buffer.split_to(length);
        self.searched = 0;
        let parse = || -> Result<(M, u64), serde_json::Error> {
            let BodyLength { body } = serde_json::from_slice(&line)?;
            Ok((serde_json::from_slice(&line)?, body))
        };
        let (message, body) = parse().map_err(FrameError::Header)?;
        self.body_left = body;
        Ok(Some(message))
    }

    /// Returns the transport, past what has been read ahead; for whoever needs only its end.
    pub fn transport(&mut self) -> &mut R {
        &mut self.transport
    }

    /// Returns how many bytes of the last message's body have not been read.
    pub fn body_left(&self) -> u64 {
        self.body_left
    }

    /// Reads the next bytes of the body into `chunk`; 0 when the body is finished.
    ///
    /// # Errors
    ///
    /// When the transport fails or ends before the body does.
    pub async fn body(&mut self, chunk: &mut [u8]) -> Result<usize, FrameError> {
        let room = usize::try_from(self.body_left)
            .unwrap_or(usize::MAX)
            .min(chunk.len());
        if room == 0 {
            return Ok(0);
        }
        let read = if self.buffer.is_empty() {
            self.transport.read(&mut chunk[..room]).await?
        } else {
            let buffered = room.min(self.buffer.len());
            self.buffer.copy_to_slice(&mut chunk[..buffered]);
            buffered
        };
        if read == 0 {
            return Err(FrameError::EndInBody {
                missing: self.body_left,
            });
        }
        self.body_left -= read as u64;
        Ok(read)
    }

    /// Reads and drops what is left of the body.
    async fn skip_body(&mut self) -> Result<(), FrameError> {
        let mut scratch = [0; READ_BYTES];
        while self.body(&mut scratch).await? > 0 {}
        Ok(())
    }

    /// Reads until the buffer begins with a whole line; returns its length, newline included.
    async fn header_length(&mut self) -> Result<Option<usize>, FrameError> {
        loop {
            let fresh = &self.buffer[self.searched..];
            if let Some(at) = fresh.iter().position(|&byte| byte == b'\n') {
                let length = self.searched + at + 1;
                return if length > HEADER_BYTES_MAX {
                    Err(FrameError::HeaderTooLong)
                } else {
                    Ok(Some(length))
                };
            }
            self.searched = self.buffer.len();
            if self.searched >= HEADER_BYTES_MAX {
                return Err(FrameError::HeaderTooLong);
            }
            self.buffer.reserve(READ_BYTES);
            if self.transport.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::EndInHeader)
                };
            }
        }
    }
}

/// Writes messages and their bodies.
#[derive(Debug)]
pub struct FrameWriter<W> {
    transport: W,
    line: Vec<u8>,
}

/// A message with the length of the body that follows it.
#[derive(Serialize)]
struct WithBody<'a, M> {
    #[serde(flatten)]
    message: &'a M,
    body: u64,
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    /// Makes a writer of messages to `transport`.
    pub fn new(transport: W) -> Self {
        Self {
            transport,
            line: Vec::new(),
        }
    }

    /// Writes a message that has no body.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn message<M: Serialize>(&mut self, message: &M) -> Result<(), FrameError> {
        self.write_line(message).await
    }

    /// Writes a message whose body of `body` bytes follows by [`Self::body`].
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn message_with_body<M: Serialize>(
        &mut self,
        message: &M,
        body: u64,
    ) -> Result<(), FrameError> {
        self.write_line(&WithBody { message, body }).await
    }

    /// Writes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn body(&mut self, chunk: &[u8]) -> Result<(), FrameError> {
        Ok(self.transport.write_all(chunk).await?)
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn shutdown(&mut self) -> Result<(), FrameError> {
        Ok(self.transport.shutdown().await?)
    }

    async fn write_line<T: Serialize>(&mut self, value: &T) -> Result<(), FrameError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value).map_err(FrameError::Header)?;
        self.line.push(b'\n');
        self.transport.write_all(&self.line).await?;
        Ok(self.transport.flush().await?)
    }
}
