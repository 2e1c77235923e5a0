//! How a connection opens, and the status report.

use heirloom::config::QuorumPolicy;
use heirloom::event::WorkerState;
use heirloom::id::Epoch;
use heirloom::protocol::{
    Greeted, Hello, NodeRole, Opening, PROTOCOL_VERSION, PeerStatus, PeerWelcome, Purpose, QuorumStatus,
    Refusal, RotationStatus, StatusReport, StoreCounters, StoreHealth, Welcome,
};

use super::{ballot, complete, faults, generation, golden, lines_of, node, words};

fn hello(purpose: Purpose) -> Opening {
    Opening::Hello(Hello {
        version: PROTOCOL_VERSION,
        cluster: "heirloom".parse().expect("a valid name"),
        purpose,
    })
}

fn openings() -> Vec<(Opening, String)> {
    let control = Purpose::Control {
        node: node(2),
        generation: generation(),
    };
    let user = "alice".parse().expect("a valid name");
    let begin = r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"#;
    vec![
        (
            hello(control),
            format!(r#"{begin}"control","node":2,"generation":1730738456000}}"#),
        ),
        (
            hello(Purpose::Data { node: node(2) }),
            format!(r#"{begin}"data","node":2}}"#),
        ),
        (
            hello(Purpose::Client { user }),
            format!(r#"{begin}"client","user":"alice"}}"#),
        ),
        (hello(Purpose::Watch), format!(r#"{begin}"watch"}}"#)),
        (hello(Purpose::Faults), format!(r#"{begin}"faults"}}"#)),
        (Opening::Status, r#"{"type":"status"}"#.to_owned()),
    ]
}

fn report() -> StatusReport {
    StatusReport {
        node: node(3),
        generation: generation(),
        cluster: "heirloom".parse().expect("a valid name"),
        program: "0.1.0".to_owned(),
        pid: 4711,
        uptime_ms: 60_000,
        role: NodeRole::Leading,
        ballot: Some(ballot(4, 3)),
        serving: true,
        epoch: Epoch(4),
        quorum: QuorumStatus {
            policy: QuorumPolicy::Live,
            needed: 2,
            reachable: 2,
            missing: vec![node(1)],
        },
        peers: vec![PeerStatus {
            node: node(1),
            address: "127.0.0.1:8001".to_owned(),
            linked: false,
            dead: true,
        }],
        rotation: vec![RotationStatus {
            node: node(3),
            state: WorkerState::Active,
            assigned: 7,
            in_flight: 1,
            done: 5,
            failed: 1,
            redispatched: 2,
            next: true,
        }],
        images: 5,
        transfers: 1,
        store: StoreCounters {
            batches: 2,
            records: 7,
            tombstones: 1,
            directory_syncs: 2,
            index_syncs: 1,
        },
        health: StoreHealth::ReadOnly {
            reason: "check the disk".to_owned(),
        },
        faults: Some(faults(1)),
    }
}

const REPORT: &str = concat!(
    r#"{"type":"status","node":3,"generation":1730738456000,"cluster":"heirloom","program":"0.1.0","#,
    r#""pid":4711,"uptime_ms":60000,"role":"leading","ballot":{"epoch":4,"id":3},"serving":true,"#,
    r#""epoch":4,"quorum":{"policy":"live","needed":2,"reachable":2,"missing":[1]},"#,
    r#""peers":[{"node":1,"address":"127.0.0.1:8001","linked":false,"dead":true}],"#,
    r#""rotation":[{"node":3,"state":"active","assigned":7,"in_flight":1,"done":5,"failed":1,"#,
    r#""redispatched":2,"next":true}],"images":5,"transfers":1,"#,
    r#""store":{"batches":2,"records":7,"tombstones":1,"directory_syncs":2,"index_syncs":1},"#,
    r#""health":{"state":"read_only","reason":"check the disk"},"#,
    r#""faults":{"sends":{"1":{"cut":true,"delay_ms":0,"jitter_ms":0,"loss_percent":0}},"disk_delay_ms":50}}"#,
);

fn greetings() -> Vec<(Greeted, String)> {
    let welcome = Welcome { node: node(1) };
    let peer = PeerWelcome {
        node: node(1),
        generation: generation(),
        epoch: Epoch(4),
        blank: false,
    };
    let reason = "this is cluster \"heirloom\", not \"attic\"".to_owned();
    vec![
        (
            Greeted::Welcome(welcome),
            r#"{"type":"welcome","node":1}"#.to_owned(),
        ),
        (
            Greeted::WelcomePeer(peer),
            r#"{"type":"welcome_peer","node":1,"generation":1730738456000,"epoch":4,"blank":false}"#
                .to_owned(),
        ),
        (Greeted::Status(Box::new(report())), REPORT.to_owned()),
        (
            Greeted::Refused(Refusal { reason }),
            r#"{"type":"refused","reason":"this is cluster \"heirloom\", not \"attic\""}"#.to_owned(),
        ),
    ]
}

#[test]
fn openings_have_their_bytes() {
    golden(&openings());
    complete::<Opening>("type", &lines_of(&openings()));
    let hellos: Vec<String> = lines_of(&openings()[..5]);
    complete::<Purpose>("purpose", &hellos);
}

#[test]
fn greetings_have_their_bytes() {
    golden(&greetings());
    complete::<Greeted>("type", &lines_of(&greetings()));
}

#[test]
fn words_of_a_status_report_have_their_bytes() {
    words(&[
        (NodeRole::Starting, "starting"),
        (NodeRole::Following, "following"),
        (NodeRole::Electing, "electing"),
        (NodeRole::Leading, "leading"),
    ]);
    words(&[(QuorumPolicy::Majority, "majority"), (QuorumPolicy::Live, "live")]);
}

#[test]
fn a_report_without_a_leader_says_null() {
    let leaderless = StatusReport {
        ballot: None,
        ..report()
    };
    let line = serde_json::to_string(&leaderless).expect("reports serialize");
    assert!(line.contains(r#""ballot":null"#), "{line}");
    assert_eq!(leaderless.leader(), None);
    let takes_none = StatusReport {
        faults: None,
        ..report()
    };
    let line = serde_json::to_string(&takes_none).expect("reports serialize");
    assert!(!line.contains("faults"), "{line}");
    assert_eq!(report().leader(), Some(node(3)));
}

#[test]
fn a_hello_with_fields_of_a_later_version_is_read() {
    let line = r#"{"purpose":"watch","colour":"blue","cluster":"heirloom","version":2,"type":"hello","tls":{"a":[1]}}"#;
    let Ok(Opening::Hello(hello)) = serde_json::from_str(line) else {
        panic!("{line} is a hello");
    };
    assert_eq!((hello.version, hello.purpose), (2, Purpose::Watch));
}

#[test]
fn an_opening_that_is_none_is_refused() {
    for line in [
        r"{}",
        r#"{"type":"goodbye"}"#,
        r#"{"type":"hello","version":2,"cluster":"heirloom"}"#,
        r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"tea"}"#,
        r#"{"type":"hello","version":2,"cluster":"","purpose":"watch"}"#,
        r#"{"type":"hello","version":-1,"cluster":"heirloom","purpose":"watch"}"#,
        r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"client","user":"a\u0007b"}"#,
        r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"control","node":0,"generation":1}"#,
    ] {
        assert!(serde_json::from_str::<Opening>(line).is_err(), "{line}");
    }
}
