//! Watching a cluster that runs by itself, as `heirloom attach` does.

use std::collections::BTreeMap;

use heirloom::client::watch::Watcher;
use heirloom::config::{ClusterConfig, Members};
use heirloom::event::Fact;
use heirloom::id::NodeId;
use heirloom::protocol::Contact;
use rustix::process::Signal;
use tokio::time::timeout;

use crate::harness::{PATIENCE, TestCluster};

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn watch(cluster: &TestCluster, count: u16) -> Watcher {
    let address = |number| cluster.address(number).parse().expect("an address");
    let members: BTreeMap<_, _> = (1..=count).map(|number| (id(number), address(number))).collect();
    Watcher::start(&ClusterConfig {
        name: "heirloom".parse().expect("a name"),
        members: Members::new(members).expect("members"),
    })
}

/// Waits for what `wanted` wants of a node, whatever comes in between.
async fn until<T>(watcher: &mut Watcher, node: u16, wanted: impl Fn(Contact) -> Option<T>) -> T {
    let waiting = async {
        loop {
            let (of, contact) = watcher.next().await;
            if of == id(node)
                && let Some(found) = wanted(contact)
            {
                return found;
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("in time")
}

/// Waits until a node is reached; returns its process.
async fn reached(watcher: &mut Watcher, node: u16) -> u32 {
    let pid = |contact| match contact {
        Contact::Reached(report) => Some(report.pid),
        Contact::Event(_) | Contact::Refused | Contact::Lost(_) => None,
    };
    until(watcher, node, pid).await
}

/// Waits until a node is lost; returns why.
async fn lost(watcher: &mut Watcher, node: u16) -> String {
    let why = |contact| match contact {
        Contact::Lost(why) => Some(why),
        Contact::Refused => Some("connection refused".to_owned()),
        Contact::Reached(_) | Contact::Event(_) => None,
    };
    until(watcher, node, why).await
}

/// Waits until a node says that it serves, or is found serving.
async fn serves(watcher: &mut Watcher, node: u16) {
    let serving = |contact| match contact {
        Contact::Reached(report) => report.serving.then_some(()),
        Contact::Event(event) => matches!(event.fact, Fact::ServingStarted { .. }).then_some(()),
        Contact::Refused | Contact::Lost(_) => None,
    };
    until(watcher, node, serving).await;
}

#[tokio::test]
async fn a_watcher_sees_a_leader_die_its_heir_serve_and_it_return() {
    let mut cluster = TestCluster::started(2, "timing = \"fast\"");
    let mut watcher = watch(&cluster, 2);
    let first = reached(&mut watcher, 2).await;
    assert_eq!(first, cluster.node(2).child.id());
    // Both are watched before one dies.
    let mut heirs = watch(&cluster, 2);
    reached(&mut heirs, 1).await;
    cluster.kill(2);
    assert_eq!(lost(&mut watcher, 2).await, "it closed the connection");
    assert_eq!(lost(&mut watcher, 2).await, "connection refused");
    serves(&mut heirs, 1).await;
    cluster.start(2);
    assert_eq!(reached(&mut watcher, 2).await, cluster.node(2).child.id());
    serves(&mut watcher, 2).await;
}

#[tokio::test]
async fn a_watcher_notices_that_a_node_stands_still_and_that_it_goes_on() {
    let cluster = TestCluster::started(1, "timing = \"fast\"");
    let mut watcher = watch(&cluster, 1);
    let pid = reached(&mut watcher, 1).await;
    cluster.node(1).signal(Signal::STOP);
    assert_eq!(lost(&mut watcher, 1).await, "no answer");
    cluster.node(1).signal(Signal::CONT);
    assert_eq!(reached(&mut watcher, 1).await, pid);
}
