//! Scripted nodes: they speak the wire of a node, and each does what a test says.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::encryption::{Cipher, Key};
use crate::id::{Ballot, Epoch, ImageId, NodeId, RequestId, UserName};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{
    Assignment, Back, CHUNK_BYTES, ClientMessage, ErrorCode, Greeted, NodeError, NodeMessage, Offer, Opening,
    Stored, Welcome,
};

mod kept;

pub(super) use kept::{kept_content, kept_id};

/// What a scripted node does.
#[derive(Debug, Clone)]
pub(super) enum Script {
    /// Leads, and gives the request to node 1, or to node 2 after node 1 has failed.
    Lead,
    /// Declines the first offer, and leads from the next one on.
    Inherit,
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
pub(super) type Heard = Arc<Mutex<Vec<ClientMessage>>>;

pub(super) fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

pub(super) fn user() -> UserName {
    "alice".parse().expect("valid")
}

/// Serves every connection to `node` by its script.
pub(super) async fn serve(node: NodeId, script: Script, listener: TcpListener, heard: Heard) {
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
    has_declined: bool,
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
            has_declined: false,
        }
    }

    async fn run(mut self) -> Result<(), FrameError> {
        if matches!(self.script, Script::Freeze) {
            std::future::pending::<()>().await;
        }
        self.reader.message::<Opening>().await?;
        let welcome = Welcome { node: self.node };
        self.writer.message(&Greeted::Welcome(welcome)).await?;
        while let Some(message) = self.reader.message::<ClientMessage>().await? {
            match &message {
                ClientMessage::Offer(offer) => self.answer(offer).await?,
                ClientMessage::Upload(upload) => self.encrypt(upload.image, upload.back).await?,
                ClientMessage::Download(download) => self.send(download.image).await?,
                ClientMessage::List(list) => self.list(list.matching.as_deref()).await?,
                ClientMessage::Delete(delete) => self.delete(delete.image).await?,
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
        let leads = match self.script {
            Script::Lead => true,
            Script::Inherit => std::mem::replace(&mut self.has_declined, true),
            Script::Store
            | Script::SlowCommit
            | Script::Freeze
            | Script::Vanish
            | Script::Forge
            | Script::Refuse(_)
            | Script::Touch(_) => false,
        };
        let answer = if leads {
            self.note(&ClientMessage::Offer(offer.clone()));
            NodeMessage::Assigned(Assignment {
                ballot: Ballot {
                    epoch: Epoch(1),
                    id: self.node,
                },
                request: RequestId(1),
                node: offer.failed.map_or(id(1), |_| id(2)),
                quorum: 2,
                stall_ms: 10_000,
            })
        } else {
            NodeMessage::Declined {
                reason: format!("Node {} is not the leader", self.node),
            }
        };
        self.writer.message(&answer).await
    }

    async fn encrypt(&mut self, image: ImageId, back: Back) -> Result<(), FrameError> {
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
            if back == Back::Cipher {
                let length = encrypted.len() as u64;
                self.writer.message_with_body(&NodeMessage::Chunk, length).await?;
                self.writer.body(&encrypted).await?;
            }
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
