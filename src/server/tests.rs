//! Whole nodes on the loopback, in this process: elected, asked, stopped.

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::event::Event;
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId};
use crate::protocol::{ClientMessage, Greeted, NodeMessage, NodeRole, Offer, Opening, Purpose, StatusReport};
use crate::server::testing::{Caller, client_hello, config, hello, id};

/// Generous: a machine that is busy with other tests must not fail this one.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node that runs.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) port: u16,
    pub(super) events: Events,
    pub(super) store: Store,
    shutdown: CancellationToken,
    ended: JoinHandle<Result<(), RunError>>,
}

/// Binds free ports for so many nodes.
pub(super) async fn bind_all(nodes: u16) -> (Vec<TcpListener>, Vec<u16>) {
    let mut listeners = Vec::new();
    for _ in 0..nodes {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.expect("binds"));
    }
    let port_of = |listener: &TcpListener| listener.local_addr().expect("bound").port();
    let ports = listeners.iter().map(port_of).collect();
    (listeners, ports)
}

/// Starts a cluster of `nodes`, which keep their things in `directory`.
pub(super) async fn start(nodes: u16, directory: &tempfile::TempDir) -> Vec<Started> {
    let (listeners, ports) = bind_all(nodes).await;
    let mut started = Vec::new();
    for (number, listener) in (1..).zip(listeners) {
        let config = config(number, &ports, directory);
        started.push(start_one(config, listener).await);
    }
    started
}

async fn start_one(config: NodeConfig, listener: TcpListener) -> Started {
    start_with(config, listener, |_| {}).await
}

/// Starts a node whose store is prepared by `prepare`.
pub(super) async fn start_with(
    config: NodeConfig,
    listener: TcpListener,
    prepare: impl FnOnce(&Store),
) -> Started {
    let port = listener.local_addr().expect("bound").port();
    let clock = Clock::start();
    // What is prepared was left by an earlier life of the process.
    prepare(&open_disk(&config).await.expect("opens").store);
    let disk = open_disk(&config).await.expect("opens");
    let store = disk.store.clone();
    let events = Events::new(config.id, clock.clone(), Vec::new());
    let shutdown = CancellationToken::new();
    let running = Running::start(config, listener, clock, disk, events.clone()).expect("starts");
    let asked = shutdown.clone();
    Started {
        port,
        events,
        store,
        shutdown,
        ended: tokio::spawn(async move { running.until(&asked).await }),
    }
}

impl Started {
    pub(super) async fn status(&self) -> StatusReport {
        match Caller::call(self.port).await.open(&Opening::Status).await {
            Greeted::Status(report) => *report,
            other => panic!("no status: {other:?}"),
        }
    }

    /// Waits until the node's status is as wished; every event is a reason to look again.
    pub(super) async fn until(&self, wished: impl Fn(&StatusReport) -> bool) -> StatusReport {
        let mut events = self.events.subscribe();
        let wait = async {
            loop {
                let report = self.status().await;
                if wished(&report) {
                    return report;
                }
                events.recv().await.expect("publishes");
            }
        };
        timeout(PATIENCE, wait).await.expect("in time")
    }

    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        let ended = timeout(PATIENCE, self.ended).await.expect("in time");
        ended.expect("no panic").expect("a clean end");
    }
}

fn serves(leader: NodeId) -> impl Fn(&StatusReport) -> bool {
    move |report| report.serving && report.node == leader
}

fn follows(leader: NodeId) -> impl Fn(&StatusReport) -> bool {
    move |report| report.role == NodeRole::Following && report.leader() == Some(leader)
}

#[tokio::test]
async fn three_nodes_elect_the_highest_and_the_next_when_it_stops() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut nodes = start(3, &directory).await;
    let three = nodes.pop().expect("three nodes");
    three.until(serves(id(3))).await;
    for worker in &nodes {
        worker.until(follows(id(3))).await;
    }
    three.stop().await;
    nodes[1].until(serves(id(2))).await;
    nodes[0].until(follows(id(2))).await;
    nodes.pop().expect("node 2").stop().await;
    let alone = nodes[0].until(serves(id(1))).await;
    assert_eq!(alone.quorum.missing, [id(2), id(3)]);
    assert!(alone.peers.iter().all(|peer| peer.dead && !peer.linked));
}

#[tokio::test]
async fn requests_go_round_over_all_nodes() {
    let directory = tempfile::tempdir().expect("a directory");
    let nodes = start(3, &directory).await;
    let all_active = |report: &StatusReport| {
        let active = |node: &crate::protocol::RotationStatus| node.state == crate::event::WorkerState::Active;
        report.rotation.len() == 3 && report.rotation.iter().all(active)
    };
    nodes[2].until(all_active).await;
    nodes[0].until(follows(id(3))).await;
    assert_eq!(
        offer(&nodes[0], 0).await,
        NodeMessage::Declined {
            reason: "Node 1 is not the leader".to_owned()
        }
    );
    let mut given = Vec::new();
    for image in 1..=6 {
        match offer(&nodes[2], image).await {
            NodeMessage::Assigned(assignment) => given.push(assignment.node.number()),
            other => panic!("not assigned: {other:?}"),
        }
    }
    assert_eq!(given, [1, 2, 3, 1, 2, 3]);
}

