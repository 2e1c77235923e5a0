//! Ports of a cluster that somebody holds already: named, with what to do, before anything starts.

use std::net::TcpListener;

use crate::harness::{TestCluster, told};

#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_started() {
    let cluster = TestCluster::new(3, "");
    let _taken = TcpListener::bind(cluster.address(2)).expect("free so far");
    let output = cluster.heirloom(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let error = String::from_utf8_lossy(&output.stderr);
    let clash = format!("could not bind {}: address already in use", cluster.address(2));
    assert!(
        error.contains("nothing was started") && error.contains(&clash),
        "{}",
        told(&output)
    );
    if cfg!(target_os = "linux") {
        let holder = format!("by pid {}", std::process::id());
        assert!(error.contains(&holder), "{}", told(&output));
    }
    assert!(output.stdout.is_empty(), "{}", told(&output));
    assert!(!cluster.path().join("data").exists(), "no node has run");
}

#[test]
fn nodes_that_somebody_forgot_are_named_with_what_stops_them() {
    let cluster = TestCluster::started(3, "timing = \"fast\"");
    let output = cluster.heirloom(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let pids: Vec<String> = cluster
        .nodes
        .values()
        .map(|node| node.child.id().to_string())
        .collect();
    let error = String::from_utf8_lossy(&output.stderr);
    let advice = format!(
        "nodes 1, 2 and 3 of cluster heirloom run already; see them with `heirloom attach`, stop them with `kill {}`",
        pids.join(" ")
    );
    assert!(
        error.contains("nothing was started") && error.contains(&advice),
        "{}",
        told(&output)
    );
    assert!(cluster.status(3).serving, "they go on");
}
