//! The client against scripted nodes: node 3 leads and assigns to node 1, whose behaviour is
//! what a test is about; after node 1 has failed it assigns to node 2, which does its work.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::decrypt::{Destination, decrypt};
use super::*;
use crate::config::Members;
use crate::encryption::{Cipher, Key};
use crate::id::{Ballot, Epoch, Generation, ImageId, NodeId, RequestId};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{
    Assignment, CHUNK_BYTES, ClientMessage, ErrorCode, Greeted, NodeError, NodeMessage, Offer, Opening,
    Stored, Welcome,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

/// What a scripted node does.
#[derive(Debug, Clone)]
enum Script {
    /// Leads, and gives the request to node 1, or to node 2 after node 1 has failed.
    Lead,
    /// Does its work.
    Store,
    /// Does its work on a disk that takes its time, and shows that it lives meanwhile.
    SlowCommit,
    /// Accepts connections and says nothing.
    Freeze,
    /// Closes the connection in the middle of an upload.
    Vanish,
    /// Confirms another digest than that of what it sent.
    Forge,
    /// Refuses every upload.
    Refuse(ErrorCode),
    /// Has somebody write to the file while it is uploaded.
    Touch(PathBuf),
}

/// What the nodes heard, in order.
type Heard = Arc<Mutex<Vec<ClientMessage>>>;

/// An image, a client, and the cluster it speaks to.
struct Scene {
    folder: tempfile::TempDir,
    image: PathBuf,
    client: ClusterClient,
    heard: Heard,
    events: Vec<UploadEvent>,
}

impl Scene {
    /// Starts three nodes, of which the first and the second follow these scripts.
    async fn new(first: impl FnOnce(PathBuf) -> Script, second: Script) -> Self {
        let folder = tempfile::tempdir().expect("made");
        let image = folder.path().join("a.png");
        let mut plain = PNG.to_vec();
        plain.resize(2 * CHUNK_BYTES + 5, 0x5a);
        std::fs::write(&image, plain).expect("written");
        let heard = Heard::default();
        let mut addresses = BTreeMap::new();
        for (number, script) in (1..).zip([first(image.clone()), second, Script::Lead]) {
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

    async fn upload(&mut self) -> Result<Receipt, UploadError> {
        let events = &mut self.events;
        let mut observe = |event| events.push(event);
        self.client.upload(&self.image, &mut observe).await
    }

    /// Returns the image and the failed node of every offer that the leader heard.
    fn offers(&self) -> Vec<(ImageId, Option<NodeId>)> {
        let heard = self.heard.lock().expect("not poisoned");
        let offers = heard.iter().filter_map(|message| match message {
            ClientMessage::Offer(Offer { image, failed, .. }) => Some((*image, *failed)),
            ClientMessage::Upload(_) | ClientMessage::Finish => None,
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
        entries.expect("readable").count()
    }

    async fn assert_decrypts(&self, receipt: &Receipt) {
        let plain = self.folder.path().join("plain.png");
        let destination = Destination::File(plain.clone());
        let decrypted = decrypt(&receipt.saved, &user(), &destination).await;
        decrypted.expect("decrypted");
        assert!(std::fs::read(plain).expect("there") == std::fs::read(&self.image).expect("there"));
    }
}

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

/// What is said when node 1 has failed for this reason.
fn attempt_failed(why: Setback) -> Obstacle {
    Obstacle::Attempt { node: id(1), why }
}

fn user() -> UserName {
    "alice".parse().expect("valid")
}

async fn serve(node: NodeId, script: Script, listener: TcpListener, heard: Heard) {
    while let Ok((stream, _)) = listener.accept().await {
        let connection = Connection::new(node, script.clone(), stream, heard.clone());
        // How a client leaves is its own business.
        tokio::spawn(async move { drop(connection.run().await) });
    }
}

struct Connection {
    node: NodeId,
    script: Script,
    reader: FrameReader<OwnedReadHalf>,
    writer: FrameWriter<OwnedWriteHalf>,
    heard: Heard,
}

impl Connection {
    fn new(node: NodeId, script: Script, stream: TcpStream, heard: Heard) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            node,
            script,
            reader: FrameReader::new(reader),
            writer: FrameWriter::new(writer),
            heard,
        }
    }

    async fn run(mut self) -> Result<(), FrameError> {
        if matches!(self.script, Script::Freeze) {
            std::future::pending::<()>().await;
        }
        self.reader.message::<Opening>().await?;
        let welcome = Welcome {
            node: self.node,
            generation: Generation(1),
            epoch: Epoch(1),
            blank: false,
        };
        self.writer.message(&Greeted::Welcome(welcome)).await?;
        while let Some(message) = self.reader.message::<ClientMessage>().await? {
            match &message {
                ClientMessage::Offer(offer) => self.answer(offer).await?,
                ClientMessage::Upload(upload) => self.encrypt(upload.image).await?,
                ClientMessage::Finish => self.note(&message),
            }
        }
        Ok(())
    }

    fn note(&self, message: &ClientMessage) {
        let mut heard = self.heard.lock().expect("not poisoned");
        heard.push(message.clone());
    }

    async fn answer(&mut self, offer: &Offer) -> Result<(), FrameError> {
        let answer = if matches!(self.script, Script::Lead) {
            self.note(&ClientMessage::Offer(offer.clone()));
            NodeMessage::Assigned(Assignment {
                ballot: Ballot {
                    epoch: Epoch(1),
                    id: self.node,
                },
                request: RequestId(1),
                node: offer.failed.map_or(id(1), |_| id(2)),
                stall_ms: 10_000,
            })
        } else {
            NodeMessage::Declined {
                reason: format!("Node {} is not the leader", self.node),
            }
        };
        self.writer.message(&answer).await
    }

    async fn encrypt(&mut self, image: ImageId) -> Result<(), FrameError> {
        if let Script::Refuse(code) = self.script {
            let reason = "not today".to_owned();
            let refusal = NodeMessage::Error(NodeError { code, reason });
            return self.writer.message(&refusal).await;
        }
        let mut cipher = Cipher::new(&Key::of_user(&user()), image);
        let mut digest = blake3::Hasher::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut encrypted = image.as_bytes().to_vec();
        loop {
            digest.update(&encrypted);
            let length = encrypted.len() as u64;
            self.writer.message_with_body(&NodeMessage::Chunk, length).await?;
            self.writer.body(&encrypted).await?;
            if matches!(self.script, Script::Vanish) {
                return Err(FrameError::EndInHeader);
            }
            let read = self.reader.body(&mut chunk).await?;
            if read == 0 {
                break;
            }
            cipher.apply(&mut chunk[..read]);
            encrypted = chunk[..read].to_vec();
            // Before the last chunk goes out: the client cannot be done yet.
            if let (Script::Touch(file), 0) = (&self.script, self.reader.body_left()) {
                let mut file = std::fs::File::options().append(true).open(file)?;
                file.write_all(b"one more line")?;
            }
        }
        self.confirm(image, &digest).await
    }

    async fn confirm(&mut self, image: ImageId, digest: &blake3::Hasher) -> Result<(), FrameError> {
        let Some(finish) = self.reader.message::<ClientMessage>().await? else {
            return Ok(());
        };
        self.note(&finish);
        if matches!(self.script, Script::SlowCommit) {
            for _ in 0..3 {
                self.writer.message(&NodeMessage::Chunk).await?;
            }
        }
        let digest = match self.script {
            Script::Forge => "0".repeat(64),
            _ => digest.finalize().to_hex().to_string(),
        };
        let stored = Stored {
            image,
            digest,
            copies: 1,
            members: 3,
        };
        self.writer.message(&NodeMessage::Stored(stored)).await
    }
}

#[tokio::test]
async fn an_uploaded_image_is_saved_encrypted() {
    let mut scene = Scene::new(|_| Script::Store, Script::Store).await;
    for _ in 0..2 {
        let receipt = scene.upload().await.expect("uploaded");
        assert_eq!((receipt.leader, receipt.server), (id(3), id(1)));
        let size = std::fs::metadata(&receipt.saved).expect("there").len();
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
    assert!(matches!(error, UploadError::Changed { .. }), "{error}");
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
        ended = scene.client.upload(&scene.image, &mut observe) => panic!("ended: {ended:?}"),
        () = assigned.notified() => {}
    }
    assert_eq!(scene.saved_files(), 0);
}
