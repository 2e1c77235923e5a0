//! Names, clients and moments that nobody wishes for.

use std::fs;

use serde_json::Value;

use super::wire::Wire;
use super::{FAST, cluster_of_three, done, fails, listed, upload};
use crate::harness::{TestCluster, image_of, told};

#[test]
fn without_a_leader_every_kind_of_request_ends_with_code_3() {
    let cluster = TestCluster::new(3, FAST);
    let id = "0".repeat(32);
    let several = cluster.heirloom(&["delete", &id, "b.png", "c.png", "--json", "--user", "alice"]);
    let told_of: Vec<Value> = (several.stdout.split(|&byte| byte == b'\n'))
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a line of JSON"))
        .collect();
    let wanted: Vec<&str> = told_of
        .iter()
        .filter_map(|line| line["wanted"].as_str())
        .collect();
    assert_eq!(wanted, [id.as_str(), "b.png", "c.png"]);
    assert!(told_of.iter().all(|line| line["exit_code"] == 3), "{told_of:?}");
    for arguments in [&["list"][..], &["download", &id], &["delete", &id]] {
        fails(&cluster, arguments, 3, "no node is running");
    }
}

#[test]
fn names_that_are_nasty_are_shown_and_saved_safely() {
    use std::os::unix::ffi::OsStrExt;

    let cluster = cluster_of_three();
    let name = std::ffi::OsStr::from_bytes(b"f\xffoto\x1b[31m.png");
    fs::write(cluster.path().join(name), image_of(3_000, 1)).expect("this file system takes any name");
    let run = |arguments: &[&str]| {
        let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
        let output = command
            .args(arguments)
            .arg(name)
            .args(["--user", "alice"])
            .output();
        let output = output.expect("heirloom runs");
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        assert!(
            !output.stdout.contains(&0x1b),
            "no escape sequence reaches the terminal"
        );
        output
    };
    run(&["upload"]);
    let list = done(&cluster, "alice", &["list"]);
    assert!(!list.stdout.contains(&0x1b));
    run(&["download", "--output", "back.png"]);
    run(&["download"]);
    let saved = cluster.path().join("f\u{fffd}oto_[31m.png");
    assert_eq!(fs::read(saved).expect("saved"), image_of(3_000, 1));
}

#[test]
fn clients_that_leave_in_the_middle_harm_nobody() {
    let cluster = cluster_of_three();
    let image = upload(&cluster, "alice", "large.png", &image_of(20 << 20, 1));
    let mut wire = Wire::dial(&cluster, 3);
    drop(wire.assigned("list", &image));
    drop(wire);
    for _ in 0..6 {
        let (_, mut wire) = Wire::downloading(&cluster, &image);
        wire.hear();
    }
    for kind in ["list", "delete"] {
        for _ in 0..3 {
            let absent = "f".repeat(32);
            let assignment = Wire::dial(&cluster, 3).assigned(kind, &absent);
            let node = u16::try_from(assignment["node"].as_u64().expect("a node")).expect("small");
            let question = format!(r#"{{"type":"{kind}","image":"{absent}","assignment":{assignment}}}"#);
            Wire::dial(&cluster, node).say(&question[..question.len() / 2]);
            Wire::dial(&cluster, node).say(&question);
        }
    }
    done(&cluster, "alice", &["download", &image, "--output", "back.png"]);
    assert!(fs::read(cluster.path().join("back.png")).expect("saved") == image_of(20 << 20, 1));
    assert_eq!(listed(&cluster, "alice", &[]).len(), 1);
}
