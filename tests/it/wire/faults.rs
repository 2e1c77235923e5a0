//! What nodes are told to do wrong on purpose.

use std::time::Duration;

use heirloom::protocol::{FaultsReply, FaultsRequest};

use super::{complete, faults, golden, lines_of};

#[test]
fn requests_and_replies_have_their_bytes() {
    let requests = [
        (
            FaultsRequest::Set(faults(3)),
            r#"{"type":"set","sends":{"3":{"cut":true,"delay_ms":0,"jitter_ms":0,"loss_percent":0}},"disk_delay_ms":50}"#
                .to_owned(),
        ),
        (
            FaultsRequest::StallClock {
                span: Duration::from_secs(2),
            },
            r#"{"type":"stall_clock","for_ms":2000}"#.to_owned(),
        ),
    ];
    golden(&requests);
    complete::<FaultsRequest>("type", &lines_of(&requests));
    let reason = "this node takes no faults".to_owned();
    let replies = [
        (FaultsReply::Done, r#"{"type":"done"}"#.to_owned()),
        (
            FaultsReply::Refused { reason },
            r#"{"type":"refused","reason":"this node takes no faults"}"#.to_owned(),
        ),
    ];
    golden(&replies);
    complete::<FaultsReply>("type", &lines_of(&replies));
}

#[test]
fn nothing_named_is_nothing_wrong() {
    let read: FaultsRequest = serde_json::from_str(r#"{"type":"set"}"#).expect("reads");
    assert_eq!(read, FaultsRequest::Set(heirloom::fault::NodeFaults::default()));
    for wrong in [
        r#"{"type":"set","sends":{"0":{}}}"#,
        r#"{"type":"set","sends":{"x":{}}}"#,
        r#"{"type":"stall_clock"}"#,
    ] {
        assert!(serde_json::from_str::<FaultsRequest>(wrong).is_err(), "{wrong}");
    }
}
