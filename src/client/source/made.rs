//! An image made for a benchmark: a PNG by its signature, then noise, of exactly the size asked for.
//!
//! The noise is one block, drawn once and repeated, so that an image of any size costs no memory
//! and no disk; the beginning is drawn anew for each image, so that no two are alike. What nodes
//! keep is encrypted under a fresh id each time, and has no repetition in it that a disk could use.

use bytes::Bytes;

/// The name under which such an image is kept.
pub(super) const NAME: &str = "bench.png";

/// What a PNG begins with.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// How many bytes of an image are its own: the signature and 16 that no other one has.
const HEAD_BYTES: usize = SIGNATURE.len() + 16;

/// The length of the noise that is repeated: 64 KiB and a bit, so that it falls on no block twice.
const NOISE_BYTES: usize = 64 * 1024 + 17;

/// An image in memory, at some place of it.
#[derive(Debug, Clone)]
pub struct MadeImage {
    head: [u8; HEAD_BYTES],
    noise: Bytes,
    size: u64,
    at: u64,
}

impl MadeImage {
    /// The smallest size that there is: below it two images could be alike.
    pub const SIZE_MIN: u64 = HEAD_BYTES as u64;

    /// Makes an image of `size` bytes, or of [`Self::SIZE_MIN`] if that is more.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let mut noise = vec![0; NOISE_BYTES];
        fastrand::fill(&mut noise);
        Self {
            head: new_head(),
            noise: noise.into(),
            size: size.max(Self::SIZE_MIN),
            at: 0,
        }
    }

    /// Makes another one of the same size.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            head: new_head(),
            noise: self.noise.clone(),
            at: 0,
            ..*self
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn rewind(&mut self) {
        self.at = 0;
    }

    /// Fills `chunk` as far as the image reaches; returns how far that is.
    pub(super) fn read(&mut self, chunk: &mut [u8]) -> usize {
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        let room = chunk.len().min(left);
        let mut filled = 0;
        while filled < room {
            let piece = self.here();
            let length = piece.len().min(room - filled);
            chunk[filled..filled + length].copy_from_slice(&piece[..length]);
            filled += length;
            self.at += length as u64;
        }
        room
    }

    /// Returns the bytes from the current place on, up to the end of the head or of the noise.
    fn here(&self) -> &[u8] {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        match self.head.get(at..) {
            Some(head) if !head.is_empty() => head,
            Some(_) | None => &self.noise[(at - HEAD_BYTES) % NOISE_BYTES..],
        }
    }
}

fn new_head() -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..SIGNATURE.len()].copy_from_slice(SIGNATURE);
    fastrand::fill(&mut head[SIGNATURE.len()..]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::detect;
    use crate::protocol::ImageKind;

    fn whole(mut image: MadeImage, chunk_bytes: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut chunk = vec![0; chunk_bytes];
        loop {
            let read = image.read(&mut chunk);
            if read == 0 {
                return all;
            }
            all.extend(&chunk[..read]);
        }
    }

    #[test]
    fn an_image_has_its_size_whatever_the_chunks_and_reads_the_same_again() {
        for size in [MadeImage::SIZE_MIN, 25, 4096, 3 * NOISE_BYTES as u64] {
            let mut image = MadeImage::new(size);
            let all = whole(image.clone(), 1000);
            assert_eq!(all.len() as u64, size);
            assert_eq!(detect(&all), Ok(ImageKind::Png));
            image.read(&mut [0; 10]);
            image.rewind();
            assert!(all == whole(image, usize::try_from(size).expect("small")));
        }
    }

    #[test]
    fn no_two_images_are_alike() {
        let image = MadeImage::new(100);
        assert_ne!(whole(image.clone(), 100), whole(image.another(), 100));
        assert_eq!(MadeImage::new(1).size(), MadeImage::SIZE_MIN);
    }
}
