//! A node whose store only reads: everybody is told, and others work and lead.

use super::*;
use crate::protocol::StatusReport;

fn state_of(report: &StatusReport, node: u16) -> Option<WorkerState> {
    let of = |turn: &&crate::protocol::RotationStatus| turn.node == id(node);
    report.rotation.iter().find(of).map(|turn| turn.state)
}

/// Three nodes that keep an image, once all of them take work; the last leads.
async fn healthy(cluster: &mut Cluster) -> [Started; 3] {
    let one = cluster.start(1, |store| keep(store, image(1), 100)).await;
    let two = cluster.start(2, |store| keep(store, image(1), 100)).await;
    let three = cluster.start(3, |store| keep(store, image(1), 100)).await;
    let active = |report: &StatusReport| {
        report.serving && (1..=3).all(|node| state_of(report, node) == Some(WorkerState::Active))
    };
    three.until(active).await;
    [one, two, three]
}

#[tokio::test]
async fn a_worker_whose_store_fails_says_so_once_and_gets_no_more_work() {
    let mut cluster = Cluster::new(3).await;
    let [one, _two, three] = healthy(&mut cluster).await;
    let mut told = one.events.subscribe();
    one.store.break_down();
    let fact = hear(&mut told, |fact| matches!(fact, Fact::StoreReadOnly { .. })).await;
    let Fact::StoreReadOnly { reason } = fact else {
        panic!("not that: {fact:?}");
    };
    assert!(reason.contains("could not sync"), "{reason}");
    let health = one.status().await.health;
    assert_eq!(health, StoreHealth::ReadOnly { reason });
    three
        .until(|report| state_of(report, 1) == Some(WorkerState::CatchingUp))
        .await;
    assert!(keeps(&one.store, image(1)), "it still reads");
    one.stop().await;
    loop {
        let event = told.recv().await.expect("told to the end");
        assert!(!matches!(event.fact, Fact::StoreReadOnly { .. }), "told twice");
        if event.fact == Fact::Stopping {
            return;
        }
    }
}

#[tokio::test]
async fn a_leader_whose_store_fails_hands_over_and_does_not_lead_again() {
    let mut cluster = Cluster::new(3).await;
    let [_one, two, three] = healthy(&mut cluster).await;
    three.store.break_down();
    let serving = two.until(|report| report.serving).await;
    assert_eq!(serving.leader(), Some(id(2)));
    let settled = |report: &StatusReport| {
        state_of(report, 1) == Some(WorkerState::Active)
            && state_of(report, 3) == Some(WorkerState::CatchingUp)
    };
    two.until(settled).await;
    assert_eq!(three.status().await.leader(), Some(id(2)));
}
