//! Keeps this node's catalogue the union of everybody's: catching up, being in sync, repairs.
//!
//! ```text
//!   link up, reign begins ---+                        per peer: Summary, then Bucket where they differ
//!   record set aside --------+--> round: compare ----> bury what is marked there
//!   every few seconds -------+           fetch -----> several at a time, from whoever has each
//!   Missed{image} ---> errands --------> fetch        that one alone, beside the round
//!                                        conclude --> in sync? complete? --> the node's task
//! ```
//!
//! Owns when to look and what to conclude; `plan` decides what is lacking, `compare` asks, `fetch`
//! brings it, for so long at a time; `errands` waits for no round. Decides nothing about who leads.
//!
//! Invariants: catalogues are sets, their union counts, and a tombstone wins. An image that is
//! arriving by an upload is left to it. What is found damaged is never spread: the digest is
//! compared before anything is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use self::compare::Compared;
use self::plan::{Pause, Progress, Wanted};
use super::context::Context;
use super::input::{FoundSync, NodeInput};
use super::surroundings::Surroundings;
use crate::config::NODES_MAX;
use crate::event::Fact;
use crate::id::{Ballot, NodeId};
use crate::protocol::StoreHealth;
use crate::time::Time;

mod compare;
mod errands;
mod fetch;
mod lacks;
mod lost;
mod plan;
#[cfg(test)]
mod tests;

pub(crate) use lacks::{Lacks, Suspicion};

/// How many images a node may lack and still be in sync.
///
/// Who keeps up misses one now and then and is told so; who lacks more than is in flight was away.
const BEHIND_MAX: usize = 64;

/// How many images are on their way at once by fetches, at most: of a round, and of errands of each
/// peer.
pub(crate) const FETCHES_AT_ONCE: usize =
    fetch::FETCHES_MAX + (NODES_MAX as usize - 1) * errands::FETCHES_MAX;

/// Runs until the node stops.
pub(crate) async fn run(context: Arc<Context>) {
    let stopping = context.stopping.clone();
    let mut sync = Sync::new(context);
    tokio::select! {
        () = sync.work() => {}
        () = stopping.cancelled() => {}
    }
}

/// The task and what it remembers from round to round.
#[derive(Debug)]
struct Sync {
    context: Arc<Context>,
    surroundings: watch::Receiver<Surroundings>,
    /// Complete peers of whose catalogue nothing was lacking after some round.
    caught_up_with: BTreeSet<NodeId>,
    /// Whether the store is known to lack nothing that an earlier life of its directory kept.
    complete: bool,
    /// The reign in which being in sync was told as a fact.
    told: Option<Ballot>,
    /// Whether catching up was told as a fact, and not yet that it is over.
    owes_the_end: bool,
}

/// Waits until the node leads or follows in another reign than before.
async fn another_reign(surroundings: &mut watch::Receiver<Surroundings>, before: Option<Ballot>) {
    let is_another = |now: &Surroundings| now.ballot.is_some() && now.ballot != before;
    // The context holds the sender, so this cannot fail.
    let _ = surroundings.wait_for(is_another).await;
}

impl Sync {
    fn new(context: Arc<Context>) -> Self {
        Self {
            surroundings: context.surroundings.subscribe(),
            context,
            caught_up_with: BTreeSet::new(),
            complete: false,
            told: None,
            owes_the_end: false,
        }
    }

    async fn work(&mut self) {
        let errands = errands::run(Arc::clone(&self.context));
        tokio::select! {
            () = self.rounds() => {}
            () = errands => {}
        }
    }

    async fn rounds(&mut self) {
        let mut surroundings = self.surroundings.clone();
        let mut pause = Pause::default();
        loop {
            // What a reign knows of this node begins anew with it: nothing of an earlier one is
            // worth waiting for, least of all a peer that has been frozen since.
            let looked_in = surroundings.borrow_and_update().ballot;
            tokio::select! {
                settled = self.round() => {
                    pause = pause.after(settled || looked_in.is_none());
                    self.rest(pause).await;
                }
                () = another_reign(&mut surroundings, looked_in) => pause = Pause::default(),
            }
        }
    }

    /// Waits until there is a reason to look again.
    async fn rest(&mut self, pause: Pause) {
        tokio::select! {
            // The context holds the sender, so this cannot fail.
            _ = self.surroundings.changed() => {}
            () = self.context.lacks.more() => {}
            () = sleep(pause.span()) => {}
        }
    }

