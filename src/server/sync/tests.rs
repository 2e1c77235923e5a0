//! Catching up: whole nodes whose directories differ, and nodes beside peers that misbehave.

use std::ops::Range;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::*;
use crate::event::{Event, WorkerState};
use crate::id::ImageId;
use crate::server::buffers::Buffers;
use crate::server::data::DataPool;
use crate::server::testing::{config, damage, entry, id, image, keep, no_faults, tombstone};
use crate::server::tests::{Started, bind_all, start_with};
use crate::store::Store;

mod broken;
mod failing;

/// Generous: a machine that is busy with other tests must not fail this one.
const PATIENCE: Duration = Duration::from_secs(30);

/// A length that takes two chunks and a rest.
const LARGE: usize = 600_000;

/// A cluster whose nodes can be started one by one, each over a store that is prepared.
struct Cluster {
    listeners: Vec<Option<TcpListener>>,
    ports: Vec<u16>,
    directory: tempfile::TempDir,
}

impl Cluster {
    async fn new(nodes: u16) -> Self {
        let (listeners, ports) = bind_all(nodes).await;
        Self {
            listeners: listeners.into_iter().map(Some).collect(),
            ports,
            directory: tempfile::tempdir().expect("a directory"),
        }
    }

    async fn start(&mut self, node: u16, prepare: impl FnOnce(&Store)) -> Started {
        let listener = self.listeners[usize::from(node) - 1].take();
        let config = config(node, &self.ports, &self.directory);
        start_with(config, listener.expect("starts once"), prepare).await
    }
}

fn keep_all(store: &Store, numbers: Range<u16>) {
    for number in numbers {
        keep(store, image(number), 100);
    }
}

fn keeps(store: &Store, image: ImageId) -> bool {
    let record = store.open_record(image).expect("readable");
    record.is_some_and(|record| record.verify().is_ok())
}

