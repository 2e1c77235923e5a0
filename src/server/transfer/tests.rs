//! Uploads to a node that runs, over the loopback.

use super::testing::{Ended, Sending, assigned, offered, plain_upload, png};
use super::*;
use crate::id::{Epoch, ImageId};
use crate::protocol::{Assignment, CHUNK_BYTES, ErrorCode, NodeError};
use crate::server::testing::id;
use crate::server::tests::{Started, start};

/// A node that runs alone.
struct Rig {
    node: Started,
    /// Holds its data directory.
    _directory: tempfile::TempDir,
}

async fn rig() -> Rig {
    let directory = tempfile::tempdir().expect("a directory");
    let mut nodes = start(1, &directory).await;
    let node = nodes.pop().expect("one node");
    node.until(|report| report.serving).await;
    Rig {
        node,
        _directory: directory,
    }
}

impl Rig {
    /// Announces `body` under the number of an image.
    async fn announce(&self, number: u8, body: Vec<u8>) -> Sending {
        self.announce_as(number, body, |_| {}).await
    }

    /// Announces `body` with an assignment that was changed on the way.
    async fn announce_as(&self, number: u8, body: Vec<u8>, change: impl FnOnce(&mut Assignment)) -> Sending {
        let image = ImageId::from_bytes([number; 16]);
        let (caller, mut assignment) = assigned(self.node.port, image).await;
        change(&mut assignment);
        Sending::announce(caller, image, assignment, body).await
    }

    async fn refusal_of(&self, body: Vec<u8>) -> NodeError {
        let ended = self.announce(1, body).await.end().await;
        ended.answer.expect_err("refused")
    }

    async fn images(&self) -> u64 {
        self.node.status().await.images
    }
}

#[tokio::test]
async fn what_comes_back_is_the_ciphertext_at_every_length_around_a_chunk() {
    let rig = rig().await;
    let lengths = [
        16,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        9 * CHUNK_BYTES + 5,
    ];
    for (number, length) in (1..).zip(lengths) {
        let stored = rig.announce(number, png(length)).await.finish().await;
        assert_eq!((stored.copies, stored.members), (1, 1));
        assert_eq!(rig.images().await, u64::from(number));
    }
    let status = rig.node.status().await;
    assert_eq!((status.transfers, status.rotation[0].done), (0, 5));
}

#[tokio::test]
async fn nothing_comes_back_of_an_upload_that_wants_nothing() {
    let rig = rig().await;
    let image = ImageId::from_bytes([1; 16]);
    let (caller, assignment) = assigned(rig.node.port, image).await;
    let upload = Upload {
        back: Back::None,
        ..plain_upload(image, assignment)
    };
    let mut sending = Sending::announce_as(caller, upload, png(3 * CHUNK_BYTES)).await;
    let Ended { encrypted, answer } = sending.end().await;
    assert!(encrypted.is_empty());
    let kept = rig.announce(1, png(3 * CHUNK_BYTES)).await.finish().await;
    assert_eq!(answer.expect("acknowledged"), kept, "the same image, kept once");
    assert_eq!(rig.images().await, 1);
}

#[tokio::test]
async fn the_same_image_again_is_kept_once() {
    let rig = rig().await;
    let first = rig.announce(1, png(1000)).await.finish().await;
    let again = rig.announce(1, png(1000)).await.finish().await;
    assert_eq!(first, again);
    assert_eq!(rig.images().await, 1);
}

#[tokio::test]
async fn another_content_under_the_same_id_is_a_conflict() {
    let rig = rig().await;
    rig.announce(1, png(1000)).await.finish().await;
    assert_eq!(rig.refusal_of(png(1001)).await.code, ErrorCode::Conflict);
    assert_eq!(rig.images().await, 1);
}

#[tokio::test]
async fn what_is_no_image_is_refused_and_named() {
    let rig = rig().await;
    let text = rig.refusal_of(b"Dear diary".to_vec()).await;
    assert_eq!(text.code, ErrorCode::NotAccepted);
    assert!(text.reason.contains("looks like text"), "{}", text.reason);
    let empty = rig.refusal_of(Vec::new()).await;
    assert_eq!(empty.code, ErrorCode::NotAccepted);
    assert!(empty.reason.contains("empty"), "{}", empty.reason);
    let one_byte = rig.refusal_of(vec![0x89]).await;
    assert_eq!(one_byte.code, ErrorCode::NotAccepted);
    assert_eq!(rig.images().await, 0);
}

#[tokio::test]
async fn an_image_above_the_limit_is_refused_before_it_is_read() {
    let rig = rig().await;
    let refused = rig.refusal_of(png((4 << 20) + 1)).await;
    assert_eq!(refused.code, ErrorCode::NotAccepted);
    assert!(refused.reason.contains("at most 4194304"), "{}", refused.reason);
}

