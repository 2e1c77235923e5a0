//! Writing messages and their bodies: lines are held back until they can go out with what follows.

use std::io::{self, IoSlice};

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::FrameError;

/// Writes messages and their bodies.
#[derive(Debug)]
pub struct FrameWriter<W> {
    transport: W,
    /// Lines that have not been written, or not to their end.
    held: Vec<u8>,
    /// How many bytes of `held` have been written.
    written: usize,
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
            held: Vec::new(),
            written: 0,
        }
    }

    /// Writes a message that has no body.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn message<M: Serialize>(&mut self, message: &M) -> Result<(), FrameError> {
        self.hold(message)?;
        self.flush().await
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
        self.hold_with_body(message, body)?;
        self.flush().await
    }

    /// Holds a message without a body back, to be written with what comes next.
    ///
    /// # Errors
    ///
    /// When the message cannot be put into words.
    pub fn hold<M: Serialize>(&mut self, message: &M) -> Result<(), FrameError> {
        serde_json::to_writer(&mut self.held, message).map_err(FrameError::Header)?;
        self.held.push(b'\n');
        Ok(())
    }

    /// Holds a message back whose body of `body` bytes follows by [`Self::some`].
    ///
    /// # Errors
    ///
    /// When the message cannot be put into words.
    pub fn hold_with_body<M: Serialize>(&mut self, message: &M, body: u64) -> Result<(), FrameError> {
        self.hold(&WithBody { message, body })
    }

    /// Writes what is held back and the next bytes of the body.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn body(&mut self, chunk: &[u8]) -> Result<(), FrameError> {
        let mut gone = 0;
        while gone < chunk.len() {
            gone += self.some(&chunk[gone..]).await?;
        }
        self.flush().await
    }

    /// Writes what is held back and as many of the next bytes of the body as the transport takes at
    /// once; returns how many bytes of the body that was, which may be none.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn some(&mut self, chunk: &[u8]) -> Result<usize, FrameError> {
        let held = &self.held[self.written..];
        let taken = if held.is_empty() {
            self.transport.write(chunk).await?
        } else {
            let both = [IoSlice::new(held), IoSlice::new(chunk)];
            self.transport.write_vectored(&both).await?
        };
        if taken == 0 {
            return Err(FrameError::Io(io::ErrorKind::WriteZero.into()));
        }
        let of_held = taken.min(held.len());
        self.advance(of_held);
        Ok(taken - of_held)
    }

    /// Writes what is held back.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn flush(&mut self) -> Result<(), FrameError> {
        while self.written < self.held.len() {
            let taken = self.transport.write(&self.held[self.written..]).await?;
            if taken == 0 {
                return Err(FrameError::Io(io::ErrorKind::WriteZero.into()));
            }
            self.advance(taken);
        }
        Ok(self.transport.flush().await?)
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    ///
    /// When the transport fails.
    pub async fn shutdown(&mut self) -> Result<(), FrameError> {
        Ok(self.transport.shutdown().await?)
    }

    /// Notes how many more bytes of what is held have been written.
    fn advance(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written == self.held.len() {
            self.held.clear();
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::protocol::DataRequest;

    #[tokio::test]
    async fn what_is_held_back_goes_out_before_the_body_however_little_is_taken_at_once() {
        let (near, mut far) = tokio::io::duplex(3);
        let mut writer = FrameWriter::new(near);
        let write = async {
            writer.hold(&DataRequest::Summarise).expect("in words");
            writer.hold_with_body(&DataRequest::Chunk, 5).expect("in words");
            writer.body(b"hello").await.expect("written");
            writer.message(&DataRequest::Chunk).await.expect("written");
            drop(writer);
        };
        let mut all = String::new();
        let ((), read) = tokio::join!(write, far.read_to_string(&mut all));
        read.expect("readable");
        assert_eq!(
            all,
            "{\"type\":\"summarise\"}\n{\"type\":\"chunk\",\"body\":5}\nhello{\"type\":\"chunk\"}\n"
        );
    }
}
