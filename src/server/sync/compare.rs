//! Comparing catalogues with every peer at once, bucket by bucket where they differ.
//!
//! Marks of deletes are taken over on the way: once this has ended, nothing is fetched that any of
//! those who answered knows to be deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Sync;
use super::plan::Lack;
use crate::id::NodeId;
use crate::protocol::Summary;
use crate::server::context::Context;
use crate::server::surroundings::Surroundings;

/// How long a peer may take to show its catalogue in short.
///
/// It needs no disk for it. Whoever is slower is left to the next round, or everybody who answers
/// would wait for the one who is frozen.
const SUMMARY_TIME: Duration = Duration::from_secs(2);

/// What came of comparing with one peer.
#[derive(Debug)]
pub(super) struct Compared {
    /// What this node lacks of it.
    pub(super) lack: Lack,
    /// Whether the peer lacks nothing that it has forgotten.
    pub(super) complete: bool,
    /// Whether the peer knows all that was acknowledged.
    pub(super) abreast: bool,
    /// Whether the peer's disk was new when its process started.
    pub(super) new: bool,
}

impl Sync {
    /// Compares with every linked peer, and buries what any of them has buried.
    ///
    /// Says at once that the node is in sync when the leader has nothing more: that must not wait
    /// for a peer that is slow. `None` when the disk refuses.
    pub(super) async fn compare(
        &mut self,
        surroundings: &Surroundings,
    ) -> Option<BTreeMap<NodeId, Compared>> {
        let began = self.context.clock.now();
        let mine = self.context.on_disk(|store| Ok(store.summary())).await?.ok()?;
        let mine = Arc::new(mine);
        let mut asked = JoinSet::new();
        for &peer in &surroundings.linked {
            let (context, mine) = (Arc::clone(&self.context), Arc::clone(&mine));
            asked.spawn(async move { (peer, compare_with(&context, peer, &mine).await) });
        }
        let leader = surroundings.ballot.map(|ballot| ballot.id);
        let mut all = BTreeMap::new();
        while let Some(joined) = asked.join_next().await {
            let Ok((peer, Some(mut compared))) = joined else {
                continue;
            };
            let nothing = compared.lack.is_empty();
            self.bury(&mut compared.lack).await?;
            if nothing && leader == Some(peer) {
                let abreast = (compared.complete && compared.abreast).then_some(true);
                self.conclude(surroundings, began, (true, abreast)).await;
            }
            all.insert(peer, compared);
        }
        Some(all)
    }

    /// Takes over marks of deletes; `None` when the disk refuses.
    async fn bury(&self, lack: &mut Lack) -> Option<()> {
        let tombstones = std::mem::take(&mut lack.tombstones);
        if tombstones.is_empty() {
            return Some(());
        }
        let images: Vec<_> = tombstones.iter().map(|tombstone| tombstone.image).collect();
        let buried = self
            .context
            .on_disk(move |store| tombstones.iter().try_for_each(|tombstone| store.bury(tombstone)));
        buried.await?.ok()?;
        for image in images {
            self.context.lacks.repaired(image);
        }
        Some(())
    }
}

/// Asks a peer for what this node lacks; `None` when it does not answer.
async fn compare_with(context: &Context, peer: NodeId, mine: &Summary) -> Option<Compared> {
    let theirs = timeout(SUMMARY_TIME, context.data.summary(peer))
        .await
        .ok()?
        .ok()?;
    let mut lack = Lack::default();
    for bucket in mine.differing(&theirs) {
        let items = context.data.bucket(peer, bucket).await.ok()?;
        // Looked at after the peer's: what came meanwhile is not lacking.
        let kept = context.on_disk(move |store| store.bucket(bucket)).await?.ok()?;
        lack.add(Lack::between(&kept, items));
    }
    Some(Compared {
        lack,
        complete: theirs.complete,
        abreast: theirs.abreast,
        new: theirs.new,
    })
}
