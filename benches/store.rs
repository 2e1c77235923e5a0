//! How fast a cluster of three keeps images durably three times, beside what its disk can do.
//!
//! ```text
//! cargo bench --bench store                         every size, 1 and 8 clients
//! HEIRLOOM_SECONDS=30 cargo bench --bench store     longer runs
//! HEIRLOOM_SECONDS=0 cargo bench --bench store      only the catching up
//! ```
//!
//! The limit is measured right before and right after each run: threads, as many as copies are in
//! flight, write new files of the same size and sync each (`fdatasync`); what they do in a second, divided
//! by three, is what three copies could be. The syncs of directories and of the index are counted by
//! the nodes themselves and given a record that a node keeps. Last, a node that lost its disk
//! catches up, five times; that is timed from the start of its process until the leader gives it work.
//!
//! Small files are deleted only after the last row: without a journal, ext4 passes over every inode that
//! was freed in the last five minutes (`recently_deleted` in `fs/ext4/ialloc.c`), one by one, before it
//! gives out one for a new file. After ten thousand deletions that costs more than the file itself.

#[path = "../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod harness;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use harness::{PATIENCE, TestCluster, told};
use heirloom::event::WorkerState;
use heirloom::protocol::StoreCounters;
use serde::Deserialize;

const SIZES: [(&str, usize); 3] = [("4KiB", 4 << 10), ("200KiB", 200 << 10), ("8MiB", 8 << 20)];
const CLIENTS: [usize; 2] = [1, 8];
const NODES: u16 = 3;

/// What is small enough to be kept until the end, in bytes.
const SMALL: usize = 1 << 20;

/// How long a load runs, in seconds.
const SECONDS: u64 = 8;

/// How long images are uploaded that a node then catches up with, in seconds.
const CATCH_UP_SECONDS: u64 = 5;

/// How often it does: what else a machine does shows in a single time.
const CATCH_UPS: usize = 5;

/// How long the disk's own limit is measured, before a load and after it.
const LIMIT_TIME: Duration = Duration::from_secs(2);

/// What `heirloom bench --json` prints, as far as it is wanted here.
#[derive(Deserialize)]
struct Load {
    uploads: u64,
    errors: u64,
    rate: f64,
    mb_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    copies_min: usize,
    copies_average: f64,
}

fn main() {
    let seconds = std::env::var("HEIRLOOM_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    println!(
        "{:>7} {:>7} {:>8} {:>7} {:>7} {:>7} {:>7} {:>6} {:>9} {:>6} {:>6} {:>6}",
        "size",
        "clients",
        "rate/s",
        "MB/s",
        "p50 ms",
        "p99 ms",
        "max ms",
        "copies",
        "limit/s",
        "ratio",
        "syncs",
        "errors"
    );
    let mut measured = Vec::new();
    for (label, bytes) in SIZES.into_iter().filter(|_| seconds > 0) {
        for clients in CLIENTS {
            let cluster = measure(label, bytes, clients, seconds);
            if bytes <= SMALL {
                measured.push(cluster);
            }
        }
    }
    for (label, bytes) in [SIZES[1], SIZES[2]] {
        measured.push(catch_up(label, bytes));
    }
}

/// Loads a fresh cluster, and prints the row; what it wrote is there until the cluster is dropped.
fn measure(label: &str, bytes: usize, clients: usize, seconds: u64) -> TestCluster {
    let mut cluster = TestCluster::started(NODES, "timing = \"seed\"");
    wait_until_in_sync(&cluster);
    let before = limit(&cluster.path().join("before"), bytes, clients);
    let load = load(&cluster, label, clients, seconds);
    let syncs = syncs_a_record(&cluster);
    let after = limit(&cluster.path().join("after"), bytes, clients);
    let limit = f64::midpoint(before, after) / f64::from(NODES);
    println!(
        "{label:>7} {clients:>7} {:>8.1} {:>7.1} {:>7.2} {:>7.2} {:>7.2} {:>6} {limit:>9.1} {:>6.2} {syncs:>6.3} {:>6}",
        load.rate,
        load.mb_per_s,
        load.p50_ms,
        load.p99_ms,
        load.max_ms,
        format!("{}/{:.2}", load.copies_min, load.copies_average),
        load.rate / limit,
        load.errors,
    );
    assert!(load.uploads > 0, "nothing was uploaded");
    stop(&mut cluster);
    cluster
}

/// Ends every node; their directories stay.
fn stop(cluster: &mut TestCluster) {
    for id in 1..=NODES {
        cluster.kill(id);
    }
}

