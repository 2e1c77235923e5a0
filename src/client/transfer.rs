//! The exchange of bytes with the assigned node: the plain image goes up, the encrypted one comes
//! back while it goes up.
//!
//! ```text
//!   file --read--> [256 KiB] --write--> node --read--> [256 KiB] --write--> part file
//!                                                          \--> BLAKE3
//! ```
//!
//! Two buffers, whatever the size of the image. `Finish` goes out only when everything has come
//! back and the file is still what it was, so whatever fails before that leaves nothing behind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use super::link::Link;
use super::observe::{Observer, UploadEvent};
use super::part::{PartFile, SaveError};
use super::source::{Freshness, Source, SourceError};
use crate::encryption::IV_BYTES;
use crate::id::ImageId;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{CHUNK_BYTES, ClientMessage, NodeError, NodeMessage, Stored, Upload};

/// How many bytes are written before it counts as movement.
///
/// Small enough that a link of 10 KB/s is not mistaken for a standstill, large enough that the
/// system calls cost nothing.
const WRITE_BYTES: usize = 32 * 1024;

/// The slowest disk whose synchronisation is waited for after the last byte, in bytes a second.
///
/// A memory card writes as much; without an allowance by size, a large image on such a disk would
/// look like a stalled node and be sent again and again.
const SYNC_BYTES_PER_SECOND_MIN: u64 = 10_000_000;

/// How an exchange ended without an acknowledgement.
#[derive(Debug)]
pub(super) enum TransferError {
    /// The connection ended, or carried nonsense.
    Lost,
    /// Nothing moved for too long.
    Stalled,
    /// The node refused.
    Node(NodeError),
    /// What came back is not what the node confirmed.
    Mismatch,
    /// The file was written to while it was sent.
    Changed,
    /// The file could not be read.
    Source(SourceError),
    /// What came back could not be written.
    Save(SaveError),
}

impl From<FrameError> for TransferError {
    fn from(_: FrameError) -> Self {
        Self::Lost
    }
}

impl From<SourceError> for TransferError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<SaveError> for TransferError {
    fn from(error: SaveError) -> Self {
        Self::Save(error)
    }
}

/// One attempt to bring an image to its assigned node.
#[derive(Debug)]
pub(super) struct Transfer<'a> {
    /// The file, at its beginning.
    pub(super) source: &'a mut Source,
    /// Where the encrypted image goes, empty.
    pub(super) part: &'a mut PartFile,
    /// How long nothing may move before the node is given up.
    pub(super) stall: Duration,
    /// How long the acknowledgement may take at most.
    pub(super) deadline: Duration,
    /// When something last moved.
    pub(super) movement: &'a Movement,
}

impl Transfer<'_> {
    /// Exchanges the bytes and waits for the acknowledgement.
    ///
    /// After an error the link is in an unknown state and must be dropped.
    pub(super) async fn run(
        self,
        link: &mut Link,
        upload: &Upload,
        observe: &mut Observer<'_>,
    ) -> Result<Stored, TransferError> {
        let size = self.source.size();
        let Link { reader, writer } = link;
        let exchange = async {
            let sending = send(writer, upload, self.source, self.movement);
            let receiving = receive(reader, upload.image, size, self.part, self.movement, observe);
            both(sending, receiving).await
        };
        let digest = tokio::select! {
            exchanged = exchange => exchanged?,
            () = self.movement.standstill(self.stall) => return Err(TransferError::Stalled),
        };
        self.part.flush().await?;
        if self.source.freshness().await? == Freshness::Changed {
            return Err(TransferError::Changed);
        }
        let patience = self.stall + Duration::from_secs(size / SYNC_BYTES_PER_SECOND_MIN);
        let confirmed = timeout(patience.min(self.deadline), confirm(reader, writer)).await;
        let stored = confirmed.map_err(|_| TransferError::Stalled)??;
        self.movement.note_returned();
        if stored.image == upload.image && stored.digest == digest.to_hex().as_str() {
            Ok(stored)
        } else {
            Err(TransferError::Mismatch)
        }
    }
}

/// Runs both directions at once; the receiving one has the last word.
async fn both(
    sending: impl Future<Output = Result<(), TransferError>>,
    receiving: impl Future<Output = Result<blake3::Hash, TransferError>>,
) -> Result<blake3::Hash, TransferError> {
    tokio::pin!(receiving);
    let sent = tokio::select! {
        received = &mut receiving => return received,
        sent = sending => sent,
    };
    match sent {
        // A node that refuses says why before it closes, and that says more than a broken pipe.
        Ok(()) | Err(TransferError::Lost) => receiving.await,
        Err(error) => Err(error),
    }
}

