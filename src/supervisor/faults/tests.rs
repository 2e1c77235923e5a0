//! Nodes that are told their faults: ones that refuse, stand still, end and begin again.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::teller::STALLS_MAX;
use super::*;
use crate::config::Members;
use crate::event::process::Life;
use crate::fault::Between;
use crate::protocol::Welcome;

/// Generous: a machine that is busy with other tests must not fail this one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Long enough for the loopback to bring something, if anybody sent it.
const A_WHILE: Duration = Duration::from_millis(200);

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn child(life: u64) -> ChildId {
    let life = Life(life);
    ChildId { node: id(1), life }
}

fn cut() -> Fault {
    Fault::Cut(Between::Pair(id(1), id(2)))
}

/// The faults of two nodes, and where node 1 is waited for.
async fn faults() -> (Faults, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let address = |port: u16| format!("127.0.0.1:{port}").parse().expect("valid");
    let members = BTreeMap::from([(id(1), address(port)), (id(2), address(1))]);
    let cluster = ClusterConfig {
        name: "test".parse().expect("valid"),
        members: Members::new(members).expect("a cluster"),
    };
    (Faults::new(cluster), listener)
}

/// Takes one connection as node 1 does, with this answer; returns what it was told.
async fn told(listener: &TcpListener, reply: &FaultsReply) -> FaultsRequest {
    let taken = async {
        let (stream, _) = listener.accept().await.expect("accepts");
        let (reader, writer) = stream.into_split();
        let (mut reader, mut writer) = (FrameReader::new(reader), FrameWriter::new(writer));
        let hello: Option<Opening> = reader.message().await.expect("readable");
        assert!(hello.is_some());
        let node = id(1);
        let welcome = Greeted::Welcome(Welcome { node });
        writer.message(&welcome).await.expect("written");
        let request = reader.message().await.expect("readable").expect("one");
        writer.message(reply).await.expect("written");
        request
    };
    timeout(PATIENCE, taken).await.expect("it is told")
}

/// Takes in what was answered, as far as it has come.
async fn settle(faults: &mut Faults) {
    assert!(timeout(A_WHILE, faults.failed()).await.is_err(), "nothing failed");
}

fn is_cut(request: &FaultsRequest) -> bool {
    matches!(request, FaultsRequest::Set(part) if part.sends.get(&id(2)).is_some_and(|way| way.cut))
}

#[tokio::test]
async fn who_began_with_its_part_is_told_nothing() {
    let (mut faults, listener) = faults().await;
    faults.apply(&cut()).expect("makes sense");
    assert!(faults.begins(id(1)).sends[&id(2)].cut);
    faults.listens(child(1));
    assert!(timeout(A_WHILE, listener.accept()).await.is_err());
}

#[tokio::test]
async fn a_fault_that_could_not_be_told_is_told_when_it_is_done_again() {
    let (mut faults, listener) = faults().await;
    faults.begins(id(1));
    faults.listens(child(1));
    faults.apply(&cut()).expect("makes sense");
    drop(listener.accept().await.expect("accepts"));
    let (failed, why) = faults.failed().await;
    assert_eq!(failed, child(1));
    assert!(why.to_string().ends_with("start it and do this again"), "{why}");
    faults.apply(&cut()).expect("makes sense");
    assert!(is_cut(&told(&listener, &FaultsReply::Done).await));
    settle(&mut faults).await;
    faults.apply(&cut()).expect("makes sense");
    assert!(timeout(A_WHILE, listener.accept()).await.is_err(), "it is so");
}

#[tokio::test]
async fn who_refuses_a_fault_is_asked_again_and_not_for_what_is_none_of_its_business() {
    let (mut faults, listener) = faults().await;
    faults.begins(id(1));
    faults.listens(child(1));
    let reason = "no".to_owned();
    let refused = FaultsReply::Refused { reason };
    for _ in 0..2 {
        faults.apply(&cut()).expect("makes sense");
        assert!(is_cut(&told(&listener, &refused).await));
        assert_eq!(faults.failed().await.1.to_string(), "no");
    }
    faults
        .apply(&Fault::Heal(Between::Everybody))
        .expect("makes sense");
    assert!(
        timeout(A_WHILE, listener.accept()).await.is_err(),
        "it never obeyed"
    );
}

#[tokio::test]
async fn who_stands_still_hears_what_was_on_its_way_and_then_the_newest() {
    let (mut faults, listener) = faults().await;
    faults.begins(id(1));
    faults.listens(child(1));
    let slow = |millis| Fault::SlowDisk {
        node: id(1),
        delay: Duration::from_millis(millis),
    };
    faults.apply(&slow(1)).expect("makes sense");
    // It has dialled; nobody accepts yet.
    tokio::time::sleep(A_WHILE).await;
    for millis in 2..=50 {
        faults.apply(&slow(millis)).expect("makes sense");
    }
    for expected in [1, 50] {
        let FaultsRequest::Set(part) = told(&listener, &FaultsReply::Done).await else {
            panic!("no clock was to stand still");
        };
        assert_eq!(part.disk_delay, Duration::from_millis(expected));
    }
    assert!(timeout(A_WHILE, listener.accept()).await.is_err());
}

#[tokio::test]
async fn the_clock_of_who_stands_still_is_stalled_so_many_times_and_no_more() {
    let (mut faults, _listener) = faults().await;
    let stall = Fault::StallClock {
        node: id(1),
        span: Duration::from_millis(1),
    };
    assert_eq!(faults.apply(&stall), Err(FaultError::NotRunning(id(1))));
    faults.begins(id(1));
    faults.listens(child(1));
    for _ in 0..STALLS_MAX {
        faults.apply(&stall).expect("there is room");
    }
    let full = Err(FaultError::StandsStill(id(1)));
    // One more may have been taken to be told.
    assert!((0..2).any(|_| faults.apply(&stall) == full));
}

#[tokio::test]
async fn what_an_earlier_life_answers_says_nothing_of_this_one() {
    let (mut faults, _listener) = faults().await;
    faults.begins(id(1));
    faults.listens(child(1));
    faults.is_gone(child(1));
    faults.begins(id(1));
    faults.listens(child(2));
    faults.apply(&cut()).expect("makes sense");
    let wanted = faults.matrix.of(id(1));
    let answer = |child| Answer {
        child,
        request: FaultsRequest::Set(wanted.clone()),
        ended: Ok(()),
    };
    faults.answers_to.send(answer(child(1))).expect("kept");
    settle(&mut faults).await;
    // Neither is the end of that life the end of this.
    faults.is_gone(child(1));
    faults.heard(child(2), &NodeFaults::default());
    faults.heard(child(1), &NodeFaults::default());
    assert_eq!(faults.matrix.of(id(1)), wanted, "what is on its way is newer");
    faults.answers_to.send(answer(child(2))).expect("kept");
    settle(&mut faults).await;
    faults.heard(child(2), &NodeFaults::default());
    assert!(faults.matrix.is_sound(), "somebody else has healed it");
}
