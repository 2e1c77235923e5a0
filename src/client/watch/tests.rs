//! A watcher against scripted members: what each does on its connections is what a test is about.

use std::collections::BTreeMap;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::*;
use crate::client::testing::id;
use crate::config::{Members, QuorumPolicy};
use crate::event::{EventStamp, Fact};
use crate::id::{Epoch, Generation};
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{
    Greeted, NodeRole, Opening, QuorumStatus, Refusal, StatusReport, StoreCounters, StoreHealth, Welcome,
};
use crate::time::Time;

/// How long a test waits for what should come by itself.
const LONG: Duration = Duration::from_mins(1);

fn report() -> StatusReport {
    StatusReport {
        node: id(1),
        generation: Generation(7),
        cluster: cluster_name(),
        program: "0.1.0".to_owned(),
        pid: 4711,
        uptime_ms: 1,
        role: NodeRole::Electing,
        ballot: None,
        serving: false,
        epoch: Epoch(1),
        quorum: QuorumStatus {
            policy: QuorumPolicy::Live,
            needed: 1,
            reachable: 1,
            missing: Vec::new(),
        },
        peers: Vec::new(),
        rotation: Vec::new(),
        images: 0,
        transfers: 0,
        store: StoreCounters::default(),
        health: StoreHealth::Ok,
        faults: None,
    }
}

fn cluster_name() -> ClusterName {
    "watched".parse().expect("valid")
}

/// The port of node 1, and a watcher of a cluster of that node alone.
async fn scene() -> (TcpListener, Watcher) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound").to_string();
    let address = address.parse().expect("valid");
    let watcher = Watcher::start(&ClusterConfig {
        name: cluster_name(),
        members: Members::new(BTreeMap::from([(id(1), address)])).expect("valid"),
    });
    (listener, watcher)
}

/// The member's end of a connection.
struct Accepted {
    opening: Opening,
    writer: FrameWriter<OwnedWriteHalf>,
    /// Kept, for the connection ends with it.
    _reader: FrameReader<OwnedReadHalf>,
}

impl Accepted {
    async fn from(listener: &TcpListener) -> Self {
        let accepting = timeout(LONG, listener.accept());
        let (stream, _) = accepting.await.expect("in time").expect("accepts");
        let (reader, writer) = stream.into_split();
        let mut reader = FrameReader::new(reader);
        Self {
            opening: reader.message().await.expect("readable").expect("greets"),
            writer: FrameWriter::new(writer),
            _reader: reader,
        }
    }

    async fn say(&mut self, message: &impl serde::Serialize) {
        self.writer.message(message).await.expect("written");
    }
}

/// Welcomes a watcher and says how node 1 is; returns the connection that wants events.
async fn welcome(listener: &TcpListener) -> Accepted {
    let mut watching = Accepted::from(listener).await;
    let Opening::Hello(hello) = &watching.opening else {
        panic!("the watcher greets before it asks");
    };
    assert_eq!(
        (&hello.cluster, &hello.purpose),
        (&cluster_name(), &Purpose::Watch)
    );
    watching.say(&Greeted::Welcome(Welcome { node: id(1) })).await;
    answer(listener).await;
    watching
}

/// Says how node 1 is.
async fn answer(listener: &TcpListener) {
    let mut asked = Accepted::from(listener).await;
    assert_eq!(asked.opening, Opening::Status);
    asked.say(&Greeted::Status(Box::new(report()))).await;
}

fn event(fact: Fact) -> Event {
    EventStamp::new(id(1), Generation(7)).stamp(Time::ZERO, Duration::ZERO, fact)
}

async fn next(watcher: &mut Watcher) -> Contact {
    let (node, contact) = timeout(LONG, watcher.next()).await.expect("in time");
    assert_eq!(node, id(1));
    contact
}

fn reached() -> Contact {
    Contact::Reached(Box::new(report()))
}

fn lost(why: &Unreachable) -> Contact {
    Contact::Lost(why.to_string())
}

#[tokio::test]
async fn a_member_is_told_as_it_is_and_then_as_things_happen() {
    let (listener, mut watcher) = scene().await;
    let mut watching = welcome(&listener).await;
    let happened = event(Fact::Holding { images: 3 });
    watching.say(&happened).await;
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, Contact::Event(Box::new(happened)));
}

#[tokio::test]
async fn a_member_that_dropped_lines_is_asked_at_once() {
    let (listener, mut watcher) = scene().await;
    let mut watching = welcome(&listener).await;
    let dropped = event(Fact::LogDropped { lines: 7 });
    watching.say(&dropped).await;
    let (asked, after) = (answer(&listener), event(Fact::Holding { images: 3 }));
    // Were it asked for its silence, this would be told first.
    watching.say(&after).await;
    asked.await;
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, Contact::Event(Box::new(dropped)));
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, Contact::Event(Box::new(after)));
}

#[tokio::test]
async fn a_member_that_is_lost_is_told_once_and_dialled_until_it_returns() {
    let (listener, mut watcher) = scene().await;
    drop(welcome(&listener).await);
    for _ in 0..3 {
        drop(Accepted::from(&listener).await);
    }
    let _watching = welcome(&listener).await;
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, lost(&Unreachable::Closed));
    assert_eq!(next(&mut watcher).await, reached());
}

#[tokio::test]
async fn a_member_that_refuses_is_told_with_its_reason() {
    let (listener, mut watcher) = scene().await;
    let mut watching = Accepted::from(&listener).await;
    let reason = "too many connections".to_owned();
    watching
        .say(&Greeted::Refused(Refusal {
            reason: reason.clone(),
        }))
        .await;
    assert_eq!(next(&mut watcher).await, Contact::Lost(reason));
}

#[tokio::test]
async fn a_fact_of_a_newer_program_is_passed_over_and_a_newer_format_is_not_read() {
    let (listener, mut watcher) = scene().await;
    let mut watching = welcome(&listener).await;
    let mut newer = serde_json::to_value(event(Fact::Stopping)).expect("serializes");
    newer["fact"] = json!("coronation");
    watching.say(&newer).await;
    watching.say(&event(Fact::Stopping)).await;
    newer["fact"] = json!("stopping");
    newer["v"] = json!(EVENT_VERSION + 1);
    watching.say(&newer).await;
    assert_eq!(next(&mut watcher).await, reached());
    let understood = Contact::Event(Box::new(event(Fact::Stopping)));
    assert_eq!(next(&mut watcher).await, understood);
    let Contact::Lost(why) = next(&mut watcher).await else {
        panic!("a format that this program does not know");
    };
    assert!(why.starts_with("it tells events of version 2"), "{why}");
}

#[tokio::test]
async fn a_silent_member_is_asked_and_lost_when_it_does_not_answer() {
    let (listener, mut watcher) = scene().await;
    let _watching = welcome(&listener).await;
    answer(&listener).await;
    let _unanswered = Accepted::from(&listener).await;
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, reached());
    assert_eq!(next(&mut watcher).await, lost(&Unreachable::NoAnswer));
}
