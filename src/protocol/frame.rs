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
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

pub use self::writer::FrameWriter;
use super::HEADER_BYTES_MAX;

mod writer;

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
    #[error("the header is too long")]
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
    header_bytes_max: usize,
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
        Self::with_limit(transport, HEADER_BYTES_MAX)
    }

    /// Makes a reader of messages whose headers have at most so many bytes, newline included.
    pub fn with_limit(transport: R, header_bytes_max: usize) -> Self {
        Self {
            transport,
            header_bytes_max,
            buffer: BytesMut::new(),
            searched: 0,
            body_left: 0,
        }
    }

    /// Waits until the next message has begun to come, or the connection ends.
    ///
    /// Before that a connection may be idle for long; after it, [`Self::message`] should not take
    /// long. What is left of an earlier body is skipped.
    ///
    /// # Errors
    ///
    /// When the transport fails or ends inside that body.
    pub async fn begun(&mut self) -> Result<(), FrameError> {
        self.skip_body().await?;
        if self.buffer.is_empty() {
            self.read_more().await?;
        }
        Ok(())
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
        while self.body_left > 0 {
            if self.buffer.is_empty() && self.read_more().await? == 0 {
                return Err(FrameError::EndInBody {
                    missing: self.body_left,
                });
            }
            let skipped =
                usize::try_from(self.body_left).map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
            self.buffer.advance(skipped);
            self.body_left -= skipped as u64;
        }
        Ok(())
    }

    /// Reads what has come into the buffer; 0 at the end.
    async fn read_more(&mut self) -> io::Result<usize> {
        if self.buffer.is_empty() {
            // What an earlier header needed is given back before the wait for the next.
            self.buffer = BytesMut::new();
        }
        self.buffer.reserve(READ_BYTES);
        self.transport.read_buf(&mut self.buffer).await
    }

    /// Reads until the buffer begins with a whole line; returns its length, newline included.
    async fn header_length(&mut self) -> Result<Option<usize>, FrameError> {
        loop {
            let fresh = &self.buffer[self.searched..];
            if let Some(at) = fresh.iter().position(|&byte| byte == b'\n') {
                let length = self.searched + at + 1;
                return if length > self.header_bytes_max {
                    Err(FrameError::HeaderTooLong)
                } else {
                    Ok(Some(length))
                };
            }
            self.searched = self.buffer.len();
            if self.searched >= self.header_bytes_max {
                return Err(FrameError::HeaderTooLong);
            }
            if self.read_more().await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(FrameError::EndInHeader)
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::protocol::Opening;

    #[tokio::test]
    async fn a_connection_that_waits_holds_no_more_than_one_read() {
        let (mut sender, receiver) = tokio::io::duplex(4096);
        let mut reader = FrameReader::new(receiver);
        let mut line = br#"{"type":"status""#.to_vec();
        line.resize(HEADER_BYTES_MAX - 2, b' ');
        line.extend(b"}\n");
        let (sent, read) = tokio::join!(sender.write_all(&line), reader.message::<Opening>());
        sent.expect("written");
        assert_eq!(read.expect("readable"), Some(Opening::Status));
        let waiting = tokio::select! {
            biased;
            message = reader.message::<Opening>() => Some(message),
            () = std::future::ready(()) => None,
        };
        assert!(waiting.is_none());
        assert_eq!(reader.buffer.capacity(), READ_BYTES);
    }

    #[tokio::test]
    async fn a_message_has_begun_with_its_first_byte_and_loses_none_by_it() {
        let (mut sender, receiver) = tokio::io::duplex(64);
        let mut reader = FrameReader::new(receiver);
        sender.write_all(b"{").await.expect("written");
        reader.begun().await.expect("readable");
        sender
            .write_all(b"\"type\":\"status\"}\n")
            .await
            .expect("written");
        assert_eq!(reader.message().await.expect("readable"), Some(Opening::Status));
        drop(sender);
        reader.begun().await.expect("an end is one too");
        assert_eq!(reader.message::<Opening>().await.expect("readable"), None);
    }
}
