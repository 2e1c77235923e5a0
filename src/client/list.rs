//! Asking which images of the user are kept: for a person, or to find what a name means.

use super::ClientConfig;
use super::attempt::AttemptError;
use super::error::RequestError;
use super::link::Link;
use super::offer::Links;
use super::request::{Done, Errand, Request, Subject, Terms};
use crate::encryption;
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId};
use crate::protocol::{ClientMessage, List, Listed, NodeMessage};
use crate::upload::Observer;

/// The most bytes that one piece of a list may have.
///
/// Nodes send a piece once it has 64 KiB, so it is longer by one image at most, and the file name of
/// that, were it nothing but escapes, takes 6 KiB. The rest is room for nodes that will send more at a time.
const PIECE_BYTES_MAX: u64 = 1024 * 1024;

/// Which images of a user are kept, as far as a quorum knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The images, newest first.
    pub images: Vec<Listed>,
    /// Who led.
    pub leader: NodeId,
    /// Who answered.
    pub server: NodeId,
    /// How many nodes were asked and answered, that one included.
    pub nodes: usize,
    /// How many members the cluster has.
    pub members: usize,
}

/// Lists images; see [`super::ClusterClient::list`].
pub(super) async fn list(
    config: &ClientConfig,
    links: &mut Links,
    matching: Option<&str>,
    observe: &mut Observer<'_>,
) -> Result<Listing, RequestError> {
    let matching = matching.map(str::to_owned);
    let mut errand = Listening::new(RequestKind::List, matching)?;
    let done = Request::new(config, links).run(&mut errand, observe).await?;
    let Done { what, assignment } = done;
    Ok(Listing {
        images: what.images,
        leader: assignment.ballot.id,
        server: assignment.node,
        nodes: what.nodes,
        members: what.members,
    })
}

/// Returns the images that `text` may mean, newest first.
///
/// The nodes are told that it is a look-up, so that nobody takes it for a list that somebody wants to read.
pub(super) async fn look_up(
    config: &ClientConfig,
    links: &mut Links,
    text: &str,
    observe: &mut Observer<'_>,
) -> Result<Vec<Listed>, RequestError> {
    let mut errand = Listening::new(RequestKind::LookUp, Some(text.to_owned()))?;
    let done = Request::new(config, links).run(&mut errand, observe).await?;
    Ok(done.what.images)
}

/// A question that goes out again under the same id.
#[derive(Debug)]
struct Listening {
    kind: RequestKind,
    id: ImageId,
    matching: Option<String>,
}

/// What the assigned node said.
#[derive(Debug)]
struct Heard {
    images: Vec<Listed>,
    nodes: usize,
    members: usize,
}

impl Listening {
    fn new(kind: RequestKind, matching: Option<String>) -> Result<Self, RequestError> {
        let id = encryption::new_image_id()?;
        Ok(Self { kind, id, matching })
    }
}

impl Errand for Listening {
    type Done = Heard;

    fn kind(&self) -> RequestKind {
        self.kind
    }

    async fn prepare(&mut self) -> Result<Subject, RequestError> {
        Ok(Subject {
            image: self.id,
            size: 0,
        })
    }

    async fn attempt(
        &mut self,
        link: &mut Link,
        terms: Terms<'_>,
        _: &mut Observer<'_>,
    ) -> Result<Heard, AttemptError> {
        let question = ClientMessage::List(List {
            image: self.id,
            matching: self.matching.clone(),
            assignment: terms.assignment,
        });
        terms.bear(listen(link, &question, terms)).await
    }

    fn renew(&mut self) -> Result<(), RequestError> {
        self.id = encryption::new_image_id()?;
        Ok(())
    }
}

async fn listen(link: &mut Link, question: &ClientMessage, terms: Terms<'_>) -> Result<Heard, AttemptError> {
    link.writer.message(question).await?;
    let mut heard = Vec::new();
    loop {
        match terms.hear(link).await? {
            NodeMessage::Listing => listed(link, &mut heard).await?,
            NodeMessage::EndOfList {
                images,
                nodes,
                members,
            } if images == heard.len() as u64 => {
                return Ok(Heard {
                    images: heard,
                    nodes,
                    members,
                });
            }
            NodeMessage::EndOfList { .. }
            | NodeMessage::Chunk
            | NodeMessage::Stored(_)
            | NodeMessage::Image(_)
            | NodeMessage::Sent { .. }
            | NodeMessage::Deleted { .. }
            | NodeMessage::Declined { .. }
            | NodeMessage::Assigned(_)
            | NodeMessage::Unavailable { .. }
            | NodeMessage::Error(_) => return Err(AttemptError::Lost),
        }
    }
}

/// Reads one piece of a list.
async fn listed(link: &mut Link, heard: &mut Vec<Listed>) -> Result<(), AttemptError> {
    let length = link.reader.body_left();
    if length > PIECE_BYTES_MAX {
        return Err(AttemptError::Lost);
    }
    let mut piece = vec![0; usize::try_from(length).map_err(|_| AttemptError::Lost)?];
    let mut filled = 0;
    while filled < piece.len() {
        filled += link.reader.body(&mut piece[filled..]).await?;
    }
    for line in piece.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        heard.push(serde_json::from_slice(line).map_err(|_| AttemptError::Lost)?);
    }
    Ok(())
}
