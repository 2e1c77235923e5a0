//! The chunks of one transfer: buffers filled from the body of a message, at a bearable pace.

use tokio::io::AsyncRead;
use tokio::time::{Instant, timeout};

use super::error::TransferError;
use super::pace::Pace;
use crate::protocol::CHUNK_BYTES;
use crate::protocol::frame::FrameReader;
use crate::server::buffers::{Buffer, Buffers};
use crate::server::connection::STALL;

/// What fills the buffers of one transfer.
#[derive(Debug)]
pub(in crate::server) struct Chunks {
    buffers: Buffers,
    pace: Pace,
}

impl Chunks {
    /// Makes what fills these buffers, of which nothing has been filled yet.
    pub(in crate::server) fn new(buffers: &Buffers) -> Self {
        Self {
            buffers: buffers.clone(),
            pace: Pace::default(),
        }
    }

    /// Reads the next chunk of a body; full, unless the body ends.
    ///
    /// # Errors
    ///
    /// When the connection fails, ends too early, stands still or crawls.
    pub(in crate::server) async fn read<R>(
        &mut self,
        reader: &mut FrameReader<R>,
    ) -> Result<Buffer, TransferError>
    where
        R: AsyncRead + Unpin,
    {
        self.read_behind(&[], reader).await
    }

    /// Reads the next chunk of a body behind `head`, which stands at its beginning.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub(super) async fn read_behind<R>(
        &mut self,
        head: &[u8],
        reader: &mut FrameReader<R>,
    ) -> Result<Buffer, TransferError>
    where
        R: AsyncRead + Unpin,
    {
        let left = usize::try_from(reader.body_left()).unwrap_or(CHUNK_BYTES);
        let wanted = left.saturating_add(head.len()).min(CHUNK_BYTES);
        let mut chunk = self.buffers.take(wanted);
        chunk[..head.len()].copy_from_slice(head);
        let mut filled = head.len();
        while filled < wanted {
            let asked = Instant::now();
            let read = match timeout(STALL, reader.body(&mut chunk[filled..])).await {
                Ok(read) => read.map_err(TransferError::Read)?,
                Err(_) => return Err(TransferError::SendsNothing(STALL)),
            };
            self.pace
                .count(read, asked.elapsed())
                .map_err(|_| TransferError::SendsTooSlowly)?;
            filled += read;
        }
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::NodeMessage;
    use crate::protocol::frame::FrameWriter;

    /// A reader that has read the header of a message with this body.
    async fn reader_of(body: Vec<u8>) -> FrameReader<std::io::Cursor<Vec<u8>>> {
        let mut bytes = Vec::new();
        let mut writer = FrameWriter::new(&mut bytes);
        let length = body.len() as u64;
        writer
            .message_with_body(&NodeMessage::Chunk, length)
            .await
            .expect("writes");
        writer.body(&body).await.expect("writes");
        let mut reader = FrameReader::new(std::io::Cursor::new(bytes));
        reader.message::<NodeMessage>().await.expect("readable");
        reader
    }

    #[tokio::test]
    async fn a_body_comes_in_full_chunks_and_a_rest() {
        let body: Vec<u8> = (0..=250).cycle().take(CHUNK_BYTES + 1).collect();
        let mut reader = reader_of(body.clone()).await;
        let mut chunks = Chunks::new(&Buffers::default());
        let first = chunks.read(&mut reader).await.expect("reads");
        let rest = chunks.read(&mut reader).await.expect("reads");
        assert_eq!((first.len(), rest.len()), (CHUNK_BYTES, 1));
        assert_eq!([&first[..], &rest[..]].concat(), body);
        assert!(chunks.read(&mut reader).await.expect("reads").is_empty());
    }

    #[tokio::test]
    async fn what_stands_before_a_body_has_its_place_in_the_first_chunk() {
        let mut reader = reader_of(vec![7; CHUNK_BYTES]).await;
        let mut chunks = Chunks::new(&Buffers::default());
        let first = chunks.read_behind(b"before", &mut reader).await.expect("reads");
        let rest = chunks.read(&mut reader).await.expect("reads");
        assert_eq!((first.len(), rest.len()), (CHUNK_BYTES, 6));
        assert_eq!(&first[..8], b"before\x07\x07");
    }
}
