//! Listing, downloading and deleting, on real processes: what users see, and what nobody else does.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use heirloom::encryption::IV_BYTES;
use heirloom::id::ImageId;
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{PATIENCE, Program, TestCluster, decrypted, image_of, told};

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

#[test]
fn images_of_three_nodes_are_listed_downloaded_and_deleted() {
    let cluster = cluster_of_three();
    let contents: Vec<Vec<u8>> = (0..3).map(|salt| image_of(300_000 + salt, salt as u64)).collect();
    let uploaded: Vec<String> = (0..3)
        .map(|index| upload(&cluster, "alice", &format!("photo {index}.png"), &contents[index]))
        .collect();
    for _ in 0..3 {
        // Each of the three is asked once.
        let images = listed(&cluster, "alice", &[]);
        assert_eq!(names(&images), ["photo 2.png", "photo 1.png", "photo 0.png"]);
        assert!(images.iter().all(|image| image["kind"] == "png"));
        assert_eq!(images[0]["nodes"], serde_json::json!([1, 2, 3]));
        assert_eq!(images[2]["bytes"], 300_000);
    }
    for (index, content) in contents.iter().enumerate() {
        let name = format!("photo {index}.png");
        fs::remove_file(cluster.path().join(&name)).expect("it was there");
        done(&cluster, "alice", &["download", &name]);
        assert!(fs::read(cluster.path().join(&name)).expect("saved") == *content);
    }
    let output = done(&cluster, "alice", &["delete", "photo 1.png", &uploaded[2]]);
    assert!(
        told(&output).contains("marked on 3 of 3 nodes"),
        "{}",
        told(&output)
    );
    for _ in 0..3 {
        assert_eq!(names(&listed(&cluster, "alice", &[])), ["photo 0.png"]);
        fails(
            &cluster,
            &["download", &uploaded[1]],
            1,
            &format!(
                "no image \"{}\" of alice; `heirloom list --user alice`",
                uploaded[1]
            ),
        );
    }
    // A delete that is repeated has been done.
    for _ in 0..3 {
        done(&cluster, "alice", &["delete", &uploaded[1]]);
    }
}

