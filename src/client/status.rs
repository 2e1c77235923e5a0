//! Asking every member how it is.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::link::Link;
use crate::config::{Address, ClusterConfig};
use crate::id::{ClusterName, NodeId};
use crate::protocol::{StatusReport, StoreHealth};
use crate::upload::Unreachable;

/// How long a member may take to say how it is.
///
/// A healthy one needs a millisecond; one that needs a second is not well, and the person who
/// asks wants to see just that.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// What one member said.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberStatus {
    /// Which member.
    pub node: NodeId,
    /// Where it listens.
    pub address: Address,
    /// What it said, or why it did not.
    pub report: Result<StatusReport, Unreachable>,
}

/// Asks every member at once; the answers come in the order of ids.
pub async fn ask_all(cluster: &ClusterConfig) -> Vec<MemberStatus> {
    let mut asking = JoinSet::new();
    for (node, address) in cluster.members.iter() {
        let (name, address) = (cluster.name.clone(), address.clone());
        asking.spawn(async move {
            MemberStatus {
                node,
                report: ask(node, &address, &name).await,
                address,
            }
        });
    }
    let mut statuses = asking.join_all().await;
    statuses.sort_by_key(|status| status.node);
    statuses
}

/// Asks one member of the cluster of this name.
pub(super) async fn ask(
    node: NodeId,
    address: &Address,
    name: &ClusterName,
) -> Result<StatusReport, Unreachable> {
    let asked = timeout(PATIENCE, Link::status(address)).await;
    let report = asked.unwrap_or(Err(Unreachable::NoAnswer))?;
    expected(node, name, report)
}

/// Refuses the report of somebody else who listens where a member should.
fn expected(node: NodeId, name: &ClusterName, report: StatusReport) -> Result<StatusReport, Unreachable> {
    let other = match &report {
        StatusReport { cluster, .. } if cluster != name => Unreachable::OtherCluster(cluster.clone()),
        StatusReport { node: other, .. } if *other != node => Unreachable::OtherNode(*other),
        StatusReport { .. } => return Ok(report),
    };
    Err(other)
}

/// Returns the report of the leader that serves, if there is one.
///
/// Of two that believe to, the one of the newer reign is right.
#[must_use]
pub fn serving(statuses: &[MemberStatus]) -> Option<&StatusReport> {
    let reports = statuses.iter().filter_map(|status| status.report.as_ref().ok());
    let leaders = reports.filter(|report| report.serving);
    leaders.max_by_key(|report| report.ballot)
}

/// Returns the nodes whose stores only read, and why.
#[must_use]
pub fn read_only(statuses: &[MemberStatus]) -> Vec<(NodeId, &str)> {
    let reports = statuses.iter().filter_map(|status| status.report.as_ref().ok());
    let read_only = reports.filter_map(|report| match &report.health {
        StoreHealth::ReadOnly { reason } => Some((report.node, reason.as_str())),
        StoreHealth::Ok => None,
    });
    read_only.collect()
}

/// Says whether the cluster can be used: a leader serves, and a quorum of stores takes what it is given.
#[must_use]
pub fn is_ready(statuses: &[MemberStatus]) -> bool {
    let Some(leader) = serving(statuses) else {
        return false;
    };
    let read_only = read_only(statuses).len();
    let up = statuses.iter().filter(|status| status.report.is_ok()).count();
    // A node that is slow to answer may well store; only one that says it cannot counts against.
    read_only == 0 || up - read_only >= leader.quorum.needed
}
