//! Uploads to three nodes that run in this process: what each of them keeps in the end.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;

use super::*;
use crate::event::{Fact, WorkerState};
use crate::id::{Ballot, Epoch, ImageId, RequestId};
use crate::protocol::{
    Assignment, Bury, CHUNK_BYTES, ErrorCode, Greeted, NodeError, StatusReport, Tombstone,
};
use crate::server::connection::STALL;
use crate::server::data::DataPool;
use crate::server::testing::{Caller, alice, client_hello, config, context, entry, id, no_faults};
use crate::server::tests::{Started, bind_all, start};
use crate::server::transfer::testing::{Sending, assigned, png};

/// Generous: a machine that is busy with other tests must not fail this one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Three nodes, of which the third leads.
struct Rig {
    nodes: Vec<Started>,
    directory: tempfile::TempDir,
}

async fn rig() -> Rig {
    let directory = tempfile::tempdir().expect("a directory");
    let nodes = start(3, &directory).await;
    let all_active = |report: &StatusReport| {
        let active = |node: &crate::protocol::RotationStatus| node.state == WorkerState::Active;
        report.serving && report.rotation.len() == 3 && report.rotation.iter().all(active)
    };
    nodes[2].until(all_active).await;
    let linked = |report: &StatusReport| report.peers.iter().all(|peer| peer.linked);
    for node in &nodes {
        node.until(linked).await;
    }
    Rig { nodes, directory }
}

impl Rig {
    /// Has the leader assign an image, and greets the node that is to take it.
    async fn assigned(&self, image: ImageId) -> (Caller, Assignment) {
        let (_, assignment) = assigned(self.nodes[2].port, image).await;
        let node = &self.nodes[usize::from(assignment.node.number()) - 1];
        let mut caller = Caller::call(node.port).await;
        assert!(matches!(caller.open(&client_hello()).await, Greeted::Welcome(_)));
        (caller, assignment)
    }

    async fn announce(&self, image: ImageId, body: Vec<u8>) -> Sending {
        let (caller, assignment) = self.assigned(image).await;
        Sending::announce(caller, image, assignment, body).await
    }

    /// The unfinished records of a node.
    fn unfinished(&self, node: usize) -> PathBuf {
        self.directory.path().join(format!("node-{node}/unfinished"))
    }

    fn count_unfinished(&self, node: usize) -> usize {
        std::fs::read_dir(self.unfinished(node)).map_or(0, Iterator::count)
    }

    /// Waits until every node writes so many records.
    async fn until_each_writes(&self, records: usize) {
        let wait = async {
            while !(1..=3).all(|node| self.count_unfinished(node) == records) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, wait).await.expect("in time");
    }

    async fn images(&self) -> Vec<u64> {
        let mut images = Vec::new();
        for node in &self.nodes {
            images.push(node.status().await.images);
        }
        images
    }
}

fn image() -> ImageId {
    ImageId::from_bytes([7; 16])
}

#[tokio::test]
async fn an_acknowledged_image_is_on_every_node() {
    let rig = rig().await;
    for (number, length) in (1..).zip([16, CHUNK_BYTES - 16, CHUNK_BYTES, 9 * CHUNK_BYTES + 5]) {
        let image = ImageId::from_bytes([number; 16]);
        let stored = rig.announce(image, png(length)).await.finish().await;
        assert_eq!((stored.copies, stored.members), (3, 3));
        assert_eq!(rig.images().await, [u64::from(number); 3]);
    }
    rig.until_each_writes(0).await;
}

#[tokio::test]
async fn a_client_that_goes_before_its_finish_leaves_nothing_on_any_node() {
    let rig = rig().await;
    let mut sending = rig.announce(image(), png(9 * CHUNK_BYTES)).await;
    sending.send(8 * CHUNK_BYTES).await;
    rig.until_each_writes(1).await;
    drop(sending);
    rig.until_each_writes(0).await;
    let mut whole = rig.announce(image(), png(1000)).await;
    whole.send(1000).await;
    rig.until_each_writes(1).await;
    drop(whole);
    rig.until_each_writes(0).await;
    assert_eq!(rig.images().await, [0; 3]);
}

#[tokio::test]
async fn a_peer_whose_disk_refuses_is_done_without_and_told() {
    let rig = rig().await;
    let mut sending = rig.announce(image(), png(9 * CHUNK_BYTES)).await;
    let mut events = rig.nodes[0].events.subscribe();
    std::fs::remove_dir(rig.unfinished(2)).expect("empty");
    let stored = sending.finish().await;
    assert_eq!(stored.copies, 2);
    let missed = async {
        loop {
            if let Fact::CopyMissed { image, peer } = events.recv().await.expect("publishes").fact {
                return (image, peer);
            }
        }
    };
    assert_eq!(
        timeout(PATIENCE, missed).await.expect("in time"),
        (image(), id(2))
    );
}

#[tokio::test]
async fn an_upload_without_a_quorum_of_disks_fails_and_says_why() {
    let rig = rig().await;
    let mut sending = rig.announce(image(), png(9 * CHUNK_BYTES)).await;
    for node in [2, 3] {
        std::fs::remove_dir(rig.unfinished(node)).expect("empty");
    }
    let refused: NodeError = sending.end().await.answer.expect_err("refused");
    assert!(
        refused.reason.contains("node 2 refuses") && refused.reason.contains("node 3 refuses"),
        "{refused}"
    );
    // Whether that was known before the commit began is a matter of luck; it is told which.
    let kept = match refused.code {
        ErrorCode::Storage => 0,
        ErrorCode::NoQuorum => 1,
        other => panic!("{other:?}: {refused}"),
    };
    assert_eq!(rig.images().await, [kept, 0, 0]);
    assert_eq!(rig.count_unfinished(1), 0);
}

