//! What clients ask about images that are kept: downloads, lists and deletes.
//!
//! ```text
//!   client --- Download | List | Delete ---> admitted? ---> a quorum is asked ---> the answer
//!                                           (node's task)   (itself included)
//! ```
//!
//! Nothing is said about what is kept before as many nodes were asked as the assignment's quorum
//! needs: catalogues are sets, so their union counts, and a mark of a delete wins. Owns no decision
//! about who leads: the node's task says whether the assignment holds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use self::error::KeptError;
use self::others::Silence;
use super::connection::Connection;
use super::context::Context;
use super::input::{NodeInput, Standing};
use crate::event::{Fact, RequestKind, RequestOutcome};
use crate::id::{ImageId, NodeId, UserName};
use crate::protocol::frame::FrameWriter;
use crate::protocol::{Assignment, Delete, Download, List};

mod delete;
mod download;
mod error;
mod known;
mod list;
mod others;
mod recent;
mod say;
mod survey;

/// What a client asks.
#[derive(Debug)]
pub(crate) enum Question {
    /// To be sent an image.
    Download(Download),
    /// Which images are kept.
    List(List),
    /// That an image is kept no longer.
    Delete(Delete),
}

impl Question {
    const fn kind(&self) -> RequestKind {
        match self {
            Self::Download(_) => RequestKind::Download,
            Self::List(_) => RequestKind::List,
            Self::Delete(_) => RequestKind::Delete,
        }
    }

    const fn image(&self) -> ImageId {
        match self {
            Self::Download(download) => download.image,
            Self::List(list) => list.image,
            Self::Delete(delete) => delete.image,
        }
    }

    const fn assignment(&self) -> Assignment {
        match self {
            Self::Download(download) => download.assignment,
            Self::List(list) => list.assignment,
            Self::Delete(delete) => delete.assignment,
        }
    }
}

/// Serves one question up to its answer.
///
/// # Errors
///
/// When it was not answered. The connection is then good for one more message at most.
pub(crate) async fn serve<R, W>(
    connection: &mut Connection<R, W>,
    question: &Question,
    user: &UserName,
    context: &Context,
) -> Result<(), KeptError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let assignment = question.assignment();
    let ended = match admitted(assignment, context).await {
        Ok(standing) => {
            let serving = Serving {
                user,
                assignment,
                linked: &standing.linked,
                abreast: standing.abreast,
                context,
            };
            serving.answer(&mut connection.writer, question).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &ended {
        context.events.publish(Fact::RequestFailed {
            kind: question.kind(),
            image: question.image(),
            user: user.clone(),
            reason: error.to_string(),
        });
    }
    if assignment.node == context.config.id {
        let outcome = match &ended {
            // That there is no such image is an answer as well as any.
            Ok(()) | Err(KeptError::NoSuchImage { .. }) => RequestOutcome::Done,
            Err(_) => RequestOutcome::Failed,
        };
        context.tell(NodeInput::Finished { assignment, outcome }).await;
    }
    ended
}

/// Asks the node's task whether it takes the assignment; returns how the node stands.
async fn admitted(assignment: Assignment, context: &Context) -> Result<Standing, KeptError> {
    let question = |reply| NodeInput::Admission { assignment, reply };
    match context.ask(question).await {
        Some(answer) => answer.map_err(KeptError::NotAdmitted),
        None => Err(KeptError::Stopping),
    }
}

/// One question that is being answered.
#[derive(Debug, Clone, Copy)]
struct Serving<'a> {
    user: &'a UserName,
    assignment: Assignment,
    /// The other nodes that can be asked.
    linked: &'a [NodeId],
    /// Whether this node knows all that was acknowledged, so that fewer than a majority can answer.
    abreast: bool,
    context: &'a Context,
}

impl Serving<'_> {
    async fn answer<W: AsyncWrite + Unpin>(
        self,
        writer: &mut FrameWriter<W>,
        question: &Question,
    ) -> Result<(), KeptError> {
        match question {
            Question::Download(download) => self.download(writer, download.image).await,
            Question::List(list) => self.list(writer, list.matching.as_deref()).await,
            Question::Delete(delete) => self.delete(writer, delete.image).await,
        }
    }

    /// Says whether this node's not knowing something says anything, its disk being complete.
    ///
    /// A majority meets every other, so a member of it need not have heard of everything.
    fn counts(&self) -> bool {
        self.abreast || self.is_by_majority()
    }

    fn is_by_majority(&self) -> bool {
        self.assignment.quorum >= self.context.config.cluster.members.majority()
    }

    /// Asks once more whether the nodes that took part are enough, where they are fewer than a
    /// majority: this node may have been frozen since the assignment.
    async fn still_enough(&self, counted: usize) -> Result<(), KeptError> {
        if self.is_by_majority() {
            return Ok(());
        }
        let standing = admitted(self.assignment, self.context).await?;
        if standing.abreast && counted >= standing.quorum {
            return Ok(());
        }
        Err(KeptError::NoQuorum {
            counted,
            needed: standing.quorum,
            silence: Silence::default(),
        })
    }

    /// Returns how long the client bears that nothing moves.
    fn client_stall(&self) -> Duration {
        Duration::from_millis(self.assignment.stall_ms)
    }
}
