//! What the tests of a node's runtime share: a configuration, a context, a client.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::clock::Clock;
use super::context::Context;
use super::faults::Faults;
use super::input::NodeInput;
use super::share;
use super::watch::Events;
use crate::config::{Address, ClusterConfig, Members, NodeConfig, QuorumPolicy, Timing};
use crate::fault::NodeFaults;
use crate::id::{Epoch, ImageId, NodeId, UserName};
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{Entry, Greeted, Hello, ImageKind, Opening, PROTOCOL_VERSION, Purpose, Tombstone};
use crate::store::{DataDirectory, Identity, RecordHeader, Store, SyncDelay};

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
        scrub_bytes_a_second: 0,
        faults: Some(NodeFaults::default()),
    }
}

/// The faults of a node that takes none.
pub(super) fn no_faults() -> Faults {
    Faults::new(None, SyncDelay::default())
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
    let faults = Faults::new(config.faults.as_ref(), SyncDelay::default());
    let events = Events::new(config.id, clock.clone(), Vec::new());
    let store = Store::open(directory).expect("opens");
    let context = share(config, faults, clock, store, Vec::new(), events, inputs);
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

/// The id of an image; its number is spread over the buckets of the catalogue.
pub(super) fn image(number: u16) -> ImageId {
    let mut bytes = [7; 16];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    ImageId::from_bytes(bytes)
}

/// What such an image has for `IV ‖ ciphertext`.
pub(super) fn body_of(image: ImageId, bytes: usize) -> Vec<u8> {
    let mut body = image.as_bytes().to_vec();
    body.extend((0..=250).cycle().take(bytes));
    body
}

/// Makes the entry of an image of this length.
pub(super) fn entry(image: ImageId, bytes: usize) -> Entry {
    Entry {
        image,
        user: alice(),
        file: "a.png".to_owned(),
        kind: ImageKind::Png,
        body_bytes: body_of(image, bytes).len() as u64,
        created_ms: 1,
        epoch: Epoch(1),
    }
}

/// Keeps an image in a store.
pub(super) fn keep(store: &Store, image: ImageId, bytes: usize) {
    let body = body_of(image, bytes);
    let cluster = store.directory().identity().cluster.clone();
    let header = RecordHeader::of(entry(image, bytes), cluster);
    let mut record = store.begin(header, body.len() as u64).expect("begins");
    record.write(&body).expect("writes");
    record.commit().expect("commits");
}

/// Flips a bit in the middle of a kept record.
pub(super) fn damage(store: &Store, image: ImageId) {
    let shelves = store.directory().path().join("shelves");
    let name = format!("{image}.record");
    let mut shelves = std::fs::read_dir(shelves).expect("shelves");
    let path = shelves.find_map(|shelf| {
        let path = shelf.expect("a shelf").path().join(&name);
        path.exists().then_some(path)
    });
    let path = path.expect("kept");
    let mut bytes = std::fs::read(&path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("written");
}

/// Makes the mark of a delete.
pub(super) fn tombstone(image: ImageId) -> Tombstone {
    Tombstone {
        image,
        user: alice(),
        deleted_ms: 2,
    }
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
