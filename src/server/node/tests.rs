//! A node's task without sockets: what comes in by hand, what goes out by reply.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::oneshot;

use super::*;
use crate::bully::{ElectionConfig, Vote};
use crate::config::Timing;
use crate::event::RequestKind;
use crate::event::WorkerState;
use crate::id::{Ballot, Epoch, Generation, ImageId, RequestId};
use crate::protocol::{ImageKind, NodeMessage, NodeRole, Offer, StatusReport};
use crate::server::input::ConnectionId;
use crate::server::links::Link;
use crate::server::testing::{config, context, id};
use crate::server::vote::VoteFile;
use crate::store::RecordHeader;

struct Rig {
    inputs: mpsc::Sender<NodeInput>,
    events: Events,
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<Result<(), VoteError>>,
    directory: tempfile::TempDir,
}

/// A node whose task does not run yet, and what it is driven by.
struct Idle {
    node: Node,
    inputs: mpsc::Receiver<NodeInput>,
    input: mpsc::Sender<NodeInput>,
    directory: tempfile::TempDir,
}

/// Makes node 1 of a cluster of `members`, none of which is there; `vote` is on its disk.
fn idle(members: u16, vote: Option<Vote>, timing: Timing) -> Idle {
    let directory = tempfile::tempdir().expect("a directory");
    let ports: Vec<u16> = (1..=members).map(|number| 9000 + number).collect();
    let (context, inputs) = context(config(1, &ports, &directory));
    let (mut votes, _) = VoteFile::open(&context.config.data_dir).expect("opens");
    if let Some(vote) = vote {
        votes.keep(vote).expect("keeps");
    }
    let input = context.inputs.clone();
    let kept = input.clone();
    let told = ElectionConfig {
        me: id(1),
        members: context.config.cluster.members.ids().collect(),
        timing,
        policy: context.config.quorum,
    };
    let peers: BTreeMap<NodeId, Link> = (2..=members)
        .map(|peer| (id(peer), Link::new(String::new())))
        .collect();
    let election = Election::new(told, vote, 1, context.clock.now());
    let votes = VoteWriter::start(votes, move |sequence, result| {
        let input = NodeInput::Kept {
            sequence,
            kept: result,
        };
        let _ = kept.blocking_send(input);
    })
    .expect("a thread");
    let node = Node::new(&context, election, votes, Links::new(peers));
    Idle {
        node,
        inputs,
        input,
        directory,
    }
}

/// Runs node 1 of a cluster of `members`, none of which is there.
fn rig(members: u16) -> Rig {
    run(idle(members, None, Timing::FAST))
}

fn run(idle: Idle) -> Rig {
    let Idle {
        node,
        inputs,
        input,
        directory,
    } = idle;
    let events = node.events.clone();
    let shutdown = CancellationToken::new();
    let stopped = shutdown.clone();
    let running = tokio::spawn(async move { node.run(inputs, &stopped).await });
    Rig {
        inputs: input,
        events,
        shutdown,
        running,
        directory,
    }
}

impl Rig {
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> NodeInput) -> T {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(question(reply)).await.expect("runs");
        answer.await.expect("answered")
    }

    async fn offer(&self, image: u8, failed: Option<NodeId>) -> NodeMessage {
        self.offer_of(image, 1, failed).await
    }

    async fn offer_of(&self, image: u8, size: u64, failed: Option<NodeId>) -> NodeMessage {
        let image = ImageId::from_bytes([image; 16]);
        let offer = Offer {
            kind: RequestKind::Upload,
            image,
            size,
            failed,
        };
        let user = "alice".parse().expect("valid");
        self.ask(|reply| NodeInput::Offer { offer, user, reply }).await
    }

    async fn assigned(&self, image: u8, failed: Option<NodeId>) -> Assignment {
        match self.offer(image, failed).await {
            NodeMessage::Assigned(assignment) => assignment,
            other => panic!("not assigned: {other:?}"),
        }
    }

    async fn status(&self) -> Box<StatusReport> {
        self.ask(|reply| NodeInput::Status { reply }).await
    }

    async fn admitted(&self, assignment: Assignment) -> Result<(), ErrorCode> {
        let question = |reply| NodeInput::Admission { assignment, reply };
        self.ask(question).await.map(drop).map_err(|error| error.code)
    }
}

