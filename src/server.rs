//! The runtime of a node: sockets, disk and clock on one side, the election and the rotation on
//! the other.
//!
//! ```text
//!   accept ---- greeting ---- requests ---- transfer --> disk
//!                  |  \         |                          ^
//!                  |   watch    | NodeInput                | Store
//!                  |     ^      v                          |
//!                  +-----|--> node (one task) ---> vote ---+
//!                        |      |    ^
//!                     events    v    |
//!                  (log, file) peers (one task each) ===> every other node
//! ```
//!
//! `node` owns every decision and waits for nothing; connection tasks only move frames, threads
//! only move bytes to the disk and lines to the log. Stopping goes in order: the election resigns,
//! its messages are written, nothing new is accepted, transfers get a grace, the log is flushed.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::arrivals::Arrivals;
use self::buffers::Buffers;
use self::clock::Clock;
use self::connections::Connections;
use self::context::Context;
use self::data::DataPool;
use self::faults::Faults;
use self::input::NodeInput;
use self::laggards::Laggards;
use self::links::{Link, Links};
use self::log::LogSink;
use self::node::Node;
use self::peers::Dialler;
use self::refusals::RefusalLog;
use self::room::Room;
use self::sync::Lacks;
use self::vote::{VoteFile, VoteWriter};
use self::watch::Events;
use crate::bully::{Election, ElectionConfig, Vote};
use crate::config::{Address, NodeConfig};
use crate::event::Fact;
use crate::id::ImageId;
use crate::store::{DataDirectory, Identity, Store, SyncDelay};

mod accept;
mod alive;
mod arrivals;
mod buffers;
mod clock;
mod connection;
mod connections;
mod context;
mod data;
mod disk;
mod dispatch;
mod error;
mod faults;
mod greeting;
mod input;
mod kept;
mod laggards;
mod links;
mod log;
mod node;
mod outbox;
mod parking;
mod peers;
mod reading;
mod refusals;
mod repair;
mod requests;
mod room;
mod scrub;
mod sockets;
mod surroundings;
mod sync;
#[cfg(test)]
mod testing;
mod transfer;
mod vote;
mod watch;

pub use error::RunError;
pub use vote::VoteError;

/// How many inputs wait for the node's task; whoever has one more waits for room.
const INPUTS_MAX: usize = 1024;

/// How long the last messages to the peers may take; a peer that reads needs a millisecond.
const LINKS_GRACE: Duration = Duration::from_millis(300);

/// How long transfers that run may go on when the node is asked to stop.
const TRANSFERS_GRACE: Duration = Duration::from_secs(2);

/// What a node writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// The lines that a person reads.
    Text,
    /// Every event, one JSON object a line.
    Json,
}

/// Runs a node until `shutdown` is cancelled.
///
/// # Errors
///
/// When the node cannot listen or use its data directory, and when it can no longer keep its vote.
pub async fn run(
    config: NodeConfig,
    output: OutputFormat,
    shutdown: CancellationToken,
) -> Result<(), RunError> {
    sockets::raise_descriptor_limit();
    // The port first: what is in use there says more than the lock of the same node's directory,
    // and the election wants it open before it begins.
    let listener = bind(&config).await?;
    let clock = Clock::start();
    let disk = open_disk(&config).await?;
    let directory = disk.store.directory().path().to_owned();
    let to_stdout = LogSink::start(output, io::stdout()).map_err(RunError::Thread)?;
    let to_file = LogSink::start_file(&directory).map_err(|error| RunError::Log {
        path: directory,
        error,
    })?;
    let events = Events::new(config.id, clock.clone(), vec![to_stdout, to_file]);
    let running = Running::start(config, listener, clock, disk, events.clone())?;
    let ended = running.until(&shutdown).await;
    // Nothing is published after this; a log that stands still is waited for only so long.
    let _ = spawn_blocking(move || events.close()).await;
    ended
}

/// Checks that a node could listen where it is told to, and names whoever already does.
///
/// # Errors
///
/// When it could not.
pub async fn check_address(config: &NodeConfig) -> Result<(), RunError> {
    bind(config).await.map(drop)
}

async fn bind(config: &NodeConfig) -> Result<TcpListener, RunError> {
    let address = own_address(config);
    match sockets::listen(&address).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            let holder = match error.kind() {
                io::ErrorKind::AddrInUse => sockets::holder_of(&address).await,
                _ => None,
            };
            Err(RunError::Bind {
                address,
                error,
                holder,
            })
        }
    }
}

/// What a node has on its disk.
#[derive(Debug)]
struct Disk {
    store: Store,
    votes: VoteFile,
    vote: Option<Vote>,
    /// Records that are of no use; the node may have kept these images.
    unreadable: Vec<ImageId>,
    /// How much longer its syncs take, on purpose.
    delay: SyncDelay,
}

async fn open_disk(config: &NodeConfig) -> Result<Disk, RunError> {
    let path = config.data_dir.clone();
    let identity = Identity {
        cluster: config.cluster.name.clone(),
        node: config.id,
    };
    let takes_faults = config.faults.is_some();
    let opening = spawn_blocking(move || {
        let delay = SyncDelay::default();
        let directory = DataDirectory::open(&path, identity)?;
        let (votes, vote) = VoteFile::open(directory.path())?;
        let store = if takes_faults {
            Store::open_slowed(directory, delay.clone())?
        } else {
            Store::open(directory)?
        };
        let unreadable = store.unreadable()?;
        Ok(Disk {
            store,
            votes: votes.slowed(delay.clone()),
            vote,
            unreadable,
            delay,
        })
    });
    opening.await.map_err(|error| RunError::Thread(error.into()))?
}

