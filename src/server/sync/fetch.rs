//! Bringing what is lacking: several images at a time, each from whoever has it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Sync;
use super::plan::{Progress, Wanted};
use crate::event::Fact;
use crate::id::{ImageId, NodeId};
use crate::protocol::CatalogueItem;
use crate::server::context::Context;
use crate::server::data::DataError;
use crate::server::disk::{Disk, DiskError};
use crate::store::{RecordHeader, StoreError};

/// How many images a round fetches at a time.
///
/// Small ones wait for syncs more than for bytes, and syncs go side by side.
pub(super) const FETCHES_MAX: usize = 16;

/// For how long a round begins to fetch images; the next one follows at once.
///
/// What has changed meanwhile waits so long at most, and for what is on its way: peers that came
/// back, and what they have.
pub(super) const ROUND_TIME: Duration = Duration::from_secs(10);

/// What came of fetching one image from one peer.
#[derive(Debug)]
enum Outcome {
    /// It is kept.
    Kept,
    /// It is no miss: it is arriving, or kept, or deleted.
    Needless,
    /// The peer has no good copy of it.
    NoneThere,
    /// The peer does not answer.
    PeerFailed,
    /// This node cannot keep it.
    Refused,
}

/// Why a fetch came to nothing.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Sync {
    /// Fetches what a round found to be lacking; what is left could not be had, or not in time.
    pub(super) async fn bring(&self, wanted: &mut Wanted, progress: &mut Progress) {
        let bringing = Bringing {
            context: &self.context,
            at_once: FETCHES_MAX,
            until: Instant::now() + ROUND_TIME,
        };
        bringing.all(wanted, progress).await;
    }
}

/// A way to fetch images.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bringing<'a> {
    pub(super) context: &'a Arc<Context>,
    /// How many are on their way at a time.
    pub(super) at_once: usize,
    /// When no further one is begun.
    pub(super) until: Instant,
}

impl Bringing<'_> {
    /// Fetches all that is wanted, as far as it can be had; what is left when the time is over is
    /// for another round, which is asked for.
    pub(super) async fn all(self, wanted: &mut Wanted, progress: &mut Progress) {
        let mut waiting = self.really_lacking(wanted).await;
        self.tell_progress(wanted, progress);
        // What one peer could not bring another is asked for at once, however late it is.
        let mut again = Vec::new();
        let mut fetching = JoinSet::new();
        loop {
            while fetching.len() < self.at_once
                && let Some(image) = again.pop().or_else(|| self.has_time().then(|| waiting.pop())?)
            {
                let holder = wanted.holder(image);
                self.context.lacks.asked(image, holder);
                if let Some(peer) = holder {
                    let context = Arc::clone(self.context);
                    fetching.spawn(async move { (image, peer, fetch(&context, image, peer).await) });
                }
            }
            let Some(joined) = fetching.join_next().await else {
                break;
            };
            let Ok((image, peer, outcome)) = joined else {
                continue;
            };
            match outcome {
                Outcome::Kept => {
                    wanted.settle(image);
                    self.tell_progress(wanted, progress);
                }
                Outcome::Needless => wanted.settle(image),
                Outcome::NoneThere => {
                    wanted.has_none(peer, image);
                    again.push(image);
                }
                Outcome::PeerFailed => {
                    wanted.has_failed(peer);
                    again.push(image);
                }
                // A full disk takes the next no better; the round that follows tries again.
                Outcome::Refused => waiting.clear(),
            }
        }
        if !waiting.is_empty() {
            self.context.lacks.look_again();
        }
    }

    fn has_time(self) -> bool {
        Instant::now() < self.until
    }

    /// Takes out what is arriving or has come meanwhile; returns the rest.
    async fn really_lacking(&self, wanted: &mut Wanted) -> Vec<ImageId> {
        let images = wanted.images();
        if images.is_empty() {
            return images;
        }
        let looked = self.context.on_disk(move |store| {
            // In this order: what stops arriving between the two questions is kept.
            let lacking =
                |&image: &ImageId| !store.is_arriving(image) && is_lost(store.look_up(image).as_ref());
            Ok(images.into_iter().partition::<Vec<_>, _>(lacking))
        });
        let Some(Ok((lacking, known))) = looked.await else {
            return Vec::new();
        };
        for image in known {
            wanted.settle(image);
        }
        lacking
    }

    fn tell_progress(&self, wanted: &Wanted, progress: &mut Progress) {
        if let Some(missing) = progress.tell(wanted.len()) {
            self.context.events.publish(Fact::CatchingUp { missing });
        }
    }
}

/// Says whether an image is not kept, or by a record that is of no use.
pub(super) fn is_lost(known: Result<&Option<CatalogueItem>, &StoreError>) -> bool {
    match known {
        Ok(known) => known.is_none(),
        Err(StoreError::Record { source, .. }) => source.is_damage(),
        // Whether it is kept is not known: the next round asks again.
        Err(_) => false,
    }
}

/// Fetches one image from one peer.
async fn fetch(context: &Context, image: ImageId, peer: NodeId) -> Outcome {
    match copy_from(context, image, peer).await {
        Ok(()) => Outcome::Kept,
        Err(FetchError::Data(error)) if error.is_of_the_image() => Outcome::NoneThere,
        Err(FetchError::Data(_)) => Outcome::PeerFailed,
        Err(FetchError::Disk(DiskError::Damaged { .. })) => Outcome::NoneThere,
        Err(FetchError::Disk(DiskError::Store(
            StoreError::InProgress(_) | StoreError::Conflict(_) | StoreError::Buried(_),
        ))) => Outcome::Needless,
        Err(FetchError::Disk(DiskError::Store(_) | DiskError::Silent | DiskError::CommitUnknown)) => {
            Outcome::Refused
        }
    }
}

/// Writes an image to the disk while it comes; keeps it only if it is what the peer read.
async fn copy_from(context: &Context, image: ImageId, peer: NodeId) -> Result<(), FetchError> {
    let mut coming = context.data.fetch(peer, image, &context.buffers).await?;
    let entry = coming.entry().clone();
    let body_bytes = entry.body_bytes;
    let header = RecordHeader::of(entry, context.config.cluster.name.clone());
    let mut disk = Disk::begin(&context.store, header, body_bytes);
    while let Some(chunk) = coming.chunk().await? {
        disk.write(chunk).await?;
    }
    let digest = coming.whole().await?;
    disk.commit_as(digest).await?;
    Ok(())
}
