//! The port: accepts connections and gives each a task of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::connection::Connection;
use super::connections::Place;
use super::context::Context;
use super::greeting;
use super::sockets;

/// How long the port rests when the system has no descriptor or memory for another connection.
const REST: Duration = Duration::from_millis(50);

/// Accepts connections until the node stops; their tasks are counted by `tasks`.
pub(crate) async fn accept(listener: TcpListener, context: Arc<Context>, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = context.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, from)) => {
                let Some(place) = context.connections.enter(&context.cutting) else {
                    continue;
                };
                if sockets::prepare(&stream).is_ok() {
                    tasks.spawn(serve(stream, from.to_string(), place, Arc::clone(&context)));
                }
            }
            // It went away again before it was accepted.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                context.connections.cut_oldest_stranger();
                sleep(REST).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, from: String, place: Place, context: Arc<Context>) {
    let (reader, writer) = stream.into_split();
    let mut connection = Connection::new(reader, writer, from);
    tokio::select! {
        () = greeting::open(&mut connection, &place, &context) => {}
        () = place.cut() => {}
    }
}
