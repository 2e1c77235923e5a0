//! A record that is being written.
//!
//! Its bytes arrive under a name that a restart sweeps away; [`PendingRecord::commit`] makes it a
//! kept record, or finds that it is one already. Dropping it anywhere before leaves nothing.

use std::io;
use std::sync::Arc;

use super::committer::Work;
use super::core::Core;
use super::disk::{DiskFile, Sequential};
use super::error::is_full;
use super::index::Known;
use super::mutation::Mutation;
use super::record::{HEADER_BYTES_MAX, RecordWriter, TRAILER_BYTES};
use super::reservation::{Joining, Reservation, Unfinished};
use super::shelves::{Kind, Shelf, file_name};
use super::{Digest, Inner, RecordHeader, StoreError, damage};
use crate::id::ImageId;
use crate::protocol::{CHUNK_BYTES, Entry};

/// A record whose body is arriving; its calls block on the disk.
#[derive(Debug)]
pub struct PendingRecord {
    /// `None` once a write has failed: what the file holds then is unknown.
    writer: Option<RecordWriter<Sequential>>,
    file: Unfinished,
    /// There as soon as no more than a chunk of the body is to come.
    joining: Option<Joining>,
    reservation: Reservation,
    header: RecordHeader,
    announced: u64,
    written: u64,
    store: Arc<Inner>,
}

/// What is kept already under the id of a record, of the same user and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The same.
    Whole,
    /// Something that is not what was written.
    Damaged,
}

impl PendingRecord {
    /// Begins a record whose body will have `announced` bytes, and reserves the space for it.
    pub(super) fn begin(
        store: &Arc<Inner>,
        header: RecordHeader,
        announced: u64,
    ) -> Result<Self, StoreError> {
        let core = &store.core;
        refuse_buried(core, header.image)?;
        let needed = announced.saturating_add((HEADER_BYTES_MAX + TRAILER_BYTES) as u64);
        let reservation = Reservation::take(core, header.image, needed)?;
        let mut pending = Self {
            writer: None,
            file: Unfinished::new(core, &file_name(header.image, Kind::Record)),
            joining: None,
            reservation,
            header,
            announced,
            written: 0,
            store: Arc::clone(store),
        };
        pending.announce_if_near();
        let file = core.disk.create(&pending.file.path);
        let begun = file.and_then(|file| RecordWriter::new(Sequential::new(file), &pending.header));
        pending.writer = Some(begun.map_err(|error| pending.refused(error))?);
        Ok(pending)
    }