#[tokio::test]
async fn a_node_alone_leads_and_takes_every_request_itself() {
    let rig = rig(1);
    let first = rig.assigned(1, None).await;
    let second = rig.assigned(2, Some(id(1))).await;
    assert_eq!((first.node, first.request), (id(1), RequestId(1)));
    assert_eq!((second.node, second.request), (id(1), RequestId(2)));
    assert_eq!(first.ballot.id, id(1));
    assert!(first.stall_ms >= 1000);

    let status = rig.status().await;
    assert_eq!((status.role, status.serving), (NodeRole::Leading, true));
    assert_eq!(status.rotation.len(), 1);
    assert_eq!(status.rotation[0].state, WorkerState::Active);
    assert_eq!(
        (status.rotation[0].assigned, status.rotation[0].in_flight),
        (2, 2)
    );
}

#[tokio::test]
async fn an_image_that_is_too_large_is_refused_before_it_is_sent() {
    let rig = rig(1);
    let largest = 4 << 20;
    assert!(matches!(
        rig.offer_of(1, largest, None).await,
        NodeMessage::Assigned(_)
    ));
    let NodeMessage::Error(error) = rig.offer_of(2, largest + 1, None).await else {
        panic!("the node's limit is 4 MiB");
    };
    assert_eq!(error.code, ErrorCode::NotAccepted);
    assert_eq!(rig.status().await.rotation[0].assigned, 1);
}

#[tokio::test]
async fn the_leaders_own_requests_are_closed_without_a_message() {
    let rig = rig(1);
    let assignment = rig.assigned(1, None).await;
    let outcome = RequestOutcome::Done;
    let finished = NodeInput::Finished { assignment, outcome };
    rig.inputs.send(finished).await.expect("runs");
    let rotation = &rig.status().await.rotation[0];
    assert_eq!((rotation.done, rotation.in_flight), (1, 0));
}

#[tokio::test]
async fn an_assignment_of_an_older_epoch_is_fenced_off() {
    let rig = rig(1);
    let assignment = rig.assigned(1, None).await;
    assert_eq!(rig.admitted(assignment).await, Ok(()));
    let mut older = assignment;
    older.ballot.epoch = Epoch(assignment.ballot.epoch.0 - 1);
    assert_eq!(rig.admitted(older).await, Err(ErrorCode::StaleAssignment));
    let mut elsewhere = assignment;
    elsewhere.node = id(2);
    assert_eq!(rig.admitted(elsewhere).await, Err(ErrorCode::BadRequest));
}

#[tokio::test]
async fn fencing_compares_whole_ballots() {
    let vote = Vote {
        epoch: Epoch(7),
        voted_for: Some(id(3)),
    };
    let rig = run(idle(3, Some(vote), Timing::FAST));
    let of = |leader| Assignment {
        ballot: Ballot {
            epoch: Epoch(7),
            id: id(leader),
        },
        request: RequestId(1),
        node: id(1),
        quorum: 2,
        stall_ms: 1000,
    };
    assert_eq!(rig.admitted(of(3)).await, Ok(()));
    assert_eq!(rig.admitted(of(2)).await, Err(ErrorCode::StaleAssignment));
}

#[tokio::test]
async fn inputs_that_are_no_business_of_the_election_keep_it_from_no_deadline() {
    let due_at_once = Timing {
        startup_grace: Duration::ZERO,
        ..Timing::FAST
    };
    let Idle { mut node, .. } = idle(1, None, due_at_once);
    let mut events = node.events.subscribe();
    let (reply, _answer) = oneshot::channel();
    node.take(NodeInput::Status { reply }).expect("no vote is kept");
    node.settle();
    let first = events.try_recv().expect("the election has acted");
    assert_eq!(first.fact, Fact::ElectionStarted { round: 1 });
}

