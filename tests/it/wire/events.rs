//! Events as a watch connection and a recording hold them, one JSON line each.

use std::time::Duration;

use heirloom::event::RequestKind;
use heirloom::event::{
    EVENT_VERSION, Event, EventStamp, Fact, LinkDownReason, RequestOutcome, StepDownReason, SuspicionReason,
    WorkerState,
};
use heirloom::id::{Epoch, UserName};
use heirloom::time::Time;

use super::{IMAGE, ballot, complete, faults, generation, golden, image, lines_of, node, request, words};

fn alice() -> UserName {
    "alice".parse().expect("a valid name")
}

const BALLOT: &str = r#""ballot":{"epoch":5,"id":3}"#;

/// What happens to a process and its connections.
fn lives_and_links() -> Vec<(Fact, String)> {
    let started = Fact::Started {
        pid: 4711,
        address: "127.0.0.1:8003".to_owned(),
        program: "0.1.0".to_owned(),
    };
    let refused = Fact::GreetingRefused {
        from: "node 9 at 127.0.0.1:50000".to_owned(),
        reason: "node 9 is no member".to_owned(),
    };
    let link_down = Fact::LinkDown {
        peer: node(2),
        reason: LinkDownReason::Closed,
    };
    let lines = [
        (
            started,
            r#"{"fact":"started","pid":4711,"address":"127.0.0.1:8003","program":"0.1.0"}"#,
        ),
        (Fact::Stopping, r#"{"fact":"stopping"}"#),
        (Fact::LinkUp { peer: node(2) }, r#"{"fact":"link_up","peer":2}"#),
        (link_down, r#"{"fact":"link_down","peer":2,"reason":"closed"}"#),
        (
            refused,
            r#"{"fact":"greeting_refused","from":"node 9 at 127.0.0.1:50000","reason":"node 9 is no member"}"#,
        ),
        (Fact::Holding { images: 7 }, r#"{"fact":"holding","images":7}"#),
        (
            Fact::LogDropped { lines: 12 },
            r#"{"fact":"log_dropped","lines":12}"#,
        ),
        (
            Fact::FaultsChanged { faults: faults(3) },
            r#"{"fact":"faults_changed","faults":{"sends":{"3":{"cut":true,"delay_ms":0,"jitter_ms":0,"loss_percent":0}},"disk_delay_ms":50}}"#,
        ),
        (
            Fact::ClockStalled { for_ms: 2000 },
            r#"{"fact":"clock_stalled","for_ms":2000}"#,
        ),
    ];
    lines.map(|(fact, line)| (fact, line.to_owned())).into()
}

/// What an election does.
fn elections() -> Vec<(Fact, String)> {
    let reign = |fact: &str, rest: &str| format!(r#"{{"fact":"{fact}",{BALLOT}{rest}}}"#);
    let ballot = ballot(5, 3);
    let stepped_down = |reason| Fact::SteppedDown { ballot, reason };
    let superseded = StepDownReason::Superseded { epoch: Epoch(6) };
    vec![
        (
            Fact::LeaderSuspected {
                leader: node(3),
                reason: SuspicionReason::NoAnswer,
            },
            r#"{"fact":"leader_suspected","leader":3,"reason":"no_answer"}"#.to_owned(),
        ),
        (
            Fact::ElectionStarted { round: 2 },
            r#"{"fact":"election_started","round":2}"#.to_owned(),
        ),
        (
            Fact::QuorumMissing {
                missing: vec![node(1), node(2)],
            },
            r#"{"fact":"quorum_missing","missing":[1,2]}"#.to_owned(),
        ),
        (Fact::ClaimStarted { ballot }, reign("claim_started", "")),
        (Fact::Voted { ballot }, reign("voted", "")),
        (
            Fact::BecameLeader {
                ballot,
                grants: vec![node(2), node(3)],
            },
            reign("became_leader", r#","grants":[2,3]"#),
        ),
        (Fact::ServingStarted { ballot }, reign("serving_started", "")),
        (Fact::ServingStopped { ballot }, reign("serving_stopped", "")),
        (Fact::Following { ballot }, reign("following", "")),
        (
            stepped_down(StepDownReason::QuorumLost),
            reign("stepped_down", r#","reason":"quorum_lost""#),
        ),
        (
            stepped_down(superseded),
            reign("stepped_down", r#","reason":{"superseded":{"epoch":6}}"#),
        ),
        (Fact::HandoverStarted { ballot }, reign("handover_started", "")),
        (
            Fact::MessageReceived {
                from: node(2),
                message: "claim".to_owned(),
            },
            r#"{"fact":"message_received","from":2,"message":"claim"}"#.to_owned(),
        ),
        (
            Fact::HeartbeatAnswered {
                leader: node(3),
                after_us: 180,
            },
            r#"{"fact":"heartbeat_answered","leader":3,"after_us":180}"#.to_owned(),
        ),
    ]
}

/// What happens to a request.
fn requests() -> Vec<(Fact, String)> {
    let assigned = |redispatched_from: Option<u16>| Fact::Assigned {
        kind: RequestKind::Upload,
        ballot: ballot(5, 3),
        request: request(9),
        image: image(),
        user: alice(),
        node: node(1),
        redispatched_from: redispatched_from.map(node),
        next: Some(node(2)),
    };
    let assigned_line = |from: &str| {
        format!(
            r#"{{"fact":"assigned",{BALLOT},"request":9,"kind":"upload","image":"{IMAGE}","user":"alice","worker":1,"redispatched_from":{from},"next":2}}"#
        )
    };
    let active = Fact::RotationChanged {
        node: node(1),
        state: WorkerState::Active,
        next: Some(node(1)),
    };
    let done = Fact::RequestDone {
        request: request(9),
        node: node(1),
        outcome: RequestOutcome::Done,
    };
    vec![
        (
            active,
            r#"{"fact":"rotation_changed","worker":1,"state":"active","next":1}"#.to_owned(),
        ),
        (
            Fact::OfferParked { image: image() },
            format!(r#"{{"fact":"offer_parked","image":"{IMAGE}"}}"#),
        ),
        (assigned(None), assigned_line("null")),
        (assigned(Some(2)), assigned_line("2")),
        (
            done,
            r#"{"fact":"request_done","request":9,"worker":1,"outcome":"done"}"#.to_owned(),
        ),
    ]
}

/// What happens to an upload.
fn uploads() -> Vec<(Fact, String)> {
    let (user, file, bytes) = (alice(), "größe.png".to_owned(), 1_048_576);
    let of = format!(r#""image":"{IMAGE}","user":"alice","file":"größe.png""#);
    let started = Fact::UploadStarted {
        image: image(),
        user: user.clone(),
        file: file.clone(),
        bytes,
    };
    let done = Fact::UploadDone {
        image: image(),
        user: user.clone(),
        file: file.clone(),
        bytes,
        copies: 1,
        took_us: 5400,
    };
    let failed = Fact::UploadFailed {
        image: image(),
        user,
        file,
        reason: "the client went away".to_owned(),
    };
    vec![
        (
            started,
            format!(r#"{{"fact":"upload_started",{of},"bytes":1048576}}"#),
        ),
        (
            done,
            format!(r#"{{"fact":"upload_done",{of},"bytes":1048576,"copies":1,"took_us":5400}}"#),
        ),
        (
            failed,
            format!(r#"{{"fact":"upload_failed",{of},"reason":"the client went away"}}"#),
        ),
    ]
}

/// What happens to other requests.
fn reads() -> Vec<(Fact, String)> {
    let downloaded = Fact::Downloaded {
        image: image(),
        user: alice(),
        file: "größe.png".to_owned(),
        bytes: 1_048_576,
        took_us: 5400,
    };
    let deleted = Fact::Deleted {
        image: image(),
        user: alice(),
        copies: 3,
    };
    let failed = Fact::RequestFailed {
        kind: RequestKind::Delete,
        image: image(),
        user: alice(),
        reason: "there is no such image".to_owned(),
    };
    let of = format!(r#""image":"{IMAGE}","user":"alice""#);
    vec![
        (
            downloaded,
            format!(r#"{{"fact":"downloaded",{of},"file":"größe.png","bytes":1048576,"took_us":5400}}"#),
        ),
        (
            Fact::Listed {
                user: alice(),
                images: 12,
            },
            r#"{"fact":"listed","user":"alice","images":12}"#.to_owned(),
        ),
        (deleted, format!(r#"{{"fact":"deleted",{of},"copies":3}}"#)),
        (
            failed,
            format!(r#"{{"fact":"request_failed","kind":"delete",{of},"reason":"there is no such image"}}"#),
        ),
    ]
}

/// What happens to copies.
fn copies() -> Vec<(Fact, String)> {
    let missed = Fact::CopyMissed {
        image: image(),
        peer: node(2),
    };
    let damaged = Fact::RecordDamaged {
        image: image(),
        reason: "is cut short".to_owned(),
    };
    let repaired = Fact::RecordRepaired {
        image: image(),
        peer: node(2),
    };
    vec![
        (
            missed,
            format!(r#"{{"fact":"copy_missed","image":"{IMAGE}","peer":2}}"#),
        ),
        (
            Fact::CatchingUp { missing: 7 },
            r#"{"fact":"catching_up","missing":7}"#.to_owned(),
        ),
        (
            Fact::InSync { ballot: ballot(5, 3) },
            format!(r#"{{"fact":"in_sync",{BALLOT}}}"#),
        ),
        (
            Fact::ImageLost { image: image() },
            format!(r#"{{"fact":"image_lost","image":"{IMAGE}"}}"#),
        ),
        (
            damaged,
            format!(r#"{{"fact":"record_damaged","image":"{IMAGE}","reason":"is cut short"}}"#),
        ),
        (
            repaired,
            format!(r#"{{"fact":"record_repaired","image":"{IMAGE}","peer":2}}"#),
        ),
        (
            Fact::StoreReadOnly {
                reason: "check the disk".to_owned(),
            },
            r#"{"fact":"store_read_only","reason":"check the disk"}"#.to_owned(),
        ),
    ]
}

fn facts() -> Vec<(Fact, String)> {
    [
        lives_and_links(),
        elections(),
        requests(),
        uploads(),
        reads(),
        copies(),
    ]
    .concat()
}

#[test]
fn facts_have_their_bytes() {
    golden(&facts());
    complete::<Fact>("fact", &lines_of(&facts()));
}

#[test]
fn an_event_is_its_stamp_and_its_fact_on_one_level() {
    let mut stamp = EventStamp::new(node(3), generation());
    let events: Vec<(Event, String)> = facts()
        .into_iter()
        .enumerate()
        .map(|(sequence, (fact, line))| {
            let event = stamp.stamp(Time::from_nanos(2_000_000_001), Duration::from_secs(1_730_738_457), fact);
            let stamped = format!(
                r#"{{"v":1,"node":3,"generation":1730738456000,"sequence":{sequence},"monotonic_ns":2000000001,"wall_ms":1730738457000,"#
            );
            (event, line.replacen('{', &stamped, 1))
        })
        .collect();
    assert_eq!(EVENT_VERSION, 1);
    golden(&events);
}

#[test]
fn reasons_and_states_have_their_bytes() {
    words(&[
        (LinkDownReason::Closed, "closed"),
        (LinkDownReason::Refused, "refused"),
        (LinkDownReason::Silent, "silent"),
    ]);
    words(&[
        (SuspicionReason::Refused, "refused"),
        (SuspicionReason::NoAnswer, "no_answer"),
        (SuspicionReason::Resigned, "resigned"),
    ]);
    words(&[
        (WorkerState::Active, "active"),
        (WorkerState::Draining, "draining"),
        (WorkerState::CatchingUp, "catching_up"),
        (WorkerState::Suspect, "suspect"),
        (WorkerState::Down, "down"),
    ]);
    words(&[
        (RequestKind::Upload, "upload"),
        (RequestKind::Download, "download"),
        (RequestKind::List, "list"),
        (RequestKind::LookUp, "look_up"),
        (RequestKind::Delete, "delete"),
    ]);
    let reasons = [
        (StepDownReason::QuorumLost, "\"quorum_lost\""),
        (StepDownReason::HandedOver, "\"handed_over\""),
        (StepDownReason::HandoverFailed, "\"handover_failed\""),
        (
            StepDownReason::Superseded { epoch: Epoch(6) },
            r#"{"superseded":{"epoch":6}}"#,
        ),
        (StepDownReason::Stopping, "\"stopping\""),
    ];
    golden(&reasons.map(|(reason, line)| (reason, line.to_owned())));
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let line = r#"{"v":1,"node":3,"zone":"b","generation":1,"sequence":0,"monotonic_ns":0,"wall_ms":0,"fact":"link_up","peer":2,"rtt_us":80}"#;
    let event: Event = serde_json::from_str(line).expect("read");
    assert_eq!(event.fact, Fact::LinkUp { peer: node(2) });
}

#[test]
fn a_rotation_of_an_earlier_version_tells_no_next_turn() {
    let line = r#"{"fact":"rotation_changed","worker":1,"state":"down"}"#;
    let (node, state, next) = (node(1), WorkerState::Down, None);
    let fact: Fact = serde_json::from_str(line).expect("read");
    assert_eq!(fact, Fact::RotationChanged { node, state, next });
}

#[test]
fn an_event_that_is_none_is_refused() {
    let stamp = r#""v":1,"node":3,"generation":1,"sequence":0,"monotonic_ns":0,"wall_ms":0"#;
    for fact in [r#""fact":"coup""#, r#""fact":"link_up""#, r#""peer":2"#] {
        let line = format!("{{{stamp},{fact}}}");
        assert!(serde_json::from_str::<Event>(&line).is_err(), "{line}");
    }
    assert!(serde_json::from_str::<Event>(r#"{"fact":"stopping"}"#).is_err());
}
