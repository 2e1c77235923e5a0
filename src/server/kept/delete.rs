//! A delete: its mark brought to stable storage here, then everywhere at once.
//!
//! Here first: a mark that is nowhere on stable storage has never been made, so a disk that refuses
//! leaves the image as it was. After that the mark spreads whatever becomes of the request.

use std::time::Duration;

use tokio::io::AsyncWrite;

use super::others::{Others, Silence};
use super::say::{alive_until, say};
use super::{KeptError, Serving};
use crate::event::Fact;
use crate::id::{ImageId, NodeId};
use crate::protocol::frame::FrameWriter;
use crate::protocol::{Bury, CatalogueItem, NodeMessage, Tombstone};
use crate::server::data::answer::on_disk;
use crate::server::input::NodeInput;

/// How long the rest is waited for once a quorum has the mark, so that it counts too.
///
/// A disk that is as fast as the quorum's needs no more; a person does not notice it.
const REST_GRACE: Duration = Duration::from_millis(100);

impl Serving<'_> {
    /// Deletes an image of the user's.
    pub(super) async fn delete<W: AsyncWrite + Unpin>(
        &self,
        writer: &mut FrameWriter<W>,
        image: ImageId,
    ) -> Result<(), KeptError> {
        let buried = async {
            let tombstone = self.tombstone(image).await?;
            self.bury(tombstone).await
        };
        let copies = alive_until(buried, self.client_stall(), writer).await?;
        self.context.events.publish(Fact::Deleted {
            image,
            user: self.user.clone(),
            copies,
        });
        let members = self.context.config.cluster.members.len();
        say(writer, &NodeMessage::Deleted { copies, members }).await
    }

    /// Returns the mark of the delete: the one there is, or a new one for an image of the user's.
    async fn tombstone(&self, image: ImageId) -> Result<Tombstone, KeptError> {
        let known = self.look_up(image).await?;
        match known.item() {
            Some(item) if item.user() != self.user => Err(self.no_such_image(image)),
            Some(CatalogueItem::Tombstone(tombstone)) => Ok(tombstone.clone()),
            Some(CatalogueItem::Entry(_)) => Ok(Tombstone {
                image,
                user: self.user.clone(),
                deleted_ms: self.now_ms(),
            }),
            None => Err(self.no_such_image(image)),
        }
    }

    fn now_ms(&self) -> u64 {
        let now = self.context.clock.wall();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    /// Brings the mark to stable storage on a quorum; returns on how many nodes it is.
    async fn bury(&self, tombstone: Tombstone) -> Result<usize, KeptError> {
        let image = tombstone.image;
        let bury = Bury {
            tombstone,
            ballot: self.assignment.ballot,
        };
        let mark = bury.tombstone.clone();
        let here = on_disk(self.context, move |store| store.bury(&mark)).await;
        here.map_err(KeptError::Disk)?;
        let mut others = Others::ask(self.context, self.linked, |data, peer| {
            let bury = bury.clone();
            async move { data.bury(peer, &bury).await }
        });
        let marked = self.gather(&mut others).await;
        others.leave();
        let marked = match marked {
            Ok(marked) => self.still_enough(marked.len() + 1).await.map(|()| marked),
            Err(error) => Err(error),
        };
        let keepers = marked.as_ref().cloned().unwrap_or_default();
        if keepers.len() + 1 < self.context.config.cluster.members.len() {
            self.context.tell(NodeInput::Missed { image, keepers }).await;
        }
        marked.map(|marked| marked.len() + 1)
    }

    /// Waits for a quorum, then a little for the rest; returns who of the others has the mark.
    async fn gather(&self, others: &mut Others<()>) -> Result<Vec<NodeId>, KeptError> {
        let needed = self.assignment.quorum;
        let mut marked = Vec::new();
        let mut silence = Silence::default();
        loop {
            let enough = marked.len() + 1 >= needed;
            if enough {
                others.hurry(REST_GRACE);
            }
            match others.next().await {
                Some((peer, Ok(()))) => marked.push(peer),
                Some((_, Err(error))) => silence.note(error),
                None if enough => return Ok(marked),
                None => {
                    return Err(KeptError::NoQuorum {
                        counted: marked.len() + 1,
                        needed,
                        silence,
                    });
                }
            }
        }
    }
}
