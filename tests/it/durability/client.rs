//! A client for tests that knows every id it ever offered, acknowledged or not.
//!
//! It speaks the wire itself, so that what the project's own client believes is not what is checked.
//! One attempt at a time, on connections of its own; whoever calls decides about another.

use std::time::Duration;

use heirloom::encryption::{Cipher, IV_BYTES, Key};
use heirloom::event::RequestKind;
use heirloom::id::{ImageId, UserName};
use heirloom::protocol::frame::{FrameError, FrameReader, FrameWriter};
use heirloom::protocol::{
    Assignment, Back, ClientMessage, Delete, Download, ErrorCode, Greeted, Hello, List, Listed, NodeError,
    NodeMessage, Offer, Opening, PROTOCOL_VERSION, Purpose, Upload,
};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// How long one attempt may take; a node that froze is given up by then.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Why an attempt did not end with an answer to rely on.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nobody leads, a node fell silent, or it asks to be offered again: the outcome is unknown.
    Again,
    /// A node refused for good.
    Refused(NodeError),
}

impl From<FrameError> for Failed {
    fn from(_: FrameError) -> Self {
        Self::Again
    }
}

impl From<NodeError> for Failed {
    fn from(error: NodeError) -> Self {
        match error.code {
            ErrorCode::BadRequest | ErrorCode::NotAccepted | ErrorCode::Conflict | ErrorCode::NoSuchImage => {
                Self::Refused(error)
            }
            ErrorCode::StaleAssignment
            | ErrorCode::Busy
            | ErrorCode::Stalled
            | ErrorCode::Storage
            | ErrorCode::NoQuorum
            | ErrorCode::Unknown => Self::Again,
        }
    }
}

/// A user, and where the nodes listen.
#[derive(Debug, Clone)]
pub(super) struct PlainClient {
    pub(super) user: UserName,
    pub(super) addresses: Vec<String>,
}

struct Connection {
    reader: FrameReader<OwnedReadHalf>,
    writer: FrameWriter<OwnedWriteHalf>,
}

impl PlainClient {
    /// Uploads an image; returns how many copies were acknowledged.
    pub(super) async fn upload(&self, image: ImageId, file: &str, plain: &[u8]) -> Result<usize, Failed> {
        self.attempt(
            RequestKind::Upload,
            image,
            plain.len() as u64,
            async |mut node, assignment| {
                let upload = ClientMessage::Upload(Upload {
                    image,
                    file: file.to_owned(),
                    created_ms: 1_700_000_000_000,
                    back: Back::None,
                    assignment,
                });
                let bytes = plain.len() as u64;
                node.writer.message_with_body(&upload, bytes).await?;
                node.writer.body(plain).await?;
                node.writer.message(&ClientMessage::Finish).await?;
                match node.answer().await? {
                    NodeMessage::Stored(stored) => Ok(stored.copies),
                    other => panic!("no answer to an upload: {other:?}"),
                }
            },
        )
        .await
    }

    /// Downloads and decrypts an image.
    pub(super) async fn download(&self, image: ImageId) -> Result<Vec<u8>, Failed> {
        let body = self.attempt(RequestKind::Download, image, 0, async |mut node, assignment| {
            let download = ClientMessage::Download(Download { image, assignment });
            node.writer.message(&download).await?;
            let mut body = Vec::new();
            loop {
                match node.answer().await? {
                    NodeMessage::Image(entry) => assert_eq!(entry.user, self.user),
                    NodeMessage::Chunk => node.take_body(&mut body).await?,
                    NodeMessage::Sent { digest } => {
                        assert_eq!(digest, blake3::hash(&body).to_hex().as_str());
                        return Ok(body);
                    }
                    other => panic!("no answer to a download: {other:?}"),
                }
            }
        });
        let mut plain = body.await?.split_off(IV_BYTES);
        Cipher::new(&Key::of_user(&self.user), image).apply(&mut plain);
        Ok(plain)
    }

    /// Lists the user's images; `id` names the request.
    pub(super) async fn list(&self, id: ImageId) -> Result<Vec<Listed>, Failed> {
        self.attempt(RequestKind::List, id, 0, async |mut node, assignment| {
            let list = ClientMessage::List(List {
                image: id,
                matching: None,
                assignment,
            });
            node.writer.message(&list).await?;
            let mut lines = Vec::new();
            loop {
                match node.answer().await? {
                    NodeMessage::Listing => node.take_body(&mut lines).await?,
                    NodeMessage::EndOfList { images, .. } => {
                        let lines = serde_json::Deserializer::from_slice(&lines).into_iter();
                        let listed: Vec<Listed> = lines.collect::<Result<_, _>>().expect("lines of a list");
                        assert_eq!(listed.len() as u64, images);
                        return Ok(listed);
                    }
                    other => panic!("no answer to a list: {other:?}"),
                }
            }
        })
        .await
    }

