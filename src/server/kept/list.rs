//! A list: what is kept here in pages, corrected by what the others keep differently.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::say::{alive_until, say, say_with_body};
use super::survey::{Position, Survey, position};
use super::{KeptError, Serving};
use crate::event::Fact;
use crate::id::ImageId;
use crate::protocol::frame::FrameWriter;
use crate::protocol::{Entry, Listed, NodeMessage};
use crate::server::data::answer::on_disk;

/// How many images are read from the index at a time.
const PAGE_IMAGES: usize = 256;

/// How many bytes of lines are sent at a time; a line more may be in it, and one has 7 KiB at most.
const PIECE_BYTES: usize = 64 * 1024;

/// How long a client hears nothing while images are passed over that do not match.
const LIFE_EVERY: Duration = Duration::from_millis(20);

/// What is sent and not sent yet of a list.
struct Lines<'a, W> {
    writer: &'a mut FrameWriter<W>,
    matching: Option<&'a str>,
    body: Vec<u8>,
    images: u64,
    told: Instant,
}

impl Serving<'_> {
    /// Lists the user's images.
    pub(super) async fn list<W: AsyncWrite + Unpin>(
        &self,
        writer: &mut FrameWriter<W>,
        matching: Option<&str>,
    ) -> Result<(), KeptError> {
        let mut survey = alive_until(self.survey(), self.client_stall(), writer).await?;
        let mut only_there = survey.take_only_there();
        let mut lines = Lines {
            writer,
            matching,
            body: Vec::new(),
            images: 0,
            told: Instant::now(),
        };
        let mut after = None;
        loop {
            let page = self.page(after).await?;
            after = page.last().map(|entry| (entry.created_ms, entry.image));
            let is_last = page.len() < PAGE_IMAGES;
            for entry in page {
                lines.add_all(newer(&mut only_there, &entry)).await?;
                if !survey.is_buried(entry.image) {
                    lines.add(self.listed(entry, &survey)).await?;
                }
            }
            if is_last {
                break;
            }
            lines.show_life().await?;
        }
        lines.add_all(only_there).await?;
        let images = lines.finish().await?;
        let end = NodeMessage::EndOfList {
            images,
            nodes: survey.counted(),
            members: self.context.config.cluster.members.len(),
        };
        say(writer, &end).await?;
        let user = self.user.clone();
        self.context.events.publish(Fact::Listed { user, images });
        Ok(())
    }

    async fn page(&self, after: Option<(u64, ImageId)>) -> Result<Vec<Entry>, KeptError> {
        let user = self.user.clone();
        let page = on_disk(self.context, move |store| store.list(&user, after, PAGE_IMAGES));
        page.await.map_err(KeptError::Disk)
    }

    fn listed(&self, entry: Entry, survey: &Survey) -> Listed {
        let mut nodes: Vec<_> = survey.holders(entry.image).collect();
        nodes.push(self.context.config.id);
        nodes.sort();
        Listed { entry, nodes }
    }
}

/// Takes out what stands before an image in the list; the image itself may have arrived meanwhile.
fn newer(only_there: &mut BTreeMap<Position, Listed>, entry: &Entry) -> BTreeMap<Position, Listed> {
    let here = position(entry);
    only_there.remove(&here);
    let older = only_there.split_off(&here);
    std::mem::replace(only_there, older)
}

impl<W: AsyncWrite + Unpin> Lines<'_, W> {
    async fn add_all(&mut self, listed: BTreeMap<Position, Listed>) -> Result<(), KeptError> {
        for listed in listed.into_values() {
            self.add(listed).await?;
        }
        Ok(())
    }

    async fn add(&mut self, listed: Listed) -> Result<(), KeptError> {
        if !self.matches(&listed.entry) {
            return Ok(());
        }
        self.images += 1;
        // Writing to memory fails for no entry that was read.
        if serde_json::to_writer(&mut self.body, &listed).is_ok() {
            self.body.push(b'\n');
        }
        if self.body.len() < PIECE_BYTES {
            return Ok(());
        }
        self.send().await
    }

    fn matches(&self, entry: &Entry) -> bool {
        self.matching.is_none_or(|text| {
            let digits = text.to_ascii_lowercase();
            entry.file.contains(text) || entry.image.to_string().starts_with(&digits)
        })
    }

    async fn send(&mut self) -> Result<(), KeptError> {
        say_with_body(self.writer, &NodeMessage::Listing, &self.body).await?;
        self.body.clear();
        self.told = Instant::now();
        Ok(())
    }

    /// Lets the client know that the node goes on, though nothing has matched for a while.
    async fn show_life(&mut self) -> Result<(), KeptError> {
        if self.told.elapsed() >= LIFE_EVERY {
            say(self.writer, &NodeMessage::Chunk).await?;
            self.told = Instant::now();
        }
        Ok(())
    }

    /// Sends what is left; returns how many images there were.
    async fn finish(mut self) -> Result<u64, KeptError> {
        if !self.body.is_empty() {
            self.send().await?;
        }
        Ok(self.images)
    }
}
