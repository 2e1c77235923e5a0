//! An image that is being received: checked, decrypted if that is wanted, and written, in one pass.
//!
//! What the beginning decrypts to is looked at as it passes, but judged at the end: as long as the
//! digest is not confirmed, noise may be the node's fault and not the key's.

use super::attempt::AttemptError;
use super::error::RequestError;
use super::part::PartFile;
use crate::encryption::{Cipher, IV_BYTES, Key};
use crate::id::UserName;
use crate::image::{self, HEAD_BYTES};
use crate::protocol::Entry;

/// As what an image is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Decrypted: the image.
    Plain,
    /// As the nodes keep it: `IV ‖ ciphertext`.
    Encrypted,
}

/// An image on its way into a file.
pub(super) struct Incoming {
    entry: Entry,
    form: Form,
    part: PartFile,
    digest: blake3::Hasher,
    cipher: Cipher,
    /// How many bytes of `IV ‖ ciphertext` have come.
    taken: u64,
    /// The beginning of the plain image, as far as it is looked at.
    head: Vec<u8>,
}

impl Incoming {
    /// Begins with an image as the node announced it.
    pub(super) fn new(entry: Entry, user: &UserName, form: Form, part: PartFile) -> Self {
        Self {
            cipher: Cipher::new(&Key::of_user(user), entry.image),
            entry,
            form,
            part,
            digest: blake3::Hasher::new(),
            taken: 0,
            head: Vec::new(),
        }
    }

    /// Returns how many bytes of `IV ‖ ciphertext` there are.
    pub(super) fn total(&self) -> u64 {
        self.entry.body_bytes
    }

    /// Returns how many of them have come.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Returns how many bytes the file will have.
    pub(super) fn bytes(&self) -> u64 {
        match self.form {
            Form::Plain => self.total().saturating_sub(IV_BYTES as u64),
            Form::Encrypted => self.total(),
        }
    }

    /// Takes the next bytes of `IV ‖ ciphertext`; decrypts them in place.
    ///
    /// # Errors
    ///
    /// When it is not the image that was announced, or when the file cannot be written.
    pub(super) async fn take(&mut self, bytes: &mut [u8]) -> Result<(), AttemptError> {
        let iv_left = IV_BYTES.saturating_sub(usize::try_from(self.taken).unwrap_or(IV_BYTES));
        let (iv, rest) = bytes.split_at_mut(iv_left.min(bytes.len()));
        let expected = &self.entry.image.as_bytes()[IV_BYTES - iv_left..][..iv.len()];
        self.taken += (iv.len() + rest.len()) as u64;
        if iv != expected || self.taken > self.total() {
            return Err(AttemptError::Mismatch);
        }
        self.digest.update(iv);
        self.digest.update(rest);
        if self.form == Form::Encrypted {
            self.part.write(iv).await?;
            self.part.write(rest).await?;
        }
        self.cipher.apply(rest);
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&rest[..room.min(rest.len())]);
        if self.form == Form::Plain {
            self.part.write(rest).await?;
        }
        Ok(())
    }

    /// Returns the file, when everything has come and is what the node and the entry say.
    ///
    /// # Errors
    ///
    /// When it is not, or when the file cannot be written.
    pub(super) async fn finish(mut self, confirmed: &str) -> Result<(Entry, PartFile), AttemptError> {
        self.part.flush().await?;
        let digest = self.digest.finalize();
        if self.taken != self.total() || digest.to_hex().as_str() != confirmed {
            return Err(AttemptError::Mismatch);
        }
        if image::detect(&self.head).ok() != Some(self.entry.kind) {
            return Err(RequestError::NotAnImage {
                image: self.entry.image,
                kind: self.entry.kind,
                user: self.entry.user,
            }
            .into());
        }
        Ok((self.entry, self.part))
    }
}