fn own_address(config: &NodeConfig) -> Address {
    let members = &config.cluster.members;
    members
        .address(config.id)
        .expect("a node's config holds the node")
        .clone()
}

/// A node that serves its port.
#[derive(Debug)]
struct Running {
    node: Node,
    inputs: mpsc::Receiver<NodeInput>,
    context: Arc<Context>,
    connections: TaskTracker,
    diallers: TaskTracker,
}

impl Running {
    /// Starts everything but the node's own task.
    fn start(
        config: NodeConfig,
        listener: TcpListener,
        clock: Clock,
        disk: Disk,
        events: Events,
    ) -> Result<Self, RunError> {
        let Disk {
            store,
            votes,
            vote,
            unreadable,
            delay,
        } = disk;
        let (input, inputs) = mpsc::channel(INPUTS_MAX);
        let faults = Faults::new(config.faults.as_ref(), delay);
        let shared = share(config, faults, clock, store, unreadable, events, input);
        let context = Arc::new(shared);
        let votes = write_votes(votes, context.inputs.clone())?;
        let (links, diallers) = dial_all(&context);
        let election = election(&context.config, &context.clock, vote);
        let node = Node::new(&context, election, votes, links);
        context.events.publish(Fact::Started {
            pid: std::process::id(),
            address: own_address(&context.config).to_string(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        });
        if let Some(faults) = context.faults.now().filter(|faults| !faults.is_sound()) {
            context.events.publish(Fact::FaultsChanged { faults });
        }
        let connections = serve_port(listener, &context);
        Ok(Self {
            node,
            inputs,
            context,
            connections,
            diallers,
        })
    }

    /// Runs the node's task until it is asked to stop, then stops the rest in order.
    async fn until(self, shutdown: &CancellationToken) -> Result<(), RunError> {
        let ended = self.node.run(self.inputs, shutdown).await;
        self.context.stopping.cancel();
        self.diallers.close();
        self.connections.close();
        let _ = timeout(LINKS_GRACE, self.diallers.wait()).await;
        let _ = timeout(TRANSFERS_GRACE, self.connections.wait()).await;
        self.context.cutting.cancel();
        self.connections.wait().await;
        // Whatever still waits for the disk holds the store, and with it the directory.
        self.context.disk_work.close();
        let _ = timeout(TRANSFERS_GRACE, self.context.disk_work.wait()).await;
        Ok(ended?)
    }
}

/// Makes what all connections of a node share.
fn share(
    config: NodeConfig,
    faults: Faults,
    clock: Clock,
    store: Store,
    unreadable: Vec<ImageId>,
    events: Events,
    inputs: mpsc::Sender<NodeInput>,
) -> Context {
    Context {
        clock,
        events,
        inputs,
        store,
        transfers: Arc::new(Semaphore::new(transfer::TRANSFERS_MAX)),
        room: Room::default(),
        data: Arc::new(DataPool::new(&config, faults.clone())),
        faults,
        laggards: Laggards::default(),
        arrivals: Arrivals::default(),
        buffers: Buffers::default(),
        surroundings: tokio::sync::watch::Sender::default(),
        // Known before anybody can ask for one of them.
        lacks: Arc::new(Lacks::of(unreadable)),
        disk_work: TaskTracker::new(),
        connections: Connections::default(),
        refusals: RefusalLog::default(),
        stopping: CancellationToken::new(),
        cutting: CancellationToken::new(),
        config,
    }
}

/// Starts what serves the port, and what goes on beside it for as long as the node runs.
fn serve_port(listener: TcpListener, context: &Arc<Context>) -> TaskTracker {
    let connections = TaskTracker::new();
    connections.spawn(accept::accept(listener, Arc::clone(context), connections.clone()));
    connections.spawn(sync::run(Arc::clone(context)));
    connections.spawn(scrub::run(Arc::clone(context)));
    connections
}

/// Starts the thread that keeps votes; what becomes of each is an input.
fn write_votes(file: VoteFile, inputs: mpsc::Sender<NodeInput>) -> Result<VoteWriter, RunError> {
    let kept = move |sequence, kept| {
        // A node that has ended asks for nothing more.
        let _ = inputs.blocking_send(NodeInput::Kept { sequence, kept });
    };
    VoteWriter::start(file, kept).map_err(RunError::Thread)
}

fn election(config: &NodeConfig, clock: &Clock, remembered: Option<Vote>) -> Election {
    let told = ElectionConfig {
        me: config.id,
        members: config.cluster.members.ids().collect(),
        timing: config.timing,
        policy: config.quorum,
    };
    Election::new(told, remembered, fastrand::u64(..), clock.now())
}

/// Starts a task for every other member that keeps a connection to it.
fn dial_all(context: &Arc<Context>) -> (Links, TaskTracker) {
    let config = &context.config;
    let diallers = TaskTracker::new();
    let mut links = BTreeMap::new();
    for (peer, address) in config.cluster.members.iter().filter(|&(id, _)| id != config.id) {
        let link = Link::new(address.to_string());
        let dialler = Dialler {
            me: config.id,
            peer,
            address: address.clone(),
            cluster: config.cluster.name.clone(),
            patience: config.timing.heartbeat_timeout,
            clock: context.clock.clone(),
            faults: context.faults.clone(),
            outbox: Arc::clone(&link.outbox),
            wake: Arc::clone(&link.wake),
            inputs: context.inputs.clone(),
            events: context.events.clone(),
            stopping: context.stopping.clone(),
        };
        diallers.spawn(dialler.run());
        links.insert(peer, link);
    }
    (Links::new(links), diallers)
}

#[cfg(test)]
mod tests;
