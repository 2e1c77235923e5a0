//! What a node keeps resident: idle, and with eight uploads of 200 MB in flight, each of which is
//! copied to the other nodes meanwhile.
//!
//! Beside it stand a small process of the same minute (`cat`) and the bytes that were in
//! flight, of which a node must hold only a few buffers.

#[path = "../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod harness;

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use harness::{TestCluster, image_of, told};

const UPLOADS: usize = 8;
const BYTES: usize = 200_000_000;

fn main() {
    let cluster = TestCluster::started(3, "timing = \"seed\"");
    let idle: Vec<u64> = (1..=3)
        .map(|id| resident_kib(cluster.node(id).child.id(), "VmRSS"))
        .collect();
    let floor = smallest_kib();
    println!(
        "idle: {idle:?} KiB a node; cat: {floor} KiB; ratio {:.1}",
        ratio(idle[2], floor)
    );
    drop(cluster);

    let cluster = TestCluster::started(3, "timing = \"seed\"");
    cluster.wait_for_rotation(3, 3);
    let plain = image_of(BYTES, 1);
    cluster.file("large.png", &plain);
    let clients: Vec<_> = (0..UPLOADS)
        .map(|_| {
            let mut command = cluster.command(env!("CARGO_BIN_EXE_heirloom"));
            command.args(["upload", "large.png", "--user", "alice"]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.spawn().expect("heirloom starts")
        })
        .collect();
    for client in clients {
        let output = client.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", told(&output));
    }
    let peaks: Vec<u64> = (1..=3)
        .map(|id| resident_kib(cluster.node(id).child.id(), "VmHWM"))
        .collect();
    let in_flight = (UPLOADS * BYTES / 1024) as u64;
    let peak = peaks.iter().copied().max().unwrap_or_default();
    println!(
        "{UPLOADS} uploads of {} MB: peaks {peaks:?} KiB a node; in flight {in_flight} KiB; ratio 1 to {:.0}",
        BYTES / 1_000_000,
        ratio(in_flight, peak)
    );
}

/// What `cat` keeps resident, once it has echoed a byte and so surely runs.
fn smallest_kib() -> u64 {
    let mut cat = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cat runs");
    let mut input = cat.stdin.take().expect("piped");
    input.write_all(b"x").expect("cat reads");
    cat.stdout
        .take()
        .expect("piped")
        .read_exact(&mut [0])
        .expect("cat echoes");
    let resident = resident_kib(cat.id(), "VmRSS");
    drop(input);
    cat.wait().expect("cat ends");
    resident
}

fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

/// Reads a process's resident set, as the kernel counts it.
fn resident_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process on Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .expect("the kernel counts it");
    let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    number.parse().expect("a number")
}
