//! A dialler against a real port of the loopback, played by hand.

use std::collections::BTreeMap;

use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;

use super::*;
use crate::event::Event;
use crate::fault::{NodeFaults, Way};
use crate::id::{Epoch, Generation};
use crate::protocol::{ControlMessage, ElectionMessage, Refusal};
use crate::server::testing::{Caller, id};
use crate::store::SyncDelay;
use crate::time::Time;

struct Rig {
    inputs: Receiver<NodeInput>,
    events: Events,
    faults: Faults,
    outbox: Arc<Outbox>,
    wake: Arc<Notify>,
    stopping: CancellationToken,
}

/// Starts node 1's dialler of node 2, which listens on `port`.
fn dial(port: u16, patience: Duration) -> Rig {
    let (inputs, received) = mpsc::channel(64);
    let clock = Clock::start();
    let rig = Rig {
        inputs: received,
        events: Events::new(id(1), clock.clone(), Vec::new()),
        faults: Faults::new(Some(&NodeFaults::default()), SyncDelay::default()),
        outbox: Arc::default(),
        wake: Arc::default(),
        stopping: CancellationToken::new(),
    };
    let dialler = Dialler {
        me: id(1),
        peer: id(2),
        address: format!("127.0.0.1:{port}").parse().expect("valid"),
        cluster: "test".parse().expect("valid"),
        patience,
        clock,
        faults: rig.faults.clone(),
        outbox: Arc::clone(&rig.outbox),
        wake: Arc::clone(&rig.wake),
        inputs,
        events: rig.events.clone(),
        stopping: rig.stopping.clone(),
    };
    tokio::spawn(dialler.run());
    rig
}

const PATIENT: Duration = Duration::from_mins(1);

impl Rig {
    async fn change(&mut self) -> LinkChange {
        match self.inputs.recv().await.expect("the dialler runs") {
            NodeInput::Link { peer, change } => {
                assert_eq!(peer, id(2));
                change
            }
            other => panic!("no business of a dialler: {other:?}"),
        }
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    (listener, port)
}

fn welcome(node: u16) -> Greeted {
    Greeted::WelcomePeer(PeerWelcome {
        node: id(node),
        generation: Generation(7),
        epoch: Epoch(3),
        blank: false,
    })
}

const UP: LinkChange = LinkChange::Up {
    generation: Generation(7),
    epoch: Epoch(3),
    blank: false,
};

/// Accepts a dial, checks its greeting and gives this answer.
async fn answer(listener: &TcpListener, answer: &Greeted) -> Caller {
    let (stream, _) = listener.accept().await.expect("accepts");
    let mut peer = Caller::over(stream);
    let opening: Opening = peer.reader.message().await.expect("readable").expect("a hello");
    let Opening::Hello(Hello { purpose, .. }) = opening else {
        panic!("a peer greets");
    };
    assert!(matches!(purpose, Purpose::Control { node, .. } if node == id(1)));
    peer.writer.message(answer).await.expect("written");
    peer
}

fn probe(round: u64) -> ControlMessage {
    ControlMessage::Election(ElectionMessage::Election { round })
}

#[tokio::test]
async fn a_welcomed_peer_is_up_and_hears_what_is_said() {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    let mut peer = answer(&listener, &welcome(2)).await;
    assert_eq!(rig.change().await, LinkChange::Accepted);
    assert_eq!(rig.change().await, UP);
    rig.outbox.push(Time::ZERO, probe(1));
    let heard: Option<ControlMessage> = peer.reader.message().await.expect("readable");
    assert_eq!(heard, Some(probe(1)));
}

#[tokio::test]
async fn a_refused_dial_is_dated_from_when_it_began_and_renewed() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut rig = dial(port, PATIENT);
    let LinkChange::Refused { began: first } = rig.change().await else {
        panic!("nobody listens");
    };
    let LinkChange::Refused { began: second } = rig.change().await else {
        panic!("nobody listens");
    };
    assert!(second.since(first) >= PROOF_RENEWAL);
}

/// A machine that is busy may take longer than a renewal once, and not every time.
#[tokio::test]
async fn a_peer_that_greets_is_dialled_before_the_next_renewal() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut rig = dial(port, PATIENT);
    let mut last = None;
    let mut soonest = Duration::MAX;
    for _ in 0..20 {
        let LinkChange::Refused { began } = rig.change().await else {
            panic!("nobody listens");
        };
        soonest = soonest.min(last.map_or(Duration::MAX, |last| began.since(last)));
        last = Some(began);
        rig.wake.notify_one();
    }
    assert!(soonest < PROOF_RENEWAL, "{soonest:?}");
}

#[tokio::test]
async fn a_link_that_closes_is_dialled_again() {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    drop(answer(&listener, &welcome(2)).await);
    let _peer = answer(&listener, &welcome(2)).await;
    for expected in [
        LinkChange::Accepted,
        UP,
        LinkChange::Closed,
        LinkChange::Accepted,
        UP,
    ] {
        assert_eq!(rig.change().await, expected);
    }
}

#[tokio::test]
async fn a_connection_that_ends_without_a_welcome_is_neither_life_nor_death() {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    for _ in 0..3 {
        drop(listener.accept().await.expect("accepts"));
    }
    let _peer = answer(&listener, &welcome(2)).await;
    for _ in 0..4 {
        assert_eq!(rig.change().await, LinkChange::Accepted);
    }
    assert_eq!(rig.change().await, UP);
}

