//! Listing, downloading and deleting, on real processes: what users see, and what nobody else does.

use std::io::BufRead;
use std::process::Output;

use serde_json::Value;

use crate::harness::{TestCluster, told};

mod bad_input;
mod delete;
mod download;
mod leaving;
mod list;
mod wire;

const FAST: &str = "timing = \"fast\"";

/// A cluster of three nodes, each of which takes requests.
fn cluster_of_three() -> TestCluster {
    let cluster = TestCluster::started(3, FAST);
    cluster.wait_for_rotation(3, 3);
    cluster
}

/// Runs `heirloom` for a user, and expects success.
#[track_caller]
fn done(cluster: &TestCluster, user: &str, arguments: &[&str]) -> Output {
    let output = cluster.heirloom(&[arguments, &["--user", user]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    output
}

/// Runs `heirloom` for alice, and expects a failure with this code and sentence.
#[track_caller]
fn fails(cluster: &TestCluster, arguments: &[&str], code: i32, sentence: &str) {
    let output = cluster.heirloom(&[arguments, &["--user", "alice"]].concat());
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        told(&output)
    );
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains(sentence),
        "{arguments:?} should say {sentence:?}: {}",
        told(&output)
    );
}

/// Uploads an image, and returns its id.
#[track_caller]
fn upload(cluster: &TestCluster, user: &str, name: &str, content: &[u8]) -> String {
    cluster.file(name, content);
    let output = done(cluster, user, &["upload", name, "--json"]);
    let receipt: Value = serde_json::from_slice(&output.stdout).expect("a line of JSON");
    receipt["image"].as_str().expect("an id").to_owned()
}

/// Lists as JSON, a value an image.
#[track_caller]
fn listed(cluster: &TestCluster, user: &str, matching: &[&str]) -> Vec<Value> {
    let output = done(cluster, user, &[&["list", "--json"], matching].concat());
    let lines = output.stdout.lines();
    lines
        .map(|line| serde_json::from_str(&line.expect("text")).expect("a line of JSON"))
        .collect()
}

fn names(images: &[Value]) -> Vec<&str> {
    images
        .iter()
        .map(|image| image["file"].as_str().expect("a name"))
        .collect()
}

fn ids(images: &[Value]) -> Vec<&str> {
    images
        .iter()
        .map(|image| image["image"].as_str().expect("an id"))
        .collect()
}
