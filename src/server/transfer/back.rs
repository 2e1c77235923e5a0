//! The client's side of a transfer on the way back: the encrypted image, then signs of life while
//! the disk works.
//!
//! Owns how slowly a client may read; what it reads is decided elsewhere.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::error::TransferError;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{ClientMessage, NodeMessage};
use crate::server::alive;
use crate::server::connection::STALL;

/// How much is written to the client within one stall time: a client slower than this is given up.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// How much of what was written may not have reached the client yet.
///
/// What Linux lets the buffers of both ends of a connection grow to: 4 MiB to send and 6 to receive.
const BUFFERED_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// The shortest time between two signs of life: a client has no less patience than four of them.
const BEAT_MIN: Duration = Duration::from_millis(25);

/// The longest time between two signs of life: well within [`STALL`].
const BEAT_MAX: Duration = Duration::from_secs(1);

/// A piece of no bytes: to the client something moved, and nothing changes.
const SIGN_OF_LIFE: NodeMessage = NodeMessage::Chunk;

/// Writes the encrypted image to the client, as long as it takes any.
///
/// While there is nothing to be written, because a disk is slow, the client is shown that it goes on.
pub(super) async fn send_back<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    mut encrypted: mpsc::Receiver<Bytes>,
    client_stall: Duration,
) -> Result<(), TransferError> {
    let between = between_beats(client_stall);
    loop {
        let chunk = match timeout(between, encrypted.recv()).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(()),
            Err(_) => {
                in_time(writer.message(&SIGN_OF_LIFE)).await?;
                continue;
            }
        };
        let held = writer.hold_with_body(&NodeMessage::Chunk, chunk.len() as u64);
        held.map_err(TransferError::Write)?;
        for piece in chunk.chunks(PIECE_BYTES) {
            in_time(writer.body(piece)).await?;
        }
    }
}

/// Waits until the client says that the image of which `written` bytes went back was whole.
///
/// It says so when it has everything, and what was written last may still be in buffers: a client
/// that was fast enough for [`send_back`] must be fast enough here.
pub(super) async fn finished<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    written: u64,
) -> Result<(), TransferError> {
    let pieces = written.min(BUFFERED_BYTES_MAX).div_ceil(PIECE_BYTES as u64);
    let patience = STALL + Duration::from_secs(STALL.as_secs() * pieces);
    match timeout(patience, reader.message::<ClientMessage>()).await {
        Ok(Ok(Some(ClientMessage::Finish))) => Ok(()),
        Ok(Ok(
            Some(
                ClientMessage::Offer(_)
                | ClientMessage::Upload(_)
                | ClientMessage::Download(_)
                | ClientMessage::List(_)
                | ClientMessage::Delete(_),
            )
            | None,
        )) => Err(TransferError::Unfinished),
        Ok(Err(error)) => Err(TransferError::Read(error)),
        Err(_) => Err(TransferError::SendsNothing(patience)),
    }
}

/// Waits for `done`, and lets a client that gives up after `client_stall` know that it goes on.
///
/// A client that is gone changes nothing: what the disk has begun it ends.
pub(crate) async fn alive_until<T, W: AsyncWrite + Unpin>(
    done: impl Future<Output = Result<T, TransferError>>,
    client_stall: Duration,
    writer: &mut FrameWriter<W>,
) -> Result<T, TransferError> {
    let every = between_beats(client_stall);
    alive::until(done, every, writer, &SIGN_OF_LIFE).await
}

/// Returns the time between two signs of life to a client with so much patience.
fn between_beats(client_stall: Duration) -> Duration {
    (client_stall / 4).clamp(BEAT_MIN, BEAT_MAX)
}

