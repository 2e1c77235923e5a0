//! How what the others keep for a user differs from what this node keeps.
//!
//! Catalogues are compared in short first, and only buckets that differ are read: a survey of a
//! cluster in sync costs one question a node, whatever is kept. What stays in memory is what
//! differs and is the user's.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::others::{Others, Silence};
use super::{KeptError, Serving};
use crate::id::{ImageId, NodeId};
use crate::protocol::{BucketDigest, CatalogueItem, Entry, Listed, Summary};
use crate::server::data::answer::on_disk;

/// How long the rest is waited for once a quorum has answered, so that a list names it too.
const REST_GRACE: Duration = Duration::from_millis(50);

/// Where an image stands in a list: newest first, and those of one moment by their ids.
pub(super) type Position = Reverse<(u64, ImageId)>;

/// Returns where an image stands in a list.
pub(super) const fn position(entry: &Entry) -> Position {
    Reverse((entry.created_ms, entry.image))
}

/// How what the others keep differs.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The other nodes that answered, and whether their not knowing something says anything.
    answered: BTreeMap<NodeId, bool>,
    /// Whether this node's not knowing something does.
    complete_here: bool,
    /// What was kept here, by bucket.
    here: Vec<BucketDigest>,
    /// What is kept here and not there.
    lacks: BTreeSet<(NodeId, ImageId)>,
    /// What is kept there and not here.
    only_there: BTreeMap<Position, Listed>,
    /// What is kept here and deleted there.
    buried: BTreeSet<ImageId>,
    silence: Silence,
}

impl Survey {
    /// Returns how many nodes count, this one included.
    pub(super) fn counted(&self) -> usize {
        let others = self.answered.values().filter(|&&complete| complete);
        others.count() + usize::from(self.complete_here)
    }

    /// Says whether an image that is kept here was deleted.
    pub(super) fn is_buried(&self, image: ImageId) -> bool {
        self.buried.contains(&image)
    }

    /// Returns the other nodes that keep an image that is kept here.
    pub(super) fn holders(&self, image: ImageId) -> impl Iterator<Item = NodeId> {
        let answered = self.answered.keys().copied();
        answered.filter(move |&node| !self.lacks.contains(&(node, image)))
    }

    /// Returns the other nodes that answered.
    pub(super) fn answered(&self) -> Vec<NodeId> {
        self.answered.keys().copied().collect()
    }

    /// Returns what was kept here when it was made, by bucket.
    pub(super) fn here(&self) -> &[BucketDigest] {
        &self.here
    }

    /// Takes out the images that are kept on other nodes only, newest first.
    pub(super) fn take_only_there(&mut self) -> BTreeMap<Position, Listed> {
        std::mem::take(&mut self.only_there)
    }
}

impl Serving<'_> {
    /// Compares what a quorum keeps with what is kept here.
    ///
    /// # Errors
    ///
    /// When too few nodes could be asked that have caught up, or when this node's disk refuses.
    pub(super) async fn survey(&self) -> Result<Survey, KeptError> {
        let mut survey = Survey::default();
        let here = on_disk(self.context, |store| Ok(store.summary())).await;
        let here = here.map_err(KeptError::Disk)?;
        survey.complete_here = here.complete && self.counts() && !self.context.lacks.any_set_aside();
        if !survey.complete_here {
            let me = self.context.config.id;
            survey.silence.note(format_args!("node {me} has not caught up"));
        }
        let summaries = self.summaries(&mut survey).await;
        for bucket in 0..=u8::MAX {
            let differs = |(node, there): (&NodeId, &Summary)| {
                let differ = here.buckets.get(usize::from(bucket)) != there.buckets.get(usize::from(bucket));
                (differ && survey.answered.contains_key(node)).then_some(*node)
            };
            let nodes: Vec<NodeId> = summaries.iter().filter_map(differs).collect();
            if !nodes.is_empty() {
                self.compare(bucket, nodes, &mut survey).await?;
            }
        }
        let (counted, needed) = (survey.counted(), self.assignment.quorum);
        if counted < needed {
            let silence = survey.silence;
            return Err(KeptError::NoQuorum {
                counted,
                needed,
                silence,
            });
        }
        self.still_enough(counted).await?;
        survey.here = here.buckets;
        let buried = std::mem::take(&mut survey.buried);
        survey
            .only_there
            .retain(|_, listed| !buried.contains(&listed.entry.image));
        survey.buried = buried;
        Ok(survey)
    }

    async fn summaries(&self, survey: &mut Survey) -> BTreeMap<NodeId, Summary> {
        let mut others = Others::ask(self.context, self.linked, |data, peer| async move {
            data.summary(peer).await
        });
        let mut summaries = BTreeMap::new();
        loop {
            if survey.counted() >= self.assignment.quorum {
                others.hurry(REST_GRACE);
            }
            match others.next().await {
                Some((peer, Ok(summary))) => {
                    if !summary.complete {
                        survey.silence.note(format_args!("node {peer} has not caught up"));
                    }
                    survey.answered.insert(peer, summary.complete);
                    summaries.insert(peer, summary);
                }
                Some((_, Err(error))) => survey.silence.note(error),
                None => break,
            }
        }
        others.leave();
        summaries
    }

    /// Compares a bucket in which these nodes differ; one that does not answer counts no more.
    async fn compare(&self, bucket: u8, nodes: Vec<NodeId>, survey: &mut Survey) -> Result<(), KeptError> {
        let mut others = Others::ask(self.context, &nodes, |data, peer| async move {
            data.bucket(peer, bucket).await
        });
        let here = on_disk(self.context, move |store| store.bucket(bucket)).await;
        let here = self.users(here.map_err(KeptError::Disk)?);
        let mut silent: BTreeSet<NodeId> = nodes.into_iter().collect();
        while let Some((peer, answer)) = others.next().await {
            match answer {
                Ok(items) => {
                    silent.remove(&peer);
                    survey.add(peer, &here, self.users(items));
                }
                Err(error) => survey.silence.note(error),
            }
        }
        survey.answered.retain(|node, _| !silent.contains(node));
        Ok(())
    }

    /// Keeps what is or was the user's.
    fn users(&self, items: Vec<CatalogueItem>) -> BTreeMap<ImageId, CatalogueItem> {
        let users = items.into_iter().filter(|item| item.user() == self.user);
        users.map(|item| (item.image(), item)).collect()
    }
}

impl Survey {
    fn add(
        &mut self,
        peer: NodeId,
        here: &BTreeMap<ImageId, CatalogueItem>,
        mut there: BTreeMap<ImageId, CatalogueItem>,
    ) {
        for (&image, item) in here {
            match (item, there.remove(&image)) {
                (CatalogueItem::Tombstone(_), _)
                | (CatalogueItem::Entry(_), Some(CatalogueItem::Tombstone(_))) => {
                    self.buried.insert(image);
                }
                (CatalogueItem::Entry(_), Some(CatalogueItem::Entry(_))) => {}
                (CatalogueItem::Entry(_), None) => {
                    self.lacks.insert((peer, image));
                }
            }
        }
        for (image, item) in there {
            match item {
                CatalogueItem::Tombstone(_) => {
                    self.buried.insert(image);
                }
                CatalogueItem::Entry(entry) => {
                    let position = position(&entry);
                    let listed = self.only_there.entry(position).or_insert_with(|| Listed {
                        entry,
                        nodes: Vec::new(),
                    });
                    listed.nodes.push(peer);
                    listed.nodes.sort();
                }
            }
        }
    }
}