async fn send<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    upload: &Upload,
    source: &mut Source,
    movement: &Movement,
) -> Result<(), TransferError> {
    let mut left = source.size();
    let message = ClientMessage::Upload(upload.clone());
    writer.message_with_body(&message, left).await?;
    let mut buffer = vec![0; CHUNK_BYTES];
    while left > 0 {
        let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = source.read(&mut buffer[..room]).await?;
        if read == 0 {
            return Err(TransferError::Changed);
        }
        for piece in buffer[..read].chunks(WRITE_BYTES) {
            writer.body(piece).await?;
            movement.note_sent();
        }
        left -= read as u64;
    }
    Ok(())
}

/// Receives `IV ‖ ciphertext` of an image of `size` bytes; returns its digest.
async fn receive<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    image: ImageId,
    size: u64,
    part: &mut PartFile,
    movement: &Movement,
    observe: &mut Observer<'_>,
) -> Result<blake3::Hash, TransferError> {
    let total = size + IV_BYTES as u64;
    let mut digest = blake3::Hasher::new();
    let mut done = 0;
    let mut buffer = vec![0; CHUNK_BYTES];
    while done < total {
        match reader.message().await?.ok_or(TransferError::Lost)? {
            NodeMessage::Chunk if reader.body_left() <= total - done => {}
            NodeMessage::Error(error) => return Err(TransferError::Node(error)),
            NodeMessage::Chunk
            | NodeMessage::Stored(_)
            | NodeMessage::Declined { .. }
            | NodeMessage::Assigned(_)
            | NodeMessage::Unavailable { .. } => return Err(TransferError::Lost),
        }
        while reader.body_left() > 0 {
            let read = reader.body(&mut buffer).await?;
            movement.note_returned();
            digest.update(&buffer[..read]);
            if done < IV_BYTES as u64 && !begins_with_iv(image, done, &buffer[..read]) {
                return Err(TransferError::Mismatch);
            }
            part.write(&buffer[..read]).await?;
            done += read as u64;
            observe(UploadEvent::Progress { done, total });
        }
    }
    Ok(digest.finalize())
}

/// Says whether `bytes`, which stand at `offset` of the encrypted file, agree with the image's IV.
fn begins_with_iv(image: ImageId, offset: u64, bytes: &[u8]) -> bool {
    let iv = image.as_bytes().iter();
    let rest = iv.skip(usize::try_from(offset).unwrap_or(usize::MAX));
    rest.zip(bytes).all(|(expected, got)| expected == got)
}

async fn confirm<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut FrameReader<R>,
    writer: &mut FrameWriter<W>,
) -> Result<Stored, TransferError> {
    writer.message(&ClientMessage::Finish).await?;
    match reader.message().await?.ok_or(TransferError::Lost)? {
        NodeMessage::Stored(stored) => Ok(stored),
        NodeMessage::Error(error) => Err(TransferError::Node(error)),
        NodeMessage::Chunk
        | NodeMessage::Declined { .. }
        | NodeMessage::Assigned(_)
        | NodeMessage::Unavailable { .. } => Err(TransferError::Lost),
    }
}

/// When bytes last moved, noted by both directions of an exchange.
///
/// Bytes that were sent may only have filled buffers on the way; bytes that returned prove that
/// the node works.
#[derive(Debug)]
pub(super) struct Movement {
    origin: Instant,
    /// The last movement in either direction; since `origin`, in microseconds.
    last_us: AtomicU64,
    /// The last time bytes returned; since `origin`, in microseconds; 0 for never.
    returned_us: AtomicU64,
}

impl Movement {
    /// Begins now, as if something had just moved.
    pub(super) fn start() -> Self {
        Self {
            origin: Instant::now(),
            last_us: AtomicU64::new(0),
            returned_us: AtomicU64::new(0),
        }
    }

    /// Returns when the node last proved that it works, if ever.
    pub(super) fn last_returned(&self) -> Option<Instant> {
        match self.returned_us.load(Ordering::Relaxed) {
            0 => None,
            micros => Some(self.origin + Duration::from_micros(micros)),
        }
    }

    fn note_sent(&self) {
        self.last_us.store(self.now_us(), Ordering::Relaxed);
    }

    fn note_returned(&self) {
        let now = self.now_us();
        self.last_us.store(now, Ordering::Relaxed);
        self.returned_us.store(now, Ordering::Relaxed);
    }

    fn now_us(&self) -> u64 {
        let micros = self.origin.elapsed().as_micros();
        u64::try_from(micros).unwrap_or(u64::MAX).max(1)
    }

    /// Waits until nothing has moved for `span`.
    async fn standstill(&self, span: Duration) {
        loop {
            let until = self.origin + Duration::from_micros(self.last_us.load(Ordering::Relaxed)) + span;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_iv_is_noticed_wherever_the_bytes_are_split() {
        let image = ImageId::from_bytes(*b"0123456789abcdef");
        assert!(begins_with_iv(image, 0, b"0123456789abcdefrest"));
        assert!(begins_with_iv(image, 0, b"01"));
        assert!(begins_with_iv(image, 14, b"efrest"));
        assert!(!begins_with_iv(image, 14, b"exrest"));
        assert!(!begins_with_iv(image, 0, b"1"));
    }
}
