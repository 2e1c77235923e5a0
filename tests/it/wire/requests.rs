//! What clients and nodes say to each other.

use heirloom::event::RequestKind;
use heirloom::protocol::{
    Assignment, Back, ClientMessage, Delete, Download, ErrorCode, ImageKind, List, NodeError, NodeMessage,
    Offer, Stored, Upload,
};

use super::data::{ENTRY, entry};
use super::{IMAGE, ballot, complete, golden, image, lines_of, node, request, words};

const ASSIGNMENT: &str = r#""ballot":{"epoch":5,"id":3},"request":9,"node":1,"quorum":2,"stall_ms":6000"#;

fn assignment() -> Assignment {
    Assignment {
        ballot: ballot(5, 3),
        request: request(9),
        node: node(1),
        quorum: 2,
        stall_ms: 6000,
    }
}

fn offer(failed: Option<u16>) -> ClientMessage {
    ClientMessage::Offer(Offer {
        kind: RequestKind::Upload,
        image: image(),
        size: 1 << 33,
        failed: failed.map(node),
    })
}

fn client_messages() -> Vec<(ClientMessage, String)> {
    let upload = ClientMessage::Upload(Upload {
        image: image(),
        file: "größe \"1\".png".to_owned(),
        created_ms: 1_730_738_456_789,
        back: Back::Cipher,
        assignment: assignment(),
    });
    let begin = format!(r#"{{"type":"offer","kind":"upload","image":"{IMAGE}","size":8589934592,"failed":"#);
    let upload_line = format!(
        r#"{{"type":"upload","image":"{IMAGE}","file":"größe \"1\".png","created_ms":1730738456789,"return":"cipher","assignment":{{{ASSIGNMENT}}}}}"#
    );
    let download = ClientMessage::Download(Download {
        image: image(),
        assignment: assignment(),
    });
    let list = ClientMessage::List(List {
        image: image(),
        matching: Some("holiday".to_owned()),
        assignment: assignment(),
    });
    let delete = ClientMessage::Delete(Delete {
        image: image(),
        assignment: assignment(),
    });
    let about = format!(r#""image":"{IMAGE}","assignment":{{{ASSIGNMENT}}}"#);
    let list_line =
        format!(r#"{{"type":"list","image":"{IMAGE}","matching":"holiday","assignment":{{{ASSIGNMENT}}}}}"#);
    vec![
        (offer(None), format!("{begin}null}}")),
        (offer(Some(2)), format!("{begin}2}}")),
        (upload, upload_line),
        (ClientMessage::Finish, r#"{"type":"finish"}"#.to_owned()),
        (download, format!(r#"{{"type":"download",{about}}}"#)),
        (list, list_line),
        (delete, format!(r#"{{"type":"delete",{about}}}"#)),
    ]
}

fn node_messages() -> Vec<(NodeMessage, String)> {
    let declined = NodeMessage::Declined {
        reason: "Node 1 is not the leader".to_owned(),
    };
    let stored = NodeMessage::Stored(Stored {
        image: image(),
        digest: "ab".repeat(32),
        copies: 1,
        members: 3,
    });
    let error = NodeMessage::Error(NodeError {
        code: ErrorCode::NotAccepted,
        reason: "this is text, not an image".to_owned(),
    });
    let missing = vec![node(2), node(3)];
    let digest = "ab".repeat(32);
    vec![
        (
            declined,
            r#"{"type":"declined","reason":"Node 1 is not the leader"}"#.to_owned(),
        ),
        (
            NodeMessage::Assigned(assignment()),
            format!(r#"{{"type":"assigned",{ASSIGNMENT}}}"#),
        ),
        (
            NodeMessage::Unavailable { missing },
            r#"{"type":"unavailable","missing":[2,3]}"#.to_owned(),
        ),
        (NodeMessage::Chunk, r#"{"type":"chunk"}"#.to_owned()),
        (
            stored,
            format!(r#"{{"type":"stored","image":"{IMAGE}","digest":"{digest}","copies":1,"members":3}}"#),
        ),
        (
            NodeMessage::Image(entry()),
            format!(r#"{{"type":"image",{ENTRY}}}"#),
        ),
        (
            NodeMessage::Sent {
                digest: digest.clone(),
            },
            format!(r#"{{"type":"sent","digest":"{digest}"}}"#),
        ),
        (NodeMessage::Listing, r#"{"type":"listing"}"#.to_owned()),
        (
            NodeMessage::EndOfList {
                images: 12,
                nodes: 2,
                members: 3,
            },
            r#"{"type":"end_of_list","images":12,"nodes":2,"members":3}"#.to_owned(),
        ),
        (
            NodeMessage::Deleted {
                copies: 2,
                members: 3,
            },
            r#"{"type":"deleted","copies":2,"members":3}"#.to_owned(),
        ),
        (
            error,
            r#"{"type":"error","code":"not_accepted","reason":"this is text, not an image"}"#.to_owned(),
        ),
    ]
}

#[test]
fn client_messages_have_their_bytes() {
    golden(&client_messages());
    complete::<ClientMessage>("type", &lines_of(&client_messages()));
}

#[test]
fn node_messages_have_their_bytes() {
    golden(&node_messages());
    complete::<NodeMessage>("type", &lines_of(&node_messages()));
}

#[test]
fn kinds_and_codes_have_their_bytes() {
    words(&[
        (ImageKind::Png, "png"),
        (ImageKind::Jpeg, "jpeg"),
        (ImageKind::Gif, "gif"),
        (ImageKind::Webp, "webp"),
        (ImageKind::Bmp, "bmp"),
        (ImageKind::Tiff, "tiff"),
        (ImageKind::Avif, "avif"),
    ]);
    words(&[(Back::Cipher, "cipher"), (Back::None, "none")]);
    words(&[
        (ErrorCode::BadRequest, "bad_request"),
        (ErrorCode::NotAccepted, "not_accepted"),
        (ErrorCode::Conflict, "conflict"),
        (ErrorCode::StaleAssignment, "stale_assignment"),
        (ErrorCode::Busy, "busy"),
        (ErrorCode::Stalled, "stalled"),
        (ErrorCode::Storage, "storage"),
        (ErrorCode::NoSuchImage, "no_such_image"),
        (ErrorCode::NoQuorum, "no_quorum"),
        (ErrorCode::Unknown, "unknown"),
    ]);
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let line = format!(r#"{{"type":"offer","image":"{IMAGE}","size":8589934592}}"#);
    assert_eq!(
        serde_json::from_str::<ClientMessage>(&line).expect("read"),
        offer(None)
    );
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let finish = r#"{"type":"finish","body":0,"signature":"ab"}"#;
    assert_eq!(
        serde_json::from_str::<ClientMessage>(finish).expect("read"),
        ClientMessage::Finish
    );
    let chunk = r#"{"body":7,"nonce":[1,2],"type":"chunk"}"#;
    assert_eq!(
        serde_json::from_str::<NodeMessage>(chunk).expect("read"),
        NodeMessage::Chunk
    );
}

#[test]
fn a_client_message_that_is_none_is_refused() {
    let offer_of = |image: &str, size: &str| format!(r#"{{"type":"offer","image":"{image}","size":{size}}}"#);
    for line in [
        r#"{"type":"steal"}"#.to_owned(),
        r#"{"type":"offer"}"#.to_owned(),
        r#"{"type":["offer"]}"#.to_owned(),
        offer_of("0011", "1"),
        offer_of(&IMAGE.replace('f', "g"), "1"),
        offer_of(IMAGE, "-1"),
        offer_of(IMAGE, "18446744073709551616"),
        offer_of(IMAGE, "\"1\""),
    ] {
        assert!(serde_json::from_str::<ClientMessage>(&line).is_err(), "{line}");
    }
}
