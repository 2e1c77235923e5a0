//! What every connection of a node shares.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arrivals::Arrivals;
use super::buffers::Buffers;
use super::clock::Clock;
use super::connections::Connections;
use super::data::DataPool;
use super::faults::Faults;
use super::input::NodeInput;
use super::laggards::Laggards;
use super::refusals::RefusalLog;
use super::room::Room;
use super::surroundings::Surroundings;
use super::sync::Lacks;
use super::watch::Events;
use crate::config::NodeConfig;
use crate::store::{Store, StoreError};

/// What every connection of a node shares.
#[derive(Debug)]
pub(crate) struct Context {
    /// What the node was told.
    pub(crate) config: NodeConfig,
    /// Its clock.
    pub(crate) clock: Clock,
    /// What is wrong with it on purpose.
    pub(crate) faults: Faults,
    /// What happens on it.
    pub(crate) events: Events,
    /// The task that owns it.
    pub(crate) inputs: mpsc::Sender<NodeInput>,
    /// What it keeps.
    pub(crate) store: Store,
    /// Room for transfers.
    pub(crate) transfers: Arc<Semaphore>,
    /// Room for what peers ask.
    pub(crate) room: Room,
    /// Connections on which peers are asked about images.
    pub(crate) data: Arc<DataPool>,
    /// Peers that held up a transfer lately.
    pub(crate) laggards: Laggards,
    /// Images that are arriving.
    pub(crate) arrivals: Arrivals,
    /// The memory that images pass through.
    pub(crate) buffers: Buffers,
    /// Who leads, and who can be asked; the node's task writes it.
    pub(crate) surroundings: watch::Sender<Surroundings>,
    /// What others have noticed that this node lacks.
    pub(crate) lacks: Arc<Lacks>,
    /// Questions to the store that wait for the disk.
    pub(crate) disk_work: TaskTracker,
    /// Who is connected.
    pub(crate) connections: Connections,
    /// Whose greeting was refused lately.
    pub(crate) refusals: RefusalLog,
    /// Says that the node stops: nothing new is begun.
    pub(crate) stopping: CancellationToken,
    /// Says that the grace is over: what still runs is cut.
    pub(crate) cutting: CancellationToken,
}

impl Context {
    /// Asks the node's task; `None` when it has ended.
    pub(crate) async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> NodeInput) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(question(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Asks the store on a thread that may wait for the disk; `None` when the thread broke down.
    pub(crate) async fn on_disk<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<Result<T, StoreError>> {
        let store = self.store.clone();
        self.disk_work.spawn_blocking(move || ask(&store)).await.ok()
    }

    /// Tells the node's task.
    pub(crate) async fn tell(&self, input: NodeInput) {
        // The task ends before its connections only when the process stops.
        let _ = self.inputs.send(input).await;
    }
}
