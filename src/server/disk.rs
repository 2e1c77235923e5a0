//! The disk's side of an image that arrives: a thread that owns the record while it is written.
//!
//! It does not matter from whom the bytes come: a client, a peer that copies, a peer that is asked.
//!
//! The thread ends when it has committed, when the disk refuses, or when its queue closes without
//! a commit; the record is then dropped, and with it everything that was written.

use std::thread::sleep;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::connection::STALL;
use crate::protocol::{ErrorCode, NodeError};
use crate::store::{Digest, PendingRecord, RecordHeader, Store, StoreError};

/// How long a disk may take to bring an image to stable storage; a slow one flushes 4 GiB in this.
const COMMIT_TIME: Duration = Duration::from_mins(2);

/// How long a record waits for an earlier attempt at the same image to end.
///
/// That one was told to, or its client has gone: it ends with its next look at its queue. One that is
/// just committing is done in this time too, unless the disk is slow.
const PREDECESSOR_TIME: Duration = Duration::from_millis(500);

/// How often is looked whether it has.
const PREDECESSOR_LOOK: Duration = Duration::from_millis(2);

/// How many chunks wait for the disk.
const QUEUE_CHUNKS: usize = 2;

/// Why a record was not kept, as far as anybody knows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    /// The store refuses.
    #[error(transparent)]
    Store(StoreError),
    /// The bytes that came are not those that were sent.
    #[error("the image arrived damaged, with digest {arrived} instead of {sent}; send it again")]
    Damaged {
        /// What its sender says.
        sent: Digest,
        /// What came.
        arrived: Digest,
    },
    /// The disk does not answer.
    #[error("this node's disk does not answer; offer the image again")]
    Silent,
    /// The disk did not answer a commit; it may still succeed.
    #[error("this node's disk does not answer, so whether the image is kept is unknown; offer it again")]
    CommitUnknown,
}

impl DiskError {
    /// Returns what whoever sent the image does about it.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => code_of(error),
            Self::Damaged { .. } => ErrorCode::BadRequest,
            Self::Silent => ErrorCode::Storage,
            Self::CommitUnknown => ErrorCode::Unknown,
        }
    }
}

impl DiskError {
    /// Says whether no node will keep the image, whatever it has been told before.
    pub(crate) fn is_for_good(&self) -> bool {
        matches!(self, Self::Store(StoreError::Buried(_) | StoreError::Conflict(_)))
    }
}

impl From<DiskError> for NodeError {
    fn from(error: DiskError) -> Self {
        Self {
            code: error.code(),
            reason: error.to_string(),
        }
    }
}

/// Returns what whoever asked for something does about a store that refuses it.
pub(crate) fn code_of(error: &StoreError) -> ErrorCode {
    match error {
        StoreError::InProgress(_) => ErrorCode::Busy,
        StoreError::Conflict(_) => ErrorCode::Conflict,
        // A delete wins, whichever came first.
        StoreError::Buried(_) => ErrorCode::NoSuchImage,
        StoreError::NameTooLong(_) => ErrorCode::BadRequest,
        StoreError::SyncFailed { .. } | StoreError::IndexFailed { .. } | StoreError::CommitterGone => {
            ErrorCode::Unknown
        }
        StoreError::Full { .. }
        | StoreError::ReserveUsedUp
        | StoreError::IndexUnusable { .. }
        | StoreError::ReadOnly(_)
        | StoreError::ShelvesGone(_)
        | StoreError::BodyTooLong { .. }
        | StoreError::BodyTooShort { .. }
        | StoreError::Torn
        | StoreError::Record { .. }
        | StoreError::Io { .. } => ErrorCode::Storage,
    }
}

/// A record on its way to the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    work: mpsc::Sender<Work>,
    ended: oneshot::Receiver<Result<Digest, DiskError>>,
}

enum Work {
    Write(Bytes),
    /// Tells the digest of what has been written.
    Digest(oneshot::Sender<Digest>),
    /// Commits, if the digest is the one that is expected, or if none is.
    Commit(Option<Digest>),
}