#[tokio::test]
async fn a_leader_assigns_no_image_above_its_limit() {
    let rig = rig().await;
    let image = ImageId::from_bytes([1; 16]);
    let (_, answer) = offered(rig.node.port, image, (4 << 20) + 1).await;
    let NodeMessage::Error(refused) = answer else {
        panic!("not refused: {answer:?}");
    };
    assert_eq!(refused.code, ErrorCode::NotAccepted);
    assert!(refused.reason.contains("at most 4194304"), "{}", refused.reason);
    assert_eq!(rig.node.status().await.rotation[0].in_flight, 0);
    let (_, answer) = offered(rig.node.port, image, 4 << 20).await;
    assert!(matches!(answer, NodeMessage::Assigned(_)), "{answer:?}");
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused_and_fills_no_log() {
    let rig = rig().await;
    let mut events = rig.node.events.subscribe();
    let image = ImageId::from_bytes([1; 16]);
    let (caller, assignment) = assigned(rig.node.port, image).await;
    let upload = Upload {
        file: "ä".repeat(700),
        ..plain_upload(image, assignment)
    };
    let mut sending = Sending::announce_as(caller, upload, png(100)).await;
    let refused = sending.end().await.answer.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::BadRequest);
    assert!(refused.reason.contains("1400 bytes"), "{}", refused.reason);
    let file = loop {
        if let Fact::UploadFailed { file, .. } = &events.recv().await.expect("publishes").fact {
            break file.clone();
        }
    };
    assert_eq!(file, "ä".repeat(FILE_NAME_BYTES_MAX / 2));
}

#[tokio::test]
async fn what_a_stranger_says_instead_of_a_finish_fills_no_log() {
    let rig = rig().await;
    let mut events = rig.node.events.subscribe();
    let mut sending = rig.announce(1, png(100)).await;
    let nonsense = format!("{{\"type\":\"{}\"}}\n", "x".repeat(1000));
    sending.send_nonsense(nonsense.as_bytes()).await;
    let reason = loop {
        if let Fact::UploadFailed { reason, .. } = &events.recv().await.expect("publishes").fact {
            break reason.clone();
        }
    };
    assert!(reason.starts_with("not understood"), "{reason}");
    assert_eq!(reason.len(), REASON_BYTES_MAX);
}

#[tokio::test]
async fn an_old_or_misdirected_assignment_is_refused() {
    let rig = rig().await;
    let body = png(100);
    let mut old = rig
        .announce_as(1, body.clone(), |assignment| assignment.ballot.epoch = Epoch(0))
        .await;
    let code = old.end().await.answer.expect_err("refused").code;
    assert_eq!(code, ErrorCode::StaleAssignment);
    let mut elsewhere = rig
        .announce_as(2, body, |assignment| assignment.node = id(2))
        .await;
    let code = elsewhere.end().await.answer.expect_err("refused").code;
    assert_eq!(code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn without_a_finish_nothing_is_kept() {
    let rig = rig().await;
    let mut events = rig.node.events.subscribe();
    let mut sending = rig.announce(1, png(3 * CHUNK_BYTES)).await;
    sending.send(2 * CHUNK_BYTES).await;
    drop(sending);
    let mut whole = rig.announce(2, png(1000)).await;
    whole.send(1000).await;
    drop(whole);
    let mut failed = 0;
    while failed < 2 {
        let event = events.recv().await.expect("publishes");
        failed += usize::from(matches!(event.fact, Fact::UploadFailed { .. }));
    }
    let status = rig.node.until(|report| report.rotation[0].failed == 2).await;
    assert_eq!((status.images, status.transfers), (0, 0));
}

/// Runs a test on a runtime with one thread for all that waits for disks.
fn with_one_disk_thread(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(test);
}

#[test]
fn a_client_sees_that_the_node_goes_on_while_a_disk_stands_still() {
    with_one_disk_thread(async {
        let rig = rig().await;
        for (number, back) in (1..).zip([Back::Cipher, Back::None]) {
            let (caller, mut assignment) = assigned(rig.node.port, ImageId::from_bytes([number; 16])).await;
            assignment.stall_ms = 100;
            let upload = Upload {
                back,
                ..plain_upload(ImageId::from_bytes([number; 16]), assignment)
            };
            let (release, released) = std::sync::mpsc::channel::<()>();
            let disk = tokio::task::spawn_blocking(move || released.recv());
            let mut sending = Sending::announce_as(caller, upload, png(9 * CHUNK_BYTES)).await;
            sending.send(8 * CHUNK_BYTES).await;
            for _ in 0..4 {
                sending.hear_life().await;
            }
            drop(release);
            let Ended { answer, .. } = sending.end().await;
            assert_eq!(answer.expect("acknowledged").copies, 1);
            assert!(disk.await.expect("no panic").is_err());
        }
    });
}
