//! An upload on the node it was assigned to: read, encrypt, keep, and send back, all at once.
//!
//! ```text
//!                          | encrypt in place
//!   client --- chunk ------+----> queue of 2 ----> disk, a thread of its own
//!          <-- Chunk ------+----- queue of 2
//!                          +----> queue of 2 ----> a copy on each other node
//! ```
//!
//! All consumers read the same buffer, so memory does not grow with the image. A client that
//! sends or takes too slowly is given up; without its `Finish` nothing is kept anywhere. With it,
//! all commit side by side, and a quorum of them is an acknowledgement. Owns no decision about who
//! leads: the node's task says whether the assignment holds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use self::chunks::Chunks;
pub(crate) use self::error::TransferError;
use self::stream::Stream;
use super::arrivals::{Attempt, Stale};
use super::connection::{Connection, STALL};
use super::context::Context;
use super::disk::{Disk, DiskError};
use super::input::{NodeInput, Standing};
use crate::config::NodeConfig;
use crate::encryption::IV_BYTES;
use crate::event::{Fact, RequestOutcome};
use crate::id::{NodeId, UserName};
use crate::image::{self, HEAD_BYTES};
use crate::protocol::{Back, Copy, Entry, ImageKind, NodeMessage, Stored, Upload};
use crate::store::{Digest, FILE_NAME_BYTES_MAX, RecordHeader, StoreError};

pub(super) mod back;
pub(super) mod chunks;
mod copies;
pub(super) mod error;
mod pace;
mod stream;
#[cfg(test)]
pub(super) mod testing;

/// How many uploads a node serves at once.
///
/// Each has up to five buffers and a thread for its disk; 64 take 100 MiB at most. Of the buffers the
/// slowest consumer holds one and has two queued, the fourth waits for its queue, the fifth is being
/// filled.
pub(crate) const TRANSFERS_MAX: usize = 64;

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
            Ok(_) => RequestOutcome::Done,
            Err(_) => RequestOutcome::Failed,
        };
        context.tell(NodeInput::Finished { assignment, outcome }).await;
    }
    ended.map(drop)
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
#[derive(Debug)]
struct Transfer<'a> {
    upload: &'a Upload,
    user: &'a UserName,
    /// The size of the plain image.
    bytes: u64,
    context: &'a Context,
}