#[tokio::test]
async fn a_peer_that_never_welcomes_is_silent() {
    let (listener, port) = listen().await;
    // Long enough for the system to connect on a busy machine; the rest of it is waited out.
    let mut rig = dial(port, Duration::from_millis(300));
    let (_mute, _) = listener.accept().await.expect("accepts");
    assert_eq!(rig.change().await, LinkChange::Accepted);
    assert_eq!(rig.change().await, LinkChange::Silent);
}

#[tokio::test]
async fn a_peer_that_welcomes_and_ends_at_once_is_dialled_ever_more_slowly() {
    let (listener, port) = listen().await;
    let _rig = dial(port, PATIENT);
    let mut last = Instant::now();
    let mut pause = Duration::ZERO;
    for _ in 0..HASTY_REDIALS + 2 {
        drop(answer(&listener, &welcome(2)).await);
        pause = last.elapsed();
        last = Instant::now();
    }
    assert!(pause >= PROOF_RENEWAL, "{pause:?}");
}

/// Answers every dial like this until it is given up; returns what is published.
async fn given_up(refusal: Greeted) -> Event {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    let mut events = rig.events.subscribe();
    let answering = tokio::spawn(async move {
        loop {
            answer(&listener, &refusal).await;
        }
    });
    loop {
        match rig.change().await {
            LinkChange::Accepted => {}
            LinkChange::Silent => break,
            other => panic!("not welcome, yet {other:?}"),
        }
    }
    answering.abort();
    let event = events.recv().await.expect("published");
    Event::clone(&event)
}

#[tokio::test]
async fn another_node_at_the_peers_address_is_no_link() {
    let event = given_up(welcome(3)).await;
    assert_eq!(
        event.fact,
        Fact::GreetingRefused {
            from: format!("to be node 2 at {}", address_of(&event)),
            reason: "node 3 answers there; correct the address of node 2".to_owned(),
        }
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_peer() {
    let reason = "it means another cluster".to_owned();
    let event = given_up(Greeted::Refused(Refusal {
        reason: reason.clone(),
    }))
    .await;
    assert!(matches!(event.fact, Fact::GreetingRefused { reason: told, .. } if told == reason));
}

#[tokio::test]
async fn the_same_refusal_is_told_again_after_a_welcome() {
    let (listener, port) = listen().await;
    let rig = dial(port, PATIENT);
    let mut events = rig.events.subscribe();
    let reason = "it means another cluster".to_owned();
    let refused = Greeted::Refused(Refusal { reason });
    let refuse_until_told = async |events: &mut tokio::sync::broadcast::Receiver<Arc<Event>>| {
        while events.is_empty() {
            answer(&listener, &refused).await;
        }
        events.recv().await.expect("published").fact.clone()
    };
    let first = refuse_until_told(&mut events).await;
    drop(answer(&listener, &welcome(2)).await);
    assert_eq!(refuse_until_told(&mut events).await, first);
}

fn address_of(event: &Event) -> String {
    match &event.fact {
        Fact::GreetingRefused { from, .. } => from.rsplit(' ').next().unwrap_or_default().to_owned(),
        other => panic!("unexpected {other:?}"),
    }
}

#[tokio::test]
async fn stopping_writes_what_waits_and_then_closes() {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    let mut peer = answer(&listener, &welcome(2)).await;
    assert_eq!(rig.change().await, LinkChange::Accepted);
    assert_eq!(rig.change().await, UP);
    for round in 0..3 {
        rig.outbox.push(Time::ZERO, probe(round));
    }
    rig.stopping.cancel();
    for round in 0..3 {
        let heard: Option<ControlMessage> = peer.reader.message().await.expect("readable");
        assert_eq!(heard, Some(probe(round)));
    }
    let heard: Option<ControlMessage> = peer.reader.message().await.expect("a clean end");
    assert_eq!(heard, None);
}

/// The other side of a cut may be dead or alive; nobody can tell.
#[tokio::test]
async fn a_dial_that_is_cut_is_silent_and_not_refused_though_nobody_listens() {
    let (listener, port) = listen().await;
    drop(listener);
    let mut rig = dial(port, Duration::from_millis(50));
    assert!(matches!(rig.change().await, LinkChange::Refused { .. }));
    let cut = Way {
        cut: true,
        ..Way::default()
    };
    for one_way in [
        NodeFaults {
            sends: BTreeMap::from([(id(2), cut)]),
            ..NodeFaults::default()
        },
        NodeFaults {
            hears: BTreeMap::from([(id(2), cut)]),
            ..NodeFaults::default()
        },
    ] {
        rig.faults.set(one_way);
        while rig.change().await != LinkChange::Silent {}
        assert_eq!(rig.change().await, LinkChange::Silent);
        rig.faults.set(NodeFaults::default());
        while !matches!(rig.change().await, LinkChange::Refused { .. }) {}
    }
}

#[tokio::test]
async fn the_end_of_a_link_is_not_seen_while_its_way_is_cut() {
    let (listener, port) = listen().await;
    let mut rig = dial(port, PATIENT);
    let peer = answer(&listener, &welcome(2)).await;
    assert_eq!(rig.change().await, LinkChange::Accepted);
    assert_eq!(rig.change().await, UP);
    let cut = Way {
        cut: true,
        ..Way::default()
    };
    rig.faults.set(NodeFaults {
        hears: BTreeMap::from([(id(2), cut)]),
        ..NodeFaults::default()
    });
    drop((peer, listener));
    rig.outbox.push(Time::ZERO, probe(1));
    let seen = tokio::time::timeout(Duration::from_millis(200), rig.change()).await;
    assert!(seen.is_err(), "{seen:?}");
    rig.faults.set(NodeFaults::default());
    assert_eq!(rig.change().await, LinkChange::Closed);
    assert!(matches!(rig.change().await, LinkChange::Refused { .. }));
}
