//! A cluster of real processes for tests: started, killed, frozen, and waited for by what they say.
//!
//! Every cluster has a loopback address and a directory of its own, so that tests run side by side.
//! Nothing here sleeps: whoever waits, waits for a line, an answer or an exit, with a deadline that
//! only a broken program meets.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use heirloom::encryption::{Cipher, IV_BYTES, Key};
use heirloom::event::WorkerState;
use heirloom::id::{ImageId, UserName};
use heirloom::protocol::{Greeted, PROTOCOL_VERSION, RotationStatus, StatusReport};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take before a test gives up; generous, because machines are busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The port of node 1 in every cluster; the addresses differ.
const BASE_PORT: u16 = 8001;

/// How many clusters this process has made.
static CLUSTERS: AtomicU32 = AtomicU32::new(0);

/// Everything a process has printed so far, line by line.
#[derive(Default)]
pub(crate) struct Lines {
    seen: Mutex<Printed>,
    grown: Condvar,
}

#[derive(Default)]
struct Printed {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Collects what `source` prints until it ends.
    fn of(source: impl Read + Send + 'static) -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let collected = Arc::clone(&lines);
        thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                collected.seen.lock().expect("no panic inside").lines.push(line);
                collected.grown.notify_all();
            }
            collected.seen.lock().expect("no panic inside").ended = true;
            collected.grown.notify_all();
        });
        lines
    }

    /// How many lines there are; a mark to wait from.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().expect("no panic inside").lines.len()
    }

    /// Everything so far, for messages.
    pub(crate) fn text(&self) -> String {
        self.seen.lock().expect("no panic inside").lines.join("\n")
    }

    /// The lines from a mark on.
    pub(crate) fn from(&self, mark: usize) -> Vec<String> {
        self.seen.lock().expect("no panic inside").lines[mark..].to_vec()
    }

    /// Waits for a line from a mark on that holds `text`; returns the mark behind it.
    pub(crate) fn wait_for(&self, mark: usize, text: &str) -> usize {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.seen.lock().expect("no panic inside");
        loop {
            if let Some(at) = seen.lines[mark..].iter().position(|line| line.contains(text)) {
                return mark + at + 1;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.ended,
                "never printed {text:?}:\n{}",
                seen.lines.join("\n")
            );
            seen = self.grown.wait_timeout(seen, left).expect("no panic inside").0;
        }
    }
}

/// A running program whose output is collected.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) out: Arc<Lines>,
    input: Option<ChildStdin>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let out = Lines::of(child.stdout.take().expect("piped"));
        let input = child.stdin.take();
        Self { child, out, input }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the process can be signalled");
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{line}").expect("the program reads");
    }

    /// Closes the input.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until the program exits.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the child can be waited for")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A cluster of real node processes.
pub(crate) struct TestCluster {
    directory: TempDir,
    host: String,
    pub(crate) nodes: BTreeMap<u16, Program>,
}

impl TestCluster {
    /// Makes a cluster of `count` nodes that are all down; `settings` are more lines of its file.
    pub(crate) fn new(count: u16, settings: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let number = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let host = format!(
            "127.{}.{}.{}",
            1 + process / 250 % 250,
            process % 250,
            1 + number % 250
        );
        let file = format!("nodes = {count}\nbind = \"{host}\"\nbase-port = {BASE_PORT}\n{settings}\n");
        fs::write(directory.path().join("heirloom.toml"), file).expect("the directory can be written");
        Self {
            directory,
            host,
            nodes: BTreeMap::new(),
        }
    }

