//! An upload on the node it was assigned to: read, encrypt, keep, and send back, all at once.
//!
//! ```text
//!                          | encrypt in place
//!   client --- chunk ------+----> queue of 2 ----> disk, a thread of its own
//!          <-- Chunk ------+----- queue of 2
//! ```
//!
//! Both consumers read the same buffer, so memory does not grow with the image. A client that
//! sends or takes too slowly is given up; without its `Finish` nothing is kept. Owns no decision
//! about who leads: the node's task says whether the assignment holds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use self::chunks::Chunks;
use self::disk::Disk;
use self::error::TransferError;
use super::connection::{Connection, STALL};
use super::context::Context;
use super::input::NodeInput;
use crate::encryption::{Cipher, IV_BYTES, Key};
use crate::event::{Fact, RequestOutcome};
use crate::id::UserName;
use crate::image::{self, HEAD_BYTES};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{ClientMessage, ImageKind, NodeMessage, Stored, Upload};
use crate::store::{Digest, RecordHeader};

mod chunks;
mod disk;
mod error;
mod pace;

/// How many uploads a node serves at once.
///
/// Each has up to [`chunks::CHUNKS_MAX`] buffers and a thread for its disk; 64 take 100 MiB at most.
pub(crate) const TRANSFERS_MAX: usize = 64;

/// How many chunks wait for a consumer that is slower than the other.
const QUEUE_CHUNKS: usize = 2;

/// How much is written to the client within one stall time: a client slower than this is given up.
const PIECE_BYTES: usize = 64 * 1024;

/// How long a disk may take to bring an image to stable storage; a slow one flushes 4 GiB in this.
const COMMIT_TIME: Duration = Duration::from_mins(2);

/// Between two signs of life while it does; well within any client's patience.
const COMMIT_BEAT: Duration = Duration::from_secs(1);

/// Serves one upload, whose header has just been read, up to its acknowledgement.
///
/// # Errors
///
/// When nothing was acknowledged. The connection is then good for one more message at most.
pub(crate) async fn receive<R, W>(
    connection: &mut Connection<R, W>,
    upload: Upload,
    user: &UserName,
    context: &Context,
) -> Result<(), TransferError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let started = Instant::now();
    let bytes = connection.reader.body_left();
    let ended = Transfer {
        upload: &upload,
        user,
        bytes,
        context,
    }
    .run(connection)
    .await;
    let Upload {
        image,
        file,
        assignment,
        ..
    } = upload;
    let user = user.clone();
    let (fact, outcome) = match &ended {
        Ok(()) => {
            let copies = 1;
            let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            let fact = Fact::UploadDone {
                image,
                user,
                file,
                bytes,
                copies,
                took_us,
            };
            (fact, RequestOutcome::Done)
        }
        Err(error) => {
            let reason = error.to_string();
            let fact = Fact::UploadFailed {
                image,
                user,
                file,
                reason,
            };
            (fact, RequestOutcome::Failed)
        }
    };
    context.events.publish(fact);
    if assignment.node == context.config.id {
        context.tell(NodeInput::Finished { assignment, outcome }).await;
    }
    ended
}

/// One upload, and what it was told.
struct Transfer<'a> {
    upload: &'a Upload,
    user: &'a UserName,
    /// The size of the plain image.
    bytes: u64,
    context: &'a Context,
}

