//! One connection to one node: dialled, greeted, and asked one thing at a time.
//!
//! Deadlines belong to the callers, who drop a link that keeps them waiting: a dropped link is a
//! closed connection, and its late answers go nowhere.

use std::io;

use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::config::Address;
use crate::id::NodeId;
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{ClientMessage, Greeted, Hello, NodeMessage, Offer, Opening, StatusReport};
use crate::upload::Unreachable;

/// An open connection on which no answer is outstanding.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) reader: FrameReader<OwnedReadHalf>,
    pub(super) writer: FrameWriter<OwnedWriteHalf>,
}

impl Link {
    /// Dials `node` and greets it.
    pub(super) async fn dial(node: NodeId, address: &Address, hello: Hello) -> Result<Self, Unreachable> {
        let mut link = Self::connect(address).await?;
        match link.greet(&Opening::Hello(hello)).await? {
            Greeted::Welcome(welcome) if welcome.node == node => Ok(link),
            Greeted::Welcome(welcome) => Err(Unreachable::OtherNode(welcome.node)),
            Greeted::Refused(refusal) => Err(Unreachable::Refused(refusal.reason)),
            Greeted::WelcomePeer(_) | Greeted::Status(_) => Err(out_of_turn()),
        }
    }

    /// Dials a node only to ask how it is.
    pub(super) async fn status(address: &Address) -> Result<StatusReport, Unreachable> {
        let mut link = Self::connect(address).await?;
        match link.greet(&Opening::Status).await? {
            Greeted::Status(report) => Ok(*report),
            Greeted::Refused(refusal) => Err(Unreachable::Refused(refusal.reason)),
            Greeted::Welcome(_) | Greeted::WelcomePeer(_) => Err(out_of_turn()),
        }
    }

    /// Offers an image and waits for what the node says to it.
    pub(super) async fn offer(&mut self, offer: Offer) -> Result<NodeMessage, Unreachable> {
        self.writer.message(&ClientMessage::Offer(offer)).await?;
        self.reader.message().await?.ok_or(Unreachable::Closed)
    }

    async fn connect(address: &Address) -> Result<Self, Unreachable> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        // A dead port in the system's own range can be dialled from itself: nobody is there.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(Unreachable::ConnectionRefused);
        }
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            reader: FrameReader::new(reader),
            writer: FrameWriter::new(writer),
        })
    }

    async fn greet(&mut self, opening: &Opening) -> Result<Greeted, Unreachable> {
        self.writer.message(opening).await?;
        self.reader.message().await?.ok_or(Unreachable::Closed)
    }
}

fn out_of_turn() -> Unreachable {
    Unreachable::NotANode
}

impl From<io::Error> for Unreachable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            io::ErrorKind::TimedOut => Self::NoAnswer,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<FrameError> for Unreachable {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => error.into(),
            FrameError::EndInHeader | FrameError::EndInBody { .. } => Self::Closed,
            FrameError::HeaderTooLong | FrameError::Header(_) => Self::NotANode,
        }
    }
}
