//! What nodes say to each other about images, and what they call what is kept.

use heirloom::id::{Epoch, RequestId};
use heirloom::protocol::{
    BUCKETS, BucketDigest, Bury, CatalogueItem, Copy, DataReply, DataRequest, Entry, ErrorCode, ImageKind,
    Listed, NodeError, Summary, Tombstone,
};

use super::{IMAGE, ballot, complete, golden, image, lines_of, node};

/// The fields of [`entry`] on the wire.
pub(super) const ENTRY: &str = r#""image":"00112233445566778899aabbccddeeff","user":"alice","file":"größe.png","kind":"png","body_bytes":1048592,"created_ms":1730738456789,"epoch":5"#;

const BURIED: &str =
    r#""image":"00112233445566778899aabbccddeeff","user":"alice","deleted_ms":1730738456999"#;

pub(super) fn entry() -> Entry {
    Entry {
        image: image(),
        user: "alice".parse().expect("a valid name"),
        file: "größe.png".to_owned(),
        kind: ImageKind::Png,
        body_bytes: 1_048_592,
        created_ms: 1_730_738_456_789,
        epoch: Epoch(5),
    }
}

fn tombstone() -> Tombstone {
    Tombstone {
        image: image(),
        user: "alice".parse().expect("a valid name"),
        deleted_ms: 1_730_738_456_999,
    }
}

fn summary() -> Summary {
    Summary {
        buckets: vec![BucketDigest(0xab), BucketDigest::default()],
        images: 7,
        tombstones: 1,
        complete: true,
        new: false,
        abreast: false,
    }
}

fn copy(fenced: bool) -> Copy {
    Copy {
        entry: entry(),
        ballot: fenced.then(|| ballot(5, 3)),
        request: RequestId(if fenced { 7 } else { 0 }),
    }
}

fn requests() -> Vec<(DataRequest, String)> {
    let digest = "ab".repeat(32);
    let bury = Bury {
        tombstone: tombstone(),
        ballot: ballot(5, 3),
    };
    vec![
        (
            DataRequest::Copy(copy(true)),
            format!(r#"{{"type":"copy",{ENTRY},"ballot":{{"epoch":5,"id":3}},"request":7}}"#),
        ),
        (DataRequest::Chunk, r#"{"type":"chunk"}"#.to_owned()),
        (
            DataRequest::Commit {
                digest: digest.clone(),
            },
            format!(r#"{{"type":"commit","digest":"{digest}"}}"#),
        ),
        (
            DataRequest::Bury(bury),
            format!(r#"{{"type":"bury",{BURIED},"ballot":{{"epoch":5,"id":3}}}}"#),
        ),
        (
            DataRequest::LookUp { image: image() },
            format!(r#"{{"type":"look_up","image":"{IMAGE}"}}"#),
        ),
        (DataRequest::Summarise, r#"{"type":"summarise"}"#.to_owned()),
        (
            DataRequest::Bucket { bucket: 255 },
            r#"{"type":"bucket","bucket":255}"#.to_owned(),
        ),
        (
            DataRequest::Fetch { image: image() },
            format!(r#"{{"type":"fetch","image":"{IMAGE}"}}"#),
        ),
    ]
}

fn replies() -> Vec<(DataReply, String)> {
    let digest = "ab".repeat(32);
    let known = |known| DataReply::Known {
        known,
        complete: false,
    };
    let error = DataReply::Error(NodeError {
        code: ErrorCode::StaleAssignment,
        reason: "offer the image again".to_owned(),
    });
    vec![
        (DataReply::Kept, r#"{"type":"kept"}"#.to_owned()),
        (
            known(None),
            r#"{"type":"known","known":null,"complete":false}"#.to_owned(),
        ),
        (
            known(Some(CatalogueItem::Entry(entry()))),
            format!(r#"{{"type":"known","known":{{"item":"entry",{ENTRY}}},"complete":false}}"#),
        ),
        (
            known(Some(CatalogueItem::Tombstone(tombstone()))),
            format!(r#"{{"type":"known","known":{{"item":"tombstone",{BURIED}}},"complete":false}}"#),
        ),
        (
            DataReply::Summary(summary()),
            r#"{"type":"summary","buckets":["000000000000000000000000000000ab","00000000000000000000000000000000"],"images":7,"tombstones":1,"complete":true,"new":false,"abreast":false}"#
                .to_owned(),
        ),
        (DataReply::Items, r#"{"type":"items"}"#.to_owned()),
        (
            DataReply::Copy(copy(false)),
            format!(r#"{{"type":"copy",{ENTRY},"ballot":null,"request":0}}"#),
        ),
        (DataReply::Chunk, r#"{"type":"chunk"}"#.to_owned()),
        (
            DataReply::Whole {
                digest: digest.clone(),
            },
            format!(r#"{{"type":"whole","digest":"{digest}"}}"#),
        ),
        (
            error,
            r#"{"type":"error","code":"stale_assignment","reason":"offer the image again"}"#.to_owned(),
        ),
    ]
}

#[test]
fn what_nodes_ask_each_other_has_its_bytes() {
    golden(&requests());
    complete::<DataRequest>("type", &lines_of(&requests()));
}

#[test]
fn what_nodes_answer_each_other_has_its_bytes() {
    golden(&replies());
    complete::<DataReply>("type", &lines_of(&replies()));
}

#[test]
fn a_line_of_a_list_is_an_entry_and_who_keeps_it() {
    let listed = Listed {
        entry: entry(),
        nodes: vec![node(1), node(3)],
    };
    golden(&[(listed, format!(r#"{{{ENTRY},"nodes":[1,3]}}"#))]);
}

#[test]
fn a_summary_of_every_bucket_fits_a_header_line() {
    let largest = Summary {
        buckets: vec![BucketDigest(u128::MAX); BUCKETS],
        images: u64::MAX,
        tombstones: u64::MAX,
        complete: false,
        new: false,
        abreast: false,
    };
    let line = serde_json::to_string(&DataReply::Summary(largest)).expect("messages serialize");
    assert!(
        line.len() < heirloom::protocol::HEADER_BYTES_MAX,
        "{}",
        line.len()
    );
}

#[test]
fn summaries_differ_where_their_buckets_do() {
    let mut mine = Summary {
        buckets: vec![BucketDigest::default(); BUCKETS],
        images: 0,
        tombstones: 0,
        complete: true,
        new: false,
        abreast: false,
    };
    let theirs = mine.clone();
    mine.buckets[0] = BucketDigest(1);
    mine.buckets[255] = BucketDigest(2);
    assert_eq!(mine.differing(&theirs).collect::<Vec<u8>>(), [0, 255]);
    assert_eq!(theirs.differing(&theirs).count(), 0);
}

#[test]
fn a_digest_of_another_length_is_refused() {
    for digest in [
        "",
        "ab",
        "+0112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff00",
    ] {
        let line = format!("\"{digest}\"");
        assert!(serde_json::from_str::<BucketDigest>(&line).is_err(), "{line}");
    }
}
