//! The plain image on its way to the assigned node.

use tokio::io::AsyncWrite;

use super::TransferError;
use crate::client::movement::Movement;
use crate::client::source::Source;
use crate::encryption::{Cipher, Key};
use crate::id::{ImageId, UserName};
use crate::protocol::frame::FrameWriter;
use crate::protocol::{CHUNK_BYTES, ClientMessage, Upload};

/// Sends the whole image; `sent` gets each piece of it once it is gone, and may change it.
pub(super) async fn send<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    upload: &Upload,
    source: &mut Source,
    movement: &Movement,
    mut sent: impl FnMut(&mut [u8]),
) -> Result<(), TransferError> {
    let mut left = source.size();
    let message = ClientMessage::Upload(upload.clone());
    writer.hold_with_body(&message, left)?;
    let room = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
    let mut buffer = vec![0; room];
    while left > 0 {
        let room = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = source.read(&mut buffer[..room]).await?;
        if read == 0 {
            return Err(TransferError::Changed);
        }
        let mut gone = 0;
        while gone < read {
            // Every piece that the system takes counts as movement, however slow the line is.
            gone += writer.some(&buffer[gone..read]).await?;
            movement.note_sent();
        }
        sent(&mut buffer[..read]);
        left -= read as u64;
    }
    Ok(())
}

/// What the node should make of the image, made here: only its digest is kept.
#[derive(Debug)]
pub(super) struct Expected {
    cipher: Cipher,
    digest: blake3::Hasher,
}

impl Expected {
    /// Begins with the IV, as the encrypted image does.
    pub(super) fn new(user: &UserName, image: ImageId) -> Self {
        let mut digest = blake3::Hasher::new();
        digest.update(image.as_bytes());
        Self {
            cipher: Cipher::new(&Key::of_user(user), image),
            digest,
        }
    }

    /// Encrypts the next bytes of the image in place.
    pub(super) fn add(&mut self, plain: &mut [u8]) {
        self.cipher.apply(plain);
        self.digest.update(plain);
    }

    /// Returns the digest of all of it.
    pub(super) fn digest(&self) -> blake3::Hash {
        self.digest.finalize()
    }
}
