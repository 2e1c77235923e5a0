//! Faults on real sockets of the loopback.

use std::collections::BTreeMap;
use std::future::pending;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::*;
use crate::server::testing::id;

/// Long enough for the loopback to bring something, if nothing keeps it.
const A_WHILE: Duration = Duration::from_millis(100);

/// Generous: a machine that is busy with other tests must not fail this one.
const PATIENCE: Duration = Duration::from_secs(30);

fn takes_faults() -> Faults {
    Faults::new(Some(&NodeFaults::default()), SyncDelay::default())
}

/// What is wrong with all that comes from node 2.
fn hears(way: Way) -> NodeFaults {
    NodeFaults {
        hears: BTreeMap::from([(id(2), way)]),
        ..NodeFaults::default()
    }
}

const CUT: Way = Way {
    cut: true,
    delay: Duration::ZERO,
    jitter: Duration::ZERO,
    loss_percent: 0,
};

/// A connection with node 2: its gated halves, and the other end.
async fn connected(faults: &Faults) -> (Heard<OwnedReadHalf>, Said<OwnedWriteHalf>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let far = TcpStream::connect(address).await.expect("accepted");
    let (near, _) = listener.accept().await.expect("accepts");
    let (reader, writer) = near.into_split();
    let gate = Gate::of(faults, id(2));
    (Heard::new(reader, gate.clone()), Said::new(writer, gate), far)
}

#[tokio::test]
async fn a_cut_way_is_silent_and_what_was_sent_meanwhile_arrives_with_the_end() {
    let faults = takes_faults();
    let (mut heard, _said, mut far) = connected(&faults).await;
    far.write_all(b"before").await.expect("written");
    let mut before = [0; 6];
    heard.read_exact(&mut before).await.expect("open");
    assert!(faults.set(hears(CUT)));
    far.write_all(b"behind the cut").await.expect("written");
    drop(far);
    let mut rest = Vec::new();
    assert!(timeout(A_WHILE, heard.read_to_end(&mut rest)).await.is_err());
    assert!(rest.is_empty());
    faults.set(NodeFaults::default());
    let read = timeout(PATIENCE, heard.read_to_end(&mut rest))
        .await
        .expect("in time");
    read.expect("a clean end");
    assert_eq!(rest, b"behind the cut");
}

#[tokio::test]
async fn a_reader_that_waits_already_hears_nothing_once_the_way_is_cut() {
    let faults = takes_faults();
    let (mut heard, _said, mut far) = connected(&faults).await;
    let reading = tokio::spawn(async move { heard.read_u8().await });
    tokio::task::yield_now().await;
    faults.set(hears(CUT));
    far.write_all(b"x").await.expect("written");
    tokio::time::sleep(A_WHILE).await;
    assert!(!reading.is_finished());
    faults.set(NodeFaults::default());
    let read = timeout(PATIENCE, reading)
        .await
        .expect("in time")
        .expect("no panic");
    assert_eq!(read.expect("readable"), b'x');
}

#[tokio::test]
async fn who_hears_nothing_does_not_learn_by_writing_that_the_other_is_dead() {
    let faults = takes_faults();
    let (_heard, mut said, far) = connected(&faults).await;
    faults.set(hears(CUT));
    drop(far);
    let write = async {
        loop {
            said.write_all(&[0; 1024]).await?;
            tokio::task::yield_now().await;
        }
    };
    let mut write: std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>>>> = Box::pin(write);
    assert!(timeout(A_WHILE, &mut write).await.is_err(), "no failure is seen");
    faults.set(NodeFaults::default());
    let written = timeout(PATIENCE, write).await.expect("in time");
    written.expect_err("nobody reads");
}

#[tokio::test]
async fn only_the_way_that_is_cut_is_silent() {
    let faults = takes_faults();
    let (_heard, mut said, mut far) = connected(&faults).await;
    faults.set(hears(CUT));
    said.write_all(b"x").await.expect("written");
    let read = timeout(PATIENCE, far.read_u8()).await.expect("in time");
    assert_eq!(read.expect("readable"), b'x');
    assert!(!faults.both_open(id(2)) && faults.both_open(id(3)));
}

