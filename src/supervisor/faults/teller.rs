//! Who tells one life of a node what is wrong with it on purpose.
//!
//! Owns a task that dials the node and waits for its answers, and what the node has said that it
//! obeys. A node that stands still hears the part that was on its way when it stopped, and then the
//! newest: what came between has no reader any more. Ends with the life.

use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Untold, tell};
use crate::config::{Address, ClusterConfig};
use crate::fault::NodeFaults;
use crate::id::ClusterName;
use crate::protocol::FaultsRequest;
use crate::supervisor::policy::ChildId;

/// How many stalls of a clock may wait for a node.
///
/// Each is one key of a person; whoever presses more than this has long seen that the node stands still.
pub(super) const STALLS_MAX: usize = 16;

/// What came of telling a node something.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whose life it was.
    pub(super) child: ChildId,
    /// What it was told.
    pub(super) request: FaultsRequest,
    /// Whether it does that.
    pub(super) ended: Result<(), Untold>,
}

/// Who tells one life of a node.
#[derive(Debug)]
pub(super) struct Teller {
    pub(super) child: ChildId,
    /// The part that was last brought.
    newest: watch::Sender<NodeFaults>,
    stalls: mpsc::Sender<Duration>,
    /// Whether the newest part has not been answered yet.
    is_on_its_way: bool,
    /// What the node obeys; none when a connection ended before it had said whether it does.
    obeys: Option<NodeFaults>,
    _life: DropGuard,
}

impl Teller {
    /// Starts to tell a life that began with a part of its own; every answer goes to `answers`.
    pub(super) fn start(
        child: ChildId,
        address: Address,
        cluster: &ClusterConfig,
        began_with: NodeFaults,
        answers: UnboundedSender<Answer>,
    ) -> Self {
        let (newest, parts) = watch::channel(began_with.clone());
        let (stalls, spans) = mpsc::channel(STALLS_MAX);
        let life_is_over = CancellationToken::new();
        let errands = Errands {
            child,
            address,
            cluster: cluster.name.clone(),
            parts,
            spans,
            answers,
        };
        tokio::spawn(life_is_over.clone().run_until_cancelled_owned(errands.run()));
        Self {
            child,
            newest,
            stalls,
            is_on_its_way: false,
            obeys: Some(began_with),
            _life: life_is_over.drop_guard(),
        }
    }

    /// Brings the node its part, unless it obeys that, or is being told.
    pub(super) fn bring(&mut self, part: NodeFaults) {
        let is_known = if self.is_on_its_way {
            *self.newest.borrow() == part
        } else {
            self.obeys.as_ref() == Some(&part)
        };
        if !is_known {
            self.insist(part);
        }
    }

    /// Brings the node its part, whatever it has said.
    pub(super) fn insist(&mut self, part: NodeFaults) {
        self.is_on_its_way = true;
        self.newest.send_replace(part);
    }

    /// Lets the node's clock stand still; says whether there was room for that.
    pub(super) fn stall(&self, span: Duration) -> bool {
        self.stalls.try_send(span).is_ok()
    }

    /// Says whether the node is being told something: until it answers, what it says is older.
    pub(super) fn waits_for_an_answer(&self) -> bool {
        self.is_on_its_way
    }

    /// The node says what it obeys.
    pub(super) fn heard(&mut self, faults: &NodeFaults) {
        self.obeys = Some(faults.clone());
    }

    /// The node has answered, or could not; returns why what is wanted now does not hold.
    pub(super) fn answered(&mut self, request: FaultsRequest, ended: Result<(), Untold>) -> Option<Untold> {
        let FaultsRequest::Set(part) = request else {
            return ended.err();
        };
        let is_newest = *self.newest.borrow() == part;
        self.is_on_its_way &= !is_newest;
        match &ended {
            Ok(()) => self.obeys = Some(part),
            // It obeys what it did before.
            Err(Untold::Refused(_)) => {}
            Err(Untold::Unreachable(_) | Untold::NotANode) => self.obeys = None,
        }
        ended.err().filter(|_| is_newest)
    }
}

/// What the task of a teller works with.
struct Errands {
    child: ChildId,
    address: Address,
    cluster: ClusterName,
    parts: watch::Receiver<NodeFaults>,
    spans: mpsc::Receiver<Duration>,
    answers: UnboundedSender<Answer>,
}

impl Errands {
    /// Tells what there is to be told, one after the other, until the teller is gone.
    async fn run(mut self) {
        while let Some(request) = self.next().await {
            let child = self.child;
            let ended = tell(child.node, &self.address, &self.cluster, &request).await;
            let answer = Answer {
                child,
                request,
                ended,
            };
            if self.answers.send(answer).is_err() {
                return;
            }
        }
    }

    async fn next(&mut self) -> Option<FaultsRequest> {
        tokio::select! {
            changed = self.parts.changed() => {
                changed.ok()?;
                Some(FaultsRequest::Set(self.parts.borrow_and_update().clone()))
            }
            Some(span) = self.spans.recv() => Some(FaultsRequest::StallClock { span }),
        }
    }
}
