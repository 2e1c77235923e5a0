//! Greetings over a pipe in memory; the node's task is played by hand.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use super::*;
use crate::event::Fact;
use crate::fault::{NodeFaults, Way};
use crate::id::Epoch;
use crate::protocol::ElectionMessage;
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::server::connection::ASKED_BYTES_MAX;
use crate::server::testing::{config, context, hello, id};

struct Rig {
    context: Arc<Context>,
    inputs: mpsc::Receiver<NodeInput>,
    /// Holds the node's data directory.
    _directory: tempfile::TempDir,
}

/// Node 1 of three.
fn rig() -> Rig {
    let directory = tempfile::tempdir().expect("a directory");
    let (context, inputs) = context(config(1, &[8001, 8002, 8003], &directory));
    Rig {
        context,
        inputs,
        _directory: directory,
    }
}

/// Connects; what the caller writes is served by the node.
fn connect(context: &Arc<Context>) -> DuplexStream {
    let (caller, node) = tokio::io::duplex(2 * ASKED_BYTES_MAX);
    let context = Arc::clone(context);
    tokio::spawn(async move {
        let place = context.connections.enter(&context.cutting).expect("room");
        let (reader, writer) = tokio::io::split(node);
        let mut connection = Connection::new(reader, writer, "here".to_owned());
        open(&mut connection, &place, &context).await;
    });
    caller
}

/// Connects, writes these bytes, and returns everything that comes back.
async fn answer_to(context: &Arc<Context>, bytes: &[u8]) -> String {
    let mut caller = connect(context);
    caller.write_all(bytes).await.expect("written");
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.expect("text");
    answer
}

async fn refusal_of(context: &Arc<Context>, opening: &Opening) -> String {
    let mut line = serde_json::to_vec(opening).expect("writes");
    line.push(b'\n');
    refusal_in(&answer_to(context, &line).await)
}

fn refusal_in(answer: &str) -> String {
    match serde_json::from_str(answer).expect("one line") {
        Greeted::Refused(refusal) => refusal.reason,
        other => panic!("not refused: {other:?}"),
    }
}

fn control(node: u16) -> Purpose {
    Purpose::Control {
        node: id(node),
        generation: Generation(5),
    }
}

fn changed(purpose: Purpose, change: impl FnOnce(&mut Hello)) -> Opening {
    let Opening::Hello(mut said) = hello(purpose) else {
        unreachable!("a hello was made");
    };
    change(&mut said);
    Opening::Hello(said)
}

#[tokio::test]
async fn another_version_is_refused_and_an_event_says_so() {
    let rig = rig();
    let mut events = rig.context.events.subscribe();
    let opening = changed(control(2), |hello| hello.version = 9);
    let reason = "it speaks protocol version 9, this node 2; run the same program everywhere";
    assert_eq!(refusal_of(&rig.context, &opening).await, reason);
    let fact = Fact::GreetingRefused {
        from: "node 2 at here".to_owned(),
        reason: reason.to_owned(),
    };
    assert_eq!(events.recv().await.expect("published").fact, fact);
}

#[tokio::test]
async fn another_cluster_is_refused() {
    let opening = changed(Purpose::Watch, |hello| {
        hello.cluster = "other".parse().expect("valid");
    });
    assert_eq!(
        refusal_of(&rig().context, &opening).await,
        "it means cluster \"other\", this node belongs to \"test\"; check the address and the cluster's name"
    );
}

#[tokio::test]
async fn a_stranger_is_news_once_whatever_names_it_makes_up() {
    let rig = rig();
    let mut events = rig.context.events.subscribe();
    for name in ["mine", "yours", "ours"] {
        let user = name.parse().expect("valid");
        let opening = changed(Purpose::Client { user }, |hello| {
            hello.cluster = name.parse().expect("valid");
        });
        refusal_of(&rig.context, &opening).await;
    }
    events.try_recv().expect("the first is told");
    events.try_recv().expect_err("and no other");
}

#[tokio::test]
async fn faults_are_refused_by_a_node_that_takes_none_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut told = config(1, &[8001, 8002], &directory);
    told.faults = None;
    let (context, _inputs) = context(told);
    assert_eq!(
        refusal_of(&context, &hello(Purpose::Faults)).await,
        "this node takes no faults; start it with --allow-faults, on a loopback address"
    );
}

#[tokio::test]
async fn faults_are_taken_told_once_and_refused_where_they_make_no_sense() {
    let rig = rig();
    let mut events = rig.context.events.subscribe();
    let mut caller = connect(&rig.context);
    let set = r#"{"type":"set","sends":{"2":{"cut":true}},"disk_delay_ms":7}"#;
    let strange = r#"{"type":"set","hears":{"9":{"cut":true}}}"#;
    let mut lines = serde_json::to_string(&hello(Purpose::Faults)).expect("writes");
    for line in ["", set, set, r#"{"type":"stall_clock","for_ms":1}"#, strange] {
        lines += line;
        lines += "\n";
    }
    caller.write_all(lines.as_bytes()).await.expect("written");
    let mut answers = String::new();
    caller.read_to_string(&mut answers).await.expect("text");
    let done = r#"{"type":"done"}"#;
    let refused = r#"{"type":"refused","reason":"node 9 is no peer of node 1; name another"}"#;
    let expected = [r#"{"type":"welcome","node":1}"#, done, done, done, refused];
    assert_eq!(answers.lines().collect::<Vec<_>>(), expected);
    let held = rig.context.faults.now().expect("it takes faults");
    assert!(held.sends[&id(2)].cut && held.disk_delay.as_millis() == 7);
    let fact = Fact::FaultsChanged { faults: held };
    assert_eq!(events.try_recv().expect("told").fact, fact);
    assert_eq!(
        events.try_recv().expect("told").fact,
        Fact::ClockStalled { for_ms: 1 }
    );
    events.try_recv().expect_err("what holds already is no news");
}

#[tokio::test]
async fn ones_own_id_is_refused() {
    assert_eq!(
        refusal_of(&rig().context, &hello(control(1))).await,
        "node 1 is this node; give every node an id of its own"
    );
}

#[tokio::test]
async fn a_node_that_is_no_member_is_refused() {
    assert_eq!(
        refusal_of(&rig().context, &hello(control(7))).await,
        "node 7 is no member of this cluster, which has nodes 1, 2 and 3"
    );
}

#[tokio::test]
async fn garbage_and_unknown_types_are_answered_with_one_refusal() {
    let rig = rig();
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"{\"type\":\"dance\"}\n",
        b"\xff\x00\n",
    ] {
        let reason = refusal_in(&answer_to(&rig.context, bytes).await);
        assert!(reason.starts_with("not understood: "), "{reason}");
    }
}