    /// Makes a cluster of `count` nodes, starts all, and waits until the highest gives requests to all.
    pub(crate) fn started(count: u16, settings: &str) -> Self {
        let mut cluster = Self::new(count, settings);
        for id in 1..=count {
            cluster.start(id);
        }
        cluster.wait_for_leader(count, 0);
        cluster.wait_for_rotation(count, usize::from(count));
        cluster
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The loopback address that nobody else uses.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn address(&self, id: u16) -> String {
        format!("{}:{}", self.host, BASE_PORT + id - 1)
    }

    /// A command that runs one of our programs in the cluster's directory.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HEIRLOOM_") {
                command.env_remove(name);
            }
        }
        command.env("XDG_STATE_HOME", self.path().join("state"));
        command
    }

    pub(crate) fn start(&mut self, id: u16) {
        let node = Program::start(self.command(env!("CARGO_BIN_EXE_server")).arg(id.to_string()));
        node.out.wait_for(0, "Listening on");
        self.nodes.insert(id, node);
    }

    pub(crate) fn node(&self, id: u16) -> &Program {
        &self.nodes[&id]
    }

    /// Kills a node with -9 and waits until it is gone.
    pub(crate) fn kill(&mut self, id: u16) {
        let mut node = self.nodes.remove(&id).expect("the node runs");
        node.child.kill().expect("the node can be killed");
        node.wait();
    }

    /// Waits until a node serves, as it says itself from a mark of its output on.
    pub(crate) fn wait_for_leader(&self, id: u16, mark: usize) {
        let line = format!("Node {id}: I am the LEADER, initializing load balancer");
        self.node(id).out.wait_for(mark, &line);
    }

    /// Runs `heirloom` to its end.
    pub(crate) fn heirloom(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_heirloom"));
        command.args(arguments).stdin(Stdio::null());
        command.output().expect("heirloom runs")
    }

    /// Asks a node how it is, as netcat would.
    pub(crate) fn status(&self, id: u16) -> StatusReport {
        self.status_if_up(id).expect("the node answers")
    }

    /// Asks a node how it is; `None` when it is down, or goes down meanwhile.
    pub(crate) fn status_if_up(&self, id: u16) -> Option<StatusReport> {
        let mut stream = TcpStream::connect(self.address(id)).ok()?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        stream.write_all(b"{\"type\":\"status\"}\n").ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        match serde_json::from_str(&line).ok()? {
            Greeted::Status(report) => Some(*report),
            other => panic!("no status: {other:?}"),
        }
    }

    /// Waits until a node's status is as wished; every event of the node is a reason to look again.
    pub(crate) fn until(&self, id: u16, wished: impl Fn(&StatusReport) -> bool) -> StatusReport {
        let mut watch = TcpStream::connect(self.address(id)).expect("the node listens");
        watch
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        let hello = format!(
            "{{\"type\":\"hello\",\"version\":{PROTOCOL_VERSION},\"cluster\":\"heirloom\",\"purpose\":\"watch\"}}\n"
        );
        watch.write_all(hello.as_bytes()).expect("the node reads");
        let mut events = BufReader::new(watch);
        let mut line = String::new();
        events.read_line(&mut line).expect("the node welcomes");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.status(id);
            if wished(&report) {
                return report;
            }
            assert!(Instant::now() < deadline, "never came about: {report:?}");
            line.clear();
            events.read_line(&mut line).expect("the node tells what happens");
        }
    }

    /// Waits until a leader gives requests to so many nodes.
    pub(crate) fn wait_for_rotation(&self, leader: u16, active: usize) {
        let is_active = |node: &&RotationStatus| node.state == WorkerState::Active;
        self.until(leader, |report| {
            report.serving && report.rotation.iter().filter(is_active).count() == active
        });
    }

    /// Writes a file into the cluster's directory.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).expect("the directory can be written");
        path
    }

    /// The encrypted files that clients have saved.
    pub(crate) fn saved(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(self.path().join("images")) else {
            return Vec::new();
        };
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        files
    }
}

/// Decrypts a saved file with the project's own cipher.
pub(crate) fn decrypted(path: &Path, user: &str) -> Vec<u8> {
    let saved = fs::read(path).expect("a saved file");
    let (iv, ciphertext) = saved.split_at(IV_BYTES);
    let user: UserName = user.parse().expect("a user name");
    let image = ImageId::from_bytes(iv.try_into().expect("sixteen bytes"));
    let mut plain = ciphertext.to_vec();
    Cipher::new(&Key::of_user(&user), image).apply(&mut plain);
    plain
}

/// An image of any size: a PNG by its first bytes, then a pattern in which no two chunks are alike.
pub(crate) fn image_of(bytes: usize, salt: u64) -> Vec<u8> {
    let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let mut rng = fastrand::Rng::with_seed(salt);
    image.resize(bytes.max(image.len()), 0);
    rng.fill(&mut image[16..]);
    image
}

/// The program's whole output as text, for messages.
pub(crate) fn told(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
