//! How an accepted connection begins: who is it, may it stay, and what for.
//!
//! Answers `status` without a hello. Refuses what speaks another version, belongs to another
//! cluster, or claims an id that is not its own to claim; a peer's claim is decided by the node's
//! task. Then hands the connection to whoever serves its purpose.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::connections::{NoRoom, Place, Stage};
use super::context::Context;
use super::faults::serve as faults;
use super::input::{GreetingAnswer, NodeInput};
use super::links::Accepted;
use super::refusals::{Cause, Refused};
use super::{data, requests, watch};
use crate::event::line;
use crate::id::{Generation, NodeId};
use crate::protocol::frame::FrameError;
use crate::protocol::{
    ControlMessage, Greeted, Hello, Opening, PROTOCOL_VERSION, PeerWelcome, Purpose, Refusal, Welcome,
};

/// How long a connection may take to say what it is.
const GREETING_TIME: Duration = Duration::from_secs(10);

/// How often, and how many times, an id is asked for again whose connection still stands.
///
/// A process that was killed and started again can greet before the end of its last life is seen.
const OCCUPIED_RETRY_EVERY: Duration = Duration::from_millis(5);
const OCCUPIED_RETRIES: u32 = 10;

/// Greets a connection and serves it until its end.
pub(crate) async fn open<R, W>(connection: &mut Connection<R, W>, place: &Place, context: &Context)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let hello = match timeout(GREETING_TIME, connection.reader.message()).await {
        Ok(Ok(Some(Opening::Hello(hello)))) => hello,
        Ok(Ok(Some(Opening::Status))) => return answer_status(connection, context).await,
        Ok(Err(error @ (FrameError::Header(_) | FrameError::HeaderTooLong))) => {
            let reason = error.to_string();
            return connection.end_with(&Greeted::Refused(Refusal { reason })).await;
        }
        // Nobody to answer: it ended, failed, or never spoke.
        Ok(Ok(None) | Err(FrameError::Io(_) | FrameError::EndInHeader | FrameError::EndInBody { .. }))
        | Err(_) => return,
    };
    if let Purpose::Control { node, .. } | Purpose::Data { node } = hello.purpose {
        connection.gate.bind(&context.faults, node);
        let left = connection.reader.transport().until_left();
        if !connection.gate.let_in(left).await {
            return;
        }
    }
    let speaker = speaker(&hello.purpose);
    if let Err(refused) = admit(connection, hello, place, context).await {
        context
            .refusals
            .publish(context, &speaker, &connection.from, &refused);
        connection.end_with(&Greeted::Refused(refused.refusal)).await;
    }
}

async fn answer_status<R, W>(connection: &mut Connection<R, W>, context: &Context)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    if let Some(report) = context.ask(|reply| NodeInput::Status { reply }).await {
        connection.end_with(&Greeted::Status(report)).await;
    }
}

/// Serves whoever may stay until its end; an error is a refusal that it has not been told yet.
async fn admit<R, W>(
    connection: &mut Connection<R, W>,
    hello: Hello,
    place: &Place,
    context: &Context,
) -> Result<(), Refused>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    check(&hello, context)?;
    match hello.purpose {
        Purpose::Control { node, generation } => {
            serve_peer(connection, node, generation, place, context).await
        }
        Purpose::Data { node: _ } => {
            place.become_a(Stage::Data).map_err(no_room)?;
            if welcome_guest(connection, context).await.is_ok() {
                data::answer::serve(connection, context).await;
            }
            Ok(())
        }
        Purpose::Client { user } => {
            place.become_a(Stage::Client).map_err(no_room)?;
            if welcome_guest(connection, context).await.is_ok() {
                requests::serve(connection, &user, context).await;
            }
            Ok(())
        }
        Purpose::Faults => {
            if !context.faults.allowed() {
                return Err(Refused::new(Cause::Faults, faults::NOT_ALLOWED));
            }
            place.become_a(Stage::Client).map_err(no_room)?;
            if welcome_guest(connection, context).await.is_ok() {
                faults::serve(connection, context).await;
            }
            Ok(())
        }
        Purpose::Watch => {
            place.become_a(Stage::Client).map_err(no_room)?;
            let received = context.events.subscribe();
            if welcome_guest(connection, context).await.is_ok() {
                let Connection { reader, writer, .. } = connection;
                let reader = reader.transport();
                let _ = watch::stream_to(reader, writer, received, &context.stopping).await;
            }
            Ok(())
        }
    }
}