    /// Writes the next bytes of `IV ‖ ciphertext`; best in chunks of 256 KiB.
    ///
    /// # Errors
    ///
    /// When there are more than announced, or when the disk does not take them; the record can
    /// only be dropped then.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        let mut writer = self.writer.take().ok_or(StoreError::Torn)?;
        let written = self.written + chunk.len() as u64;
        if written > self.announced {
            return Err(StoreError::BodyTooLong {
                announced: self.announced,
                written,
            });
        }
        writer.write(chunk).map_err(|error| self.refused(error))?;
        self.writer = Some(writer);
        self.written = written;
        self.reservation.spend(chunk.len() as u64);
        self.announce_if_near();
        Ok(())
    }

    /// Lets a batch wait for this record once the end of its body is near: the last chunk comes in
    /// about the time that a directory sync takes, and a large image that has only begun delays
    /// nobody.
    fn announce_if_near(&mut self) {
        if self.joining.is_none() && self.announced - self.written <= CHUNK_BYTES as u64 {
            self.joining = Some(Joining::announce(&self.store.core));
        }
    }

    /// Returns the digest of what has been written of the body.
    ///
    /// # Errors
    ///
    /// When a write has failed.
    pub fn digest(&self) -> Result<Digest, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::Torn)?;
        Ok(writer.body_digest())
    }

    /// Makes the record a kept one, on stable storage; returns the digest of its body.
    ///
    /// When the image is kept already with the same content, that one stays and all is well.
    ///
    /// # Errors
    ///
    /// When the body is not as long as announced, when the image has been deleted, when the id is
    /// taken by another content, and when the disk refuses. A failed sync makes the whole store
    /// read-only.
    pub fn commit(mut self) -> Result<Digest, StoreError> {
        let writer = self.writer.take().ok_or(StoreError::Torn)?;
        if self.written < self.announced {
            return Err(StoreError::BodyTooShort {
                announced: self.announced,
                written: self.written,
            });
        }
        let digest = writer.body_digest();
        let core = Arc::clone(&self.store.core);
        match core.known(self.header.image)? {
            Known::Buried(..) | Known::BuriedUnreadably(_) => {
                return Err(StoreError::Buried(self.header.image));
            }
            Known::Kept(shelf, entry) => {
                if self.agree(shelf, &entry, digest)? == Kept::Whole {
                    return Ok(digest);
                }
                // What is kept is of no use; what has come is.
                damage::set_aside(&self.store, self.header.image)?;
            }
            Known::Nothing | Known::Unreadable(_) => {}
        }
        core.writable()?;
        let file = writer.finish().map_err(|error| self.refused(error))?;
        if core.options.mutated(Mutation::NameBeforeSync) {
            self.place()?;
            self.sync(file.file())?;
        } else {
            self.sync(file.file())?;
            self.place()?;
        }
        damage::forget_set_aside(&core, self.header.image);
        Ok(digest)
    }

    /// Compares this record with the one that is kept under its id.
    fn agree(&self, shelf: Shelf, entry: &Entry, digest: Digest) -> Result<Kept, StoreError> {
        let image = self.header.image;
        if entry.user != self.header.user || entry.body_bytes != self.written {
            return Err(StoreError::Conflict(image));
        }
        let core = &self.store.core;
        let opened = core.open_at(shelf, image);
        let kept = opened.and_then(|(path, kept)| {
            let verified = kept.verify();
            verified.map_err(|source| StoreError::Record { path, source })
        });
        match kept {
            Ok(kept) if kept == digest => Ok(Kept::Whole),
            Ok(_) => Err(StoreError::Conflict(image)),
            Err(StoreError::Record { source, .. }) if source.is_damage() => Ok(Kept::Damaged),
            Err(error) => Err(error),
        }
    }

    /// Syncs the data of the finished file, once: after a failure the kernel may have thrown away
    /// what it could not write, and a second sync would succeed without it.
    fn sync(&self, file: &dyn DiskFile) -> Result<(), StoreError> {
        let core = &self.store.core;
        if core.options.mutated(Mutation::NoRecordSync) {
            return Ok(());
        }
        file.sync_data().map_err(|source| {
            if is_full(&source) {
                return core.refused(&self.file.path, self.announced, source);
            }
            core.note(StoreError::sync(&self.file.path)(source))
        })?;
        file.release_cache();
        Ok(())
    }

    /// Has the finished file put on a shelf.
    fn place(&mut self) -> Result<(), StoreError> {
        let finished = self.file.path.clone();
        let entry = Entry {
            body_bytes: self.written,
            ..self.header.entry()
        };
        self.store.committer.submit(Work::Keep { finished, entry })?;
        self.file.moved = true;
        Ok(())
    }

    fn refused(&self, source: io::Error) -> StoreError {
        let needed = self.announced - self.written;
        self.store.core.refused(&self.file.path, needed, source)
    }
}

/// Refuses an image that has been deleted: that is for ever.
fn refuse_buried(core: &Core, image: ImageId) -> Result<(), StoreError> {
    match core.known(image)? {
        Known::Buried(..) | Known::BuriedUnreadably(_) => Err(StoreError::Buried(image)),
        Known::Nothing | Known::Kept(..) | Known::Unreadable(_) => Ok(()),
    }
}
