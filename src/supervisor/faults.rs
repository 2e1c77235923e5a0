//! What is wrong on purpose in a cluster, and how each node comes to know its part.
//!
//! ```text
//!   fault --> Matrix --> one task a node: dial, greet, say, wait for the answer
//! ```
//!
//! Owns the matrix. A node that is started is given its part with its flags; one that runs is told
//! on a connection, by a task of its own, so that one which stands still delays nobody: it hears the
//! newest once it goes on. Whoever tells nodes faults past this hears itself repeated by
//! [`Fact::FaultsChanged`](crate::event::Fact::FaultsChanged), and the matrix takes that over.

use std::collections::BTreeMap;
use std::io;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::{Address, ClusterConfig};
use crate::fault::{Fault, FaultError, Matrix, NodeFaults};
use crate::id::{ClusterName, NodeId};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{FaultsReply, FaultsRequest, Greeted, Hello, Opening, PROTOCOL_VERSION, Purpose};

/// Why a node could not be told its faults.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    /// It does not want to.
    #[error("{0}")]
    Refused(String),
    /// Nobody listens there, or the connection failed.
    #[error("it cannot be reached: {0}; start it and do this again")]
    Unreachable(#[from] io::Error),
    /// Something else answered.
    #[error(
        "something that is no such node answered; check the address, and run the same program everywhere"
    )]
    NotANode,
}

impl From<FrameError> for Untold {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => Self::Unreachable(error),
            FrameError::EndInHeader | FrameError::EndInBody { .. } => {
                Self::Unreachable(io::ErrorKind::UnexpectedEof.into())
            }
            FrameError::HeaderTooLong | FrameError::Header(_) => Self::NotANode,
        }
    }
}