#[tokio::test]
async fn offers_wait_without_a_quorum_and_hear_who_is_missing() {
    let rig = rig(3);
    let mut events = rig.events.subscribe();
    let waiting = async {
        let offer = rig.offer(1, None);
        let stop = async {
            let image = ImageId::from_bytes([1; 16]);
            while events.recv().await.expect("published").fact != (Fact::OfferParked { image }) {}
            rig.shutdown.cancel();
        };
        tokio::join!(offer, stop).0
    };
    assert_eq!(
        waiting.await,
        NodeMessage::Unavailable {
            missing: vec![id(2), id(3)]
        }
    );
    rig.running.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_peer_without_a_greeted_connection_is_not_heard() {
    let rig = rig(3);
    let report = ControlMessage::Election(crate::protocol::ElectionMessage::Stale { epoch: Epoch(99) });
    let mut events = rig.events.subscribe();
    let stranger = NodeInput::Control {
        from: id(2),
        connection: ConnectionId(1),
        message: report,
    };
    rig.inputs.send(stranger).await.expect("runs");
    let greeting = |reply| NodeInput::Greeting {
        from: id(2),
        by: Accepted {
            connection: ConnectionId(2),
            generation: Generation(1),
            cut: CancellationToken::new(),
        },
        reply,
    };
    assert!(matches!(rig.ask(greeting).await, GreetingAnswer::Welcome(_)));
    let peer = NodeInput::Control {
        from: id(2),
        connection: ConnectionId(2),
        message: report,
    };
    rig.inputs.send(peer).await.expect("runs");
    let received = Fact::MessageReceived {
        from: id(2),
        message: "stale".to_owned(),
    };
    rig.status().await;
    rig.shutdown.cancel();
    let mut facts = Vec::new();
    while facts.last() != Some(&Fact::Stopping) {
        facts.push(events.recv().await.expect("published").fact.clone());
    }
    assert_eq!(facts.iter().filter(|&fact| *fact == received).count(), 1);
}

#[tokio::test]
async fn a_node_tells_how_many_images_it_keeps_at_its_start_and_after_each() {
    let idle = idle(1, None, Timing::FAST);
    let store = idle.node.store.clone();
    let mut events = idle.node.events.subscribe();
    let rig = run(idle);
    rig.status().await;
    for image in 1..=2 {
        keep(&store, image);
        rig.status().await;
    }
    rig.status().await;
    rig.shutdown.cancel();
    let mut told = Vec::new();
    loop {
        match events.recv().await.expect("published").fact {
            Fact::Holding { images } => told.push(images),
            Fact::Stopping => break,
            _ => {}
        }
    }
    assert_eq!(told, [0, 1, 2]);
}

fn keep(store: &Store, image: u8) {
    let header = RecordHeader {
        cluster: store.directory().identity().cluster.clone(),
        image: ImageId::from_bytes([image; 16]),
        user: "alice".parse().expect("valid"),
        file: "a.png".to_owned(),
        kind: ImageKind::Png,
        created_ms: 0,
        epoch: Epoch(1),
    };
    let mut record = store.begin(header, 16).expect("begins");
    record.write(&[image; 16]).expect("writes");
    record.commit().expect("commits");
}

#[tokio::test]
async fn a_node_that_cannot_keep_its_vote_ends() {
    let rig = rig(1);
    let error = std::io::Error::other("the disk is gone");
    let path = rig.directory.path().join("vote");
    let input = NodeInput::Kept {
        sequence: 0,
        kept: Err(VoteError::Io { path, error }),
    };
    rig.inputs.send(input).await.expect("runs");
    let ended = rig.running.await.expect("no panic");
    assert!(ended.is_err_and(|error| error.to_string().contains("must not run")));
}
