//! What the tests of a node's runtime share: a configuration, a context, a client.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::arrivals::Arrivals;
use super::clock::Clock;
use super::connections::Connections;
use super::context::Context;
use super::data::DataPool;
use super::input::NodeInput;
use super::laggards::Laggards;
use super::refusals::RefusalLog;
use super::transfer::TRANSFERS_MAX;
use super::watch::Events;
use crate::config::{Address, ClusterConfig, Members, NodeConfig, QuorumPolicy, Timing};
use crate::id::{NodeId, UserName};
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{Greeted, Hello, Opening, PROTOCOL_VERSION, Purpose};
use crate::store::{DataDirectory, Identity, Store};

pub(super) fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

/// The configuration of node `me` in a cluster that listens on these ports of 127.0.0.1.
pub(super) fn config(me: u16, ports: &[u16], directory: &tempfile::TempDir) -> NodeConfig {
    let localhost = std::net::Ipv4Addr::LOCALHOST.into();
    let addresses: BTreeMap<NodeId, Address> = (1..)
        .zip(ports)
        .map(|(number, &port)| (id(number), Address::of_ip(localhost, port)))
        .collect();
    NodeConfig {
        id: id(me),
        cluster: ClusterConfig {
            name: "test".parse().expect("valid"),
            members: Members::new(addresses).expect("a cluster"),
        },
        timing: Timing::FAST,
        quorum: QuorumPolicy::Live,
        data_dir: directory.path().join(format!("node-{me}")),
        image_bytes_max: 4 << 20,
    }
}

/// What the connections of a node share, and what they tell its task, which does not run.
pub(super) fn context(config: NodeConfig) -> (Arc<Context>, mpsc::Receiver<NodeInput>) {
    let identity = Identity {
        cluster: config.cluster.name.clone(),
        node: config.id,
    };
    let directory = DataDirectory::open(&config.data_dir, identity).expect("opens");
    let clock = Clock::start();
    let (inputs, received) = mpsc::channel(64);
    let context = Context {
        clock,
        events: Events::new(config.id, clock, Vec::new()),
        inputs,
        store: Store::open(directory).expect("opens"),
        transfers: Arc::new(Semaphore::new(TRANSFERS_MAX)),
        data: Arc::new(DataPool::new(&config)),
        laggards: Laggards::default(),
        arrivals: Arrivals::default(),
        surroundings: watch::Sender::default(),
        lacks: Arc::default(),
        connections: Connections::default(),
        refusals: RefusalLog::default(),
        stopping: CancellationToken::new(),
        cutting: CancellationToken::new(),
        config,
    };
    (Arc::new(context), received)
}

pub(super) fn hello(purpose: Purpose) -> Opening {
    Opening::Hello(Hello {
        version: PROTOCOL_VERSION,
        cluster: "test".parse().expect("valid"),
        purpose,
    })
}

pub(super) fn client_hello() -> Opening {
    hello(Purpose::Client { user: alice() })
}

/// Whose images the tests upload.
pub(super) fn alice() -> UserName {
    "alice".parse().expect("valid")
}

/// The other end of a connection to a node.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) reader: FrameReader<OwnedReadHalf>,
    pub(super) writer: FrameWriter<OwnedWriteHalf>,
}

impl Caller {
    pub(super) async fn call(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("accepted");
        Self::over(stream)
    }

    pub(super) fn over(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            reader: FrameReader::new(reader),
            writer: FrameWriter::new(writer),
        }
    }

    /// Opens with `opening`, and returns the answer.
    pub(super) async fn open(&mut self, opening: &Opening) -> Greeted {
        self.writer.message(opening).await.expect("written");
        self.reader.message().await.expect("readable").expect("an answer")
    }
}
