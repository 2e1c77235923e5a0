//! What a node asks of the system for its sockets: no delay, keepalive, enough descriptors.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};

use crate::config::Address;

/// After how long a connection on which nothing moves is asked whether it still stands.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(5);

/// Between two such questions.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(2);

/// After how many unanswered ones the connection counts as gone: 11 s after the last byte.
const KEEPALIVE_RETRIES: u32 = 3;

/// How many descriptors a node would like: its connections, its files, and room.
const DESCRIPTORS: u64 = 4096;

/// Prepares a connection, dialled or accepted: small messages go at once, a dead one is noticed.
///
/// # Errors
///
/// When the connection is gone already.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_RETRIES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Raises the limit on open descriptors as far as the system lets a process do so itself.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < wanted) {
        // Without it the node serves fewer connections at once, which is no reason not to run.
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(wanted),
                maximum: limit.maximum,
            },
        );
    }
}

/// Listens on an address.
///
/// # Errors
///
/// When the host name is unknown, or the system refuses, most often because the port is in use.
pub(crate) async fn listen(address: &Address) -> io::Result<TcpListener> {
    TcpListener::bind((address.host(), address.port())).await
}

/// Says who listens on a port, as `pid 4711 (server)`; `None` where the system does not tell.
pub(crate) async fn holder_of(address: &Address) -> Option<String> {
    let resolved: Vec<SocketAddr> = tokio::net::lookup_host((address.host(), address.port()))
        .await
        .ok()?
        .collect();
    let holder = tokio::task::spawn_blocking(move || {
        let all = listeners::get_all().ok()?;
        let mut listening = all.into_iter().filter(|listener| {
            listener.protocol == listeners::Protocol::TCP
                && listener.state == listeners::SocketState::Listen
                && resolved.iter().any(|wanted| {
                    let held = listener.socket;
                    held.port() == wanted.port()
                        && (held.ip() == wanted.ip()
                            || held.ip().is_unspecified()
                            || wanted.ip().is_unspecified())
                })
        });
        listening.next()
    });
    let process = holder.await.ok()??.process;
    Some(format!("pid {} ({})", process.pid, process.name))
}
