//! What is wrong on purpose in a cluster, and how each node comes to know its part.
//!
//! ```text
//!   fault --> Matrix --> one Teller a life: dial, greet, say, wait for the answer
//! ```
//!
//! Owns the matrix. A node that is started is given its part with its flags; one that runs is told
//! on a connection, by a task of its own, so that one which stands still delays nobody. A node is told
//! whenever it obeys something else than its part, so a fault that failed can be done again. Whoever tells nodes faults past this hears itself repeated by
//! [`Fact::FaultsChanged`](crate::event::Fact::FaultsChanged), and the matrix takes that over.

use std::collections::BTreeMap;
use std::io;

use tokio::net::TcpStream;
use tokio::sync::mpsc;

use self::teller::{Answer, Teller};
use super::policy::ChildId;
use crate::config::{Address, ClusterConfig};
use crate::fault::{Fault, FaultError, Matrix, NodeFaults};
use crate::id::{ClusterName, NodeId};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{FaultsReply, FaultsRequest, Greeted, Hello, Opening, PROTOCOL_VERSION, Purpose};

mod teller;

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
    /// What each node's newest process was given with its flags.
    began_with: BTreeMap<NodeId, NodeFaults>,
    tellers: BTreeMap<NodeId, Teller>,
    /// As many as were wished for at most: who waits for a node keeps only the newest.
    answers: mpsc::UnboundedReceiver<Answer>,
    /// Kept for the tellers; so `answers` never ends.
    answers_to: mpsc::UnboundedSender<Answer>,
}

impl Faults {
    /// Makes the faults of a cluster that has none.
    pub(super) fn new(cluster: ClusterConfig) -> Self {
        let (answers_to, answers) = mpsc::unbounded_channel();
        Self {
            matrix: Matrix::new(cluster.members.ids()),
            cluster,
            began_with: BTreeMap::new(),
            tellers: BTreeMap::new(),
            answers,
            answers_to,
        }
    }

    /// Does a fault; the nodes that run hear of it.
    pub(super) fn apply(&mut self, fault: &Fault) -> Result<(), FaultError> {
        self.matrix.apply(fault)?;
        if let &Fault::StallClock { node, span } = fault {
            let teller = self.tellers.get(&node).ok_or(FaultError::NotRunning(node))?;
            return if teller.stall(span) {
                Ok(())
            } else {
                Err(FaultError::StandsStill(node))
            };
        }
        for (&node, teller) in &mut self.tellers {
            let part = self.matrix.of(node);
            if *fault == Fault::HealAll {
                teller.insist(part);
            } else {
                teller.bring(part);
            }
        }
        Ok(())
    }

    /// A process of a node begins; returns what it has to obey from its start.
    pub(super) fn begins(&mut self, node: NodeId) -> NodeFaults {
        let part = self.matrix.of(node);
        self.began_with.insert(node, part.clone());
        part
    }

    /// A process of a node listens: it is told what has changed since its flags were written.
    pub(super) fn listens(&mut self, child: ChildId) {
        let Some(address) = self.cluster.members.address(child.node).cloned() else {
            return;
        };
        let began_with = self.began_with.get(&child.node).cloned().unwrap_or_default();
        let answers = self.answers_to.clone();
        let mut teller = Teller::start(child, address, &self.cluster, began_with, answers);
        teller.bring(self.matrix.of(child.node));
        self.tellers.insert(child.node, teller);
    }

    /// A process is gone; what it was to be told has no hearer.
    pub(super) fn is_gone(&mut self, child: ChildId) {
        self.tellers.retain(|_, teller| teller.child != child);
    }

    /// A node says what holds; that somebody else has told it so is taken over.
    pub(super) fn heard(&mut self, child: ChildId, faults: &NodeFaults) {
        let Some(teller) = self.teller(child) else {
            return;
        };
        teller.heard(faults);
        if !teller.waits_for_an_answer() {
            self.matrix.adopt(child.node, faults);
        }
    }

    /// Waits for a life that could not be told. May be cancelled.
    pub(super) async fn failed(&mut self) -> (ChildId, Untold) {
        loop {
            let Some(Answer {
                child,
                request,
                ended,
            }) = self.answers.recv().await
            else {
                return std::future::pending().await;
            };
            // What an earlier life answered says nothing of this one.
            let teller = self.teller(child);
            if let Some(why) = teller.and_then(|teller| teller.answered(request, ended)) {
                return (child, why);
            }
        }
    }

    fn teller(&mut self, child: ChildId) -> Option<&mut Teller> {
        let teller = self.tellers.get_mut(&child.node)?;
        (teller.child == child).then_some(teller)
    }
}

#[cfg(test)]
mod tests;
