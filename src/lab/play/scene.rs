//! What the player sees: the cluster and the client's lane at one moment, and what holds of them.

use super::verdict::Outcome;
use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::node::{Belief, Node, NodeState};
use crate::dashboard::lane::Lane;
use crate::id::{Ballot, NodeId};
use crate::lab::scenario::action::{Deed, Who};
use crate::lab::scenario::condition::{Condition, Is};
use crate::time::Time;

/// The cluster and the lane at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The cluster, as it was told.
    pub cluster: &'a Cluster,
    /// What the load came to so far.
    pub lane: &'a Lane,
}

impl Scene<'_> {
    /// Says whether a condition holds, since when `led` was the newest reign and so many uploads
    /// had been acknowledged.
    #[must_use]
    pub fn holds(&self, condition: Condition, led: Option<Ballot>, uploads: u64) -> bool {
        match condition {
            Condition::ALeader => self.leader().is_some(),
            Condition::ANewLeader => self.leader().is_some_and(|(ballot, _)| Some(ballot) > led),
            Condition::NoLeader => self.nodes().all(|node| node.state() != NodeState::Leading),
            Condition::Node(node, is) => self
                .cluster
                .nodes
                .get(&node)
                .is_some_and(|node| self.is(node, is)),
            Condition::EverybodyAgrees { on } => self.agrees(on),
            Condition::EverybodyUp => self.nodes().all(|node| node.state().is_alive()),
            Condition::EverybodyInSync => self.nodes().filter(|node| !is_out(node)).all(is_in_sync),
            Condition::AnUpload => self.lane.acknowledged > uploads,
            Condition::NoUpload => self.lane.acknowledged == uploads,
        }
    }

    /// Returns the node that leads and serves in the newest reign.
    fn leader(&self) -> Option<(Ballot, NodeId)> {
        self.nodes()
            .filter_map(|node| Some((serves(node)?, node.id)))
            .max()
    }

    /// Returns the newest reign that serves.
    #[must_use]
    pub fn newest_reign(&self) -> Option<Ballot> {
        self.leader().map(|(ballot, _)| ballot)
    }

    /// Finds a node by what it is.
    ///
    /// # Errors
    ///
    /// When nobody is that now.
    pub fn find(&self, who: Who) -> Result<NodeId, String> {
        let leader = self.leader().map(|(_, node)| node);
        match who {
            Who::Node(node) => Ok(node),
            Who::Leader => leader.ok_or_else(|| format!("nobody leads now: {}", self.everybody())),
            Who::Heir => {
                let heirs = self
                    .nodes()
                    .filter(|node| node.state().is_alive() && Some(node.id) != leader);
                let heir = heirs.map(|node| node.id).max();
                heir.ok_or_else(|| format!("nobody could lead next: {}", self.everybody()))
            }
        }
    }

    /// Returns the nodes to which a deed can be done.
    #[must_use]
    pub fn all_for(&self, deed: Deed) -> Vec<NodeId> {
        let fits = |node: &&Node| {
            let (state, frozen) = (node.state(), node.state() == NodeState::Frozen);
            match deed {
                Deed::Kill | Deed::Stop => node.has_process(),
                Deed::Freeze | Deed::Restart => state.is_alive(),
                Deed::Thaw => frozen,
                Deed::Start => !node.has_process(),
            }
        };
        self.nodes().filter(fits).map(|node| node.id).collect()
    }

    /// Says whether no upload has failed so far, and how many did.
    #[must_use]
    pub fn failures(&self) -> (Outcome, String) {
        let Lane {
            acknowledged, failed, ..
        } = self.lane;
        let outcome = match failed {
            0 => Outcome::Held,
            _ => Outcome::Failed,
        };
        (outcome, format!("{acknowledged} acknowledged, {failed} failed"))
    }

    /// Says in a few words how it is that a condition holds.
    #[must_use]
    pub fn briefly(&self, condition: Condition) -> String {
        match condition {
            Condition::ALeader | Condition::ANewLeader | Condition::EverybodyAgrees { .. } => {
                let leader = self.leader();
                leader.map_or_else(String::new, |(ballot, node)| {
                    format!("node {node} leads, epoch {}", ballot.epoch)
                })
            }
            Condition::AnUpload => format!("{} acknowledged", self.lane.acknowledged),
            Condition::NoLeader
            | Condition::Node(..)
            | Condition::EverybodyUp
            | Condition::EverybodyInSync
            | Condition::NoUpload => String::new(),
        }
    }

    /// Says what is to be seen instead of a condition.
    #[must_use]
    pub fn at_length(&self, condition: Condition, now: Time) -> String {
        match condition {
            Condition::AnUpload | Condition::NoUpload => format!(
                "{} acknowledged, {} retried, {} failed; {} ms since the last one; {}",
                self.lane.acknowledged,
                self.lane.retried,
                self.lane.failed,
                self.lane.running(now).as_millis(),
                self.everybody()
            ),
            Condition::EverybodyInSync => {
                let lacking = self.nodes().filter(|node| !is_out(node) && !is_in_sync(node));
                let lacking =
                    lacking.map(|node| format!("node {} lacks {} images", node.id, node.holdings.missing));
                format!("{}; {}", lacking.collect::<Vec<_>>().join(", "), self.everybody())
            }
            Condition::ALeader
            | Condition::ANewLeader
            | Condition::NoLeader
            | Condition::Node(..)
            | Condition::EverybodyAgrees { .. }
            | Condition::EverybodyUp => self.everybody(),
        }
    }

    /// Says of everybody what they are.
    fn everybody(&self) -> String {
        self.nodes().map(told).collect::<Vec<_>>().join(", ")
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.cluster.nodes.values()
    }

    fn is(&self, node: &Node, is: Is) -> bool {
        let state = node.state();
        match is {
            Is::Leads => self.leader().is_some_and(|(_, leader)| leader == node.id),
            Is::LeadsNobody => state != NodeState::Leading,
            Is::Follows(leader) => {
                follows(node).is_some_and(|followed| leader.is_none_or(|leader| leader == followed))
            }
            Is::WithoutQuorum => state == NodeState::CutOff,
            Is::Up => state.is_alive(),
            Is::Down => !node.has_process(),
            Is::Frozen => state == NodeState::Frozen,
        }
    }

    /// Says whether everybody who is up follows the one leader; who is about to end or to begin does not.
    fn agrees(&self, on: Option<NodeId>) -> bool {
        let Some((_, leader)) = self.leader() else {
            return false;
        };
        let agrees = |node: &Node| node.id == leader || follows(node) == Some(leader);
        on.is_none_or(|on| on == leader) && self.nodes().filter(|node| !is_out(node)).all(agrees)
    }
}

