//! The client against scripted nodes: node 3 leads and assigns to node 1, whose behaviour is
//! what a test is about; after node 1 has failed it assigns to node 2, which does its work.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::decrypt::{Destination, decrypt};
use super::testing::{Heard, Script, id, serve, user};
use super::*;
use crate::config::Members;
use crate::id::{ImageId, NodeId};
use crate::protocol::{CHUNK_BYTES, ClientMessage, ErrorCode, Offer};
use crate::upload::{Answer, Obstacle, Setback, Unreachable};

mod kept;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

/// An image, a client, and the cluster it speaks to.
struct Scene {
    folder: tempfile::TempDir,
    image: PathBuf,
    client: ClusterClient,
    heard: Heard,
    events: Vec<UploadEvent>,
}

impl Scene {
    /// Starts three nodes, of which the third leads, and the others follow these scripts.
    async fn new(first: impl FnOnce(PathBuf) -> Script, second: Script) -> Self {
        Self::of(first, second, Script::Lead).await
    }

    /// Starts three nodes that follow these scripts.
    async fn of(first: impl FnOnce(PathBuf) -> Script, second: Script, third: Script) -> Self {
        let folder = tempfile::tempdir().expect("made");
        let image = folder.path().join("a.png");
        let mut plain = PNG.to_vec();
        plain.resize(2 * CHUNK_BYTES + 5, 0x5a);
        std::fs::write(&image, plain).expect("written");
        let heard = Heard::default();
        let mut addresses = BTreeMap::new();
        for (number, script) in (1..).zip([first(image.clone()), second, third]) {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
            let address = listener.local_addr().expect("bound").to_string();
            addresses.insert(id(number), address.parse().expect("valid"));
            tokio::spawn(serve(id(number), script, listener, heard.clone()));
        }
        let client = ClusterClient::new(ClientConfig {
            cluster: ClusterConfig {
                name: "scripted".parse().expect("valid"),
                members: Members::new(addresses).expect("valid"),
            },
            user: user(),
            images_dir: folder.path().join("images"),
            image_bytes_max: 1 << 20,
            deadline: Duration::from_secs(30),
        });
        Self {
            folder,
            image,
            client,
            heard,
            events: Vec::new(),
        }
    }

    async fn upload(&mut self) -> Result<Receipt, RequestError> {
        self.upload_for(Wanted::Saved).await
    }

    async fn upload_for(&mut self, wanted: Wanted) -> Result<Receipt, RequestError> {
        let events = &mut self.events;
        let mut observe = |event| events.push(event);
        self.client.upload(&self.image, wanted, &mut observe).await
    }

    /// Returns the image and the failed node of every offer that the leader heard.
    fn offers(&self) -> Vec<(ImageId, Option<NodeId>)> {
        let heard = self.heard.lock().expect("not poisoned");
        let offers = heard.iter().filter_map(|message| match message {
            ClientMessage::Offer(Offer { image, failed, .. }) => Some((*image, *failed)),
            ClientMessage::Upload(_)
            | ClientMessage::Download(_)
            | ClientMessage::List(_)
            | ClientMessage::Delete(_)
            | ClientMessage::Finish => None,
        });
        offers.collect()
    }

    fn retries(&self) -> Vec<Obstacle> {
        let retries = self.events.iter().filter_map(|event| match event {
            UploadEvent::Retrying(obstacle) => Some(obstacle.clone()),
            _ => None,
        });
        retries.collect()
    }

    fn saved_files(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path().join("images"));
        entries.map_or(0, Iterator::count)
    }

    async fn assert_decrypts(&self, receipt: &Receipt) {
        let plain = self.folder.path().join("plain.png");
        let destination = Destination::File(plain.clone());
        let saved = receipt.saved.as_ref().expect("saved");
        let decrypted = decrypt(saved, &user(), &destination).await;
        decrypted.expect("decrypted");
        assert!(std::fs::read(plain).expect("there") == std::fs::read(&self.image).expect("there"));
    }
}

/// What is said when node 1 has failed for this reason.
fn attempt_failed(why: Setback) -> Obstacle {
    Obstacle::Attempt { node: id(1), why }
}

#[tokio::test]
async fn an_uploaded_image_is_saved_encrypted() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    for _ in 0..2 {
        let receipt = scene.upload().await.expect("uploaded");
        assert_eq!((receipt.leader, receipt.server), (id(3), id(1)));
        let saved = receipt.saved.as_ref().expect("saved");
        let size = std::fs::metadata(saved).expect("there").len();
        assert_eq!(size, receipt.bytes + 16);
        if scene.saved_files() == 1 {
            scene.assert_decrypts(&receipt).await;
        }
    }
    assert_eq!(scene.saved_files(), 2);
    assert_eq!(scene.retries(), []);
    let ids = scene.offers();
    assert_ne!(ids[0].0, ids[1].0, "an image id is never used again");
}

#[tokio::test]
async fn an_upload_sweeps_what_a_killed_client_left() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    let images = scene.folder.path().join("images");
    std::fs::create_dir(&images).expect("made");
    std::fs::write(images.join(".heirloom-a1B2c3.part"), "half").expect("written");
    scene.upload().await.expect("uploaded");
    assert_eq!(scene.saved_files(), 1);
}

#[tokio::test]
async fn signs_of_life_before_the_acknowledgement_are_no_nonsense() {
    let mut scene = Scene::new(|_| Script::SlowCommit, Script::Store).await;
    let receipt = scene.upload().await.expect("uploaded");
    assert_eq!(scene.retries(), []);
    assert_eq!(receipt.server, id(1));
    scene.assert_decrypts(&receipt).await;
}

