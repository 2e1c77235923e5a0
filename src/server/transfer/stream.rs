//! The bytes of an upload on their way through the node: read, encrypted in place, handed on.

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::chunks::Chunks;
use super::copies::Lender;
use super::error::TransferError;
use super::{Transfer, back};
use crate::encryption::{Cipher, IV_BYTES, Key};
use crate::id::NodeId;
use crate::protocol::Back;
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::server::buffers::Buffer;
use crate::server::connection::Connection;
use crate::server::disk::Disk;
use crate::store::Digest;

/// How many chunks wait for a client that takes more slowly than it sends.
const QUEUE_CHUNKS: usize = 2;

/// An upload whose bytes are on their way.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) transfer: &'a Transfer<'a>,
    /// The record here.
    pub(super) disk: Disk,
    /// Those on other nodes.
    pub(super) lender: Lender<'a>,
}

impl Stream<'_> {
    /// Takes the whole image, of which `first` has come, and waits for the client's word that it was
    /// whole; returns the digest of what was made of it.
    pub(super) async fn run<R, W>(
        &mut self,
        connection: &mut Connection<R, W>,
        chunks: Chunks,
        first: Buffer,
    ) -> Result<Digest, TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let Connection { reader, writer, .. } = connection;
        self.exchange(reader, writer, chunks, first).await?;
        let written = async { Ok(self.disk.digest().await?) };
        let digest = back::alive_until(written, self.transfer.client_stall(), writer).await?;
        back::finished(reader, self.transfer.returned_bytes()).await?;
        Ok(digest)
    }

    /// Brings all copies to stable storage; returns who else keeps one.
    pub(super) async fn commit(self, digest: Digest) -> Result<Vec<NodeId>, TransferError> {
        let Self { disk, lender, .. } = self;
        let local = async {
            disk.commit().await?;
            Ok(())
        };
        lender.commit(digest, local).await
    }

    /// Reads, encrypts and hands on the whole image.
    async fn exchange<R, W>(
        &mut self,
        reader: &mut FrameReader<R>,
        writer: &mut FrameWriter<W>,
        chunks: Chunks,
        first: Buffer,
    ) -> Result<(), TransferError>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let client_stall = self.transfer.client_stall();
        match self.transfer.upload.back {
            Back::Cipher => {
                let (to_client, encrypted) = mpsc::channel(QUEUE_CHUNKS);
                let forth = self.encrypt(reader, Some(to_client), chunks, first);
                let back = back::send_back(writer, encrypted, client_stall);
                // In one task: when either fails the other finds its end of the queue closed.
                let (forth, back) = tokio::join!(forth, back);
                // When the way back failed a message may be half written: nothing more can be told.
                back.and(forth)
            }
            Back::None => {
                let forth = self.encrypt(reader, None, chunks, first);
                back::alive_until(forth, client_stall, writer).await
            }
        }
    }

    /// Goes on until the image ends, or until nobody takes what comes out: `send_back` says why.
    async fn encrypt<R: AsyncRead + Unpin>(
        &mut self,
        reader: &mut FrameReader<R>,
        to_client: Option<mpsc::Sender<Bytes>>,
        mut chunks: Chunks,
        first: Buffer,
    ) -> Result<(), TransferError> {
        let Transfer { upload, user, .. } = self.transfer;
        let mut cipher = Cipher::new(&Key::of_user(user), upload.image);
        let mut chunk = first;
        let mut plain_from = IV_BYTES;
        while !chunk.is_empty() {
            cipher.apply(&mut chunk[plain_from..]);
            plain_from = 0;
            let encrypted = chunk.share();
            self.disk.write(encrypted.clone()).await?;
            self.lender.lend(&encrypted).await?;
            if let Some(to_client) = &to_client
                && to_client.send(encrypted).await.is_err()
            {
                return Ok(());
            }
            chunk = chunks.read(reader).await?;
        }
        Ok(())
    }
}
