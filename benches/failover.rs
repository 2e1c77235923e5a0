//! From the kill of the leader to the first assignment by its heir, on real processes.
//!
//! Kills the leader with -9 a hundred times (`HEIRLOOM_ROUNDS` changes it) and asks the survivors
//! without a pause who acts. Beside each round stands the floor of the same minute: how long it takes
//! on this machine until the death of a bare process is seen by whoever holds a connection to it.

#[path = "distribution/asker.rs"]
#[expect(dead_code, reason = "the distribution uses the rest")]
mod asker;
#[path = "../tests/it/harness.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod harness;

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use asker::Asker;
use harness::TestCluster;
use heirloom::event::RequestKind;
use heirloom::id::ImageId;
use heirloom::protocol::{ClientMessage, NodeMessage, Offer, Purpose};

const ROUNDS: usize = 100;

fn main() {
    let rounds = std::env::var("HEIRLOOM_ROUNDS").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for timing in ["seed", "fast"] {
        let mut failovers = Vec::new();
        let mut floors = Vec::new();
        for _ in 0..rounds {
            floors.push(death_seen());
            failovers.push(failover(timing));
        }
        println!("timing {timing}, {rounds} rounds");
        show("kill -9 of the leader until the heir assigns", &mut failovers);
        show("kill -9 of a bare process until it is seen ", &mut floors);
        println!("  ratio of the medians: {:.1}", ratio(&failovers, &floors));
    }
}

fn show(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "  {what}: p50 {:>9.3?}  p99 {:>9.3?}  max {:>9.3?}",
        at(50),
        at(99),
        at(100)
    );
}

fn ratio(sorted: &[Duration], floor: &[Duration]) -> f64 {
    sorted[sorted.len() / 2].as_secs_f64() / floor[floor.len() / 2].as_secs_f64()
}

/// One failover of a fresh cluster of three.
fn failover(timing: &str) -> Duration {
    let mut cluster = TestCluster::started(3, &format!("timing = \"{timing}\""));
    let (assigned, first) = channel();
    let askers: Vec<_> = [1, 2].map(|id| connect(&cluster, id)).into();
    let mut leader = cluster.nodes.remove(&3).expect("node 3 runs");
    let killed = Instant::now();
    leader.child.kill().expect("the leader can be killed");
    for asker in askers {
        let assigned = assigned.clone();
        thread::spawn(move || ask_until_assigned(asker, &assigned));
    }
    let at = first.recv_timeout(harness::PATIENCE).expect("an heir assigns");
    at.duration_since(killed)
}

fn connect(cluster: &TestCluster, id: u16) -> Asker {
    let user = "bench".parse().expect("a name");
    Asker::welcomed(&cluster.address(id), Purpose::Client { user })
}

/// Asks again and again, as fast as a node answers; a node in an election answers when it is over.
fn ask_until_assigned(mut asker: Asker, assigned: &Sender<Instant>) {
    let offer = ClientMessage::Offer(Offer {
        kind: RequestKind::Upload,
        image: ImageId::from_bytes(std::array::from_fn(|_| fastrand::u8(..))),
        size: 1000,
        failed: None,
    });
    while let Some(answer) = asker.ask::<NodeMessage>(&offer) {
        if let NodeMessage::Assigned(_) = answer {
            let _ = assigned.send(Instant::now());
            return;
        }
    }
}

/// The floor: a process that only holds a connection dies, and the other end sees it.
fn death_seen() -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; exec sleep 600 <&3");
    let mut holder = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .spawn()
        .expect("bash runs");
    let (mut stream, _) = listener.accept().expect("it connects");
    let killed = Instant::now();
    holder.kill().expect("it can be killed");
    let read = stream.read(&mut [0]).unwrap_or(0);
    let seen = killed.elapsed();
    assert_eq!(read, 0, "it said nothing and is gone");
    holder.wait().expect("it can be waited for");
    seen
}