#[tokio::test]
async fn a_header_without_an_end_is_refused() {
    let reason = refusal_in(&answer_to(&rig().context, &vec![b' '; ASKED_BYTES_MAX + 1]).await);
    assert_eq!(reason, "the header is too long");
}

#[tokio::test]
async fn an_id_whose_connection_stands_is_refused_in_the_end() {
    let Rig {
        context,
        mut inputs,
        _directory,
    } = rig();
    let node = async {
        for _ in 0..OCCUPIED_RETRIES {
            let Some(NodeInput::Greeting { reply, .. }) = inputs.recv().await else {
                panic!("the id is asked for again");
            };
            reply.send(GreetingAnswer::Occupied).expect("waited for");
        }
    };
    let greeting = hello(control(2));
    let (reason, ()) = tokio::join!(refusal_of(&context, &greeting), node);
    assert_eq!(
        reason,
        "node 2 is connected already; does another process run under its id?"
    );
}

/// What node 2 and this node cannot say to each other.
fn cut_from_two() -> NodeFaults {
    let way = Way {
        cut: true,
        ..Way::default()
    };
    NodeFaults {
        hears: [(id(2), way)].into(),
        ..NodeFaults::default()
    }
}

#[tokio::test]
async fn a_greeting_behind_a_cut_is_met_with_silence_and_forgotten_once_its_dialler_has_left() {
    let rig = rig();
    rig.context.faults.set(cut_from_two());
    let (caller, node) = tokio::io::duplex(ASKED_BYTES_MAX);
    let context = Arc::clone(&rig.context);
    let mut serving = tokio::spawn(async move {
        let place = context.connections.enter(&context.cutting).expect("room");
        let (reader, writer) = tokio::io::split(node);
        open(
            &mut Connection::new(reader, writer, "here".to_owned()),
            &place,
            &context,
        )
        .await;
    });
    let (mut reader, writer) = tokio::io::split(caller);
    let mut writer = FrameWriter::new(writer);
    writer.message(&hello(control(2))).await.expect("written");
    let while_it_waits = timeout(Duration::from_millis(100), reader.read_u8()).await;
    assert!(while_it_waits.is_err(), "neither an answer nor an end");
    assert!(!serving.is_finished());
    drop((reader, writer));
    let served = timeout(Duration::from_secs(30), &mut serving).await;
    served
        .expect("in time, though nothing was healed")
        .expect("no panic");
}

#[tokio::test]
async fn whoever_is_not_let_in_stays_a_stranger_that_can_be_cut() {
    let mut rig = rig();
    let mut caller = FrameWriter::new(connect(&rig.context));
    caller.message(&hello(control(2))).await.expect("written");
    let Some(NodeInput::Greeting { .. }) = rig.inputs.recv().await else {
        panic!("the node's task decides about peers");
    };
    assert!(rig.context.connections.cut_oldest_stranger());
}

#[tokio::test]
async fn a_peer_is_welcomed_after_the_node_knows_and_heard_until_its_end() {
    let mut rig = rig();
    let (reader, writer) = tokio::io::split(connect(&rig.context));
    let mut reader = FrameReader::new(reader);
    let mut writer = FrameWriter::new(writer);
    writer.message(&hello(control(2))).await.expect("written");
    let Some(NodeInput::Greeting { from, by, reply }) = rig.inputs.recv().await else {
        panic!("the node's task decides about peers");
    };
    assert_eq!((from, by.generation), (id(2), Generation(5)));
    let welcome = PeerWelcome {
        node: id(1),
        generation: Generation(6),
        epoch: Epoch(2),
        blank: true,
    };
    reply.send(GreetingAnswer::Welcome(welcome)).expect("waited for");
    let greeted: Option<Greeted> = reader.message().await.expect("readable");
    assert_eq!(greeted, Some(Greeted::WelcomePeer(welcome)));

    let said = ControlMessage::Election(ElectionMessage::Election { round: 1 });
    writer.message(&said).await.expect("written");
    let heard = rig.inputs.recv().await.expect("forwarded");
    assert!(matches!(heard, NodeInput::Control { from, message, .. } if from == id(2) && message == said));

    drop((reader, writer));
    let ended = rig.inputs.recv().await.expect("told");
    assert!(matches!(ended, NodeInput::GreetedGone { connection, .. } if connection == by.connection));
}
