//! Having an image deleted.

use super::ClientConfig;
use super::attempt::AttemptError;
use super::error::RequestError;
use super::link::Link;
use super::offer::Links;
use super::request::{Errand, Request, Subject, Terms};
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId};
use crate::protocol::{ClientMessage, Delete, NodeMessage};
use crate::upload::Observer;

/// A delete that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// The image that is no more.
    pub image: ImageId,
    /// Its file name, where it had to be looked up.
    pub file: Option<String>,
    /// Other images whose ids begin with what was taken for a name.
    pub passed_over: Vec<ImageId>,
    /// Who led.
    pub leader: NodeId,
    /// Who did it.
    pub server: NodeId,
    /// On how many nodes the mark of the delete is on stable storage.
    pub copies: usize,
    /// How many members the cluster has.
    pub members: usize,
}

/// Deletes an image of which the id is known.
pub(super) async fn delete(
    config: &ClientConfig,
    links: &mut Links,
    image: ImageId,
    observe: &mut Observer<'_>,
) -> Result<Deleted, RequestError> {
    let mut errand = Deleting { image };
    let done = Request::new(config, links).run(&mut errand, observe).await?;
    let (copies, members) = done.what;
    Ok(Deleted {
        image,
        file: None,
        passed_over: Vec::new(),
        leader: done.assignment.ballot.id,
        server: done.assignment.node,
        copies,
        members,
    })
}

#[derive(Debug)]
struct Deleting {
    image: ImageId,
}

impl Errand for Deleting {
    /// On how many nodes of how many.
    type Done = (usize, usize);

    fn kind(&self) -> RequestKind {
        RequestKind::Delete
    }

    async fn prepare(&mut self) -> Result<Subject, RequestError> {
        Ok(Subject {
            image: self.image,
            size: 0,
        })
    }

    async fn attempt(
        &mut self,
        link: &mut Link,
        terms: Terms<'_>,
        _: &mut Observer<'_>,
    ) -> Result<Self::Done, AttemptError> {
        let question = ClientMessage::Delete(Delete {
            image: self.image,
            assignment: terms.assignment,
        });
        let asked = async {
            link.writer.message(&question).await?;
            match terms.hear(link).await? {
                NodeMessage::Deleted { copies, members } => Ok((copies, members)),
                NodeMessage::Chunk
                | NodeMessage::Stored(_)
                | NodeMessage::Image(_)
                | NodeMessage::Sent { .. }
                | NodeMessage::Listing
                | NodeMessage::EndOfList { .. }
                | NodeMessage::Declined { .. }
                | NodeMessage::Assigned(_)
                | NodeMessage::Unavailable { .. }
                | NodeMessage::Error(_) => Err(AttemptError::Lost),
            }
        };
        terms.bear(asked).await
    }

    /// An image that is kept has the id it has.
    fn renew(&mut self) -> Result<(), RequestError> {
        Ok(())
    }
}
