//! Deletes: what they disturb, and how the ends of requests are told to programs.

use std::process::Output;

use heirloom::encryption::IV_BYTES;
use serde_json::Value;

use super::wire::Wire;
use super::{cluster_of_three, done, listed, upload};
use crate::harness::{image_of, told};

#[test]
fn a_delete_disturbs_no_download_that_has_begun() {
    let cluster = cluster_of_three();
    let plain = image_of(40 << 20, 1);
    let image = upload(&cluster, "alice", "large.png", &plain);
    let (_, mut wire) = Wire::downloading(&cluster, &image);
    done(&cluster, "alice", &["delete", &image]);
    let (bytes, end) = wire.rest();
    assert_eq!(end["type"], "sent", "{end}");
    assert_eq!(bytes.len(), plain.len() + IV_BYTES);
    assert_eq!(listed(&cluster, "alice", &[]).len(), 0);
}

#[test]
fn ends_are_told_to_programs_as_lines_of_json() {
    let cluster = cluster_of_three();
    let image = upload(&cluster, "alice", "a.png", &image_of(3_000, 1));
    let line =
        |output: &Output| -> Value { serde_json::from_slice(&output.stdout).expect("one line of JSON") };
    let downloaded = line(&done(
        &cluster,
        "alice",
        &["download", "a.png", "--json", "--output", "b.png"],
    ));
    assert_eq!(downloaded["image"], image.as_str());
    assert_eq!(
        (&downloaded["saved"], &downloaded["bytes"]),
        (&"b.png".into(), &3_000.into())
    );
    assert_eq!(
        (&downloaded["encrypted"], &downloaded["leader"]),
        (&false.into(), &3.into())
    );
    let deleted = line(&done(&cluster, "alice", &["delete", "a.png", "--json"]));
    assert_eq!(
        (&deleted["image"], &deleted["wanted"]),
        (&image.as_str().into(), &"a.png".into())
    );
    assert_eq!((&deleted["copies"], &deleted["members"]), (&3.into(), &3.into()));
    let failed = cluster.heirloom(&["delete", "a.png", "--json", "--user", "alice"]);
    assert_eq!(failed.status.code(), Some(1), "{}", told(&failed));
    assert_eq!(line(&failed)["exit_code"], 1);
    let none = done(&cluster, "alice", &["list"]);
    assert!(none.stdout.is_empty(), "{}", told(&none));
    assert_eq!(String::from_utf8_lossy(&none.stderr), "alice has no images\n");
}