fn load(cluster: &TestCluster, size: &str, clients: usize, seconds: u64) -> Load {
    let (clients, duration) = (clients.to_string(), format!("{seconds}s"));
    let output = cluster.heirloom(&[
        "bench",
        "--size",
        size,
        "--clients",
        &clients,
        "--duration",
        &duration,
        "--return",
        "none",
        "--json",
    ]);
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// Syncs of directories and of the index, for each record that a node has kept.
fn syncs_a_record(cluster: &TestCluster) -> f64 {
    let stores: Vec<StoreCounters> = (1..=NODES).map(|id| cluster.status(id).store).collect();
    let syncs: u64 = stores
        .iter()
        .map(|store| store.directory_syncs + store.index_syncs)
        .sum();
    let records: u64 = stores.iter().map(|store| store.records).sum();
    syncs as f64 / records as f64
}

/// How many files of that size the disk takes in a second, each synced by whoever wrote it; they are
/// left in the new directory.
fn limit(directory: &Path, bytes: usize, clients: usize) -> f64 {
    fs::create_dir(directory).expect("a new directory");
    let began = Instant::now();
    let files: usize = thread::scope(|scope| {
        let writers: Vec<_> = (0..clients * usize::from(NODES))
            .map(|writer| scope.spawn(move || write_files(directory, writer, bytes, began + LIMIT_TIME)))
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("no panic"))
            .sum()
    });
    files as f64 / began.elapsed().as_secs_f64()
}

fn write_files(directory: &Path, writer: usize, bytes: usize, until: Instant) -> usize {
    let content = harness::image_of(bytes, writer as u64);
    let mut files = 0;
    while Instant::now() < until {
        let mut file = File::create(directory.join(format!("{writer}-{files}"))).expect("a new file");
        file.write_all(&content).expect("room on the disk");
        file.sync_data().expect("the disk syncs");
        files += 1;
    }
    files
}

/// A node loses its disk and fetches everything, several times over, beside the rate at which its disk
/// takes such files.
fn catch_up(label: &str, bytes: usize) -> TestCluster {
    let mut cluster = TestCluster::started(NODES, "timing = \"seed\"");
    load(&cluster, label, 8, CATCH_UP_SECONDS);
    let mut images = 0;
    let mut seconds = Vec::new();
    let mut limits = vec![limit(&cluster.path().join("limit"), bytes, 4)];
    for round in 0..CATCH_UPS {
        let began = lose_disk(&mut cluster, round);
        // By events: who asks for the status again and again takes time from those who work.
        cluster.wait_for_rotation(NODES, usize::from(NODES));
        seconds.push(began.elapsed().as_secs_f64());
        images = cluster.status(1).images;
        limits.push(limit(&cluster.path().join(format!("limit-{round}")), bytes, 4));
        if bytes > SMALL {
            remove_what_is_measured(&cluster);
        }
    }
    print_catching_up(label, bytes, images, &seconds, &limits);
    stop(&mut cluster);
    cluster
}

/// Takes the first node's disk away and starts the node anew; returns when.
fn lose_disk(cluster: &mut TestCluster, round: usize) -> Instant {
    cluster.kill(1);
    let lost = cluster.path().join(format!("lost-{round}"));
    fs::rename(cluster.path().join("data/node-1"), lost).expect("moved away");
    cluster.wait_for_rotation(NODES, usize::from(NODES) - 1);
    let began = Instant::now();
    cluster.start(1);
    began
}

/// Deletes what was measured, and lost, so far: large files are few.
fn remove_what_is_measured(cluster: &TestCluster) {
    for entry in fs::read_dir(cluster.path()).expect("readable") {
        let entry = entry.expect("readable");
        let name = entry.file_name();
        let is_done = |start: &str| name.to_string_lossy().starts_with(start);
        if is_done("limit") || is_done("lost") {
            fs::remove_dir_all(entry.path()).expect("removed");
        }
    }
}

/// Prints the median of the rounds, and their span; each stands beside the limit before and after it.
fn print_catching_up(label: &str, bytes: usize, images: u64, seconds: &[f64], limits: &[f64]) {
    let mb = bytes as f64 / 1e6;
    let rates: Vec<f64> = seconds.iter().map(|took| images as f64 * mb / took).collect();
    let disk: Vec<f64> = limits
        .windows(2)
        .map(|both| f64::midpoint(both[0], both[1]) * mb)
        .collect();
    let ratios = rates.iter().zip(&disk).map(|(rate, disk)| rate / disk).collect();
    let (ratio, least, most) = median(ratios);
    println!(
        "catching up with {images} images of {label}, median of {CATCH_UPS}: {:.0} MB/s; the disk alone, 12 files at a time: {:.0} MB/s; ratio {ratio:.2} ({least:.2} to {most:.2})",
        median(rates).0,
        median(disk).0,
    );
}

/// Returns the median, the least and the most.
fn median(mut figures: Vec<f64>) -> (f64, f64, f64) {
    figures.sort_by(f64::total_cmp);
    (figures[figures.len() / 2], figures[0], figures[figures.len() - 1])
}

/// Waits until every node is active in the rotation of whoever serves.
fn wait_until_in_sync(cluster: &TestCluster) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let statuses = (1..=NODES).filter_map(|id| cluster.status_if_up(id));
        let in_sync = statuses.filter(|status| status.serving).any(|leader| {
            leader
                .rotation
                .iter()
                .all(|node| node.state == WorkerState::Active)
        });
        if in_sync {
            return;
        }
        assert!(Instant::now() < deadline, "the nodes never came to be in sync");
        thread::sleep(Duration::from_millis(5));
    }
}
