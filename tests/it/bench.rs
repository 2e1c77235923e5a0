//! `heirloom bench` against real nodes: its figures, and its ways to end.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{TestCluster, told};

fn cluster() -> TestCluster {
    let cluster = TestCluster::started(3, "timing = \"fast\"");
    cluster.wait_for_rotation(3, 3);
    cluster
}

#[test]
fn figures_come_as_one_object_and_every_image_has_its_copies() {
    let cluster = cluster();
    for back in ["none", "cipher"] {
        let run = ["bench", "--json", "--duration", "1s", "--size", "20KiB"];
        let ended = cluster.heirloom(&[&run[..], &["--clients", "2", "--return", back]].concat());
        assert!(ended.status.success(), "{}", told(&ended));
        let figures: Value = serde_json::from_slice(&ended.stdout).expect("one object");
        let number = |name: &str| {
            figures[name]
                .as_f64()
                .unwrap_or_else(|| panic!("{name}: {figures}"))
        };
        assert!(number("uploads") > 0.0 && number("p50_ms") > 0.0, "{figures}");
        assert!(number("max_ms") >= number("p99_ms"), "{figures}");
        assert!(
            number("seconds") >= 1.0,
            "up to the end of the last one: {figures}"
        );
        assert_eq!(figures["errors"], 0, "{figures}");
        assert_eq!((number("size"), number("clients")), (20480.0, 2.0));
        assert_eq!((number("copies_min"), number("members")), (3.0, 3.0), "{figures}");
        assert_eq!(figures["return"], back);
    }
    assert!(cluster.saved().is_empty());
}

#[test]
fn ctrl_c_ends_a_run_with_what_was_done() {
    let cluster = cluster();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["bench", "--duration", "1h", "--size", "1KiB"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let bench = command.spawn().expect("heirloom starts");
    cluster.node(1).out.wait_for(0, "Stored bench.png");
    kill_process(Pid::from_child(&bench), Signal::INT).expect("it runs");
    let ended = bench.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    assert!(told(&ended).contains("throughput"), "{}", told(&ended));
}

#[test]
fn without_a_cluster_a_run_ends_as_any_client() {
    let cluster = TestCluster::new(3, "");
    let ended = cluster.heirloom(&["bench", "--duration", "1h"]);
    assert_eq!(ended.status.code(), Some(3), "{}", told(&ended));
    assert!(told(&ended).contains("no node is running"), "{}", told(&ended));
}

#[test]
fn what_no_node_would_take_is_wrong_usage() {
    let cluster = TestCluster::new(3, "max-image = \"1MiB\"");
    for wrong in [
        ["--size", "2MiB"],
        ["--size", "1B"],
        ["--duration", "0s"],
        ["--clients", "0"],
    ] {
        let ended = cluster.heirloom(&[&["bench"], &wrong[..]].concat());
        assert_eq!(ended.status.code(), Some(2), "{}", told(&ended));
    }
}
