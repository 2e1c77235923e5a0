//! Requests as their leader and their nodes tell of them.

use super::*;
use crate::event::{EVENT_VERSION, Fact};
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
    tell_at(requests, 0, teller, fact);
}

fn tell_at(requests: &mut Requests, ms: u64, teller: u16, fact: Fact) {
    let event = Event {
        version: EVENT_VERSION,
        node: node(teller),
        generation: Generation(1),
        sequence: 0,
        monotonic_ns: Time::ZERO,
        wall_ms: 0,
        fact,
    };
    requests.told(Time::from_nanos(ms * 1_000_000), &event);
}

fn assigned(number: u128, to: u16) -> Fact {
    given(RequestKind::Upload, number, to, None)
}

fn given(kind: RequestKind, number: u128, to: u16, from: Option<u16>) -> Fact {
    let (epoch, id) = (Epoch(1), node(3));
    Fact::Assigned {
        kind,
        ballot: Ballot { epoch, id },
        request: RequestId(1),
        image: image(number),
        user: user(),
        node: node(to),
        redispatched_from: from.map(node),
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

fn downloaded(number: u128) -> Fact {
    Fact::Downloaded {
        image: image(number),
        user: user(),
        file: "x.png".to_owned(),
        bytes: 9,
        took_us: 2000,
    }
}

fn failed(kind: RequestKind, number: u128) -> Fact {
    Fact::RequestFailed {
        kind,
        image: image(number),
        user: user(),
        reason: "too few nodes".to_owned(),
    }
}

fn uploads(requests: &Requests) -> u64 {
    requests.done(RequestKind::Upload)
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
    assert_eq!((requests.len(), uploads(&requests)), (1, 1));
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
        Outcome::Done {
            what: Done::Stored { copies: 3 },
            ..
        }
    ));
    assert_eq!(uploads(&requests), 1, "once");
}

#[test]
fn the_log_is_bounded_and_the_counts_are_not() {
    let mut requests = Requests::default();
    for number in 0..2000 {
        tell(&mut requests, 2, done(number));
    }
    assert_eq!((requests.len(), uploads(&requests)), (REQUESTS_MAX, 2000));
}

#[test]
fn what_is_stored_stays_stored_however_a_repetition_ends() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, assigned(1, 2));
    tell(&mut requests, 2, done(1));
    let failed_again = Fact::UploadFailed {
        image: image(1),
        user: user(),
        file: "x.png".to_owned(),
        reason: "the client is gone".to_owned(),
    };
    tell(&mut requests, 1, failed_again);
    assert_eq!((uploads(&requests), requests.failed()), (1, 0));
}

#[test]
fn every_download_of_an_image_is_a_request_of_its_own_and_no_upload() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, assigned(1, 2));
    tell(&mut requests, 2, done(1));
    for worker in [3, 1] {
        tell(&mut requests, 3, given(RequestKind::Download, 1, worker, None));
    }
    assert_eq!(
        newest(&requests).file.as_deref(),
        Some("x.png"),
        "as it was uploaded"
    );
    tell(&mut requests, 1, downloaded(1));
    let outcomes: Vec<bool> = requests.newest().map(Request::is_done).collect();
    assert_eq!(
        outcomes,
        [true, false, true],
        "the one of node 1, not that of node 3"
    );
    assert_eq!((uploads(&requests), requests.done(RequestKind::Download)), (1, 1));
}

#[test]
fn a_download_that_is_given_to_another_node_is_the_same_request() {
    let mut requests = Requests::default();
    tell(&mut requests, 3, given(RequestKind::Download, 1, 2, None));
    tell(&mut requests, 2, failed(RequestKind::Download, 1));
    assert_eq!(requests.failed(), 1);
    tell(&mut requests, 3, given(RequestKind::Download, 1, 1, Some(2)));
    tell(&mut requests, 1, downloaded(1));
    assert_eq!((requests.len(), requests.failed()), (1, 0));
    assert_eq!(newest(&requests).attempts, 2);
}