#[tokio::test]
async fn a_delay_makes_everything_late_and_holds_up_nothing_behind_it() {
    let faults = takes_faults();
    let (mut heard, _said, mut far) = connected(&faults).await;
    let delay = Duration::from_millis(200);
    faults.set(hears(Way {
        delay,
        ..Way::default()
    }));
    let since = Instant::now();
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        heard.read_to_end(&mut all).await.expect("a clean end");
        (all, since.elapsed())
    });
    for _ in 0..20 {
        far.write_all(b"x").await.expect("written");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(far);
    let sent_after = since.elapsed();
    let (all, took) = timeout(PATIENCE, reading)
        .await
        .expect("in time")
        .expect("no panic");
    assert_eq!(all.len(), 20);
    assert!(took >= delay, "{took:?}");
    // One after the other they would have taken twenty delays.
    assert!(took < sent_after + delay * 10, "{took:?}");
}

#[tokio::test]
async fn jitter_changes_no_order() {
    let faults = takes_faults();
    let (mut heard, _said, mut far) = connected(&faults).await;
    let (delay, jitter) = (Duration::from_millis(10), Duration::from_millis(10));
    faults.set(hears(Way {
        delay,
        jitter,
        ..Way::default()
    }));
    let sending = async {
        for number in 0..100 {
            far.write_u8(number).await.expect("written");
            tokio::task::yield_now().await;
        }
        drop(far);
    };
    let mut all = Vec::new();
    let (read, ()) = tokio::join!(heard.read_to_end(&mut all), sending);
    read.expect("a clean end");
    assert_eq!(all, (0..100).collect::<Vec<u8>>());
}

#[test]
fn as_many_messages_are_lost_as_was_said() {
    let faults = takes_faults();
    let lost = |loss_percent| {
        faults.set(hears(Way {
            loss_percent,
            ..Way::default()
        }));
        (0..10_000).filter(|_| faults.loses(id(2))).count()
    };
    assert_eq!(lost(0), 0);
    assert_eq!(lost(100), 10_000);
    let third = lost(30);
    assert!((2_500..3_500).contains(&third), "{third}");
    assert!(!faults.loses(id(3)));
}

#[tokio::test]
async fn a_greeting_that_a_cut_held_up_is_too_late() {
    let faults = takes_faults();
    let gate = Gate::of(&faults, id(2));
    assert!(gate.let_in(pending()).await);
    faults.set(NodeFaults {
        sends: BTreeMap::from([(id(2), CUT)]),
        ..NodeFaults::default()
    });
    assert!(
        timeout(A_WHILE, gate.let_in(pending())).await.is_err(),
        "the answer would be cut"
    );
    let waiting = tokio::spawn(async move { gate.let_in(pending()).await });
    tokio::task::yield_now().await;
    faults.set(NodeFaults::default());
    assert!(
        !timeout(PATIENCE, waiting)
            .await
            .expect("in time")
            .expect("no panic")
    );
}

#[tokio::test]
async fn whoever_does_not_wait_any_more_is_forgotten_and_each_waits_once() {
    let faults = takes_faults();
    faults.set(hears(CUT));
    for _ in 0..10 {
        let dial = faults.until_both_open(id(2));
        assert!(timeout(Duration::ZERO, dial).await.is_err());
    }
    assert_eq!(faults.lock().waiting.len(), 0);
    let (mut heard, _said, _far) = connected(&faults).await;
    for _ in 0..10 {
        assert!(timeout(Duration::ZERO, heard.read_u8()).await.is_err());
    }
    assert_eq!(faults.lock().waiting.len(), 1);
    drop(heard);
    assert_eq!(faults.lock().waiting.len(), 0);
}

#[test]
fn a_node_that_takes_no_faults_has_none() {
    let faults = Faults::new(None, SyncDelay::default());
    assert!(faults.now().is_none() && !faults.allowed() && faults.both_open(id(2)));
}
