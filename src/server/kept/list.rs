//! A list: what is kept here in pages, corrected by what the others keep differently.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::recent::{self, ASKED_MAX};
use super::say::{alive_until, say, say_with_body};
use super::survey::{Position, Survey, position};
use super::{KeptError, Serving};
use crate::event::Fact;
use crate::id::{ImageId, NodeId};
use crate::protocol::frame::FrameWriter;
use crate::protocol::{BucketDigest, Entry, Listed, NodeMessage};
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
        let survey = alive_until(self.survey(), self.client_stall(), writer).await?;
        let counted = survey.counted();
        let images = self.list_surveyed(survey, writer, matching).await?;
        let end = NodeMessage::EndOfList {
            images,
            nodes: counted,
            members: self.context.config.cluster.members.len(),
        };
        say(writer, &end).await?;
        let user = self.user.clone();
        self.context.events.publish(Fact::Listed { user, images });
        Ok(())
    }

    /// Sends everything but the end of a list; returns how many images there were.
    pub(super) async fn list_surveyed<W: AsyncWrite + Unpin>(
        &self,
        mut survey: Survey,
        writer: &mut FrameWriter<W>,
        matching: Option<&str>,
    ) -> Result<u64, KeptError> {
        let mut only_there = survey.take_only_there();
        let mut lines = Lines {
            writer,
            matching,
            body: Vec::new(),
            images: 0,
            told: Instant::now(),
        };
        let mut sources = Sources {
            serving: self,
            survey,
            asked: 0,
        };
        let mut after = None;
        loop {
            let (page, now) = self.page(after).await?;
            after = page.last().map(|entry| (entry.created_ms, entry.image));
            let is_last = page.len() < PAGE_IMAGES;
            let known = alive_until(
                async { Ok(sources.of(&page, &now).await) },
                self.client_stall(),
                lines.writer,
            )
            .await?;
            for entry in page {
                lines.add_all(newer(&mut only_there, &entry)).await?;
                if let Some(nodes) = known.get(&entry.image) {
                    let nodes = nodes.clone();
                    lines.add(Listed { entry, nodes }).await?;
                }
            }
            if is_last {
                break;
            }
            lines.show_life().await?;
        }
        lines.add_all(only_there).await?;
        lines.finish().await
    }

    /// Returns the next images here, and what is kept here once they have been read, by bucket.
    async fn page(
        &self,
        after: Option<(u64, ImageId)>,
    ) -> Result<(Vec<Entry>, Vec<BucketDigest>), KeptError> {
        let user = self.user.clone();
        let page = on_disk(self.context, move |store| {
            // In this order: what is on the page is in the digests.
            let page = store.list(&user, after, PAGE_IMAGES)?;
            Ok((page, store.summary().buckets))
        });
        page.await.map_err(KeptError::Disk)
    }
}

/// Who knows which nodes keep what is listed.
struct Sources<'a> {
    serving: &'a Serving<'a>,
    survey: Survey,
    /// How many images were asked after because they may have come since the survey.
    asked: usize,
}

impl Sources<'_> {
    /// Returns the nodes that keep each image of a page, without those that are deleted.
    async fn of(&mut self, page: &[Entry], now: &[BucketDigest]) -> BTreeMap<ImageId, Vec<NodeId>> {
        let unsure = recent::unsure(page, self.survey.here(), now);
        let ask = unsure.iter().copied().take(ASKED_MAX - self.asked).collect();
        let recent = self.serving.ask_after(&self.survey.answered(), ask).await;
        self.asked += recent.len();
        let images = page.iter().map(|entry| entry.image);
        let left = images.filter(|&image| !self.survey.is_buried(image) && !recent.is_buried(image));
        left.map(|image| {
            let others = if unsure.contains(&image) {
                recent.holders(image)
            } else {
                self.survey.holders(image).collect()
            };
            (image, self.with_this_node(others))
        })
        .collect()
    }

    fn with_this_node(&self, mut nodes: Vec<NodeId>) -> Vec<NodeId> {
        nodes.push(self.serving.context.config.id);
        nodes.sort();
        nodes
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::id::{Ballot, Epoch, RequestId};
    use crate::protocol::Assignment;
    use crate::protocol::frame::FrameReader;
    use crate::server::testing::{alice, config, context, id, image, keep, tombstone};
    use crate::server::tests::{bind_all, start_with};
    use crate::store::Store;

    /// Reads the lines of a list.
    async fn lines(written: Vec<u8>) -> Vec<Listed> {
        let mut reader = FrameReader::new(written.as_slice());
        let mut lines = Vec::new();
        while let Some(message) = reader.message::<NodeMessage>().await.expect("readable") {
            assert_eq!(message, NodeMessage::Listing);
            let mut body = vec![0; usize::try_from(reader.body_left()).expect("small")];
            let read = reader.body(&mut body).await.expect("readable");
            assert_eq!(read, body.len());
            let listed = serde_json::Deserializer::from_slice(&body).into_iter();
            lines.extend(listed.map(|line: Result<Listed, _>| line.expect("a line")));
        }
        lines
    }

    #[tokio::test]
    async fn what_comes_while_it_is_listed_is_on_the_nodes_that_say_so() {
        let (mut listeners, ports) = bind_all(2).await;
        let directory = tempfile::tempdir().expect("a directory");
        let listener: TcpListener = listeners.remove(1);
        let prepare = |store: &Store| {
            keep(store, image(1), 100);
            store.complete().expect("written");
        };
        let other = start_with(config(2, &ports, &directory), listener, prepare);
        let other = other.await;
        let (context, _inputs) = context(config(1, &ports, &directory));
        prepare(&context.store);
        let ballot = Ballot {
            epoch: Epoch(1),
            id: id(1),
        };
        let serving = Serving {
            user: &alice(),
            assignment: Assignment {
                ballot,
                request: RequestId(1),
                node: id(1),
                quorum: 2,
                stall_ms: 10_000,
            },
            linked: &[id(2)],
            abreast: true,
            context: &context,
        };
        let survey = serving.survey().await.expect("asked");
        for number in 2..=4 {
            keep(&context.store, image(number), 100);
        }
        keep(&other.store, image(3), 100);
        other.store.bury(&tombstone(image(4))).expect("buried");
        let mut written = Vec::new();
        let mut writer = FrameWriter::new(&mut written);
        let listed = serving.list_surveyed(survey, &mut writer, None).await;
        assert_eq!(listed.expect("listed"), 3);
        let nodes: BTreeMap<ImageId, Vec<NodeId>> = lines(written)
            .await
            .into_iter()
            .map(|line| (line.entry.image, line.nodes))
            .collect();
        let expected = [(1, vec![id(1), id(2)]), (2, vec![id(1)]), (3, vec![id(1), id(2)])];
        assert_eq!(
            nodes,
            expected.map(|(number, nodes)| (image(number), nodes)).into()
        );
    }
}
