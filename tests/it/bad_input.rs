//! Bad input, from the outside: a clear sentence, the documented exit code, nothing half-written,
//! and every node still serving.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use crate::harness::{PATIENCE, TestCluster, decrypted, image_of, told};

const FAST: &str = "timing = \"fast\"";

/// Runs `heirloom` and checks its exit code and that it says `sentence` on its standard error.
#[track_caller]
fn refused(cluster: &TestCluster, arguments: &[&str], code: i32, sentence: &str) {
    let output = cluster.heirloom(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {}",
        told(&output)
    );
    assert!(
        error.contains(sentence),
        "{arguments:?} should say {sentence:?}: {}",
        told(&output)
    );
    assert!(error.starts_with("error: "), "{arguments:?}: {}", told(&output));
}

#[test]
fn files_that_cannot_be_uploaded_are_refused_by_the_client() {
    let cluster = TestCluster::started(1, &format!("{FAST}\nmax-image = \"1MiB\""));
    fs::create_dir(cluster.path().join("folder.png")).expect("a folder");
    cluster.file("empty.png", b"");
    cluster.file("one.png", b"\x89");
    cluster.file("report.png", b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n");
    cluster.file("notes.png", b"Dear diary, this is no image.\n");
    cluster.file("large.png", &image_of((1 << 20) + 1, 1));
    for (file, sentence) in [
        ("missing.png", "no such file"),
        ("folder.png", "directory"),
        ("empty.png", "empty"),
        ("one.png", "nothing known"),
        ("report.png", "PDF"),
        ("notes.png", "text"),
        ("large.png", "at most 1048576 bytes are accepted"),
    ] {
        refused(&cluster, &["upload", file, "--user", "alice"], 1, sentence);
    }
    assert_eq!(cluster.saved().len(), 0);
    assert_eq!(cluster.status(1).images, 0);
}

#[test]
fn names_at_the_edge_of_what_a_file_system_takes_are_uploaded() {
    let cluster = TestCluster::started(1, FAST);
    let longest = format!("{}.png", "ä".repeat(125));
    let names = [
        "with space.png",
        "--double 'quoted'.png",
        "Ünïcödé 🦀.png",
        "no_ending",
        &longest,
    ];
    for name in names {
        cluster.file(name, &image_of(3_000, 1));
        let path = format!("./{name}");
        let output = cluster.heirloom(&["upload", &path, "--user", "alice"]);
        assert!(output.status.success(), "{name}: {}", told(&output));
    }
    assert_eq!(cluster.saved().len(), names.len());
}

#[cfg(unix)]
#[test]
fn a_name_that_is_no_utf8_is_uploaded() {
    use std::os::unix::ffi::OsStrExt;

    let cluster = TestCluster::started(1, FAST);
    let name = std::ffi::OsStr::from_bytes(b"f\xffoto\x1b[31m.png");
    fs::write(cluster.path().join(name), image_of(3_000, 1)).expect("this file system takes any name");
    let mut upload = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    let output = upload
        .args(["upload", "--user", "alice"])
        .arg(name)
        .output()
        .expect("heirloom runs");
    assert!(output.status.success(), "{}", told(&output));
    assert!(
        !output.stdout.contains(&0x1b),
        "no escape sequence reaches the terminal"
    );
    assert_eq!(decrypted(&cluster.saved()[0], "alice"), image_of(3_000, 1));
}

#[test]
fn images_of_every_size_around_a_chunk_come_back() {
    let cluster = TestCluster::started(1, FAST);
    for size in [20, 262_143, 262_144, 262_145, 524_288] {
        let plain = image_of(size, size as u64);
        cluster.file("image.png", &plain);
        let before = cluster.saved();
        let output = cluster.heirloom(&["upload", "image.png", "--user", "alice"]);
        assert!(output.status.success(), "{size} bytes: {}", told(&output));
        let saved = cluster.saved();
        let new = saved
            .iter()
            .find(|file| !before.contains(file))
            .expect("one more file");
        assert!(decrypted(new, "alice") == plain, "{size} bytes are damaged");
    }
}

#[test]
fn users_that_cannot_be_are_wrong_usage() {
    let cluster = TestCluster::new(1, FAST);
    cluster.file("image.png", &image_of(3_000, 1));
    for user in ["", "a\u{7}b", &"x".repeat(65)] {
        let output = cluster.heirloom(&["upload", "image.png", "--user", user]);
        assert_eq!(output.status.code(), Some(2), "{user:?}: {}", told(&output));
        assert!(told(&output).contains("user name"), "{user:?}: {}", told(&output));
    }
}

#[test]
fn nodes_that_are_none_are_wrong_usage() {
    let cluster = TestCluster::new(3, FAST);
    for id in ["0", "4", "three"] {
        let output = cluster.heirloom(&["node", id]);
        assert_eq!(output.status.code(), Some(2), "{id}: {}", told(&output));
        assert!(told(&output).contains("node"), "{id}: {}", told(&output));
    }
    refused(&cluster, &["node", "1", "--bind", "0.0.0.0"], 2, "--insecure");
}

#[test]
fn a_setting_comes_from_the_flag_then_the_variable_then_the_file() {
    let cluster = TestCluster::new(3, FAST);
    let refusal = |variable: Option<&str>, flag: &[&str]| {
        let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
        command.args(["node", "4"]).args(flag);
        if let Some(nodes) = variable {
            command.env("HEIRLOOM_NODES", nodes);
        }
        told(&command.output().expect("heirloom runs"))
    };
    assert!(refusal(None, &[]).contains("has nodes 1, 2 and 3"), "the file");
    assert!(
        refusal(Some("2"), &[]).contains("has nodes 1 and 2"),
        "the variable"
    );
    assert!(
        refusal(Some("2"), &["--nodes", "1"]).contains("has node 1;"),
        "the flag"
    );
}

#[test]
fn a_wrong_line_in_the_file_is_named() {
    let cluster = TestCluster::new(3, "nonsense = 1");
    refused(&cluster, &["status"], 2, "nonsense");
}

#[test]
fn without_a_node_an_upload_says_how_to_start_them() {
    let cluster = TestCluster::new(3, FAST);
    cluster.file("image.png", &image_of(3_000, 1));
    refused(
        &cluster,
        &["upload", "image.png", "--user", "alice"],
        3,
        "no node is running",
    );
    refused(&cluster, &["wait", "--ready", "--timeout", "100ms"], 3, "no");
    assert_eq!(cluster.heirloom(&["status"]).status.code(), Some(3));
}

#[test]
fn a_port_in_use_names_its_address_and_holder() {
    let cluster = TestCluster::new(1, FAST);
    let holder = TcpListener::bind(cluster.address(1)).expect("the address is free");
    let pid = format!("pid {}", std::process::id());
    refused(&cluster, &["node", "1"], 1, &cluster.address(1));
    refused(&cluster, &["node", "1"], 1, &pid);
    drop(holder);
}

#[test]
fn a_data_directory_belongs_to_one_process_of_one_node_of_one_cluster() {
    let mut cluster = TestCluster::new(2, FAST);
    cluster.start(1);
    let pid = format!("pid {}", cluster.node(1).child.id());
    let elsewhere = ["--base-port", "9001"];
    refused(&cluster, &[&["node", "1"], &elsewhere[..]].concat(), 1, &pid);
    cluster.kill(1);
    refused(&cluster, &["node", "1", "--cluster", "other"], 1, "cluster");
    let data = cluster.path().join("data");
    fs::rename(data.join("node-1"), data.join("node-2")).expect("can be renamed");
    refused(&cluster, &["node", "2"], 1, "node 1");
}

#[test]
fn a_wrong_user_decrypts_nothing_and_nothing_is_overwritten() {
    let cluster = TestCluster::started(1, FAST);
    let plain = image_of(300_000, 4);
    cluster.file("image.png", &plain);
    let output = cluster.heirloom(&["upload", "image.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
    let saved = cluster.saved().remove(0);
    let saved = saved.to_string_lossy();
    refused(
        &cluster,
        &["decrypt", &saved, "--user", "bob", "--output", "back.png"],
        1,
        "wrong user",
    );
    assert!(!cluster.path().join("back.png").exists());
    let decrypt = ["decrypt", &saved, "--user", "alice", "--output", "back.png"];
    let output = cluster.heirloom(&decrypt);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(fs::read(cluster.path().join("back.png")).expect("written"), plain);
    refused(&cluster, &decrypt, 1, "back.png");
}

#[test]
fn fifty_clients_upload_the_same_image_in_the_same_second() {
    let cluster = TestCluster::started(3, FAST);
    let plain = image_of(200_000, 4);
    cluster.file("image.png", &plain);
    let started: Vec<_> = (0..50)
        .map(|_| {
            let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
            command.args(["upload", "image.png", "--user", "alice"]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.spawn().expect("heirloom starts")
        })
        .collect();
    for client in started {
        let output = client.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", told(&output));
    }
    let saved = cluster.saved();
    assert_eq!(saved.len(), 50);
    assert!(saved.iter().all(|file| decrypted(file, "alice") == plain));
    for id in 1..=3 {
        assert_eq!(cluster.status(id).images, 50);
    }
}

#[test]
fn an_image_of_two_gibibytes_is_encrypted_in_constant_memory() {
    let cluster = TestCluster::started(1, FAST);
    let path = cluster.file("large.png", &image_of(100, 4));
    let size = 2_u64 << 30;
    File::options()
        .write(true)
        .open(path)
        .expect("written")
        .set_len(size)
        .expect("sparse");
    let output = cluster.heirloom(&["upload", "large.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
    let saved = fs::metadata(&cluster.saved()[0]).expect("saved");
    assert_eq!(saved.len(), size + 16);
    let status = fs::read_to_string(format!("/proc/{}/status", cluster.node(1).child.id()));
    if let Ok(status) = status {
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .expect("a peak");
        let kib: u64 = peak
            .trim()
            .trim_end_matches(" kB")
            .trim()
            .parse()
            .expect("a number");
        assert!(kib < 40_000, "a node needed {kib} KiB");
    }
}

#[test]
fn a_thousand_idle_connections_lock_nobody_out() {
    let cluster = TestCluster::started(3, FAST);
    let idle: Vec<TcpStream> = (0..1_000)
        .map(|_| TcpStream::connect(cluster.address(3)).expect("accepted"))
        .collect();
    cluster.file("image.png", &image_of(3_000, 1));
    let output = cluster.heirloom(&["upload", "image.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(cluster.status(3).serving);
    drop(idle);
}

#[test]
fn noise_on_the_wire_is_answered_once_and_harms_nobody() {
    let cluster = TestCluster::started(1, FAST);
    let mut endless = vec![b'x'; 64 * 1024 + 1];
    endless.push(b'\n');
    let noises: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
        b"{\"type\":\"hello\",\"version\":999,\"cluster\":\"heirloom\",\"purpose\":\"watch\"}\n",
        b"{\"type\":\"dance\"}\n",
        &endless,
    ];
    for noise in noises {
        let mut stream = TcpStream::connect(cluster.address(1)).expect("accepted");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        // The node may refuse and close before it has read everything.
        let _ = stream.write_all(noise);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.lines().count() <= 1, "{answer}");
        if noise.len() < 1_000 {
            assert!(answer.contains("\"refused\""), "{answer}");
        }
    }
    assert!(cluster.status(1).serving);
}

/// Mounts a small file system in memory; unmounted when dropped.
struct SmallDisk<'a>(&'a std::path::Path);

impl<'a> SmallDisk<'a> {
    fn mount(path: &'a std::path::Path, size: &str) -> Option<Self> {
        fs::create_dir_all(path).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output()
            .is_ok_and(|output| output.status.success());
        let complete = std::env::var_os("CI").is_some();
        assert!(mounted || !complete, "no file system can be mounted here");
        if !mounted {
            println!("SKIPPED: no file system can be mounted here");
        }
        mounted.then_some(Self(path))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn a_full_disk_refuses_clearly_and_the_node_goes_on() {
    let mut cluster = TestCluster::new(1, &format!("{FAST}\ndeadline = \"5s\""));
    let data = cluster.path().join("data");
    let Some(_disk) = SmallDisk::mount(&data, "24m") else {
        return;
    };
    cluster.start(1);
    cluster.wait_for_leader(1, 0);
    cluster.file("large.png", &image_of(20 << 20, 1));
    cluster.file("small.png", &image_of(100_000, 1));
    let large = ["upload", "large.png", "--user", "alice"];
    refused(&cluster, &large, 1, "the disk is full");
    assert_eq!(cluster.saved().len(), 0);
    let output = cluster.heirloom(&["upload", "small.png", "--user", "alice"]);
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(cluster.status(1).images, 1);
}

#[test]
fn a_client_that_is_interrupted_leaves_nothing_behind() {
    let cluster = TestCluster::started(1, FAST);
    cluster.file("large.png", &image_of(512 << 20, 1));
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    command.args(["upload", "large.png", "--user", "alice", "--json"]);
    let client = crate::harness::Program::start(&mut command);
    cluster.node(1).out.wait_for(0, "Encrypting large.png");
    client.signal(rustix::process::Signal::INT);
    let mut client = client;
    assert_eq!(client.wait().code(), Some(130));
    client
        .out
        .wait_for(0, r#""error":"interrupted; the outcome is unknown"#);
    cluster.node(1).out.wait_for(0, "failed");
    assert_eq!(cluster.saved().len(), 0, "{:?}", cluster.saved());
    assert_eq!(cluster.status(1).images, 0);
}

#[test]
fn a_session_that_is_terminated_in_an_upload_leaves_nothing_behind() {
    let cluster = TestCluster::started(1, FAST);
    cluster.file("image.png", &image_of(1000, 1));
    // A node that is frozen keeps the upload waiting.
    cluster.node(1).signal(rustix::process::Signal::STOP);
    let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
    let mut client = crate::harness::Program::start(command.args(["client", "alice"]));
    client.type_line("upload image.png");
    client.out.wait_for(0, "Broadcasting request");
    assert_eq!(cluster.saved().len(), 1, "the file that grows");
    client.signal(rustix::process::Signal::TERM);
    assert_eq!(client.wait().code(), Some(130));
    assert_eq!(cluster.saved().len(), 0, "{:?}", cluster.saved());
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let cluster = TestCluster::new(1, FAST);
    let heirloom = env!("CARGO_BIN_EXE_heirloom");
    let script = format!("{heirloom} man | head -1; {heirloom} --help | head -1");
    let output = thread::scope(|scope| {
        let run = || {
            cluster
                .command("sh")
                .args(["-c", &script])
                .output()
                .expect("sh runs")
        };
        scope.spawn(run).join().expect("no panic")
    });
    assert!(!told(&output).contains("panicked"), "{}", told(&output));
}
