//! How long a store with 100,000 records takes to start: after a clean stop, after a kill -9 under
//! load, and without an index.
//!
//! ```text
//! cargo bench --bench store_start
//! ```
//!
//! Beside each stands the time to list the names on the shelves, which no start can do without.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use heirloom::id::{Epoch, ImageId, NodeId};
use heirloom::protocol::ImageKind;
use heirloom::store::{DataDirectory, Identity, RecordHeader, RecordWriter, Store};

const RECORDS: u32 = 100_000;
const SHELF: u32 = 4096;
const BODY: [u8; 64] = [7; 64];

/// Set for the child that is killed: the data directory it works on.
const KILLED: &str = "HEIRLOOM_BENCH_KILLED";

/// How many records the child commits before it is killed: more than between two index syncs.
const COMMITTED: u32 = 300;

fn main() {
    if let Ok(path) = std::env::var(KILLED) {
        return work_until_killed(Path::new(&path));
    }
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("node-1");
    drop(open(&path));
    write_shelves(&path);
    println!("{RECORDS} records");
    fs::remove_file(path.join("index.redb")).expect("there");
    measure("without an index", &path);
    measure("after a clean stop", &path);
    kill_under_load(&path);
    measure("after a kill -9", &path);
    let index = fs::metadata(path.join("index.redb")).expect("there").len();
    println!("index: {} KiB", index / 1024);
}

fn measure(what: &str, path: &Path) {
    let listing = timed(|| list(path)).1;
    let (store, took) = timed(|| open(path));
    let resident = resident_kib();
    println!(
        "{what}: {took:.0?} for {} records (listing their names: {listing:.0?}); resident {resident} KiB",
        store.count()
    );
    assert!(store.count() >= u64::from(RECORDS));
}

fn open(path: &Path) -> Store {
    let identity = Identity {
        cluster: "home".parse().expect("a name"),
        node: NodeId::MIN,
    };
    let directory = DataDirectory::open(path, identity).expect("opened");
    Store::open(directory).expect("opened")
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

fn list(path: &Path) -> usize {
    let shelves = fs::read_dir(path.join("shelves")).expect("readable");
    shelves
        .map(|shelf| {
            fs::read_dir(shelf.expect("readable").path())
                .expect("readable")
                .count()
        })
        .sum()
}

fn header(number: u32) -> RecordHeader {
    // Ids are random in life, and the index has them in their order.
    let digest = blake3::hash(&number.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.as_bytes()[..16]);
    RecordHeader {
        cluster: "home".parse().expect("a name"),
        image: ImageId::from_bytes(id),
        user: format!("user{}", number % 100).parse().expect("a name"),
        file: format!("holiday-in-the-mountains-{number}.jpeg"),
        kind: ImageKind::Jpeg,
        created_ms: 1_730_738_456_000 + u64::from(number),
        epoch: Epoch(7),
    }
}

/// Puts the records where a store would have them, without a sync each.
fn write_shelves(path: &Path) {
    for number in 0..RECORDS {
        let shelf = path.join(format!("shelves/{:04}", number / SHELF));
        if number % SHELF == 0 {
            fs::create_dir(&shelf).expect("created");
        }
        let header = header(number);
        let file = File::create(shelf.join(format!("{}.record", header.image))).expect("created");
        let mut writer = RecordWriter::new(BufWriter::new(file), &header).expect("written");
        writer.write(&BODY).expect("written");
        writer.finish().expect("written").flush().expect("written");
    }
}

fn kill_under_load(path: &Path) {
    let mut child = Command::new(std::env::current_exe().expect("known"))
        .env(KILLED, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let output = child.stdout.take().expect("piped");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("readable");
    assert_eq!(line, "committed\n");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

fn work_until_killed(path: &Path) {
    let store = open(path);
    for number in RECORDS.. {
        let mut pending = store.begin(header(number), BODY.len() as u64).expect("begun");
        pending.write(&BODY).expect("written");
        pending.commit().expect("kept");
        if number == RECORDS + COMMITTED {
            println!("committed");
        }
    }
}

/// What the process keeps resident now, as the kernel counts it.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.map(|line| line.trim().trim_end_matches(" kB"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