/// Waits for an event of a node.
async fn hear(events: &mut broadcast::Receiver<Arc<Event>>, wanted: impl Fn(&Fact) -> bool) -> Fact {
    let wait = async {
        loop {
            let fact = events.recv().await.expect("publishes").fact.clone();
            if wanted(&fact) {
                return fact;
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("in time")
}

/// Waits until what a node keeps is as wished.
async fn until_kept(node: &Started, wished: impl Fn(&Store) -> bool) {
    node.until(|_| wished(&node.store)).await;
}

#[tokio::test]
async fn two_directories_that_differ_become_one_and_tombstones_win() {
    let mut cluster = Cluster::new(2).await;
    let one = cluster.start(1, |store| {
        keep_all(store, 0..200);
        store.bury(&tombstone(image(250))).expect("buried");
        store.bury(&tombstone(image(400))).expect("buried");
        keep(store, image(1000), LARGE);
    });
    let one = one.await;
    let two = cluster.start(2, |store| {
        keep_all(store, 150..300);
        store.bury(&tombstone(image(10))).expect("buried");
        store.bury(&tombstone(image(160))).expect("buried");
    });
    let two = two.await;
    for node in [&one, &two] {
        // 300 small ones and a large one; of them 10, 160 and 250 were deleted.
        until_kept(node, |store| store.count() == 298).await;
        for deleted in [10, 160, 250] {
            assert!(!keeps(&node.store, image(deleted)));
        }
        assert!(keeps(&node.store, image(0)) && keeps(&node.store, image(299)));
        assert!(keeps(&node.store, image(1000)));
    }
    until_kept(&two, |store| {
        store.summary().differing(&one.store.summary()).count() == 0
    })
    .await;
}

#[tokio::test]
async fn a_node_takes_requests_and_leadership_only_once_it_has_caught_up() {
    let mut cluster = Cluster::new(3).await;
    let _one = cluster.start(1, |store| keep_all(store, 0..300)).await;
    let two = cluster.start(2, |store| keep_all(store, 0..300)).await;
    two.until(|report| report.serving).await;
    let mut told = two.events.subscribe();
    let three = cluster.start(3, |_| {}).await;
    let entered = |wanted: WorkerState| {
        move |fact: &Fact| {
            matches!(fact, Fact::RotationChanged { node, state, .. }
                if *node == id(3) && *state == wanted)
        }
    };
    hear(&mut told, entered(WorkerState::CatchingUp)).await;
    hear(&mut told, entered(WorkerState::Active)).await;
    assert_eq!(three.store.count(), 300, "it has everything when its turn comes");
    hear(
        &mut told,
        |fact| matches!(fact, Fact::HandoverStarted { ballot } if ballot.id == id(3)),
    )
    .await;
    three.until(|report| report.serving).await;
}

#[tokio::test]
async fn a_damaged_record_is_not_spread_and_is_repaired_from_a_good_one() {
    let mut cluster = Cluster::new(3).await;
    let two = cluster.start(2, |store| {
        keep(store, image(1), LARGE);
        damage(store, image(1));
    });
    let two = two.await;
    let mut told = two.events.subscribe();
    let one = cluster.start(1, |_| {}).await;
    let damaged = hear(&mut told, |fact| matches!(fact, Fact::RecordDamaged { .. })).await;
    let Fact::RecordDamaged { image: which, reason } = damaged else {
        panic!("not that: {damaged:?}");
    };
    assert_eq!(which, image(1));
    assert!(reason.contains("digest"), "{reason}");
    assert!(!keeps(&one.store, image(1)) && !keeps(&two.store, image(1)));

    let three = cluster.start(3, |store| keep(store, image(1), LARGE)).await;
    let repaired = Fact::RecordRepaired {
        image: image(1),
        peer: id(3),
    };
    assert_eq!(
        hear(&mut told, |fact| matches!(fact, Fact::RecordRepaired { .. })).await,
        repaired
    );
    until_kept(&one, |store| keeps(store, image(1))).await;
    assert!(keeps(&two.store, image(1)) && keeps(&three.store, image(1)));
}

#[tokio::test]
async fn an_image_of_which_every_copy_is_damaged_is_given_up_once_all_have_been_asked() {
    let mut cluster = Cluster::new(3).await;
    let rotten = |store: &Store| {
        keep(store, image(0), 100);
        keep(store, image(1), LARGE);
        damage(store, image(1));
    };
    let two = cluster.start(2, rotten).await;
    let mut told = two.events.subscribe();
    let three = cluster.start(3, rotten).await;
    let mut told_by_three = three.events.subscribe();
    let pool = DataPool::new(&config(1, &cluster.ports, &cluster.directory), no_faults());
    // Both have copies of their own, so node 2 is told by somebody who reads; it then asks node 3,
    // which finds out by being asked.
    let fetched = pool.fetch(id(2), image(1), &Buffers::default()).await;
    let mut fetch = fetched.expect("the damage is in the body");
    while let Ok(Some(_)) = fetch.chunk().await {}
    for events in [&mut told, &mut told_by_three] {
        hear(events, |fact| matches!(fact, Fact::RecordDamaged { .. })).await;
    }
    assert!(!pool.summary(id(2)).await.expect("answers").complete);
    // Node 1 might have it.
    let _one = cluster.start(1, |_| {}).await;
    for events in [&mut told, &mut told_by_three] {
        let lost = hear(events, |fact| matches!(fact, Fact::ImageLost { .. })).await;
        assert_eq!(lost, Fact::ImageLost { image: image(1) });
    }
    for node in [2, 3] {
        let (known, _) = pool.look_up(id(node), image(1)).await.expect("answers");
        assert_eq!(known, None);
    }
    until_kept(&two, |store| store.summary().complete).await;
    assert!(pool.summary(id(2)).await.expect("answers").complete);
}

#[tokio::test]
async fn a_wiped_directory_is_filled_again_and_is_not_complete_before() {
    let mut cluster = Cluster::new(3).await;
    let wiped = cluster.start(1, |_| {}).await;
    let two = cluster.start(2, |store| {
        keep_all(store, 0..50);
        store.complete().expect("written");
    });
    let _two = two.await;
    until_kept(&wiped, |store| store.count() == 50).await;
    // What it kept together with node 3 may still be missing.
    assert!(!wiped.store.summary().complete);
    let three = cluster.start(3, |store| {
        keep_all(store, 40..60);
        store.complete().expect("written");
    });
    let _three = three.await;
    until_kept(&wiped, |store| store.summary().complete).await;
    assert_eq!(wiped.store.count(), 60);
}

#[tokio::test]
async fn a_new_cluster_is_complete_as_soon_as_a_majority_has_met() {
    let mut cluster = Cluster::new(3).await;
    let one = cluster.start(1, |_| {}).await;
    let _two = cluster.start(2, |_| {}).await;
    until_kept(&one, |store| store.summary().complete).await;
}