#[tokio::test]
async fn a_lost_node_is_replaced_under_the_same_id() {
    let mut scene = Scene::new(|_| Script::Vanish, Script::Store).await;
    let receipt = scene.upload().await.expect("uploaded");
    assert_eq!(receipt.server, id(2));
    let image = receipt.image;
    assert_eq!(scene.offers(), [(image, None), (image, Some(id(1)))]);
    assert_eq!(scene.retries(), [attempt_failed(Setback::Lost)]);
    scene.assert_decrypts(&receipt).await;
}

#[tokio::test]
async fn what_does_not_match_the_confirmed_digest_is_not_saved() {
    let mut scene = Scene::new(|_| Script::Forge, Script::Store).await;
    let receipt = scene.upload().await.expect("uploaded");
    assert_eq!(scene.retries(), [attempt_failed(Setback::Mismatch)]);
    assert_eq!(scene.saved_files(), 1);
    scene.assert_decrypts(&receipt).await;
}

#[tokio::test]
async fn what_is_not_wanted_back_is_compared_all_the_same_and_saved_nowhere() {
    for wanted in [Wanted::Nothing, Wanted::Checked] {
        let mut scene = Scene::new(|_| Script::Forge, Script::SlowCommit).await;
        let receipt = scene.upload_for(wanted).await.expect("uploaded");
        assert_eq!(scene.retries(), [attempt_failed(Setback::Mismatch)]);
        assert_eq!((receipt.server, receipt.saved), (id(2), None));
        assert_eq!(scene.saved_files(), 0);
    }
}

#[tokio::test]
async fn a_refusal_is_heard_though_nothing_else_comes_back() {
    let mut scene = Scene::new(|_| Script::Refuse(ErrorCode::Storage), Script::Store).await;
    let receipt = scene.upload_for(Wanted::Nothing).await.expect("uploaded");
    let reason = "not today".to_owned();
    assert_eq!(scene.retries(), [attempt_failed(Setback::Storage { reason })]);
    assert_eq!(receipt.server, id(2));
}

#[tokio::test]
async fn a_made_image_is_uploaded_as_any_other() {
    let mut scene = Scene::new(|_| Script::Vanish, Script::Store).await;
    let image = MadeImage::new(CHUNK_BYTES as u64 + 1);
    let uploaded = scene
        .client
        .upload_made(image, Wanted::Nothing, &mut |_| {})
        .await;
    let receipt = uploaded.expect("uploaded");
    assert_eq!((receipt.bytes, receipt.saved), (CHUNK_BYTES as u64 + 1, None));
    assert_eq!(receipt.server, id(2));
}

#[tokio::test]
async fn a_disk_that_refuses_is_passed_over() {
    let mut scene = Scene::new(|_| Script::Refuse(ErrorCode::Storage), Script::Store).await;
    let receipt = scene.upload().await.expect("uploaded");
    assert_eq!(receipt.server, id(2));
}

#[tokio::test]
async fn what_a_disk_may_have_kept_is_offered_again_under_the_same_id() {
    let mut scene = Scene::new(|_| Script::Refuse(ErrorCode::Unknown), Script::Store).await;
    let receipt = scene.upload().await.expect("uploaded");
    assert_eq!(receipt.server, id(2));
    let image = receipt.image;
    assert_eq!(scene.offers(), [(image, None), (image, Some(id(1)))]);
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated() {
    let mut scene = Scene::new(|_| Script::Refuse(ErrorCode::NotAccepted), Script::Store).await;
    let error = scene.upload().await.expect_err("refused");
    assert_eq!(error.to_string(), "not today");
    assert_eq!(scene.offers().len(), 1);
    assert_eq!(scene.saved_files(), 0);
    let reason = "not today".to_owned();
    assert_eq!(scene.events.last(), Some(&UploadEvent::Failed { reason }));
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_not_finished() {
    let mut scene = Scene::new(Script::Touch, Script::Store).await;
    let error = scene.upload().await.expect_err("refused");
    assert!(matches!(error, RequestError::Changed { .. }), "{error}");
    let heard = scene.heard.lock().expect("not poisoned").clone();
    assert!(!heard.contains(&ClientMessage::Finish));
    assert_eq!(scene.saved_files(), 0);
}

#[tokio::test]
async fn a_frozen_node_holds_up_no_upload() {
    let mut scene = Scene::new(|_| Script::Store, Script::Freeze).await;
    scene.upload().await.expect("uploaded");
    let silent = UploadEvent::Answered {
        node: id(2),
        answer: Answer::Unreachable(Unreachable::NoAnswer),
    };
    assert!(scene.events.contains(&silent));
    assert_eq!(scene.retries(), []);
}

#[tokio::test]
async fn an_heir_is_found_while_the_leader_that_froze_says_nothing() {
    let mut scene = Scene::of(|_| Script::Store, Script::Inherit, Script::Freeze).await;
    scene.upload().await.expect("uploaded");
    assert_eq!(scene.retries(), []);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_no_file() {
    let mut scene = Scene::new(|_| Script::Freeze, Script::Store).await;
    let assigned = tokio::sync::Notify::new();
    let mut observe = |event| {
        if matches!(event, UploadEvent::Assigned { .. }) {
            assigned.notify_one();
        }
    };
    // The assigned node never greets, so the upload cannot end by itself.
    tokio::select! {
        ended = scene.client.upload(&scene.image, Wanted::Saved, &mut observe) => panic!("ended: {ended:?}"),
        () = assigned.notified() => {}
    }
    assert_eq!(scene.saved_files(), 0);
}