async fn serve_peer<R, W>(
    connection: &mut Connection<R, W>,
    from: NodeId,
    generation: Generation,
    place: &Place,
    context: &Context,
) -> Result<(), Refused>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let welcome = introduce(from, generation, place, context).await?;
    // Only now: whoever is no peer yet must not be safe from being cut.
    let stays = place.become_a(Stage::Peer);
    if stays.is_ok() {
        let _ = listen(connection, welcome, from, place, context).await;
    }
    // Whatever ended it, the node's task must learn that the id is free again.
    let connection = place.id();
    context.tell(NodeInput::GreetedGone { from, connection }).await;
    stays.map_err(no_room)
}

fn no_room(no_room: NoRoom) -> Refused {
    let reason = match no_room {
        NoRoom::Kind => "too many connections of this kind are open; try again later",
        NoRoom::Cut => "too many connections are open; try again later",
    };
    Refused::new(Cause::Room, reason)
}

/// Refuses what speaks another language or means another cluster.
fn check(hello: &Hello, context: &Context) -> Result<(), Refused> {
    let cluster = &context.config.cluster;
    if hello.version != PROTOCOL_VERSION {
        return Err(Refused::new(
            Cause::Version,
            format!(
                "it speaks protocol version {}, this node {PROTOCOL_VERSION}; run the same program everywhere",
                hello.version
            ),
        ));
    }
    if hello.cluster != cluster.name {
        return Err(Refused::new(
            Cause::Cluster,
            format!(
                "it means cluster {:?}, this node belongs to {:?}; check the address and the cluster's name",
                hello.cluster, cluster.name
            ),
        ));
    }
    let (Purpose::Control { node, .. } | Purpose::Data { node }) = hello.purpose else {
        return Ok(());
    };
    if node == context.config.id {
        return Err(Refused::new(
            Cause::Id,
            format!("node {node} is this node; give every node an id of its own"),
        ));
    }
    if cluster.members.address(node).is_none() {
        let members: Vec<NodeId> = cluster.members.ids().collect();
        return Err(Refused::new(
            Cause::Id,
            format!(
                "node {node} is no member of this cluster, which has {}",
                line::nodes(&members)
            ),
        ));
    }
    Ok(())
}

/// Asks the node's task whether a peer may stay.
async fn introduce(
    from: NodeId,
    generation: Generation,
    place: &Place,
    context: &Context,
) -> Result<PeerWelcome, Refused> {
    for _ in 0..OCCUPIED_RETRIES {
        let greeting = |reply| NodeInput::Greeting {
            from,
            by: Accepted {
                connection: place.id(),
                generation,
                cut: place.cutter(),
            },
            reply,
        };
        match context.ask(greeting).await {
            Some(GreetingAnswer::Welcome(welcome)) => return Ok(welcome),
            Some(GreetingAnswer::Refused(refusal)) => {
                let cause = Cause::Id;
                return Err(Refused { cause, refusal });
            }
            Some(GreetingAnswer::Occupied) => sleep(OCCUPIED_RETRY_EVERY).await,
            None => return Err(Refused::new(Cause::Stopping, "this node is stopping")),
        }
    }
    Err(Refused::new(
        Cause::Id,
        format!("node {from} is connected already; does another process run under its id?"),
    ))
}

/// Welcomes a peer and forwards what it says, until its end.
async fn listen<R, W>(
    connection: &mut Connection<R, W>,
    welcome: PeerWelcome,
    from: NodeId,
    place: &Place,
    context: &Context,
) -> Result<(), FrameError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    connection.tell(&Greeted::WelcomePeer(welcome)).await?;
    loop {
        let message = tokio::select! {
            message = connection.reader.message::<ControlMessage>() => message?,
            () = context.stopping.cancelled() => return Ok(()),
        };
        let Some(message) = message else {
            return Ok(());
        };
        let is_election = matches!(message, ControlMessage::Election(_));
        if is_election && context.faults.loses(from) {
            continue;
        }
        let connection = place.id();
        context
            .tell(NodeInput::Control {
                from,
                connection,
                message,
            })
            .await;
    }
}

async fn welcome_guest<R, W>(connection: &mut Connection<R, W>, context: &Context) -> Result<(), FrameError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let node = context.config.id;
    connection.tell(&Greeted::Welcome(Welcome { node })).await
}

fn speaker(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Control { node, .. } | Purpose::Data { node } => format!("node {node}"),
        Purpose::Client { user } => format!("client {user}"),
        Purpose::Watch => "a watcher".to_owned(),
        Purpose::Faults => "a breaker of things".to_owned(),
    }
}

#[cfg(test)]
mod tests;
