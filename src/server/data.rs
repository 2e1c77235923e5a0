//! Asking peers about images: a pool of connections, and what is asked on them.
//!
//! ```text
//!   acquire --- a kept one that is quiet --+
//!          \--- dial, hello, welcome ------+--> one request --- ended cleanly --> release, kept
//!                                                           \-- dropped --------> closed
//! ```
//!
//! Owns which connections are kept, and that one which died while it was kept is replaced once.
//! Decides nothing about what is asked or who is worth asking. `answer` is the other side of it.
//!
//! Invariant: a connection is kept only when its last request ended, so the next one finds nothing
//! of it on the wire.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

pub(crate) use self::connection::DataConnection;
pub(crate) use self::error::DataError;
pub(crate) use self::fetch::Fetch;
use super::faults::{Faults, Gate};
use super::sockets;
use crate::config::{Members, NodeConfig};
use crate::id::{ClusterName, NodeId};
use crate::protocol::{Hello, Opening, PROTOCOL_VERSION, Purpose};

pub(super) mod answer;
mod ask;
mod connection;
mod error;
mod fetch;

/// How many idle connections are kept a peer.
///
/// As many as a node that catches up fetches at a time; each costs both sides a few kilobytes.
const KEPT_MAX: usize = 16;

/// How long an idle connection is kept: much shorter than the other side bears it.
const KEPT_TIME: Duration = Duration::from_mins(1);

/// How long a dial may take until it is welcomed.
///
/// No disk has a part in it, so whoever needs longer is frozen or overwhelmed.
const DIAL_TIME: Duration = Duration::from_secs(2);

/// The connections on which this node asks its peers.
#[derive(Debug)]
pub(crate) struct DataPool {
    me: NodeId,
    cluster: ClusterName,
    members: Members,
    faults: Faults,
    /// Guards the idle connections, for a push or a pop; the one used last goes first.
    idle: Mutex<BTreeMap<NodeId, Vec<DataConnection>>>,
}

impl DataPool {
    /// Makes the pool of a node that has asked nobody yet.
    pub(crate) fn new(config: &NodeConfig, faults: Faults) -> Self {
        Self {
            me: config.id,
            cluster: config.cluster.name.clone(),
            members: config.cluster.members.clone(),
            faults,
            idle: Mutex::default(),
        }
    }

    /// Returns a connection to a peer: one that was kept, or else a new one.
    ///
    /// # Errors
    ///
    /// When the peer cannot be reached or does not welcome it.
    pub(crate) async fn acquire(&self, peer: NodeId) -> Result<DataConnection, DataError> {
        while let Some(mut kept) = self.pop(peer) {
            let fresh = kept.idle_since.is_some_and(|since| since.elapsed() < KEPT_TIME);
            if fresh && kept.is_quiet() {
                return Ok(kept);
            }
        }
        self.dial(peer).await
    }

    /// Makes a new connection to a peer.
    ///
    /// # Errors
    ///
    /// When the peer cannot be reached or does not welcome it.
    pub(crate) async fn dial(&self, peer: NodeId) -> Result<DataConnection, DataError> {
        let address = self.members.address(peer).filter(|_| peer != self.me);
        let address = address.ok_or(DataError::NoPeer(peer))?;
        let hello = Opening::Hello(Hello {
            version: PROTOCOL_VERSION,
            cluster: self.cluster.clone(),
            purpose: Purpose::Data { node: self.me },
        });
        let unreachable = |error| DataError::Unreachable { peer, error };
        let opening = async {
            // A dial whose way is cut neither works nor is refused.
            self.faults.until_both_open(peer).await;
            let stream = TcpStream::connect((address.host(), address.port())).await;
            self.faults.until_both_open(peer).await;
            let stream = stream.map_err(unreachable)?;
            sockets::prepare(&stream).map_err(unreachable)?;
            let gate = Gate::of(&self.faults, peer);
            DataConnection::open(stream, gate, peer, &hello).await
        };
        match timeout(DIAL_TIME, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(unreachable(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Gives back a connection whose request has ended cleanly; any other is dropped instead.
    pub(crate) fn release(&self, mut connection: DataConnection) {
        let mut idle = self.lock();
        let kept = idle.entry(connection.peer()).or_default();
        kept.retain(|other| other.idle_since.is_some_and(|since| since.elapsed() < KEPT_TIME));
        if kept.len() < KEPT_MAX {
            connection.idle_since = Some(Instant::now());
            kept.push(connection);
        }
    }

    fn pop(&self, peer: NodeId) -> Option<DataConnection> {
        self.lock().get_mut(&peer)?.pop()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NodeId, Vec<DataConnection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