async fn offer(node: &Started, image: u8) -> NodeMessage {
    let mut caller = Caller::call(node.port).await;
    assert!(matches!(caller.open(&client_hello()).await, Greeted::Welcome(_)));
    let offer = ClientMessage::Offer(Offer {
        kind: RequestKind::Upload,
        image: ImageId::from_bytes([image; 16]),
        size: 1,
        failed: None,
    });
    caller.writer.message(&offer).await.expect("written");
    caller
        .reader
        .message()
        .await
        .expect("readable")
        .expect("an answer")
}

#[tokio::test]
async fn a_greeting_of_the_same_life_ends_the_connection_it_replaces() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    // Nobody listens where node 2 should.
    let node = start_one(config(1, &[port, 1], &directory), listener).await;
    let greeting = hello(Purpose::Control {
        node: id(2),
        generation: crate::id::Generation(5),
    });
    let mut callers = Vec::new();
    for _ in 0..100 {
        let mut caller = Caller::call(node.port).await;
        assert!(matches!(caller.open(&greeting).await, Greeted::WelcomePeer(_)));
        callers.push(caller);
    }
    callers.pop();
    for mut replaced in callers {
        let ended = timeout(PATIENCE, replaced.reader.message::<NodeMessage>()).await;
        assert!(matches!(ended.expect("in time"), Ok(None) | Err(_)));
    }
}

#[tokio::test]
async fn a_watcher_sees_what_happens_from_now_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let nodes = start(1, &directory).await;
    nodes[0].until(serves(id(1))).await;
    let mut watcher = Caller::call(nodes[0].port).await;
    assert!(matches!(
        watcher.open(&hello(Purpose::Watch)).await,
        Greeted::Welcome(_)
    ));
    nodes[0].events.publish(Fact::LogDropped { lines: 7 });
    let event: Option<Event> = watcher.reader.message().await.expect("readable");
    assert_eq!(event.expect("an event").fact, Fact::LogDropped { lines: 7 });
}

#[tokio::test]
async fn a_node_keeps_its_vote_over_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut nodes = start(1, &directory).await;
    let first = nodes[0].until(serves(id(1))).await;
    nodes.pop().expect("a node").stop().await;
    let nodes = start(1, &directory).await;
    let second = nodes[0].until(serves(id(1))).await;
    assert!(second.epoch > first.epoch);
    assert_ne!(second.generation, first.generation);
}

#[tokio::test]
async fn a_port_in_use_names_who_holds_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let error = run(
        config(1, &[port], &directory),
        OutputFormat::Json,
        CancellationToken::new(),
    )
    .await
    .expect_err("in use");
    let text = error.to_string();
    let pid = std::process::id();
    assert!(
        text.starts_with(&format!(
            "could not bind 127.0.0.1:{port}: address already in use by pid {pid} ("
        )),
        "{text}"
    );
    assert!(text.ends_with("; stop it or pass --base-port"), "{text}");
    assert!(
        !directory.path().join("node-1").exists(),
        "nothing is left behind"
    );
}

#[tokio::test]
async fn a_second_process_is_locked_out_of_the_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let nodes = start(1, &directory).await;
    nodes[0].until(serves(id(1))).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = free.local_addr().expect("bound").port();
    drop(free);
    let second = run(
        config(1, &[port], &directory),
        OutputFormat::Json,
        CancellationToken::new(),
    );
    assert!(matches!(second.await, Err(RunError::Directory(_))));
}

#[tokio::test]
async fn a_stopping_node_cuts_no_transfer_short_and_waits_for_no_idle_client() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut nodes = start(1, &directory).await;
    nodes[0].until(serves(id(1))).await;
    let mut idle = Caller::call(nodes[0].port).await;
    assert!(matches!(idle.open(&client_hello()).await, Greeted::Welcome(_)));
    let node = nodes.pop().expect("a node");
    let mut events = node.events.subscribe();
    let mut upload = transfer::testing::begin(node.port).await;
    while !matches!(
        events.recv().await.expect("publishes").fact,
        Fact::UploadStarted { .. }
    ) {}
    node.shutdown.cancel();
    let nothing: Option<NodeMessage> = idle.reader.message().await.expect("a clean end");
    assert_eq!(nothing, None);
    upload.finish().await;
    node.stop().await;
}
