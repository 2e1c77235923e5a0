//! A connection on which somebody says what this node does wrong on purpose.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::event::Fact;
use crate::fault::{NodeFaults, check_delay};
use crate::id::NodeId;
use crate::protocol::{FaultsReply, FaultsRequest};
use crate::server::connection::Connection;
use crate::server::context::Context;

/// What a node says that takes no faults.
pub(crate) const NOT_ALLOWED: &str =
    "this node takes no faults; start it with --allow-faults, on a loopback address";

/// How long nothing may be asked: whoever does it says what it wants, and goes.
const IDLE_TIME: Duration = Duration::from_mins(1);

/// Does what is asked until the connection ends.
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
        let reply = match asked {
            Some(Ok(request)) => done(request, context),
            Some(Err(error)) => refused(error.to_string()),
            None => return,
        };
        let is_refused = matches!(reply, FaultsReply::Refused { .. });
        if is_refused {
            return connection.end_with(&reply).await;
        }
        if connection.tell(&reply).await.is_err() {
            return;
        }
    }
}

fn done(request: FaultsRequest, context: &Context) -> FaultsReply {
    match request {
        FaultsRequest::Set(faults) => {
            if let Err(reason) = check(&faults, context) {
                return refused(reason);
            }
            if context.faults.set(faults.clone()) {
                context.events.publish(Fact::FaultsChanged { faults });
            }
        }
        FaultsRequest::StallClock { span } => {
            if let Err(error) = check_delay(span) {
                return refused(error.to_string());
            }
            context.clock.stall(span);
            let for_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            context.events.publish(Fact::ClockStalled { for_ms });
        }
    }
    FaultsReply::Done
}

/// Refuses what names strangers, or is out of range.
fn check(faults: &NodeFaults, context: &Context) -> Result<(), String> {
    let (me, members) = (context.config.id, &context.config.cluster.members);
    let is_peer = |node: NodeId| node != me && members.address(node).is_some();
    let mut named = faults.sends.keys().chain(faults.hears.keys());
    if let Some(stranger) = named.find(|&&node| !is_peer(node)) {
        return Err(format!("node {stranger} is no peer of node {me}; name another"));
    }
    faults.check().map_err(|error| error.to_string())
}

fn refused(reason: String) -> FaultsReply {
    FaultsReply::Refused { reason }
}