    /// Deletes an image; returns on how many nodes.
    pub(super) async fn delete(&self, image: ImageId) -> Result<usize, Failed> {
        self.attempt(RequestKind::Delete, image, 0, async |mut node, assignment| {
            let delete = ClientMessage::Delete(Delete { image, assignment });
            node.writer.message(&delete).await?;
            match node.answer().await? {
                NodeMessage::Deleted { copies, .. } => Ok(copies),
                other => panic!("no answer to a delete: {other:?}"),
            }
        })
        .await
    }

    /// Offers a request to everybody and makes it to whoever is assigned, within one deadline.
    async fn attempt<T>(
        &self,
        kind: RequestKind,
        image: ImageId,
        size: u64,
        exchange: impl AsyncFnOnce(Connection, Assignment) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let all = async {
            let (connection, assignment) = self.assigned(kind, image, size).await.ok_or(Failed::Again)?;
            exchange(connection, assignment).await
        };
        timeout(ATTEMPT, all).await.unwrap_or(Err(Failed::Again))
    }

    async fn assigned(
        &self,
        kind: RequestKind,
        image: ImageId,
        size: u64,
    ) -> Option<(Connection, Assignment)> {
        let failed = None;
        let offer = ClientMessage::Offer(Offer {
            kind,
            image,
            size,
            failed,
        });
        let mut connections = Vec::new();
        let mut newest: Option<Assignment> = None;
        for address in &self.addresses {
            let connection = self.ask(address, &offer).await;
            if let Some((_, Some(assignment))) = &connection
                && newest.is_none_or(|newest| newest.ballot < assignment.ballot)
            {
                newest = Some(*assignment);
            }
            connections.push(connection.map(|(connection, _)| connection));
        }
        let assignment = newest?;
        let place = usize::from(assignment.node.number()) - 1;
        Some((connections.get_mut(place)?.take()?, assignment))
    }

    async fn ask(&self, address: &str, offer: &ClientMessage) -> Option<(Connection, Option<Assignment>)> {
        let asked = async {
            let mut connection = self.dial(address).await?;
            connection.writer.message(offer).await.ok()?;
            match connection.reader.message().await.ok()?? {
                NodeMessage::Assigned(assignment) => Some((connection, Some(assignment))),
                NodeMessage::Declined { .. }
                | NodeMessage::Unavailable { .. }
                | NodeMessage::Error(_)
                | NodeMessage::Chunk
                | NodeMessage::Stored(_)
                | NodeMessage::Image(_)
                | NodeMessage::Sent { .. }
                | NodeMessage::Listing
                | NodeMessage::EndOfList { .. }
                | NodeMessage::Deleted { .. } => Some((connection, None)),
            }
        };
        timeout(ATTEMPT / 4, asked).await.ok()?
    }

    async fn dial(&self, address: &str) -> Option<Connection> {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (reader, writer) = stream.into_split();
        let mut connection = Connection {
            reader: FrameReader::new(reader),
            writer: FrameWriter::new(writer),
        };
        let hello = Opening::Hello(Hello {
            version: PROTOCOL_VERSION,
            cluster: "heirloom".parse().expect("a name"),
            purpose: Purpose::Client {
                user: self.user.clone(),
            },
        });
        connection.writer.message(&hello).await.ok()?;
        match connection.reader.message().await.ok()?? {
            Greeted::Welcome(_) => Some(connection),
            Greeted::WelcomePeer(_) | Greeted::Status(_) | Greeted::Refused(_) => None,
        }
    }
}

impl Connection {
    /// Returns the next message that is no sign of life.
    async fn answer(&mut self) -> Result<NodeMessage, Failed> {
        loop {
            match self.reader.message().await?.ok_or(Failed::Again)? {
                NodeMessage::Chunk if self.reader.body_left() == 0 => {}
                NodeMessage::Error(error) => return Err(error.into()),
                message => return Ok(message),
            }
        }
    }

    async fn take_body(&mut self, into: &mut Vec<u8>) -> Result<(), Failed> {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match self.reader.body(&mut chunk).await? {
                0 => return Ok(()),
                read => into.extend_from_slice(&chunk[..read]),
            }
        }
    }
}