/// Waits for a write to a client that must not take for ever to read.
///
/// # Errors
///
/// When the client is gone, or takes nothing.
pub(crate) async fn in_time(
    write: impl Future<Output = Result<(), FrameError>>,
) -> Result<(), TransferError> {
    match timeout(STALL, write).await {
        Ok(written) => written.map_err(TransferError::Write),
        Err(_) => Err(TransferError::TakesNothing),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::protocol::CHUNK_BYTES;

    type Halves = (
        FrameReader<ReadHalf<DuplexStream>>,
        FrameWriter<WriteHalf<DuplexStream>>,
    );

    /// The node's side and the client's side of a connection that holds `buffered` bytes.
    fn connection(buffered: usize) -> (Halves, DuplexStream) {
        let (near, far) = duplex(buffered);
        let (reader, writer) = split(near);
        ((FrameReader::new(reader), FrameWriter::new(writer)), far)
    }

    /// A queue that holds this many chunks and no more.
    fn encrypted(chunks: usize) -> mpsc::Receiver<Bytes> {
        let (sender, queue) = mpsc::channel(chunks);
        for _ in 0..chunks {
            sender
                .try_send(Bytes::from(vec![0; CHUNK_BYTES]))
                .expect("there is room");
        }
        queue
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_is_given_up() {
        let ((_, mut writer), _client) = connection(2 * CHUNK_BYTES);
        let began = Instant::now();
        let error = send_back(&mut writer, encrypted(9), STALL)
            .await
            .expect_err("given up");
        assert!(matches!(error, TransferError::TakesNothing), "{error}");
        assert_eq!(began.elapsed(), STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_client_that_is_borne_can_finish_behind_full_buffers() {
        const CHUNKS: usize = 9;
        let ((mut reader, mut writer), mut client) = connection((CHUNKS + 1) * CHUNK_BYTES);
        let upload = async {
            send_back(&mut writer, encrypted(CHUNKS), STALL).await?;
            finished(&mut reader, (CHUNKS * CHUNK_BYTES) as u64).await
        };
        let read_slowly = async {
            let mut piece = vec![0; PIECE_BYTES];
            for _ in 0..CHUNKS * CHUNK_BYTES / PIECE_BYTES {
                sleep(STALL * 9 / 10).await;
                client.read_exact(&mut piece).await.expect("readable");
            }
            client
                .write_all(b"{\"type\":\"finish\"}\n")
                .await
                .expect("written");
        };
        let (ended, ()) = tokio::join!(upload, read_slowly);
        ended.expect("finished");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_finishes_is_given_up() {
        let ((mut reader, _writer), _client) = connection(1024);
        let began = Instant::now();
        let error = finished(&mut reader, 1).await.expect_err("given up");
        assert!(matches!(error, TransferError::SendsNothing(_)), "{error}");
        assert_eq!(began.elapsed(), 2 * STALL);
        let error = finished(&mut reader, u64::MAX).await.expect_err("given up");
        assert!(began.elapsed() < Duration::from_mins(30), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_ends_no_commit() {
        let ((_, mut writer), client) = connection(1024);
        drop(client);
        let slow = async {
            sleep(Duration::from_secs(5)).await;
            Ok("kept")
        };
        let committed = alive_until(slow, STALL, &mut writer).await;
        assert_eq!(committed.expect("committed"), "kept");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_disk_shows_life_before_the_client_loses_patience() {
        for client_stall in [Duration::from_millis(100), BEAT_MAX, Duration::from_hours(1)] {
            let ((_, mut writer), client) = connection(1 << 20);
            let mut beats = FrameReader::new(client);
            let slow = async {
                sleep(Duration::from_secs(5)).await;
                Ok(())
            };
            let committed = alive_until(slow, client_stall, &mut writer);
            let hear = async {
                loop {
                    let heard = timeout(client_stall / 2, beats.message::<NodeMessage>()).await;
                    assert_eq!(
                        heard.expect("in time").expect("readable"),
                        Some(NodeMessage::Chunk)
                    );
                }
            };
            tokio::select! {
                committed = committed => committed.expect("committed"),
                () = hear => {}
            }
        }
    }
}
