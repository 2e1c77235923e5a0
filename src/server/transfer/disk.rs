//! The disk's side of a transfer: a thread that owns the record while it is written.
//!
//! The thread ends when it has committed, when the disk refuses, or when its queue closes without
//! a commit; the record is then dropped, and with it everything that was written.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::QUEUE_CHUNKS;
use super::error::TransferError;
use crate::server::connection::STALL;
use crate::store::{Digest, PendingRecord, RecordHeader, Store, StoreError};

/// How long a disk may take to bring an image to stable storage; a slow one flushes 4 GiB in this.
const COMMIT_TIME: Duration = Duration::from_mins(2);

/// A record on its way to the disk.
#[derive(Debug)]
pub(super) struct Disk {
    work: mpsc::Sender<Work>,
    ended: oneshot::Receiver<Result<Digest, StoreError>>,
}

enum Work {
    Write(Bytes),
    Commit,
}

impl Disk {
    /// Begins a record whose body will have `body_bytes` bytes.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub(super) async fn begin(
        store: &Store,
        header: RecordHeader,
        body_bytes: u64,
    ) -> Result<Self, TransferError> {
        let store = store.clone();
        let (work, queue) = mpsc::channel(QUEUE_CHUNKS);
        let (end, ended) = oneshot::channel();
        let (ready, readiness) = oneshot::channel();
        spawn_blocking(move || {
            let record = match store.begin(header, body_bytes) {
                Ok(record) => record,
                Err(error) => return drop(ready.send(Err(error))),
            };
            // Who no longer waits has dropped the queue too.
            let _ = ready.send(Ok(()));
            if let Some(kept) = keep(record, queue) {
                let _ = end.send(kept);
            }
        });
        match timeout(STALL, readiness).await {
            Ok(Ok(begun)) => begun.map(|()| Self { work, ended }).map_err(TransferError::Store),
            Ok(Err(_)) | Err(_) => Err(TransferError::DiskSilent),
        }
    }

    /// Hands the next bytes of the body over; waits for room.
    ///
    /// # Errors
    ///
    /// When the store refuses or does not answer; nothing is kept then.
    pub(super) async fn write(&mut self, chunk: Bytes) -> Result<(), TransferError> {
        self.hand_over(Work::Write(chunk)).await
    }

    /// Brings the record to stable storage.
    ///
    /// # Errors
    ///
    /// When the store refuses, or does not answer in time. Nothing is kept then, unless the error
    /// says that it is unknown: a sync that failed or goes on may have kept it all the same.
    pub(super) async fn commit(mut self) -> Result<Digest, TransferError> {
        self.hand_over(Work::Commit).await?;
        match timeout(COMMIT_TIME, self.ended).await {
            Ok(Ok(kept)) => kept.map_err(TransferError::Store),
            Ok(Err(_)) | Err(_) => Err(TransferError::CommitUnknown),
        }
    }

    async fn hand_over(&mut self, work: Work) -> Result<(), TransferError> {
        match timeout(STALL, self.work.send(work)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.failure().await),
            Err(_) => Err(TransferError::DiskSilent),
        }
    }

    /// Returns why the thread has ended before its time.
    async fn failure(&mut self) -> TransferError {
        match (&mut self.ended).await {
            Ok(Err(error)) => TransferError::Store(error),
            Ok(Ok(_)) | Err(_) => TransferError::DiskSilent,
        }
    }
}

/// Writes what comes; `None` when the queue closes without a commit.
fn keep(mut record: PendingRecord, mut queue: mpsc::Receiver<Work>) -> Option<Result<Digest, StoreError>> {
    loop {
        match queue.blocking_recv()? {
            Work::Write(chunk) => {
                if let Err(error) = record.write(&chunk) {
                    return Some(Err(error));
                }
            }
            Work::Commit => return Some(record.commit()),
        }
    }
}
