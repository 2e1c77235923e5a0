//! What a person does to nodes: which wishes a fault is, or why it makes no sense now.

use super::cluster::Cluster;
use super::cluster::node::{Node, NodeState};
use super::keymap::Action;
use crate::event::process::Wish;
use crate::id::NodeId;

/// Something done to nodes on purpose, and what undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Kill whoever leads.
    KillLeader,
    /// Kill the chosen node.
    Kill,
    /// Stop it in order.
    Stop,
    /// Freeze it, or let it go on.
    FreezeOrThaw,
    /// Stop it and start it again.
    Restart,
    /// Start it.
    Start,
    /// Start every node that is down.
    StartAll,
}

impl Fault {
    /// Every fault, in the order of the menu.
    pub(super) const ALL: [Self; 7] = [
        Self::KillLeader,
        Self::Kill,
        Self::Stop,
        Self::FreezeOrThaw,
        Self::Restart,
        Self::Start,
        Self::StartAll,
    ];

    /// Returns the action of the key that does it.
    #[must_use]
    pub(super) const fn action(self) -> Action {
        match self {
            Self::KillLeader => Action::KillLeader,
            Self::Kill => Action::Kill,
            Self::Stop => Action::Stop,
            Self::FreezeOrThaw => Action::FreezeOrThaw,
            Self::Restart => Action::Restart,
            Self::Start => Action::Start,
            Self::StartAll => Action::StartAll,
        }
    }
}

/// Returns what is to be wished for, and what to say about it; or why it makes no sense.
pub(super) fn wishes(
    fault: Fault,
    cluster: &Cluster,
    selected: NodeId,
) -> Result<(Vec<Wish>, String), String> {
    let Some(node) = cluster.nodes.get(&selected) else {
        return Err(format!("there is no node {selected}"));
    };
    match fault {
        Fault::KillLeader => {
            let leader = cluster.leader().and_then(|leader| cluster.nodes.get(&leader));
            let leader = leader.ok_or("nobody leads now")?;
            let pid = running(leader)?;
            Ok((
                vec![Wish::Kill(leader.id)],
                format!(
                    "kill -9 {pid}: leader {}; {} and s start it again",
                    leader.id, leader.id
                ),
            ))
        }
        Fault::Kill => {
            let pid = running(node)?;
            Ok((
                vec![Wish::Kill(selected)],
                format!("kill -9 {pid}: node {selected}; s starts it again"),
            ))
        }
        Fault::Stop => {
            running(node)?;
            Ok((
                vec![Wish::Stop(selected)],
                format!("stopping node {selected} in order; s starts it again"),
            ))
        }
        Fault::FreezeOrThaw => {
            running(node)?;
            match node.state() {
                NodeState::Frozen => Ok((vec![Wish::Thaw(selected)], format!("node {selected} goes on"))),
                NodeState::Stopping => Err(format!("node {selected} is stopping")),
                NodeState::NeverStarted
                | NodeState::Starting
                | NodeState::Electing
                | NodeState::CutOff
                | NodeState::Following
                | NodeState::CatchingUp
                | NodeState::Leading
                | NodeState::Restarting
                | NodeState::Stopped
                | NodeState::Dead
                | NodeState::GivenUp
                | NodeState::OutOfReach => Ok((
                    vec![Wish::Freeze(selected)],
                    format!("node {selected} stands still; p lets it go on"),
                )),
            }
        }
        Fault::Restart => {
            let said = format!("restarting node {selected}");
            match running(node) {
                Ok(_) => Ok((vec![Wish::Restart(selected)], said)),
                Err(_) => Ok((vec![Wish::Start(selected)], said)),
            }
        }
        Fault::Start => match running(node) {
            // The wish waits until the process is gone.
            Ok(_) if node.state() == NodeState::Stopping => Ok((
                vec![Wish::Start(selected)],
                format!("starting node {selected} once it has stopped"),
            )),
            Ok(pid) => Err(format!("node {selected} runs already (pid {pid})")),
            Err(_) => Ok((vec![Wish::Start(selected)], format!("starting node {selected}"))),
        },
        Fault::StartAll => {
            let down = cluster.nodes.values().filter(|node| !node.has_process());
            let down: Vec<NodeId> = down.map(|node| node.id).collect();
            if down.is_empty() {
                return Err("every node runs already".to_owned());
            }
            let said = format!("starting {}", crate::event::line::nodes(&down));
            Ok((down.into_iter().map(Wish::Start).collect(), said))
        }
    }
}

/// Returns the wishes after which every node runs, and none stands still.
pub(super) fn undone(cluster: &Cluster) -> Vec<Wish> {
    let wish = |node: &Node| match node.state() {
        NodeState::Frozen => Some(Wish::Thaw(node.id)),
        // The wish for one that is stopping waits until its process is gone.
        NodeState::NeverStarted
        | NodeState::Stopping
        | NodeState::Restarting
        | NodeState::Stopped
        | NodeState::Dead
        | NodeState::GivenUp => Some(Wish::Start(node.id)),
        NodeState::Starting
        | NodeState::Electing
        | NodeState::CutOff
        | NodeState::Following
        | NodeState::CatchingUp
        | NodeState::Leading
        | NodeState::OutOfReach => None,
    };
    cluster.nodes.values().filter_map(wish).collect()
}

/// Returns the process id of a node that runs, or why nothing can be done to it.
fn running(node: &Node) -> Result<u32, String> {
    node.pid()
        .ok_or_else(|| format!("node {} has no process; s starts it", node.id))
}