impl Transfer<'_> {
    /// Takes the image if it may come, unless a newer attempt at it takes its place; returns on how
    /// many nodes it is.
    async fn run<R, W>(&self, connection: &mut Connection<R, W>) -> Result<usize, TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        self.check()?;
        let linked = self.admitted().await?.linked;
        let room = self.context.transfers.try_acquire();
        let _room = room.map_err(|_| TransferError::Busy)?;
        // Not before it is admitted: what is refused takes nobody's place.
        let arrival = self.context.arrivals.enter(self.upload.image, self.attempt());
        let arrival = arrival.map_err(|Stale| TransferError::Stale)?;
        tokio::select! {
            ended = self.take(connection, linked) => ended,
            () = arrival.superseded() => Err(TransferError::Superseded),
        }
    }

    fn attempt(&self) -> Attempt {
        let assignment = self.upload.assignment;
        Attempt::Assigned(assignment.ballot, assignment.request)
    }

    /// Takes the image and has it kept; returns on how many nodes it is.
    async fn take<R, W>(
        &self,
        connection: &mut Connection<R, W>,
        linked: Vec<NodeId>,
    ) -> Result<usize, TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut chunks = Chunks::new(&self.context.buffers);
        let iv = self.upload.image.as_bytes();
        let first = chunks.read_behind(iv, &mut connection.reader).await?;
        let plain = &first[IV_BYTES..];
        let kind = image::detect(&plain[..plain.len().min(HEAD_BYTES)])?;
        let copy = self.copy(kind);
        let header = RecordHeader::of(copy.entry.clone(), self.context.config.cluster.name.clone());
        let disk = Disk::begin(&self.context.store, header, self.body_bytes());
        self.context.events.publish(Fact::UploadStarted {
            image: self.upload.image,
            user: self.user.clone(),
            file: self.upload.file.clone(),
            bytes: self.bytes,
        });
        let needed = self.upload.assignment.quorum.saturating_sub(1);
        let (lender, mut work) = copies::begin(self.context, copy, &linked, needed);
        let mut stream = Stream {
            transfer: self,
            disk,
            lender,
        };
        let streamed = stream.run(connection, chunks, first);
        let digest = work.beside(streamed).await?;
        // In a box: it would make the futures above it large.
        let kept = Box::pin(work.beside(stream.commit(digest)));
        let keepers = back::alive_until(kept, self.client_stall(), &mut connection.writer).await?;
        let copies = keepers.len() + 1;
        let enough = self.still_enough(copies).await;
        self.tell_missed(keepers).await;
        enough?;
        let told = connection.tell(&self.stored(digest, copies)).await;
        told.map_err(TransferError::NotAcknowledged)?;
        Ok(copies)
    }

    fn stored(&self, digest: Digest, copies: usize) -> NodeMessage {
        NodeMessage::Stored(Stored {
            image: self.upload.image,
            digest: digest.to_string(),
            copies,
            members: self.context.config.cluster.members.len(),
        })
    }

    /// Has those told that have to fetch the image: who does not keep it.
    async fn tell_missed(&self, keepers: Vec<NodeId>) {
        let (image, others) = (self.upload.image, self.context.config.cluster.members.len() - 1);
        if keepers.len() < others {
            self.context.tell(NodeInput::Missed { image, keepers }).await;
        }
    }

    /// Refuses what needs no byte of the body to be refused.
    fn check(&self) -> Result<(), TransferError> {
        let name_bytes = self.upload.file.len();
        if name_bytes > FILE_NAME_BYTES_MAX {
            return Err(DiskError::Store(StoreError::NameTooLong(name_bytes)).into());
        }
        check_size(self.bytes, &self.context.config)
    }

    /// Asks once more how many copies are enough, where they are fewer than a majority.
    ///
    /// A majority meets every other, so it stands whatever reign it began in. What fewer keep is
    /// found only by who asks them: they may say so only while the others are still proven dead, and
    /// this node may have been frozen since the assignment.
    async fn still_enough(&self, copies: usize) -> Result<(), TransferError> {
        if copies >= self.context.config.cluster.members.majority() {
            return Ok(());
        }
        let needed = self.admitted().await.map(|standing| standing.quorum);
        if needed.is_ok_and(|needed| copies >= needed) {
            return Ok(());
        }
        Err(TransferError::NoLongerEnough(copies))
    }

    /// Returns how this node stands, if it takes the assignment.
    async fn admitted(&self) -> Result<Standing, TransferError> {
        let assignment = self.upload.assignment;
        let question = |reply| NodeInput::Admission { assignment, reply };
        match self.context.ask(question).await {
            Some(answer) => answer.map_err(TransferError::NotAdmitted),
            None => Err(TransferError::Stopping),
        }
    }

    fn copy(&self, kind: ImageKind) -> Copy {
        let Self { upload, user, .. } = self;
        let ballot = upload.assignment.ballot;
        let entry = Entry {
            image: upload.image,
            user: (*user).clone(),
            file: upload.file.clone(),
            kind,
            body_bytes: self.body_bytes(),
            created_ms: upload.created_ms,
            epoch: ballot.epoch,
        };
        Copy {
            entry,
            ballot: Some(ballot),
            request: upload.assignment.request,
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

    /// Says how it ended, in as many bytes as a log can bear from a stranger.
    fn fact(&self, ended: &Result<usize, TransferError>, took: Duration) -> Fact {
        let (image, user) = (self.upload.image, self.user.clone());
        let file = beginning(&self.upload.file, FILE_NAME_BYTES_MAX);
        match ended {
            &Ok(copies) => Fact::UploadDone {
                image,
                user,
                file,
                bytes: self.bytes,
                copies,
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
