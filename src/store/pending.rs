//! A record that is being written.
//!
//! Its bytes arrive under a name that a restart sweeps away; [`PendingRecord::commit`] makes it a
//! kept record, or finds that it is one already. Dropping it anywhere before leaves nothing.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::is_full;
use super::record::{HEADER_BYTES_MAX, RecordReader, RecordWriter, TRAILER_BYTES};
use super::shelves::record_name;
use super::{Digest, Inner, RecordHeader, StoreError};
use crate::id::ImageId;

/// A record whose body is arriving; its calls block on the disk.
#[derive(Debug)]
pub struct PendingRecord {
    reservation: Reservation,
    header: RecordHeader,
    path: PathBuf,
    /// `None` once a write has failed: what the file holds then is unknown.
    writer: Option<RecordWriter<File>>,
    announced: u64,
    written: u64,
    placed: bool,
}

impl PendingRecord {
    /// Begins a record whose body will have `announced` bytes, and reserves the space for it.
    pub(super) fn begin(
        store: &Arc<Inner>,
        header: RecordHeader,
        announced: u64,
    ) -> Result<Self, StoreError> {
        let reservation = Reservation::take(
            store,
            header.image,
            announced.saturating_add((HEADER_BYTES_MAX + TRAILER_BYTES) as u64),
        )?;
        let path = store.unfinished.join(record_name(header.image));
        let begun = File::create(&path).and_then(|file| RecordWriter::new(file, &header));
        let mut pending = Self {
            reservation,
            header,
            path,
            writer: None,
            announced,
            written: 0,
            placed: false,
        };
        let writer = begun.map_err(|error| pending.refused(error))?;
        pending.writer = Some(writer);
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
        Ok(())
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
    /// When the body is not as long as announced, when the id is taken by another content, and
    /// when the disk refuses. A failed sync makes the whole store read-only.
    pub fn commit(mut self) -> Result<Digest, StoreError> {
        let writer = self.writer.take().ok_or(StoreError::Torn)?;
        if self.written < self.announced {
            return Err(StoreError::BodyTooShort {
                announced: self.announced,
                written: self.written,
            });
        }
        let digest = writer.body_digest();
        let store = Arc::clone(&self.reservation.store);
        if let Some((path, kept)) = store.open_record(self.reservation.image)? {
            return self.agree(path, kept, digest);
        }
        if store.books().read_only {
            return Err(StoreError::ReadOnly);
        }
        let file = writer.finish().map_err(|error| self.refused(error))?;
        self.sync(&file)?;
        let place = store
            .shelves
            .place(&self.path, self.reservation.image)
            .inspect_err(|error| store.note(error))?;
        self.placed = true;
        store.books().kept.insert(self.reservation.image, place);
        Ok(digest)
    }

    /// Compares this record with the one that is kept under its id.
    fn agree(&self, path: PathBuf, kept: RecordReader, digest: Digest) -> Result<Digest, StoreError> {
        let same_user = kept.header().user == self.header.user;
        let kept = kept
            .verify()
            .map_err(|source| StoreError::Record { path, source })?;
        if same_user && kept == digest {
            Ok(digest)
        } else {
            Err(StoreError::Conflict(self.reservation.image))
        }
    }

    /// Syncs the data of the finished file, once: after a failure the kernel may have thrown away
    /// what it could not write, and a second sync would succeed without it.
    fn sync(&self, file: &File) -> Result<(), StoreError> {
        let store = &self.reservation.store;
        (store.options.sync)(file).map_err(|source| {
            if is_full(&source) {
                return self.refused(source);
            }
            let error = StoreError::SyncFailed {
                path: self.path.clone(),
                source,
            };
            store.note(&error);
            error
        })
    }

    fn refused(&self, source: io::Error) -> StoreError {
        if is_full(&source) {
            StoreError::Full {
                free: self.reservation.store.free_bytes().ok().flatten().unwrap_or(0),
                needed: self.announced - self.written,
            }
        } else {
            StoreError::io("write", &self.path)(source)
        }
    }
}

impl Drop for PendingRecord {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is swept at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The right to write one image's record, and the space for it; given back when dropped.
#[derive(Debug)]
struct Reservation {
    store: Arc<Inner>,
    image: ImageId,
    bytes: u64,
}

impl Reservation {
    fn take(store: &Arc<Inner>, image: ImageId, bytes: u64) -> Result<Self, StoreError> {
        let free = store.free_bytes()?;
        let mut books = store.books();
        if books.read_only {
            return Err(StoreError::ReadOnly);
        }
        if books.in_progress.contains(&image) {
            return Err(StoreError::InProgress(image));
        }
        let free = free.map(|free| free.saturating_sub(books.awaited_bytes));
        if let Some(free) = free.filter(|&free| free < bytes) {
            return Err(StoreError::Full { free, needed: bytes });
        }
        books.in_progress.insert(image);
        books.awaited_bytes += bytes;
        Ok(Self {
            store: Arc::clone(store),
            image,
            bytes,
        })
    }

    /// Gives back the room for bytes that have been written.
    fn spend(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.store.books().awaited_bytes -= bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut books = self.store.books();
        books.awaited_bytes -= self.bytes;
        books.in_progress.remove(&self.image);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};
    use crate::protocol::ImageKind;
    use crate::store::{DataDirectory, Identity, Store};

    #[test]
    fn a_disk_that_fills_up_in_the_middle_refuses_one_record_only() {
        let root = tempfile::tempdir().expect("a directory");
        let identity = Identity {
            cluster: "home".parse().expect("a name"),
            node: NodeId::new(1).expect("not zero"),
        };
        let header = RecordHeader {
            cluster: identity.cluster.clone(),
            image: ImageId::from_bytes([1; 16]),
            user: "alice".parse().expect("a name"),
            file: "a.png".to_owned(),
            kind: ImageKind::Png,
            created_ms: 0,
            epoch: Epoch(1),
        };
        let directory = DataDirectory::open(root.path(), identity).expect("opened");
        let store = Store::open(directory).expect("opened");

        let mut pending = store.begin(header.clone(), 8).expect("begun");
        pending.write(b"half").expect("written");
        let full = File::options().write(true).open("/dev/full").expect("there");
        pending.writer = pending.writer.take().map(|writer| writer.retargeted(full));
        let error = pending.write(b"rest").expect_err("full");
        assert!(matches!(error, StoreError::Full { needed: 4, .. }), "{error}");
        assert!(matches!(pending.commit(), Err(StoreError::Torn)));

        let mut again = store.begin(header, 8).expect("the store goes on");
        again.write(b"halfrest").expect("written");
        again.commit().expect("kept");
        assert_eq!(store.count(), 1);
    }
}
