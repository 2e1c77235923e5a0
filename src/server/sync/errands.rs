//! What others say that this node missed: looked up and fetched at once, beside the rounds.
//!
//! A round may take as long as a catch-up does; an image that was just acknowledged without this node,
//! and the mark of a delete, do not wait for that. Each peer's are seen to by a task of their own, so
//! that one that is frozen holds up nobody else's. What comes to nothing is left to the next round.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::fetch::{Bringing, ROUND_TIME};
use super::plan::{Progress, Wanted};
use crate::id::{ImageId, NodeId};
use crate::protocol::CatalogueItem;
use crate::server::context::Context;

/// How many images wait for a peer that is busy with earlier ones before no more are taken.
const WAITING_MAX: usize = 1024;

/// How many images are fetched at a time for one peer's errand: most are of one image.
///
/// There is a task a peer at most, and a cluster has a handful of them.
pub(super) const FETCHES_MAX: usize = 2;

/// How far an errand has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    /// Whoever was to be asked has answered.
    AllThatThereIs,
    /// Some could not be asked: whole catalogues are to be compared.
    Unfinished,
}

/// Runs until it is dropped.
pub(super) async fn run(context: Arc<Context>) {
    let mut waiting: BTreeMap<NodeId, Vec<ImageId>> = BTreeMap::new();
    let mut busy = BTreeSet::new();
    let mut running = JoinSet::new();
    loop {
        for (peer, images) in waiting.extract_if(.., |peer, _| busy.insert(*peer)) {
            let context = Arc::clone(&context);
            running.spawn(async move { (peer, attend(&context, peer, images).await) });
        }
        // What finds no room here waits in `lacks`, which has a bound too.
        let has_room = waiting.values().map(Vec::len).sum::<usize>() < WAITING_MAX;
        tokio::select! {
            missed = context.lacks.named(), if has_room => {
                for (image, from) in missed {
                    waiting.entry(from).or_default().push(image);
                }
            }
            // A task that panicked has ended the process.
            Some(Ok((peer, done))) = running.join_next() => {
                busy.remove(&peer);
                if done == Done::Unfinished {
                    context.lacks.look_again();
                }
            }
        }
    }
}

/// Fetches what a peer says that this node missed; one that fails is asked no more.
async fn attend(context: &Arc<Context>, peer: NodeId, images: Vec<ImageId>) -> Done {
    let mut wanted = Wanted::default();
    let mut done = Done::AllThatThereIs;
    for &image in &images {
        match context.data.look_up(peer, image).await {
            Ok((Some(CatalogueItem::Entry(_)), _)) => wanted.add(peer, [image]),
            Ok((Some(CatalogueItem::Tombstone(tombstone)), _)) => {
                // A disk that refuses is asked again in the next round.
                let _ = context.on_disk(move |store| store.bury(&tombstone)).await;
                context.lacks.repaired(image);
            }
            // The next round finds it, if it is anywhere.
            Ok((None, _)) => {}
            Err(_) => {
                done = Done::Unfinished;
                break;
            }
        }
    }
    if wanted.len() > 0 {
        let bringing = Bringing {
            context,
            at_once: FETCHES_MAX,
            until: Instant::now() + ROUND_TIME,
        };
        let mut quiet = Progress::told(wanted.len());
        bringing.all(&mut wanted, &mut quiet).await;
    }
    if done == Done::AllThatThereIs {
        // What could not be had is still wanted; the next round settles it.
        let left: BTreeSet<ImageId> = wanted.images().into_iter().collect();
        let had = images.iter().filter(|image| !left.contains(image));
        had.for_each(|&image| context.lacks.settled(image));
    }
    done
}