/// Returns the reign in which a node serves.
fn serves(node: &Node) -> Option<Ballot> {
    match node.belief {
        Belief::Leads(ballot) if node.state() == NodeState::Leading => Some(ballot),
        Belief::Nothing
        | Belief::Electing
        | Belief::NoQuorum { .. }
        | Belief::Follows(_)
        | Belief::Elected(_)
        | Belief::Leads(_) => None,
    }
}

/// Returns whom a node follows.
fn follows(node: &Node) -> Option<NodeId> {
    match node.state() {
        NodeState::Following | NodeState::CatchingUp => node.believed_leader(),
        NodeState::NeverStarted
        | NodeState::Starting
        | NodeState::Electing
        | NodeState::CutOff
        | NodeState::Leading
        | NodeState::Frozen
        | NodeState::Stopping
        | NodeState::Restarting
        | NodeState::Stopped
        | NodeState::Dead
        | NodeState::GivenUp
        | NodeState::OutOfReach => None,
    }
}

/// Says whether a node is out of it for as long as nobody does anything: nobody waits for it.
fn is_out(node: &Node) -> bool {
    match node.state() {
        NodeState::Frozen | NodeState::Stopped | NodeState::Dead | NodeState::GivenUp => true,
        NodeState::NeverStarted
        | NodeState::Starting
        | NodeState::Electing
        | NodeState::CutOff
        | NodeState::Following
        | NodeState::CatchingUp
        | NodeState::Leading
        | NodeState::Stopping
        | NodeState::Restarting
        | NodeState::OutOfReach => false,
    }
}

fn is_in_sync(node: &Node) -> bool {
    let takes_part = matches!(node.state(), NodeState::Following | NodeState::Leading);
    takes_part && node.holdings.missing == 0
}

fn told(node: &Node) -> String {
    let id = node.id;
    match (serves(node), follows(node)) {
        (Some(ballot), _) => format!("node {id} leads in epoch {}", ballot.epoch),
        (None, Some(leader)) => format!("node {id} follows node {leader}"),
        (None, None) => format!("node {id}: {}", node.state().word()),
    }
}
