//! A kept record that is read: a thread reads it chunk by chunk, ahead of whoever sends it on.
//!
//! Memory is constant, and no reader of what comes out can make the thread hold more than a few
//! buffers. Whether the bytes were the right ones is known at the end only: [`Reading::chunk`] says
//! so by the error it gives instead of the end.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::buffers::Buffers;
use super::connection::STALL;
use crate::id::ImageId;
use crate::protocol::{CHUNK_BYTES, Entry};
use crate::store::{Digest, RecordError, RecordReader, Store, StoreError};

/// How many chunks are read ahead.
const QUEUE_CHUNKS: usize = 2;

/// Why a kept record could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadingError {
    /// It could not be opened.
    #[error(transparent)]
    Store(StoreError),
    /// It is not what was written, or cannot be read.
    #[error("the record of image {image} {source}")]
    Record {
        /// Its image.
        image: ImageId,
        /// What is wrong with it.
        source: RecordError,
    },
    /// The disk does not answer.
    #[error("this node's disk does not answer; ask again")]
    DiskSilent,
}

impl ReadingError {
    /// Returns what is wrong with the record, if it is the record and not its reader.
    ///
    /// A node that has no descriptor or memory left has lost nothing.
    pub(crate) fn damage(&self) -> Option<&RecordError> {
        let source = match self {
            Self::Record { source, .. } | Self::Store(StoreError::Record { source, .. }) => source,
            Self::Store(_) | Self::DiskSilent => return None,
        };
        source.is_damage().then_some(source)
    }
}

/// A kept record that is read; dropped, the thread ends.
#[derive(Debug)]
pub(crate) struct Reading {
    entry: Entry,
    pieces: mpsc::Receiver<Result<Piece, RecordError>>,
    digest: Option<Digest>,
}

/// What the thread has read.
enum Piece {
    Chunk(Bytes),
    /// That was all of it, and it is undamaged.
    End(Digest),
}

impl Reading {
    /// Begins to read the record of an image; `None` when it is not kept.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or the disk does not answer.
    pub(crate) async fn open(
        store: &Store,
        image: ImageId,
        buffers: &Buffers,
    ) -> Result<Option<Self>, ReadingError> {
        let (store, buffers) = (store.clone(), buffers.clone());
        let (sender, pieces) = mpsc::channel(QUEUE_CHUNKS);
        let (opened, opening) = tokio::sync::oneshot::channel();
        spawn_blocking(move || match store.open_record(image) {
            Ok(Some(record)) => {
                let heard = opened.send(Ok(Some(record.entry())));
                if heard.is_ok() {
                    read(record, &buffers, &sender);
                }
            }
            // Who no longer waits needs no answer.
            Ok(None) => drop(opened.send(Ok(None))),
            Err(error) => drop(opened.send(Err(error))),
        });
        match timeout(STALL, opening).await {
            Ok(Ok(Ok(entry))) => Ok(entry.map(|entry| Self {
                entry,
                pieces,
                digest: None,
            })),
            Ok(Ok(Err(error))) => Err(ReadingError::Store(error)),
            Ok(Err(_)) | Err(_) => Err(ReadingError::DiskSilent),
        }
    }

    /// Returns what is read.
    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Returns the next bytes of `IV ‖ ciphertext`; `None` when all were read and are undamaged.
    ///
    /// # Errors
    ///
    /// When the record cannot be read or, at its end, is not what was written.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, ReadingError> {
        let image = self.entry.image;
        match timeout(STALL, self.pieces.recv()).await {
            Ok(Some(Ok(Piece::Chunk(chunk)))) => Ok(Some(chunk)),
            Ok(Some(Ok(Piece::End(digest)))) => {
                self.digest = Some(digest);
                Ok(None)
            }
            Ok(Some(Err(source))) => Err(ReadingError::Record { image, source }),
            Ok(None) | Err(_) => Err(ReadingError::DiskSilent),
        }
    }

    /// Returns the digest of the whole body, once [`Self::chunk`] has found its end.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.digest
    }
}

/// Reads a record to its end, or until nobody waits for more.
fn read(mut record: RecordReader, buffers: &Buffers, pieces: &mpsc::Sender<Result<Piece, RecordError>>) {
    let mut left = record.body_bytes();
    while left > 0 {
        let room = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut chunk = buffers.take(room);
        let piece = record.read(&mut chunk).map(|_| Piece::Chunk(chunk.share()));
        let over = piece.is_err();
        if pieces.blocking_send(piece).is_err() || over {
            return;
        }
        left -= room as u64;
    }
    // The end says whether all before was undamaged.
    let _ = pieces.blocking_send(record.verify().map(Piece::End));
}