#[tokio::test]
async fn a_copy_that_is_left_open_gives_way_to_the_next_attempt() {
    let rig = rig().await;
    let body = png(9 * CHUNK_BYTES);
    let mut frozen = rig.announce(image(), body.clone()).await;
    frozen.send(8 * CHUNK_BYTES).await;
    rig.until_each_writes(1).await;
    let stored = rig.announce(image(), body).await.finish().await;
    assert_eq!(stored.copies, 3);
    assert_eq!(rig.images().await, [1; 3]);
    drop(frozen);
}

#[tokio::test]
async fn an_older_attempt_that_comes_late_is_refused_and_takes_nobodys_place() {
    let rig = rig().await;
    let body = png(9 * CHUNK_BYTES);
    let (late, older) = rig.assigned(image()).await;
    let (long_gone, mut left_behind) = rig.assigned(image()).await;
    left_behind.ballot.epoch = Epoch(0);
    let mut newest = rig.announce(image(), body.clone()).await;
    newest.send(8 * CHUNK_BYTES).await;
    rig.until_each_writes(1).await;
    for (caller, assignment) in [(late, older), (long_gone, left_behind)] {
        let mut stale = Sending::announce(caller, image(), assignment, body.clone()).await;
        let refused = stale.end().await.answer.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::StaleAssignment, "{refused}");
    }
    assert_eq!(newest.finish().await.copies, 3);
}

#[tokio::test]
async fn an_image_that_one_node_knows_as_deleted_is_not_uploaded() {
    let rig = rig().await;
    let ports: Vec<u16> = rig.nodes.iter().map(|node| node.port).collect();
    let (_, assignment) = rig.assigned(ImageId::from_bytes([1; 16])).await;
    let mut sending = rig.announce(image(), png(3 * CHUNK_BYTES)).await;
    let Assignment { ballot, .. } = assignment;
    bury(&ports, &rig, ballot).await;
    let refused = sending.end().await.answer.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::NoSuchImage, "{refused}");
    assert!(refused.reason.contains("deleted"), "{refused}");
    // Where it was committed before that was known, the mark of the delete comes and wins.
    for node in &rig.nodes {
        node.until(|report| report.images == 0).await;
    }
}

/// Marks the image as deleted on node 3 alone.
async fn bury(ports: &[u16], rig: &Rig, ballot: Ballot) {
    let pool = DataPool::new(&config(1, ports, &rig.directory), no_faults());
    let tombstone = Tombstone {
        image: image(),
        user: alice(),
        deleted_ms: 1,
    };
    let mark = Bury { tombstone, ballot };
    pool.bury(id(3), &mark).await.expect("buried");
}

/// A node that leads nothing and follows nobody, two peers that take everything and say nothing,
/// and an image in hand.
struct Silence {
    context: Arc<Context>,
    _silent: Vec<TcpListener>,
    _directory: tempfile::TempDir,
}

impl Silence {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (silent, ports) = bind_all(3).await;
        let (context, _) = context(config(1, &ports, &directory));
        Self {
            context,
            _silent: silent,
            _directory: directory,
        }
    }

    fn lead(&self, ballot: Option<Ballot>) {
        self.context
            .surroundings
            .send_modify(|surroundings| surroundings.ballot = ballot);
    }

    /// Has a copy committed that is stored here at once, and is to be kept by one of the peers.
    async fn commit(&self) -> Result<Vec<NodeId>, TransferError> {
        let copy = Copy {
            entry: entry(image(), 3),
            ballot: Some(reign()),
            request: RequestId(1),
        };
        let (mut lender, mut work) = begin(&self.context, copy, &[id(2), id(3)], 1);
        let committed = async {
            lender.lend(&Bytes::from_static(b"abc")).await?;
            lender.commit(Digest::of(b"abc"), async { Ok(()) }).await
        };
        timeout(STALL / 2, work.beside(committed))
            .await
            .expect("long before they are given up as standing still")
    }

    fn spared(&self) -> BTreeSet<NodeId> {
        self.context.laggards.spared(Instant::now().into_std())
    }
}

fn reign() -> Ballot {
    Ballot {
        epoch: Epoch(1),
        id: id(1),
    }
}

#[tokio::test]
async fn peers_that_stand_still_are_left_when_somebody_was_spared() {
    let silence = Silence::new().await;
    silence.lead(Some(reign()));
    silence.context.laggards.lagged(id(3), Instant::now().into_std());
    let error = silence.commit().await.expect_err("nobody answers");
    assert!(matches!(error, TransferError::NoQuorum { .. }), "{error}");
    assert!(error.to_string().contains("node 2 stands still"), "{error}");
    // So the next attempt spares nobody: both are needed.
    assert_eq!(silence.spared(), [id(2), id(3)].into());
}

#[tokio::test]
async fn a_node_that_is_led_no_more_leaves_peers_that_stand_still() {
    let silence = Silence::new().await;
    silence.lead(Some(reign()));
    let deposed = async {
        while silence.context.surroundings.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        silence.lead(None);
    };
    let (committed, ()) = tokio::join!(silence.commit(), deposed);
    let error = committed.expect_err("nobody answers");
    assert!(matches!(error, TransferError::NoQuorum { .. }), "{error}");
}