#[test]
fn an_image_as_it_is_kept_is_its_iv_and_its_ciphertext() {
    let cluster = cluster_of_three();
    let plain = image_of(600_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    done(
        &cluster,
        "alice",
        &["download", &image, "--encrypted", "--output", "raw"],
    );
    let raw = cluster.path().join("raw");
    let first: [u8; IV_BYTES] = fs::read(&raw).expect("saved")[..IV_BYTES]
        .try_into()
        .expect("an IV");
    assert_eq!(ImageId::from_bytes(first).to_string(), image);
    assert!(decrypted(&raw, "alice") == plain);
    let saved = &cluster.saved()[0];
    assert!(
        fs::read(&raw).expect("saved") == fs::read(saved).expect("saved"),
        "as the upload got it"
    );
}

#[test]
fn users_see_nothing_of_each_other() {
    let cluster = cluster_of_three();
    let of_alice = upload(&cluster, "alice", "same.png", &image_of(3_000, 1));
    let of_bob = upload(&cluster, "bob", "same.png", &image_of(4_000, 2));
    assert_eq!(ids(&listed(&cluster, "alice", &["same"])), [of_alice.as_str()]);
    assert_eq!(ids(&listed(&cluster, "bob", &[])), [of_bob.as_str()]);
    fails(
        &cluster,
        &["download", &of_bob, "--output", "x.png"],
        1,
        "no image",
    );
    fails(&cluster, &["delete", &of_bob], 1, "no image");
    assert!(!cluster.path().join("x.png").exists());
    done(&cluster, "alice", &["delete", "same.png"]);
    fails(
        &cluster,
        &["delete", "same.png"],
        1,
        "no image \"same.png\" of alice",
    );
    assert_eq!(listed(&cluster, "bob", &[]).len(), 1);
    // What alice has deleted is no more to bob than what never was.
    let output = cluster.heirloom(&["delete", &of_alice, "--user", "bob"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn an_image_is_meant_by_name_or_by_the_beginning_of_its_id() {
    let cluster = cluster_of_three();
    let older = upload(&cluster, "alice", "a.png", &image_of(3_000, 1));
    let newer = upload(&cluster, "alice", "a.png", &image_of(3_000, 2));
    done(
        &cluster,
        "alice",
        &["download", "a.png", "--output", "newest.png"],
    );
    assert_eq!(
        fs::read(cluster.path().join("newest.png")).expect("saved"),
        image_of(3_000, 2)
    );
    done(
        &cluster,
        "alice",
        &["download", &older[..12], "--output", "older.png"],
    );
    assert_eq!(
        fs::read(cluster.path().join("older.png")).expect("saved"),
        image_of(3_000, 1)
    );
    // A name that is also the beginning of an id is a name.
    let named = upload(&cluster, "alice", &newer[..8], &image_of(3_000, 3));
    let images = listed(&cluster, "alice", &[&newer[..8]]);
    assert_eq!(ids(&images), [named.as_str(), newer.as_str()]);
    done(&cluster, "alice", &["delete", &newer[..8]]);
    assert_eq!(
        ids(&listed(&cluster, "alice", &[])),
        [newer.as_str(), older.as_str()]
    );
    fails(
        &cluster,
        &["download", "nothing"],
        1,
        "no image \"nothing\" of alice",
    );
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let cluster = cluster_of_three();
    let plain = image_of(3_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    cluster.file("a.png", b"mine");
    fails(&cluster, &["download", &image], 1, "a.png exists already");
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), b"mine");
    fails(
        &cluster,
        &["download", "none.png", "--output", "a.png", "--force"],
        1,
        "no image",
    );
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), b"mine");
    done(&cluster, "alice", &["download", &image, "--force"]);
    assert_eq!(fs::read(cluster.path().join("a.png")).expect("there"), plain);
    fs::create_dir(cluster.path().join("folder")).expect("made");
    done(&cluster, "alice", &["download", &image, "--output", "folder"]);
    assert_eq!(
        fs::read(cluster.path().join("folder/a.png")).expect("there"),
        plain
    );
    done(&cluster, "alice", &["download", &image, "--output", "new/"]);
    assert_eq!(fs::read(cluster.path().join("new/a.png")).expect("there"), plain);
    fails(
        &cluster,
        &["download", &image, "--output", "none/x.png"],
        1,
        "there is no folder none",
    );
    assert!(!cluster.path().join("none").exists(), "a slip makes no folders");
}

#[test]
fn an_image_goes_to_standard_output_and_words_to_standard_error() {
    let cluster = cluster_of_three();
    let plain = image_of(300_000, 7);
    let image = upload(&cluster, "alice", "a.png", &plain);
    let output = done(&cluster, "alice", &["download", &image, "--output", "-"]);
    assert!(output.stdout == plain, "the image and nothing else");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("sent by server"), "{words}");
    assert!(!cluster.path().join("-").exists());
    let both = ["download", &image, "--output", "-", "--json"];
    fails(&cluster, &both, 2, "both want standard output");
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

/// The names of all images of a user are read from one answer after the other.
#[test]
fn two_thousand_images_of_one_user_are_listed() {
    let cluster = cluster_of_three();
    let folder = cluster.path().join("many");
    fs::create_dir(&folder).expect("made");
    let paths: Vec<String> = (0..2_000)
        .map(|number| {
            let path = folder.join(format!("{number}.png"));
            fs::write(&path, image_of(100, number)).expect("written");
            path.to_string_lossy().into_owned()
        })
        .collect();
    let uploading: Vec<_> = paths
        .chunks(500)
        .map(|paths| {
            let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
            command.args(["upload", "--json", "--user", "alice"]).args(paths);
            command.stdout(Stdio::null()).spawn().expect("heirloom starts")
        })
        .collect();
    for mut client in uploading {
        assert!(client.wait().expect("it ends").success());
    }
    let began = Instant::now();
    let images = listed(&cluster, "alice", &[]);
    let took = began.elapsed();
    assert_eq!(images.len(), 2_000);
    assert!(took.as_secs() < 10, "{took:?}");
    let mut distinct = ids(&images);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 2_000, "none is told twice");
    let created: Vec<u64> = images
        .iter()
        .map(|image| image["created_ms"].as_u64().expect("a time"))
        .collect();
    assert!(
        created.is_sorted_by(|newer, older| newer >= older),
        "newest first"
    );
    assert_eq!(names(&listed(&cluster, "alice", &["1234."])), ["1234.png"]);
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

/// Speaks the wire to a node by hand, as far as a test wants.
struct Wire(BufReader<TcpStream>);

impl Wire {
    fn dial(cluster: &TestCluster, node: u16) -> Self {
        let stream = TcpStream::connect(cluster.address(node)).expect("the node listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        let mut wire = Self(BufReader::new(stream));
        wire.say(r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"client","user":"alice"}"#);
        wire.hear();
        wire
    }

    fn say(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").expect("the node reads");
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the node answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Has the leader assign a request; returns the assignment.
    fn assigned(&mut self, kind: &str, image: &str) -> Value {
        self.say(&format!(
            r#"{{"type":"offer","kind":"{kind}","image":"{image}","size":0,"failed":null}}"#
        ));
        let mut answer = self.hear();
        assert_eq!(answer["type"], "assigned", "{answer}");
        answer.as_object_mut().expect("an object").remove("type");
        answer
    }

    /// Begins a download on whoever is assigned it; returns the connection, past the header.
    fn downloading(cluster: &TestCluster, image: &str) -> (u16, Self) {
        let assignment = Self::dial(cluster, 3).assigned("download", image);
        let node = assignment["node"].as_u64().expect("a node");
        let node = u16::try_from(node).expect("a small number");
        let mut wire = Self::dial(cluster, node);
        wire.say(&format!(
            r#"{{"type":"download","image":"{image}","assignment":{assignment}}}"#
        ));
        let header = wire.hear();
        assert_eq!(header["type"], "image", "{header}");
        (node, wire)
    }

    /// Reads chunks to the end; returns the bytes, and the message behind them.
    fn rest(&mut self) -> (Vec<u8>, Value) {
        let mut bytes = Vec::new();
        loop {
            let message = self.hear();
            if message["type"] != "chunk" {
                return (bytes, message);
            }
            let length = message["body"].as_u64().unwrap_or(0);
            let read = self.0.by_ref().take(length).read_to_end(&mut bytes);
            assert_eq!(read.expect("readable") as u64, length);
        }
    }
}

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

/// Waits until a client has written something of what it downloads.
fn wait_for_first_bytes(cluster: &TestCluster) {
    let deadline = Instant::now() + PATIENCE;
    let written = || {
        let entries = fs::read_dir(cluster.path()).expect("readable").flatten();
        let mut parts = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
        parts.any(|part| part.metadata().is_ok_and(|part| part.len() > 0))
    };
    while !written() {
        assert!(Instant::now() < deadline, "nothing was written");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_download_survives_the_death_of_the_node_that_sends_it() {
    let mut cluster = cluster_of_three();
    let plain = image_of(200 << 20, 1);
    let image = upload(&cluster, "alice", "large.png", &plain);
    let leader = std::sync::Arc::clone(&cluster.node(3).out);
    let mark = leader.count();
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["download", &image, "--user", "alice", "--output", "back.png"]);
    let mut client = Program::start(&mut command);
    let line = leader.wait_for(mark, &format!("Download of image {image} for alice assigned to"));
    let assigned = &leader.from(line - 1)[0];
    let sender = (1..=3).find(|id| assigned.ends_with(&format!("node {id}")));
    wait_for_first_bytes(&cluster);
    // Most of it is still to be sent.
    cluster.kill(sender.unwrap_or(3));
    assert!(client.wait().success(), "{}", client.out.text());
    assert!(fs::read(cluster.path().join("back.png")).expect("saved") == plain);
}

#[test]
fn one_frozen_node_keeps_nobody_from_an_image() {
    let cluster = cluster_of_three();
    let plain = image_of(300_000, 1);
    let image = upload(&cluster, "alice", "a.png", &plain);
    cluster.node(1).signal(Signal::STOP);
    for round in 0..3 {
        let to = format!("back{round}.png");
        done(&cluster, "alice", &["download", &image, "--output", &to]);
        assert!(fs::read(cluster.path().join(to)).expect("saved") == plain);
        assert_eq!(listed(&cluster, "alice", &[]).len(), 1);
    }
    done(&cluster, "alice", &["delete", &image]);
    cluster.node(1).signal(Signal::CONT);
    cluster.wait_for_rotation(3, 3);
    for _ in 0..3 {
        assert_eq!(
            listed(&cluster, "alice", &[]).len(),
            0,
            "what is deleted stays so"
        );
    }
}

#[test]
fn a_session_lists_downloads_and_deletes_in_the_words_of_an_upload() {
    let cluster = cluster_of_three();
    let image = upload(&cluster, "alice", "my photo.png", &image_of(3_000, 1));
    let mut client = Program::start(cluster.command(env!("CARGO_BIN_EXE_client")).arg("alice"));
    client.type_line("list");
    let mark = client.out.wait_for(0, "my photo.png");
    let lines = client.out.from(0);
    let said = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(said("Broadcasting request to 3 servers..."), "{lines:?}");
    assert!(said("  ✓ Leader (server 3) processed request"), "{lines:?}");
    assert!(said("→ listed by server "), "{lines:?}");
    client.type_line("download \"my photo.png\" \"other name.png\"");
    let mark = client.out.wait_for(mark, "Image saved to: other name.png");
    assert_eq!(
        fs::read(cluster.path().join("other name.png")).expect("saved"),
        image_of(3_000, 1)
    );
    client.type_line(&format!("download {}", &image[..8]));
    let mark = client.out.wait_for(mark, "✗ ./my photo.png exists already");
    client.type_line(&format!("delete {image} none.png"));
    let mark = client.out.wait_for(mark, "marked on 3 of 3 nodes");
    let mark = client.out.wait_for(mark, "✗ no image \"none.png\" of alice");
    client.type_line("list photo");
    client.out.wait_for(mark, "No image of alice matches \"photo\"");
    client.type_line("quit");
    assert!(client.wait().success());
}
