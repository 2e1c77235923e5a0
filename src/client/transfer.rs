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

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::link::Link;
use super::movement::Movement;
use super::part::{PartFile, SaveError};
use super::source::{Freshness, Source, SourceError};
use crate::encryption::IV_BYTES;
use crate::id::ImageId;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{CHUNK_BYTES, ClientMessage, NodeError, NodeMessage, Stored, Upload};
use crate::upload::{Observer, UploadEvent};

/// How many bytes are written before it counts as movement.
///
/// Small enough that a link of 10 KB/s is not mistaken for a standstill, large enough that the
/// system calls cost nothing.
const WRITE_BYTES: usize = 32 * 1024;

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
        let exchanged = self.movement.within(self.stall, exchange).await;
        let digest = exchanged.ok_or(TransferError::Stalled)??;
        self.part.flush().await?;
        if self.source.freshness().await? == Freshness::Changed {
            return Err(TransferError::Changed);
        }
        let stored = confirm(reader, writer, self.movement, self.stall).await?;
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
            | NodeMessage::Image(_)
            | NodeMessage::Sent { .. }
            | NodeMessage::Listing
            | NodeMessage::EndOfList { .. }
            | NodeMessage::Deleted { .. }
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

/// Says that the image was whole, and waits for the acknowledgement while the node shows a sign of
/// life: a chunk without bytes, for as long as its disk takes.
async fn confirm<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut FrameReader<R>,
    writer: &mut FrameWriter<W>,
    movement: &Movement,
    stall: Duration,
) -> Result<Stored, TransferError> {
    movement.note_sent();
    let confirmed = async {
        writer.message(&ClientMessage::Finish).await?;
        loop {
            let said = reader.message().await?.ok_or(TransferError::Lost)?;
            movement.note_returned();
            match said {
                NodeMessage::Chunk if reader.body_left() == 0 => {}
                NodeMessage::Stored(stored) => return Ok(stored),
                NodeMessage::Error(error) => return Err(TransferError::Node(error)),
                NodeMessage::Chunk
                | NodeMessage::Image(_)
                | NodeMessage::Sent { .. }
                | NodeMessage::Listing
                | NodeMessage::EndOfList { .. }
                | NodeMessage::Deleted { .. }
                | NodeMessage::Declined { .. }
                | NodeMessage::Assigned(_)
                | NodeMessage::Unavailable { .. } => return Err(TransferError::Lost),
            }
        }
    };
    let confirmed = movement.within(stall, confirmed).await;
    confirmed.ok_or(TransferError::Stalled)?
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
    use tokio::time::{Instant, sleep};

    use super::*;

    const STALL: Duration = Duration::from_secs(1);

    /// The node's side of a connection on which everything but the acknowledgement is done.
    struct Node {
        reader: FrameReader<ReadHalf<DuplexStream>>,
        writer: FrameWriter<WriteHalf<DuplexStream>>,
    }

    /// Confirms to a node that behaves like this once it has read `Finish`.
    async fn confirmed_by<F: Future<Output = Node>>(
        node: impl FnOnce(Node) -> F,
    ) -> Result<Stored, TransferError> {
        let (near, far) = duplex(1024);
        let (reader, writer) = split(near);
        let (mut reader, mut writer) = (FrameReader::new(reader), FrameWriter::new(writer));
        let (read, write) = split(far);
        let mut far = Node {
            reader: FrameReader::new(read),
            writer: FrameWriter::new(write),
        };
        let served = async {
            let finish = far.reader.message().await.expect("readable");
            assert_eq!(finish, Some(ClientMessage::Finish));
            // Kept open: a node that ends is another story than one that is silent.
            let _open = node(far).await;
            std::future::pending::<()>().await;
        };
        let movement = Movement::start();
        tokio::select! {
            confirmed = confirm(&mut reader, &mut writer, &movement, STALL) => confirmed,
            () = served => unreachable!("it waits for ever"),
        }
    }

    fn stored() -> Stored {
        Stored {
            image: ImageId::from_bytes([7; 16]),
            digest: "ab".repeat(32),
            copies: 1,
            members: 3,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_takes_its_time_is_waited_for_while_the_node_shows_life() {
        let began = Instant::now();
        let confirmed = confirmed_by(async |mut node: Node| {
            for _ in 0..30 {
                sleep(STALL * 3 / 4).await;
                node.writer.message(&NodeMessage::Chunk).await.expect("written");
            }
            let stored = NodeMessage::Stored(stored());
            node.writer.message(&stored).await.expect("written");
            node
        });
        assert_eq!(confirmed.await.expect("confirmed"), stored());
        assert!(began.elapsed() > 20 * STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_falls_silent_before_it_confirms_is_given_up() {
        let began = Instant::now();
        let error = confirmed_by(async |mut node: Node| {
            sleep(STALL / 2).await;
            node.writer.message(&NodeMessage::Chunk).await.expect("written");
            node
        });
        let error = error.await.expect_err("given up");
        assert!(matches!(error, TransferError::Stalled), "{error:?}");
        assert_eq!(began.elapsed(), STALL * 3 / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_after_the_last_one_are_nonsense() {
        let error = confirmed_by(async |mut node: Node| {
            let chunk = node.writer.message_with_body(&NodeMessage::Chunk, 1);
            chunk.await.expect("written");
            node
        });
        let error = error.await.expect_err("given up");
        assert!(matches!(error, TransferError::Lost), "{error:?}");
    }

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
