//! Requests as their leader and their nodes tell of them.

use super::*;
use crate::event::EVENT_VERSION;
use crate::event::RequestKind;
use crate::id::{Ballot, Epoch, Generation, RequestId};

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn user() -> UserName {
    "alice".parse().expect("a name")
}

fn image(number: u128) -> ImageId {
    ImageId::from_bytes(number.to_be_bytes())
}

fn tell(requests: &mut Requests, teller: u16, fact: Fact) {
    let event = Event {
        version: EVENT_VERSION,
        node: node(teller),
        generation: Generation(1),
        sequence: 0,
        monotonic_ns: Time::ZERO,
        wall_ms: 0,
        fact,
    };
    requests.told(Time::ZERO, &event);
}

fn assigned(number: u128, to: u16) -> Fact {
    let (epoch, id) = (Epoch(1), node(3));
    Fact::Assigned {
        kind: RequestKind::Upload,
        ballot: Ballot { epoch, id },
        request: RequestId(1),
        image: image(number),
        user: user(),
        node: node(to),
        redispatched_from: None,
        next: None,
    }
}

fn done(number: u128) -> Fact {
    Fact::UploadDone {
        image: image(number),
        user: user(),
        file: "x.png".to_owned(),
        bytes: 9,
        copies: 3,
        took_us: 1000,
    }
}

fn newest(requests: &Requests) -> &Request {
    requests.newest().next().expect("there is one")
}

#[test]
fn leader_and_worker_tell_of_one_upload() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, assigned(1, 2));
    assert_eq!(newest(&requests).outcome, Outcome::Running);
    tell(&mut requests, 2, done(1));
    let upload = newest(&requests);
    assert_eq!((upload.leader, upload.worker), (Some(node(3)), Some(node(2))));
    assert_eq!((requests.len(), requests.acknowledged), (1, 1));
}

#[test]
fn what_its_node_had_is_interrupted_by_its_death_and_done_by_the_next() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, assigned(1, 2));
    requests.lost(node(2));
    assert_eq!(newest(&requests).outcome, Outcome::Interrupted);
    tell(&mut requests, 3, assigned(1, 1));
    assert_eq!(newest(&requests).outcome, Outcome::Running);
    tell(&mut requests, 1, done(1));
    assert_eq!((newest(&requests).attempts, requests.len()), (2, 1));
}

#[test]
fn an_acknowledged_upload_stays_so_whatever_is_heard_late() {
    let mut requests = Requests::default();
    tell(&mut requests, 2, done(1));
    tell(&mut requests, 3, assigned(1, 2));
    tell(&mut requests, 2, done(1));
    requests.lost(node(2));
    assert!(matches!(
        newest(&requests).outcome,
        Outcome::Stored { copies: 3, .. }
    ));
    assert_eq!(requests.acknowledged, 1, "once");
}

#[test]
fn the_log_is_bounded_and_the_counts_are_not() {
    let mut requests = Requests::default();
    for number in 0..2000 {
        tell(&mut requests, 2, done(number));
    }
    assert_eq!((requests.len(), requests.acknowledged), (REQUESTS_MAX, 2000));
}

#[test]
fn what_is_stored_stays_stored_however_a_repetition_ends() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, assigned(1, 2));
    tell(&mut requests, 2, done(1));
    let failed = Fact::UploadFailed {
        image: image(1),
        user: user(),
        file: "x.png".to_owned(),
        reason: "the client is gone".to_owned(),
    };
    tell(&mut requests, 1, failed);
    assert_eq!((requests.acknowledged, requests.failed()), (1, 0));
}