#[test]
fn a_failure_heard_after_another_node_has_the_request_is_old_news() {
    for kind in [RequestKind::Download, RequestKind::Delete, RequestKind::List] {
        let mut requests = Requests::default();
        tell(&mut requests, 3, given(kind, 1, 2, None));
        tell(&mut requests, 3, given(kind, 1, 1, Some(2)));
        tell(&mut requests, 2, failed(kind, 1));
        assert_eq!((requests.len(), requests.failed()), (1, 0), "{kind:?}");
        assert_eq!(newest(&requests).worker, Some(node(1)), "{kind:?}");
    }
}

#[test]
fn an_end_that_is_heard_before_its_beginning_belongs_to_it() {
    let mut requests = Requests::default();
    tell_at(&mut requests, 7, 2, downloaded(1));
    tell_at(&mut requests, 5, 3, given(RequestKind::Download, 1, 2, None));
    assert_eq!((requests.len(), newest(&requests).leader), (1, Some(node(3))));
    assert!(newest(&requests).is_done());
    tell_at(&mut requests, 9, 3, given(RequestKind::Download, 1, 2, None));
    assert_eq!(requests.len(), 2, "the next one is another");

    let (user, images) = (user(), 12);
    tell_at(&mut requests, 11, 1, Fact::Listed { user, images });
    tell_at(&mut requests, 10, 3, given(RequestKind::List, 8, 1, None));
    assert_eq!((requests.len(), newest(&requests).image), (3, Some(image(8))));
    assert!(newest(&requests).is_done());
}

#[test]
fn an_end_of_long_ago_is_of_another_request() {
    let mut requests = Requests::default();
    tell_at(&mut requests, 5, 2, downloaded(1));
    tell_at(&mut requests, 60_000, 3, given(RequestKind::Download, 1, 2, None));
    assert_eq!((requests.len(), newest(&requests).is_done()), (2, false));
}

#[test]
fn lists_and_deletes_are_timed_from_their_assignment() {
    let mut requests = Requests::default();
    tell_at(&mut requests, 10, 3, given(RequestKind::List, 8, 1, None));
    tell_at(&mut requests, 11, 3, given(RequestKind::Delete, 1, 2, None));
    let (image, copies) = (image(1), 2);
    let deleted = Fact::Deleted {
        image,
        user: user(),
        copies,
    };
    tell_at(&mut requests, 15, 2, deleted);
    let (user, images) = (user(), 12);
    tell_at(&mut requests, 16, 1, Fact::Listed { user, images });
    let outcomes: Vec<Outcome> = requests.newest().map(|request| request.outcome.clone()).collect();
    let done = |what, ms| Outcome::Done {
        what,
        took: Some(Duration::from_millis(ms)),
    };
    let expected = [
        done(Done::Deleted { copies }, 4),
        done(Done::Listed { images }, 6),
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn a_death_interrupts_requests_of_every_kind() {
    let mut requests = Requests::default();
    for kind in [RequestKind::Download, RequestKind::List, RequestKind::Delete] {
        tell(&mut requests, 3, given(kind, 1, 2, None));
    }
    requests.lost(node(2));
    assert!(
        requests
            .newest()
            .all(|request| request.outcome == Outcome::Interrupted)
    );
    for kind in [RequestKind::Download, RequestKind::List, RequestKind::Delete] {
        tell(&mut requests, 3, given(kind, 1, 1, Some(2)));
    }
    assert_eq!(requests.len(), 3, "each goes on");
}

#[test]
fn a_look_up_is_no_list_whichever_is_heard_first() {
    let mut requests = Requests::default();
    let (user, images) = (user(), 1);
    let listed = Fact::Listed { user, images };
    tell_at(&mut requests, 10, 3, given(RequestKind::LookUp, 8, 1, None));
    tell_at(&mut requests, 13, 1, listed.clone());
    tell_at(&mut requests, 21, 2, listed);
    tell_at(&mut requests, 20, 3, given(RequestKind::LookUp, 9, 2, None));
    let kinds: Vec<RequestKind> = requests.newest().map(|request| request.kind).collect();
    assert_eq!(kinds, [RequestKind::LookUp; 2]);
    assert!(requests.newest().all(Request::is_done));
    let counts = [RequestKind::List, RequestKind::LookUp].map(|kind| requests.done(kind));
    assert_eq!(counts, [0, 2]);
}
