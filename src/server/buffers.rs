//! The memory through which images pass: buffers that are used again by whoever needs one next.
//!
//! To take fresh memory from the system for every small image, and to give it back, costs more than
//! the encryption: each page is faulted in and zeroed anew. A buffer finds its way home by itself
//! when the last who reads it has dropped it. Does not bound how many are in use: that is for the
//! queues between those who fill and those who read.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::protocol::CHUNK_BYTES;

/// How many are kept while nobody uses them, 4 MiB of memory at most.
///
/// As many as a node that catches up has images on their way; the clients of a busy cluster need
/// fewer.
const KEPT_MAX: usize = 16;

/// Buffers that nobody uses; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

impl Buffers {
    /// Returns a buffer of that many bytes, at most [`CHUNK_BYTES`], to be overwritten: they are
    /// what an earlier user left there.
    pub(crate) fn take(&self, length: usize) -> Buffer {
        let kept = self.lock().pop();
        Buffer {
            // Zeroes from the system: no page is touched before it is used.
            bytes: kept.unwrap_or_else(|| vec![0; CHUNK_BYTES].into_boxed_slice()),
            length: length.min(CHUNK_BYTES),
            home: self.clone(),
        }
    }

    /// Guards the buffers, for a push or a pop; the one used last is the warmest.
    fn lock(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer in use; goes home when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// Always [`CHUNK_BYTES`] of them.
    bytes: Box<[u8]>,
    /// How many of them count.
    length: usize,
    home: Buffers,
}

impl Buffer {
    /// Makes it readable by many; it goes home when all of them have dropped it.
    pub(crate) fn share(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut kept = self.home.lock();
        if kept.len() < KEPT_MAX {
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_when_the_last_reader_has_dropped_it() {
        let buffers = Buffers::default();
        let mut first = buffers.take(CHUNK_BYTES);
        first.fill(7);
        let place = first.as_ptr();
        let kept = first.share();
        let also_kept = kept.clone();
        drop(kept);
        let second = buffers.take(1);
        assert_ne!(second.as_ptr(), place, "the first is still being read");
        drop(also_kept);
        let third = buffers.take(3);
        assert_eq!((third.as_ptr(), third.len()), (place, 3));
    }

    #[test]
    fn a_buffer_has_the_length_that_was_asked_for_up_to_a_chunk() {
        let buffers = Buffers::default();
        assert_eq!(buffers.take(CHUNK_BYTES + 1).len(), CHUNK_BYTES);
        assert_eq!(buffers.take(9).len(), 9);
    }

    #[test]
    fn only_so_many_are_kept_and_those_are_whole() {
        let buffers = Buffers::default();
        let used: Vec<Buffer> = (0..2 * KEPT_MAX).map(|length| buffers.take(length)).collect();
        drop(used);
        let kept = buffers.lock();
        assert_eq!(kept.len(), KEPT_MAX);
        assert!(kept.iter().all(|bytes| bytes.len() == CHUNK_BYTES));
    }
}
