//! The answering side: what a peer asks on a connection that it dialled.
//!
//! One request at a time. Reads of the disk happen on blocking threads, and an image passes through
//! a few buffers whatever its size; a peer that stands still is given up. Decides nothing about who
//! leads: the node's task says whether an assignment still holds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::id::Ballot;
use crate::protocol::frame::FrameError;
use crate::protocol::{Bury, DataReply, DataRequest, ErrorCode, NodeError};
use crate::server::connection::{Connection, STALL};
use crate::server::context::Context;
use crate::server::disk::code_of;
use crate::server::input::NodeInput;
use crate::store::{Store, StoreError};

mod copy;
mod send;

/// How long a peer may ask nothing: longer than it keeps an idle connection.
const IDLE_TIME: Duration = Duration::from_mins(5);

/// Why a connection goes on no longer.
#[derive(Debug)]
enum End {
    /// The request is refused, and the peer can still be told.
    Refused(NodeError),
    /// There is nobody to be told.
    Gone,
}

impl From<NodeError> for End {
    fn from(error: NodeError) -> Self {
        Self::Refused(error)
    }
}

/// Serves a welcomed peer until its end, or until the node stops and nothing is in flight.
pub(crate) async fn serve<R, W>(connection: &mut Connection<R, W>, context: &Context)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let asked = tokio::select! {
            asked = connection.next(IDLE_TIME) => asked,
            () = context.stopping.cancelled() => return,
        };
        let ended = match asked {
            Some(Ok(request)) => answer(connection, request, context).await,
            Some(Err(error)) => read_failed(&error),
            None => return,
        };
        match ended {
            Ok(()) => {}
            Err(End::Refused(error)) => return connection.end_with(&DataReply::Error(error)).await,
            Err(End::Gone) => return,
        }
    }
}

async fn answer<R, W>(
    connection: &mut Connection<R, W>,
    request: DataRequest,
    context: &Context,
) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    match request {
        // On the heap: a connection without a request has no use for so much room.
        DataRequest::Copy(copy) => Box::pin(copy::take(connection, copy, context)).await,
        DataRequest::Bury(bury) => take_mark(connection, bury, context).await,
        DataRequest::LookUp { image } => {
            // Who lost a record knows nothing by not knowing it; asked before and after, since it
            // may be found damaged, or be fetched again, meanwhile.
            let before = context.lacks.may_have_kept(image);
            let known = on_disk(context, move |store| store.look_up(image)).await?;
            let may_have_kept = before || context.lacks.may_have_kept(image);
            let complete = is_complete(context).await? && !may_have_kept;
            tell(connection, &DataReply::Known { known, complete }).await
        }
        DataRequest::Summarise => {
            // Before the catalogue is read: what changes it meanwhile is in it then.
            let (abreast, damaged) = (is_abreast(context).await, context.lacks.any_set_aside());
            let mut summary = on_disk(context, |store| Ok(store.summary())).await?;
            summary.complete &= !damaged && !context.lacks.any_set_aside();
            summary.abreast = abreast;
            tell(connection, &DataReply::Summary(summary)).await
        }
        DataRequest::Bucket { bucket } => {
            let items = on_disk(context, move |store| store.bucket(bucket)).await?;
            send::items(connection, &items).await
        }
        DataRequest::Fetch { image } => send::image(connection, image, context).await,
        DataRequest::Chunk | DataRequest::Commit { .. } => {
            Err(bad_request("there is no copy to go on with").into())
        }
    }
}

/// Brings the mark of a delete to stable storage.
async fn take_mark<R, W>(connection: &mut Connection<R, W>, bury: Bury, context: &Context) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    fence(bury.ballot, context).await?;
    on_disk(context, move |store| store.bury(&bury.tombstone)).await?;
    tell(connection, &DataReply::Kept).await
}

/// Refuses what a reign assigned that this node has left behind.
async fn fence(ballot: Ballot, context: &Context) -> Result<(), NodeError> {
    match context.ask(|reply| NodeInput::Fence { ballot, reply }).await {
        Some(answer) => answer,
        None => Err(busy("this node is stopping; ask another")),
    }
}

/// Says whether this node knows all that was acknowledged; one that stops says nothing for sure.
async fn is_abreast(context: &Context) -> bool {
    let abreast = context.ask(|reply| NodeInput::Abreast { reply }).await;
    abreast.unwrap_or_default()
}

async fn is_complete(context: &Context) -> Result<bool, NodeError> {
    on_disk(context, |store| Ok(store.summary().complete)).await
}

/// Asks the store, and says what the peer is to hear when that fails.
pub(crate) async fn on_disk<T: Send + 'static>(
    context: &Context,
    ask: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, NodeError> {
    match timeout(STALL, context.on_disk(ask)).await {
        Ok(Some(Ok(answer))) => Ok(answer),
        Ok(Some(Err(error))) => Err(NodeError {
            code: code_of(&error),
            reason: error.to_string(),
        }),
        Ok(None) | Err(_) => Err(NodeError {
            code: ErrorCode::Storage,
            reason: "this node's disk does not answer; ask another".to_owned(),
        }),
    }
}

async fn tell<R, W>(connection: &mut Connection<R, W>, reply: &DataReply) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    connection.tell(reply).await.map_err(|_| End::Gone)
}

/// What is not understood is answered; what ended or failed is not.
fn read_failed(error: &FrameError) -> Result<(), End> {
    match error {
        FrameError::Header(_) | FrameError::HeaderTooLong => Err(bad_request(error.to_string()).into()),
        FrameError::Io(_) | FrameError::EndInHeader | FrameError::EndInBody { .. } => Err(End::Gone),
    }
}

fn busy(reason: impl Into<String>) -> NodeError {
    NodeError {
        code: ErrorCode::Busy,
        reason: reason.into(),
    }
}

fn bad_request(reason: impl Into<String>) -> NodeError {
    NodeError {
        code: ErrorCode::BadRequest,
        reason: reason.into(),
    }
}