impl Transfer<'_> {
    async fn run<R, W>(&self, connection: &mut Connection<R, W>) -> Result<(), TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        self.check()?;
        self.admitted().await?;
        let _room = self
            .context
            .transfers
            .try_acquire()
            .map_err(|_| TransferError::Busy)?;
        let mut chunks = Chunks::default();
        let first = chunks.read(&mut connection.reader).await?;
        let kind = image::detect(&first[..first.len().min(HEAD_BYTES)])?;
        let disk = Disk::begin(&self.context.store, self.header(kind), self.body_bytes()).await?;
        self.context.events.publish(Fact::UploadStarted {
            image: self.upload.image,
            user: self.user.clone(),
            file: self.upload.file.clone(),
            bytes: self.bytes,
        });
        let Connection { reader, writer, .. } = connection;
        let digest = match self.stream(reader, writer, &disk, chunks, first).await {
            Ok(()) => commit(disk, writer).await?,
            Err(TransferError::DiskEnded) => return Err(disk.failure().await),
            Err(error) => return Err(error),
        };
        let stored = NodeMessage::Stored(Stored {
            image: self.upload.image,
            digest: digest.to_string(),
            copies: 1,
            members: self.context.config.cluster.members.len(),
        });
        connection
            .tell(&stored)
            .await
            .map_err(TransferError::NotAcknowledged)
    }

    /// Refuses what needs no byte of the body to be refused.
    fn check(&self) -> Result<(), TransferError> {
        let bytes_max = self.context.config.image_bytes_max;
        if self.bytes > bytes_max {
            let bytes = self.bytes;
            return Err(TransferError::TooLarge { bytes, bytes_max });
        }
        Ok(())
    }

    async fn admitted(&self) -> Result<(), TransferError> {
        let assignment = self.upload.assignment;
        let question = |reply| NodeInput::Admission { assignment, reply };
        match self.context.ask(question).await {
            Some(answer) => answer.map_err(TransferError::NotAdmitted),
            None => Err(TransferError::Stopping),
        }
    }

    fn header(&self, kind: ImageKind) -> RecordHeader {
        let Self {
            upload,
            user,
            context,
            ..
        } = self;
        RecordHeader {
            cluster: context.config.cluster.name.clone(),
            image: upload.image,
            user: (*user).clone(),
            file: upload.file.clone(),
            kind,
            created_ms: u64::try_from(context.clock.wall().as_millis()).unwrap_or(u64::MAX),
            epoch: upload.assignment.ballot.epoch,
        }
    }

    fn body_bytes(&self) -> u64 {
        self.bytes + IV_BYTES as u64
    }

    /// Reads, encrypts and hands on the whole image, until the client says that it was whole.
    async fn stream<R, W>(
        &self,
        reader: &mut FrameReader<R>,
        writer: &mut FrameWriter<W>,
        disk: &Disk,
        chunks: Chunks,
        first: BytesMut,
    ) -> Result<(), TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let (to_client, encrypted) = mpsc::channel(QUEUE_CHUNKS);
        let forth = self.encrypt(reader, disk, to_client, chunks, first);
        let back = send_back(writer, encrypted);
        // In one task: when either fails the other finds its end of the queue closed.
        let (forth, back) = tokio::join!(forth, back);
        match (forth, back) {
            (Ok(()), back) => back,
            (Err(TransferError::ClientGone), Err(why)) => Err(why),
            // A message may be half written: nothing more can be told.
            (Err(_), Err(back)) => Err(back),
            (Err(forth), Ok(())) => Err(forth),
        }
    }

    async fn encrypt<R: AsyncRead + Unpin>(
        &self,
        reader: &mut FrameReader<R>,
        disk: &Disk,
        to_client: mpsc::Sender<Bytes>,
        mut chunks: Chunks,
        first: BytesMut,
    ) -> Result<(), TransferError> {
        let both = async |chunk: Bytes| {
            disk.write(chunk.clone()).await?;
            to_client.send(chunk).await.map_err(|_| TransferError::ClientGone)
        };
        let mut cipher = Cipher::new(&Key::of_user(self.user), self.upload.image);
        both(Bytes::copy_from_slice(self.upload.image.as_bytes())).await?;
        let mut chunk = first;
        loop {
            cipher.apply(&mut chunk);
            both(chunks.share(chunk)).await?;
            if reader.body_left() == 0 {
                break;
            }
            chunk = chunks.read(reader).await?;
        }
        match timeout(STALL, reader.message::<ClientMessage>()).await {
            Ok(Ok(Some(ClientMessage::Finish))) => Ok(()),
            Ok(Ok(Some(ClientMessage::Offer(_) | ClientMessage::Upload(_)) | None)) => {
                Err(TransferError::Unfinished)
            }
            Ok(Err(error)) => Err(TransferError::Read(error)),
            Err(_) => Err(TransferError::SendsNothing),
        }
    }
}

/// Writes the encrypted image to the client, as long as it takes any.
async fn send_back<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    mut encrypted: mpsc::Receiver<Bytes>,
) -> Result<(), TransferError> {
    while let Some(chunk) = encrypted.recv().await {
        let header = writer.message_with_body(&NodeMessage::Chunk, chunk.len() as u64);
        in_time(header).await?;
        for piece in chunk.chunks(PIECE_BYTES) {
            in_time(writer.body(piece)).await?;
        }
    }
    Ok(())
}

/// Brings the record to stable storage, and lets the client know every second that it goes on.
async fn commit<W: AsyncWrite + Unpin>(
    disk: Disk,
    writer: &mut FrameWriter<W>,
) -> Result<Digest, TransferError> {
    let committed = timeout(COMMIT_TIME, disk.commit());
    tokio::pin!(committed);
    let mut beat = interval_at(Instant::now() + COMMIT_BEAT, COMMIT_BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            digest = &mut committed => return digest.unwrap_or(Err(TransferError::DiskSilent)),
            // A piece of no bytes: to the client something moved, and nothing changes.
            _ = beat.tick() => in_time(writer.message(&NodeMessage::Chunk)).await?,
        }
    }
}

async fn in_time(write: impl Future<Output = Result<(), FrameError>>) -> Result<(), TransferError> {
    match timeout(STALL, write).await {
        Ok(written) => written.map_err(TransferError::Write),
        Err(_) => Err(TransferError::TakesNothing),
    }
}

#[cfg(test)]
mod tests;