impl Disk {
    /// Begins a record whose body will have `body_bytes` bytes.
    ///
    /// Waits for nothing: that the store does not take it is told by whatever is asked next, or by
    /// [`Self::failed`].
    pub(crate) fn begin(store: &Store, header: RecordHeader, body_bytes: u64) -> Self {
        let store = store.clone();
        let (work, queue) = mpsc::channel(QUEUE_CHUNKS);
        let (end, ended) = oneshot::channel();
        spawn_blocking(move || {
            let kept = match begin_when_free(&store, &header, body_bytes) {
                Ok(record) => keep(record, queue),
                Err(error) => Some(Err(DiskError::Store(error))),
            };
            // Who no longer waits has dropped the queue too.
            let _ = kept.map(|kept| end.send(kept));
        });
        Self { work, ended }
    }

    /// Hands the next bytes of the body over; waits for room.
    ///
    /// # Errors
    ///
    /// When the store refuses or does not answer; nothing is kept then.
    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<(), DiskError> {
        self.hand_over(Work::Write(chunk)).await
    }

    /// Returns the digest of the body so far, once it is written.
    ///
    /// # Errors
    ///
    /// When the store refuses or does not answer; nothing is kept then.
    pub(crate) async fn digest(&mut self) -> Result<Digest, DiskError> {
        let (tell, told) = oneshot::channel();
        self.hand_over(Work::Digest(tell)).await?;
        match timeout(STALL, told).await {
            Ok(Ok(digest)) => Ok(digest),
            Ok(Err(_)) => Err(self.failed().await),
            Err(_) => Err(DiskError::Silent),
        }
    }

    /// Brings the record to stable storage.
    ///
    /// # Errors
    ///
    /// When the store refuses, or does not answer in time. Nothing is kept then, unless the error
    /// says that it is unknown: a sync that failed or goes on may have kept it all the same.
    pub(crate) async fn commit(self) -> Result<Digest, DiskError> {
        self.commit_if(None).await
    }

    /// Brings the record to stable storage if it is what was sent; otherwise nothing is kept.
    ///
    /// # Errors
    ///
    /// As [`Self::commit`], and when the digest is another one.
    pub(crate) async fn commit_as(self, sent: Digest) -> Result<Digest, DiskError> {
        self.commit_if(Some(sent)).await
    }

    async fn commit_if(mut self, expected: Option<Digest>) -> Result<Digest, DiskError> {
        self.hand_over(Work::Commit(expected)).await?;
        match timeout(COMMIT_TIME, self.ended).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(_)) | Err(_) => Err(DiskError::CommitUnknown),
        }
    }

    async fn hand_over(&mut self, work: Work) -> Result<(), DiskError> {
        match timeout(STALL, self.work.send(work)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.failed().await),
            Err(_) => Err(DiskError::Silent),
        }
    }

    /// Waits, for ever if need be, until the record has failed; returns why.
    ///
    /// Can be cancelled.
    pub(crate) async fn failed(&mut self) -> DiskError {
        match (&mut self.ended).await {
            Ok(Err(error)) => error,
            Ok(Ok(_)) | Err(_) => DiskError::Silent,
        }
    }
}

/// Begins a record once nobody writes the same image any more, or soon enough says that somebody does.
fn begin_when_free(
    store: &Store,
    header: &RecordHeader,
    body_bytes: u64,
) -> Result<PendingRecord, StoreError> {
    let until = Instant::now() + PREDECESSOR_TIME;
    loop {
        match store.begin(header.clone(), body_bytes) {
            Err(StoreError::InProgress(_)) if Instant::now() < until => sleep(PREDECESSOR_LOOK),
            begun => return begun,
        }
    }
}

/// Writes what comes; `None` when the queue closes without a commit.
fn keep(mut record: PendingRecord, mut queue: mpsc::Receiver<Work>) -> Option<Result<Digest, DiskError>> {
    loop {
        match queue.blocking_recv()? {
            Work::Write(chunk) => {
                if let Err(error) = record.write(&chunk) {
                    return Some(Err(DiskError::Store(error)));
                }
            }
            Work::Digest(tell) => match record.digest() {
                // Whoever asked may have gone.
                Ok(digest) => drop(tell.send(digest)),
                Err(error) => return Some(Err(DiskError::Store(error))),
            },
            Work::Commit(expected) => return Some(commit(record, expected)),
        }
    }
}

/// Compares before it commits: what is on stable storage is never known to be wrong.
fn commit(record: PendingRecord, expected: Option<Digest>) -> Result<Digest, DiskError> {
    if let Some(sent) = expected {
        let arrived = record.digest().map_err(DiskError::Store)?;
        if arrived != sent {
            return Err(DiskError::Damaged { sent, arrived });
        }
    }
    record.commit().map_err(DiskError::Store)
}