    /// Compares with everybody who is there, and brings what is lacking; says whether the node is in
    /// sync now.
    async fn round(&mut self) -> bool {
        let surroundings = self.surroundings.borrow_and_update().clone();
        let damaged = self.context.lacks.all_set_aside();
        let missed = self.context.lacks.missed_so_far();
        let began = self.context.clock.now();
        let Some(mut compared) = self.compare(&surroundings).await else {
            return false;
        };
        let mut wanted = Wanted::default();
        for (&peer, found) in &mut compared {
            wanted.add(peer, std::mem::take(&mut found.lack.images));
        }
        self.give_up_lost(damaged, &compared, &wanted).await;
        if wanted.len() > BEHIND_MAX {
            self.conclude(&surroundings, began, (false, Some(false))).await;
        }
        let mut progress = Progress::default();
        self.bring(&mut wanted, &mut progress).await;
        self.note_repaired().await;
        for (&peer, found) in &compared {
            if found.complete && !wanted.lacks_of(peer) {
                self.caught_up_with.insert(peer);
            }
        }
        self.note_complete(&compared, &wanted).await;
        let in_sync = self.is_in_sync(&surroundings, &compared, &wanted);
        if in_sync {
            let abreast = self.is_abreast(&compared, &wanted);
            if abreast {
                self.context.lacks.settled_until(missed);
            }
            self.owes_the_end |= progress.has_told();
            self.conclude(&surroundings, began, (true, abreast.then_some(true)))
                .await;
        }
        in_sync
    }

    /// Says whether nothing is lacking of what the leader keeps; of what all keep, if this node leads.
    fn is_in_sync(
        &self,
        surroundings: &Surroundings,
        compared: &BTreeMap<NodeId, Compared>,
        wanted: &Wanted,
    ) -> bool {
        let has_all_of = |peer: &NodeId| compared.contains_key(peer) && !wanted.lacks_of(*peer);
        match surroundings.ballot {
            Some(ballot) if ballot.id == self.context.config.id => surroundings.linked.iter().all(has_all_of),
            Some(ballot) => has_all_of(&ballot.id),
            None => false,
        }
    }

    /// Says whether this node knows all that was acknowledged: it has all of a majority, itself
    /// counted, or of one node that does.
    fn is_abreast(&self, compared: &BTreeMap<NodeId, Compared>, wanted: &Wanted) -> bool {
        let mut has_all_of = compared
            .iter()
            .filter(|(peer, found)| found.complete && !wanted.lacks_of(**peer));
        let majority = self.context.config.cluster.members.majority();
        has_all_of.clone().count() + usize::from(self.complete) >= majority
            || has_all_of.any(|(_, found)| found.abreast)
    }

    /// Tells the node's task whether it is in sync in the reign in which it looked, and abreast, if
    /// that was found out.
    async fn conclude(
        &mut self,
        surroundings: &Surroundings,
        began: Time,
        (in_sync, abreast): (bool, Option<bool>),
    ) {
        let Some(ballot) = surroundings.ballot else {
            return;
        };
        // A store that only reads keeps what there is, and nothing that comes.
        let writes = self.context.store.health() == StoreHealth::Ok;
        let found = FoundSync {
            began,
            in_sync: in_sync && writes,
            abreast,
        };
        let follows = ballot.id != self.context.config.id;
        if found.in_sync {
            let in_another_reign = self.told.replace(ballot) != Some(ballot);
            if std::mem::take(&mut self.owes_the_end) || (follows && in_another_reign) {
                self.context.events.publish(Fact::InSync { ballot });
            }
        }
        self.context.tell(NodeInput::InSync { ballot, found }).await;
    }

    /// Tells the store once nothing can be lacking any more that an earlier life of it kept.
    async fn note_complete(&mut self, compared: &BTreeMap<NodeId, Compared>, wanted: &Wanted) {
        if self.complete {
            return;
        }
        let members = self.context.config.cluster.members.len();
        let knows_all =
            |(peer, found): (&NodeId, &Compared)| found.complete && found.abreast && !wanted.lacks_of(*peer);
        let as_new = compared
            .iter()
            .filter(|(peer, found)| found.new && !wanted.lacks_of(**peer));
        let complete = plan::is_complete(members, self.caught_up_with.len(), as_new.count())
            || compared.iter().any(knows_all);
        let on_disk = self.context.on_disk(move |store| {
            if store.summary().complete {
                return Ok(true);
            }
            if complete {
                store.complete()?;
            }
            Ok(complete)
        });
        // A disk that refuses is asked again in the next round.
        self.complete = matches!(on_disk.await, Some(Ok(true)));
    }

    /// Looks which damaged records are kept again, or deleted.
    ///
    /// Not told by whoever fetched them: a reign that ends cuts the fetch, but not its last commit.
    pub(super) async fn note_repaired(&self) {
        for image in self.context.lacks.all_set_aside() {
            let known = self.context.on_disk(move |store| store.look_up(image)).await;
            if matches!(known, Some(Ok(Some(_))))
                && let Some(peer) = self.context.lacks.repaired(image)
            {
                self.context.events.publish(Fact::RecordRepaired { image, peer });
            }
        }
    }
}
