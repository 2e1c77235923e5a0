//! A client's connection: offers are decided by the node's task, the rest is served here.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::Connection;
use super::context::Context;
use super::input::NodeInput;
use super::kept::{self, Question};
use super::transfer;
use crate::id::UserName;
use crate::protocol::frame::FrameError;
use crate::protocol::{ClientMessage, ErrorCode, NodeError, NodeMessage, Offer, Upload};

/// How long a client may say nothing between two requests.
///
/// A person at a prompt comes back within minutes; a client that has gone for longer dials again.
const IDLE_TIME: Duration = Duration::from_mins(5);

/// Whether a connection goes on after a request.
enum Next {
    /// It may ask again.
    Request,
    /// It ends.
    End,
}

/// Serves a welcomed client until its end, or until the node stops and nothing is in flight.
pub(crate) async fn serve<R, W>(connection: &mut Connection<R, W>, user: &UserName, context: &Context)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    loop {
        let message = tokio::select! {
            message = connection.next(IDLE_TIME) => message,
            () = context.stopping.cancelled() => return,
        };
        let next = match message {
            Some(Ok(message)) => request(connection, message, user, context).await,
            Some(Err(error @ (FrameError::Header(_) | FrameError::HeaderTooLong))) => {
                connection.end_with(&bad_request(error.to_string())).await;
                return;
            }
            // It ended, failed, or went idle.
            Some(Err(FrameError::Io(_) | FrameError::EndInHeader | FrameError::EndInBody { .. })) | None => {
                return;
            }
        };
        if matches!(next, Next::End) {
            return;
        }
    }
}

async fn request<R, W>(
    connection: &mut Connection<R, W>,
    message: ClientMessage,
    user: &UserName,
    context: &Context,
) -> Next
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    match message {
        ClientMessage::Offer(offer) => pass_on(connection, offer, user, context).await,
        ClientMessage::Upload(upload) => take(connection, upload, user, context).await,
        ClientMessage::Download(download) => {
            answer(connection, &Question::Download(download), user, context).await
        }
        ClientMessage::List(list) => answer(connection, &Question::List(list), user, context).await,
        ClientMessage::Delete(delete) => answer(connection, &Question::Delete(delete), user, context).await,
        ClientMessage::Finish => {
            connection
                .end_with(&bad_request("there is no upload to finish"))
                .await;
            Next::End
        }
    }
}

/// Has the node's task decide about an offer, and tells what it says.
async fn pass_on<R, W>(
    connection: &mut Connection<R, W>,
    offer: Offer,
    user: &UserName,
    context: &Context,
) -> Next
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let answer = context.ask(|reply| NodeInput::Offer {
        offer,
        user: user.clone(),
        reply,
    });
    let Some(answer) = answer.await else {
        return Next::End;
    };
    match connection.tell(&answer).await {
        Ok(()) => Next::Request,
        Err(_) => Next::End,
    }
}

/// Takes an image.
async fn take<R, W>(
    connection: &mut Connection<R, W>,
    upload: Upload,
    user: &UserName,
    context: &Context,
) -> Next
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // On the heap: a connection without an upload has no use for so much room.
    let taken = Box::pin(transfer::receive(connection, upload, user, context)).await;
    let taken = taken.map_err(|error| error.can_be_told().then(|| error.into()));
    go_on(connection, taken).await
}

/// Answers a question about what is kept.
async fn answer<R, W>(
    connection: &mut Connection<R, W>,
    question: &Question,
    user: &UserName,
    context: &Context,
) -> Next
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // On the heap: a connection that waits for its next request needs no room for this one.
    let answered = Box::pin(kept::serve(connection, question, user, context)).await;
    let answered = answered.map_err(|error| error.can_be_told().then(|| error.into()));
    go_on(connection, answered).await
}

/// Waits for the next request, or ends with what the client can still be told.
async fn go_on<R, W>(connection: &mut Connection<R, W>, ended: Result<(), Option<NodeError>>) -> Next
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Err(told) = ended else {
        return Next::Request;
    };
    if let Some(error) = told {
        connection.end_with(&NodeMessage::Error(error)).await;
    }
    Next::End
}

fn bad_request(reason: impl Into<String>) -> NodeMessage {
    NodeMessage::Error(NodeError {
        code: ErrorCode::BadRequest,
        reason: reason.into(),
    })
}
