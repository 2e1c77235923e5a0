//! The exchange of bytes with the assigned node: the plain image goes up, the encrypted one comes
//! back while it goes up.
//!
//! ```text
//!   source --read--> [256 KiB] --write--> node --read--> [256 KiB] --write--> part file
//!                        :                                    \--> BLAKE3
//!                        :..> encrypted here, if nothing comes back: BLAKE3
//! ```
//!
//! Two buffers, whatever the size of the image. `Finish` goes out only when everything has come
//! back, if it does, and the source is still what it was: whatever fails before leaves nothing.

use std::time::Duration;

use super::link::Link;
use super::movement::Movement;
use super::part::SaveError;
use super::returned::Returned;
use super::source::{Freshness, Source, SourceError};
use crate::id::UserName;
use crate::protocol::frame::FrameError;
use crate::protocol::{Back, NodeError, Stored, Upload};
use crate::upload::{Observer, UploadEvent};

mod confirm;
mod receive;
mod send;

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
    /// Whose image it is.
    pub(super) user: &'a UserName,
    /// The image, at its beginning.
    pub(super) source: &'a mut Source,
    /// Where the encrypted image goes, empty.
    pub(super) returned: &'a mut Returned,
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
        mut self,
        link: &mut Link,
        upload: &Upload,
        observe: &mut Observer<'_>,
    ) -> Result<Stored, TransferError> {
        let (movement, stall) = (self.movement, self.stall);
        let exchange = self.exchange(link, upload, observe);
        let exchanged = movement.within(stall, exchange).await;
        let digest = exchanged.ok_or(TransferError::Stalled)??;
        self.returned.flush().await?;
        if self.source.freshness().await? == Freshness::Changed {
            return Err(TransferError::Changed);
        }
        let stored = confirm::confirm(&mut link.reader, &mut link.writer, movement, stall).await?;
        if stored.image == upload.image && stored.digest == digest.to_hex().as_str() {
            Ok(stored)
        } else {
            Err(TransferError::Mismatch)
        }
    }

    /// Brings the whole image up; returns the digest of what the node makes of it.
    async fn exchange(
        &mut self,
        Link { reader, writer }: &mut Link,
        upload: &Upload,
        observe: &mut Observer<'_>,
    ) -> Result<blake3::Hash, TransferError> {
        let (size, movement) = (self.source.size(), self.movement);
        match upload.back {
            Back::Cipher => {
                let sending = send::send(writer, upload, self.source, movement, |_| {});
                let receiving =
                    receive::receive(reader, upload.image, size, self.returned, movement, observe);
                both(sending, receiving).await
            }
            Back::None => {
                let mut expected = send::Expected::new(self.user, upload.image);
                let mut done = 0;
                let sending = send::send(writer, upload, self.source, movement, |piece| {
                    expected.add(piece);
                    done += piece.len() as u64;
                    observe(UploadEvent::Progress { done, total: size });
                });
                unless_refused(sending, receive::objection(reader, movement)).await?;
                Ok(expected.digest())
            }
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

/// Sends until all is gone, or until the node objects.
async fn unless_refused(
    sending: impl Future<Output = Result<(), TransferError>>,
    objection: impl Future<Output = TransferError>,
) -> Result<(), TransferError> {
    tokio::pin!(objection);
    let sent = tokio::select! {
        biased;
        sent = sending => sent,
        error = &mut objection => return Err(error),
    };
    match sent {
        Err(TransferError::Lost) => Err(objection.await),
        sent => sent,
    }
}
