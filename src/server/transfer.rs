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
use tokio::time::Instant;

use self::chunks::Chunks;
pub(crate) use self::error::TransferError;
use super::connection::{Connection, STALL};
use super::context::Context;
use super::disk::{Disk, DiskError};
use super::input::NodeInput;
use crate::config::NodeConfig;
use crate::encryption::{Cipher, IV_BYTES, Key};
use crate::event::{Fact, RequestOutcome};
use crate::id::UserName;
use crate::image::{self, HEAD_BYTES};
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{Back, ImageKind, NodeMessage, Stored, Upload};
use crate::store::{FILE_NAME_BYTES_MAX, RecordHeader, StoreError};

pub(super) mod back;
pub(super) mod chunks;
pub(super) mod error;
mod pace;
#[cfg(test)]
pub(super) mod testing;

/// How many uploads a node serves at once.
///
/// Each has up to [`chunks::CHUNKS_MAX`] buffers and a thread for its disk; 64 take 100 MiB at most.
pub(crate) const TRANSFERS_MAX: usize = 64;

/// How many chunks wait for a consumer that is slower than the other.
const QUEUE_CHUNKS: usize = 2;

/// How much of a reason goes into the log: some quote what a stranger sent.
const REASON_BYTES_MAX: usize = 512;

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
    let transfer = Transfer {
        upload: &upload,
        user,
        bytes: connection.reader.body_left(),
        context,
    };
    let ended = transfer.run(connection).await;
    context.events.publish(transfer.fact(&ended, started.elapsed()));
    let assignment = upload.assignment;
    if assignment.node == context.config.id {
        let outcome = match &ended {
            Ok(()) => RequestOutcome::Done,
            Err(_) => RequestOutcome::Failed,
        };
        context.tell(NodeInput::Finished { assignment, outcome }).await;
    }
    ended
}

/// Refuses an image that is larger than this node accepts.
pub(crate) fn check_size(bytes: u64, config: &NodeConfig) -> Result<(), TransferError> {
    let bytes_max = config.image_bytes_max;
    if bytes > bytes_max {
        return Err(TransferError::TooLarge { bytes, bytes_max });
    }
    Ok(())
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
        let mut disk = Disk::begin(&self.context.store, self.header(kind), self.body_bytes()).await?;
        self.context.events.publish(Fact::UploadStarted {
            image: self.upload.image,
            user: self.user.clone(),
            file: self.upload.file.clone(),
            bytes: self.bytes,
        });
        let Connection { reader, writer, .. } = connection;
        self.stream(reader, writer, &mut disk, chunks, first).await?;
        back::finished(reader, self.returned_bytes()).await?;
        let kept = async { Ok(disk.commit().await?) };
        let digest = back::alive_until(kept, self.client_stall(), writer).await?;
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
        let name_bytes = self.upload.file.len();
        if name_bytes > FILE_NAME_BYTES_MAX {
            return Err(DiskError::Store(StoreError::NameTooLong(name_bytes)).into());
        }
        check_size(self.bytes, &self.context.config)
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
            created_ms: upload.created_ms,
            epoch: upload.assignment.ballot.epoch,
        }
    }

    fn body_bytes(&self) -> u64 {
        self.bytes + IV_BYTES as u64
    }

    /// How many bytes of the encrypted image go back to the client.
    fn returned_bytes(&self) -> u64 {
        match self.upload.back {
            Back::Cipher => self.body_bytes(),
            Back::None => 0,
        }
    }

    /// How long the client sees nothing move before it gives this node up.
    fn client_stall(&self) -> Duration {
        Duration::from_millis(self.upload.assignment.stall_ms)
    }

    /// Reads, encrypts and hands on the whole image.
    async fn stream<R, W>(
        &self,
        reader: &mut FrameReader<R>,
        writer: &mut FrameWriter<W>,
        disk: &mut Disk,
        chunks: Chunks,
        first: BytesMut,
    ) -> Result<(), TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        match self.upload.back {
            Back::Cipher => {
                let (to_client, encrypted) = mpsc::channel(QUEUE_CHUNKS);
                let forth = self.encrypt(reader, disk, Some(to_client), chunks, first);
                let back = back::send_back(writer, encrypted);
                // In one task: when either fails the other finds its end of the queue closed.
                let (forth, back) = tokio::join!(forth, back);
                // When the way back failed a message may be half written: nothing more can be told.
                back.and(forth)
            }
            Back::None => {
                let forth = self.encrypt(reader, disk, None, chunks, first);
                back::alive_until(forth, self.client_stall(), writer).await
            }
        }
    }

    /// Goes on until the image ends, or until nobody takes what comes out: `send_back` says why.
    async fn encrypt<R: AsyncRead + Unpin>(
        &self,
        reader: &mut FrameReader<R>,
        disk: &mut Disk,
        to_client: Option<mpsc::Sender<Bytes>>,
        mut chunks: Chunks,
        first: BytesMut,
    ) -> Result<(), TransferError> {
        let mut cipher = Cipher::new(&Key::of_user(self.user), self.upload.image);
        let mut encrypted = Bytes::copy_from_slice(self.upload.image.as_bytes());
        let mut first = Some(first);
        loop {
            disk.write(encrypted.clone()).await?;
            if let Some(to_client) = &to_client
                && to_client.send(encrypted).await.is_err()
            {
                return Ok(());
            }
            let mut chunk = match first.take() {
                Some(chunk) => chunk,
                None => chunks.read(reader).await?,
            };
            if chunk.is_empty() {
                return Ok(());
            }
            cipher.apply(&mut chunk);
            encrypted = chunks.share(chunk);
        }
    }

    /// Says how it ended, in as many bytes as a log can bear from a stranger.
    fn fact(&self, ended: &Result<(), TransferError>, took: Duration) -> Fact {
        let (image, user) = (self.upload.image, self.user.clone());
        let file = beginning(&self.upload.file, FILE_NAME_BYTES_MAX);
        match ended {
            Ok(()) => Fact::UploadDone {
                image,
                user,
                file,
                bytes: self.bytes,
                copies: 1,
                took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            },
            Err(error) => Fact::UploadFailed {
                image,
                user,
                file,
                reason: beginning(&error.to_string(), REASON_BYTES_MAX),
            },
        }
    }
}

/// Returns the longest beginning of `text` that has at most `bytes_max` bytes.
fn beginning(text: &str, bytes_max: usize) -> String {
    text[..text.floor_char_boundary(bytes_max)].to_owned()
}

#[cfg(test)]
mod tests;
