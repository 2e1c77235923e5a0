//! Whether the ports of a cluster are free, and what to do about those that are not.
//!
//! Looked at before anything is started or drawn. Nodes that run already, of this cluster or one of
//! the same name, are told from strangers by asking them.

use std::collections::BTreeMap;

use super::exit::Failure;
use super::settings::Settings;
use crate::client::status::ask_all;
use crate::config::ClusterConfig;
use crate::event::line::nodes;
use crate::id::NodeId;
use crate::server;

/// Addresses that somebody listens on already.
#[derive(Debug, thiserror::Error)]
#[error("nothing was started: {}", .0.join("; "))]
struct Taken(Vec<String>);

/// Checks that every node could listen, and names whoever holds a port.
///
/// # Errors
///
/// When one could not, or when a node's settings do not fit together.
pub(super) async fn all_are_free(settings: &Settings) -> Result<(), Failure> {
    let mut taken = BTreeMap::new();
    for id in settings.cluster.members.ids() {
        let config = settings.node(id).map_err(Failure::usage)?;
        if let Err(error) = server::check_address(&config).await {
            taken.insert(id, error.to_string());
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    let running = running(&settings.cluster).await;
    taken.retain(|id, _| !running.contains_key(id));
    let name = &settings.cluster.name;
    let ours = (!running.is_empty()).then(|| run_already(name.as_str(), &running));
    Err(Taken(ours.into_iter().chain(taken.into_values()).collect()).into())
}

/// Returns the processes of the nodes that answer where this cluster's should.
async fn running(cluster: &ClusterConfig) -> BTreeMap<NodeId, u32> {
    let statuses = ask_all(cluster).await.into_iter();
    let pids = statuses.filter_map(|status| Some((status.node, status.report.ok()?.pid)));
    pids.collect()
}

fn run_already(cluster: &str, running: &BTreeMap<NodeId, u32>) -> String {
    let ids: Vec<NodeId> = running.keys().copied().collect();
    let pids: Vec<String> = running.values().map(u32::to_string).collect();
    let (verb, them) = match ids.len() {
        1 => ("runs", "it"),
        _ => ("run", "them"),
    };
    format!(
        "{} of cluster {cluster} {verb} already; see {them} with `heirloom attach`, stop {them} with `kill {}`, or pass --base-port",
        nodes(&ids),
        pids.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_run_already_are_named_with_what_stops_them() {
        let of = |pids: &[(u16, u32)]| {
            let id = |number| NodeId::new(number).expect("not zero");
            run_already("home", &pids.iter().map(|&(node, pid)| (id(node), pid)).collect())
        };
        assert_eq!(
            of(&[(2, 12)]),
            "node 2 of cluster home runs already; see it with `heirloom attach`, stop it with `kill 12`, or pass --base-port"
        );
        assert_eq!(
            of(&[(3, 13), (1, 11)]),
            "nodes 1 and 3 of cluster home run already; see them with `heirloom attach`, stop them with `kill 11 13`, or pass --base-port"
        );
    }
}
