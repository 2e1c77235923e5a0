//! What is acknowledged stays, whoever dies: nodes are killed at random under load, and in the end
//! every image is where it should be, byte for byte, and nothing is that should not be.
//!
//! `HEIRLOOM_ROUNDS=500 cargo test --test it -- durability` is the long form.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use heirloom::event::WorkerState;
use tokio::runtime;

use crate::harness::{PATIENCE, TestCluster};
use client::PlainClient;
use user::{Promise, User};

mod client;
mod disks;
mod user;

/// How many kills a test run makes; the long form makes more.
///
/// Half of ten, for there is a run under either policy.
const ROUNDS: usize = 5;

/// How many users upload side by side.
const USERS: u64 = 4;

/// Whom a round kills.
#[derive(Debug, Clone, Copy)]
enum Victims {
    Leader,
    Worker,
    All,
}

/// A cluster with users at work, in which nodes are killed.
struct Scene {
    cluster: TestCluster,
    rng: fastrand::Rng,
    done: Arc<AtomicU64>,
}

impl Scene {
    /// Starts a cluster under a quorum policy, with more lines of its file of settings.
    fn new(policy: &str, settings: &str, seed: u64) -> Self {
        let settings = format!("timing = \"fast\"\nquorum = \"{policy}\"\n{settings}");
        Self {
            cluster: TestCluster::started(3, &settings),
            rng: fastrand::Rng::with_seed(seed),
            done: Arc::default(),
        }
    }

    /// Lets users work while nodes are killed; returns them with what they know.
    fn played(&mut self, rounds: usize, promise: Promise) -> Vec<User> {
        let stop = Arc::new(AtomicBool::new(false));
        let users: Vec<User> = (1..=USERS)
            .map(|number| User::new(&self.cluster, number, promise, &stop, &self.done))
            .collect();
        thread::scope(|scope| {
            let working: Vec<_> = users
                .into_iter()
                .map(|user| scope.spawn(|| alone().block_on(user.live())))
                .collect();
            for _ in 0..rounds {
                self.wait_for_uploads(3);
                self.round();
            }
            self.wait_for_uploads(3);
            stop.store(true, Ordering::Relaxed);
            let users = working.into_iter().map(thread::ScopedJoinHandle::join);
            users
                .map(|user| user.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn round(&mut self) {
        let victims = match self.rng.u8(..5) {
            0 => Victims::All,
            1 | 2 => Victims::Worker,
            _ => Victims::Leader,
        };
        // The moment is the point of it; nothing is waited for.
        thread::sleep(Duration::from_millis(self.rng.u64(..200)));
        let victims = self.ids_of(victims);
        for &id in &victims {
            self.cluster.kill(id);
        }
        thread::sleep(Duration::from_millis(self.rng.u64(..200)));
        for &id in &victims {
            self.cluster.start(id);
        }
    }

    fn ids_of(&mut self, victims: Victims) -> Vec<u16> {
        let statuses = (1..=3).filter_map(|id| self.cluster.status_if_up(id));
        let leader = statuses
            .filter(|status| status.serving)
            .map(|status| status.node.number())
            .max();
        match (victims, leader) {
            (Victims::All, _) => vec![1, 2, 3],
            (Victims::Leader, Some(leader)) => vec![leader],
            (Victims::Leader | Victims::Worker, _) => {
                let workers = (1..=3).filter(|&id| Some(id) != leader);
                let workers: Vec<u16> = workers.collect();
                vec![*self.rng.choice(&workers).expect("somebody does not lead")]
            }
        }
    }

    /// Waits until some more uploads are acknowledged: the cluster serves.
    fn wait_for_uploads(&self, more: u64) {
        let wanted = self.done.load(Ordering::Relaxed) + more;
        wait_until("uploads are acknowledged", || {
            self.done.load(Ordering::Relaxed) >= wanted
        });
    }

    /// Waits until every node has caught up.
    fn wait_until_in_sync(&self) {
        wait_until("every node is in sync", || {
            let statuses: Vec<_> = (1..=3).filter_map(|id| self.cluster.status_if_up(id)).collect();
            let images: BTreeSet<u64> = statuses.iter().map(|status| status.images).collect();
            let active = statuses
                .iter()
                .find(|status| status.serving)
                .is_some_and(|leader| {
                    leader
                        .rotation
                        .iter()
                        .all(|node| node.state == WorkerState::Active)
                });
            statuses.len() == 3 && images.len() == 1 && active
        });
    }

    /// Stops everybody and reads what is on their disks.
    fn check_disks(mut self) {
        for id in 1..=3 {
            self.cluster.kill(id);
        }
        let verified = self.cluster.heirloom(&["store", "verify"]);
        assert!(verified.status.success(), "{}", crate::harness::told(&verified));
    }
}

/// Waits for something that is seen by asking again, with a deadline that only a broken program meets.
fn wait_until(what: &str, mut seen: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !seen() {
        assert!(Instant::now() < deadline, "it never happened that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn alone() -> runtime::Runtime {
    let mut builder = runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Returns the seed of a run, which is told, so that it can be had again.
fn seed() -> u64 {
    let seed = std::env::var("HEIRLOOM_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("HEIRLOOM_SEED={seed}");
    seed
}

fn nothing_is_lost(policy: &str, promise: Promise) {
    let rounds = std::env::var("HEIRLOOM_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    println!("{rounds} rounds under {policy}");
    let mut scene = Scene::new(policy, "", seed());
    let users = scene.played(rounds, promise);
    scene.wait_until_in_sync();
    for user in &users {
        alone().block_on(user.check());
    }
    let ledgers = users.iter().map(|user| &user.ledger);
    let (acknowledged, deleted) = ledgers.fold((0, 0), |(acknowledged, deleted), ledger| {
        (
            acknowledged + ledger.acknowledged.len(),
            deleted + ledger.deleted.len(),
        )
    });
    println!("{acknowledged} images acknowledged, {deleted} of them deleted");
    scene.check_disks();
}

#[test]
fn nodes_killed_at_random_under_load_lose_nothing() {
    nothing_is_lost("majority", Promise::Always);
}

#[test]
fn what_a_last_survivor_acknowledged_alone_is_found_once_all_are_back() {
    nothing_is_lost("live", Promise::InTheEnd);
}