/// Tells a node what is wrong on purpose; waits for as long as it takes.
///
/// # Errors
///
/// When the node cannot be reached, or refuses.
pub async fn tell(
    node: NodeId,
    address: &Address,
    cluster: &ClusterName,
    request: &FaultsRequest,
) -> Result<(), Untold> {
    let stream = TcpStream::connect((address.host(), address.port())).await?;
    stream.set_nodelay(true)?;
    let (reader, writer) = stream.into_split();
    let (mut reader, mut writer) = (FrameReader::new(reader), FrameWriter::new(writer));
    let hello = Opening::Hello(Hello {
        version: PROTOCOL_VERSION,
        cluster: cluster.clone(),
        purpose: Purpose::Faults,
    });
    writer.message(&hello).await?;
    match reader.message().await? {
        Some(Greeted::Welcome(welcome)) if welcome.node == node => {}
        Some(Greeted::Refused(refusal)) => return Err(Untold::Refused(refusal.reason)),
        Some(Greeted::Welcome(_) | Greeted::WelcomePeer(_) | Greeted::Status(_)) => {
            return Err(Untold::NotANode);
        }
        None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
    writer.message(request).await?;
    match reader.message().await? {
        Some(FaultsReply::Done) => Ok(()),
        Some(FaultsReply::Refused { reason }) => Err(Untold::Refused(reason)),
        None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
}

/// What is wrong on purpose in a cluster.
#[derive(Debug)]
pub(super) struct Faults {
    matrix: Matrix,
    cluster: ClusterConfig,
    tellers: BTreeMap<NodeId, Teller>,
    told: mpsc::UnboundedReceiver<(NodeId, Result<(), Untold>)>,
    /// Kept for the tellers; so `told` never ends.
    told_to: mpsc::UnboundedSender<(NodeId, Result<(), Untold>)>,
}

/// Who tells one life of a node; gone with it.
#[derive(Debug)]
struct Teller {
    errands: mpsc::UnboundedSender<FaultsRequest>,
    /// How many errands have not ended.
    under_way: usize,
    _life: DropGuard,
}

impl Faults {
    /// Makes the faults of a cluster that has none.
    pub(super) fn new(cluster: ClusterConfig) -> Self {
        let (told_to, told) = mpsc::unbounded_channel();
        Self {
            matrix: Matrix::new(cluster.members.ids()),
            cluster,
            tellers: BTreeMap::new(),
            told,
            told_to,
        }
    }

    /// Does a fault; the nodes that run hear of it.
    pub(super) fn apply(&mut self, fault: &Fault) -> Result<(), FaultError> {
        let before = self.matrix.clone();
        let mut after = before.clone();
        after.apply(fault)?;
        if let &Fault::StallClock { node, span } = fault {
            if !self.tellers.contains_key(&node) {
                return Err(FaultError::NotRunning(node));
            }
            self.send(node, FaultsRequest::StallClock { span });
        }
        self.matrix = after;
        let all = *fault == Fault::HealAll;
        let nodes: Vec<NodeId> = self.tellers.keys().copied().collect();
        for node in nodes {
            if all || self.matrix.of(node) != before.of(node) {
                self.bring(node);
            }
        }
        Ok(())
    }

    /// Returns what a node has to obey.
    pub(super) fn of(&self, node: NodeId) -> NodeFaults {
        self.matrix.of(node)
    }

    /// A process of a node listens: it is told what has changed since its flags were written.
    pub(super) fn listens(&mut self, node: NodeId) {
        let Some(address) = self.cluster.members.address(node).cloned() else {
            return;
        };
        let (errands, received) = mpsc::unbounded_channel();
        let life_is_over = CancellationToken::new();
        let (name, told) = (self.cluster.name.clone(), self.told_to.clone());
        tokio::spawn(run_errands(
            node,
            address,
            name,
            received,
            told,
            life_is_over.clone(),
        ));
        let teller = Teller {
            errands,
            under_way: 0,
            _life: life_is_over.drop_guard(),
        };
        self.tellers.insert(node, teller);
        self.bring(node);
    }

    /// The process of a node is gone; what it was to be told has no hearer.
    pub(super) fn is_gone(&mut self, node: NodeId) {
        self.tellers.remove(&node);
    }

    /// A node says what holds; that somebody else has told it so is taken over.
    pub(super) fn heard(&mut self, node: NodeId, faults: &NodeFaults) {
        let expects = self.tellers.get(&node).is_some_and(|teller| teller.under_way > 0);
        if !expects {
            self.matrix.adopt(node, faults);
        }
    }

    /// Waits for a node that could not be told. May be cancelled.
    pub(super) async fn failed(&mut self) -> (NodeId, Untold) {
        loop {
            let Some((node, told)) = self.told.recv().await else {
                return std::future::pending().await;
            };
            let Some(teller) = self.tellers.get_mut(&node) else {
                continue;
            };
            teller.under_way = teller.under_way.saturating_sub(1);
            if let Err(why) = told {
                return (node, why);
            }
        }
    }

    fn bring(&mut self, node: NodeId) {
        self.send(node, FaultsRequest::Set(self.matrix.of(node)));
    }

    fn send(&mut self, node: NodeId, request: FaultsRequest) {
        if let Some(teller) = self.tellers.get_mut(&node) {
            teller.under_way += 1;
            // It ends only with this.
            let _ = teller.errands.send(request);
        }
    }
}

/// Tells one life of a node what it is to be told, in order, until that life is over.
async fn run_errands(
    node: NodeId,
    address: Address,
    cluster: ClusterName,
    mut errands: mpsc::UnboundedReceiver<FaultsRequest>,
    told: mpsc::UnboundedSender<(NodeId, Result<(), Untold>)>,
    life_is_over: CancellationToken,
) {
    while let Some(request) = errands.recv().await {
        let telling = tell(node, &address, &cluster, &request);
        let ended = tokio::select! {
            ended = telling => ended,
            () = life_is_over.cancelled() => return,
        };
        if told.send((node, ended)).is_err() {
            return;
        }
    }
}
