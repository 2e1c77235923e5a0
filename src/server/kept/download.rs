//! A download: found by a quorum, read here or fetched from who keeps it, and sent on.
//!
//! Once the bytes flow a delete no longer disturbs them: the open file outlives its name.

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::known::Known;
use super::say::{alive_until, say, say_with_body};
use super::{KeptError, Serving};
use crate::encryption::IV_BYTES;
use crate::event::Fact;
use crate::id::ImageId;
use crate::protocol::frame::FrameWriter;
use crate::protocol::{CatalogueItem, Entry, NodeMessage};
use crate::server::data::Fetch;
use crate::server::reading::{Reading, ReadingError};
use crate::server::repair::set_aside_if_damaged;
use crate::store::Digest;

/// Where the bytes come from.
#[derive(Debug)]
enum Copy<'a> {
    /// This node's disk.
    Here(Reading),
    /// Another node.
    There(Box<Fetch<'a>>),
}

impl Serving<'_> {
    /// Sends an image of the user's.
    pub(super) async fn download<W: AsyncWrite + Unpin>(
        &self,
        writer: &mut FrameWriter<W>,
        image: ImageId,
    ) -> Result<(), KeptError> {
        let started = Instant::now();
        let transfers = &self.context.transfers;
        let _room = transfers.try_acquire().map_err(|_| KeptError::Busy)?;
        let found = async {
            let known = self.look_up(image).await?;
            self.check(image, &known)?;
            self.open(image, &known).await
        };
        let mut copy = alive_until(found, self.client_stall(), writer).await?;
        let entry = copy.entry().clone();
        say(writer, &NodeMessage::Image(entry.clone())).await?;
        while let Some(chunk) = self.chunk(&mut copy, image).await? {
            say_with_body(writer, &NodeMessage::Chunk, &chunk).await?;
        }
        let digest = copy.digest().await?.to_string();
        say(writer, &NodeMessage::Sent { digest }).await?;
        self.context.events.publish(Fact::Downloaded {
            image,
            user: self.user.clone(),
            file: entry.file,
            bytes: entry.body_bytes.saturating_sub(IV_BYTES as u64),
            took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        });
        Ok(())
    }

    fn check(&self, image: ImageId, known: &Known) -> Result<(), KeptError> {
        match known.item() {
            Some(CatalogueItem::Entry(entry)) if entry.user == *self.user => Ok(()),
            Some(CatalogueItem::Entry(_) | CatalogueItem::Tombstone(_)) | None => {
                Err(self.no_such_image(image))
            }
        }
    }

    pub(super) fn no_such_image(&self, image: ImageId) -> KeptError {
        let user = self.user.clone();
        KeptError::NoSuchImage { image, user }
    }

    /// Opens a copy: the one here, or the first of another node that can be had.
    async fn open(&self, image: ImageId, known: &Known) -> Result<Copy<'_>, KeptError> {
        let mut failure = self.no_such_image(image);
        match Reading::open(&self.context.store, image, &self.context.buffers).await {
            Ok(Some(reading)) => return Ok(Copy::Here(reading)),
            Ok(None) => {}
            Err(error) => failure = self.unreadable(image, error).await,
        }
        for &peer in known.holders() {
            match self.context.data.fetch(peer, image, &self.context.buffers).await {
                Ok(fetch) => return Ok(Copy::There(Box::new(fetch))),
                Err(error) => failure = KeptError::Peer(error),
            }
        }
        Err(failure)
    }

    /// Sets a damaged record aside, so that it is fetched again.
    async fn unreadable(&self, image: ImageId, error: ReadingError) -> KeptError {
        set_aside_if_damaged(self.context, image, &error).await;
        KeptError::Reading(error)
    }

    async fn chunk(&self, copy: &mut Copy<'_>, image: ImageId) -> Result<Option<Bytes>, KeptError> {
        match copy {
            Copy::Here(reading) => match reading.chunk().await {
                Ok(chunk) => Ok(chunk),
                Err(error) => Err(self.unreadable(image, error).await),
            },
            Copy::There(fetch) => fetch.chunk().await.map_err(KeptError::Peer),
        }
    }
}

impl Copy<'_> {
    fn entry(&self) -> &Entry {
        match self {
            Self::Here(reading) => reading.entry(),
            Self::There(fetch) => fetch.entry(),
        }
    }

    /// Returns the digest that all of it must have, once its end has come.
    async fn digest(self) -> Result<Digest, KeptError> {
        match self {
            Self::Here(reading) => {
                let silent = KeptError::Reading(ReadingError::DiskSilent);
                reading.digest().ok_or(silent)
            }
            Self::There(fetch) => fetch.whole().await.map_err(KeptError::Peer),
        }
    }
}
