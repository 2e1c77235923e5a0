//! What is acknowledged stays, whoever dies: nodes are killed at random under load, and in the end
//! every image is where it should be, byte for byte, and nothing is that should not be.
//!
//! `HEIRLOOM_ROUNDS=500 cargo test --test it -- durability` is the long form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use heirloom::event::WorkerState;
use heirloom::id::{ImageId, NodeId};
use heirloom::protocol::Listed;
use tokio::runtime;

use crate::harness::{PATIENCE, TestCluster, image_of};
use client::{Failed, PlainClient};

mod client;
mod disks;

/// How many kills a test run makes; the long form makes more.
const ROUNDS: usize = 10;

/// How many users upload side by side.
const USERS: u64 = 4;

/// An image that a client has offered at least once.
#[derive(Debug, Clone)]
struct Attempt {
    file: String,
    bytes: usize,
    salt: u64,
}

impl Attempt {
    fn plain(&self) -> Vec<u8> {
        image_of(self.bytes, self.salt)
    }
}

/// What one user knows about their images.
#[derive(Debug, Default)]
struct Ledger {
    attempted: BTreeMap<ImageId, Attempt>,
    acknowledged: BTreeSet<ImageId>,
    /// Deletes that were tried; what of them happened is known only when they are in the next set.
    condemned: BTreeSet<ImageId>,
    deleted: BTreeSet<ImageId>,
}

/// A user who uploads, downloads and deletes until told to stop.
struct User {
    client: PlainClient,
    number: u64,
    rng: fastrand::Rng,
    ledger: Ledger,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
}

impl User {
    fn new(cluster: &TestCluster, number: u64, stop: &Arc<AtomicBool>, done: &Arc<AtomicU64>) -> Self {
        Self {
            client: PlainClient {
                user: format!("user{number}").parse().expect("a name"),
                addresses: (1..=3).map(|id| cluster.address(id)).collect(),
            },
            number,
            rng: fastrand::Rng::with_seed(number),
            ledger: Ledger::default(),
            stop: Arc::clone(stop),
            done: Arc::clone(done),
        }
    }

    async fn live(mut self) -> Self {
        while !self.stop.load(Ordering::Relaxed) {
            match self.rng.u8(..10) {
                0 => self.delete().await,
                1 | 2 => self.look_at_one().await,
                _ => self.upload().await,
            }
        }
        self
    }

    async fn upload(&mut self) {
        let salt = self.number << 32 | self.ledger.attempted.len() as u64;
        let attempt = Attempt {
            file: format!("{salt:x}.png"),
            bytes: self.rng.usize(16..300_000),
            salt,
        };
        let image = ImageId::from_bytes(u128::to_be_bytes(self.rng.u128(..)));
        self.ledger.attempted.insert(image, attempt.clone());
        let plain = attempt.plain();
        while !self.stop.load(Ordering::Relaxed) {
            match self.client.upload(image, &attempt.file, &plain).await {
                Ok(_) => {
                    self.ledger.acknowledged.insert(image);
                    self.done.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Err(Failed::Again) => {}
                Err(Failed::Refused(error)) => panic!("{image}: {error}"),
            }
        }
    }

    async fn delete(&mut self) {
        let Some(image) = self.any_kept() else { return };
        self.ledger.condemned.insert(image);
        while !self.stop.load(Ordering::Relaxed) {
            match self.client.delete(image).await {
                Ok(_) => {
                    self.ledger.deleted.insert(image);
                    return;
                }
                Err(Failed::Again) => {}
                Err(Failed::Refused(error)) => panic!("{image}: {error}"),
            }
        }
    }

    /// What is acknowledged can be read, and what is deleted cannot, at any moment somebody answers.
    async fn look_at_one(&mut self) {
        if let Some(image) = self.any_kept() {
            match self.client.download(image).await {
                Ok(plain) => assert!(
                    plain == self.ledger.attempted[&image].plain(),
                    "{image} is damaged"
                ),
                Err(Failed::Again) => {}
                Err(Failed::Refused(error)) => panic!("{image} was acknowledged: {error}"),
            }
        }
        if let Some(&image) = self.rng.choice(&self.ledger.deleted) {
            match self.client.download(image).await {
                Ok(_) => panic!("{image} was deleted, and is back"),
                Err(Failed::Again | Failed::Refused(_)) => {}
            }
        }
    }

    fn any_kept(&mut self) -> Option<ImageId> {
        let kept = self.ledger.acknowledged.difference(&self.ledger.condemned);
        let kept: Vec<ImageId> = kept.copied().collect();
        self.rng.choice(kept)
    }

    /// Everything that was acknowledged is there on every node, and nothing else is half there.
    async fn check(&self) {
        let listed = self.listed().await;
        let every: Vec<NodeId> = (1..=3).map(|id| NodeId::new(id).expect("not zero")).collect();
        for (image, Listed { nodes, .. }) in &listed {
            assert_eq!(nodes, &every, "{image} is not everywhere");
            let attempt = self.ledger.attempted.get(image);
            let attempt = attempt.unwrap_or_else(|| panic!("{image} comes from nowhere"));
            let plain = self.downloaded(*image).await;
            assert!(plain == attempt.plain(), "{image} is damaged");
            assert!(
                !self.ledger.deleted.contains(image),
                "{image} was deleted, and is back"
            );
        }
        for image in self.ledger.acknowledged.difference(&self.ledger.condemned) {
            assert!(
                listed.contains_key(image),
                "{image} was acknowledged, and is lost"
            );
        }
    }

    async fn listed(&self) -> BTreeMap<ImageId, Listed> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.client.list(ImageId::from_bytes([0xee; 16])).await {
                Ok(listed) => return listed.into_iter().map(|line| (line.entry.image, line)).collect(),
                Err(error) => assert!(Instant::now() < deadline, "no list: {error:?}"),
            }
        }
    }

    async fn downloaded(&self, image: ImageId) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.client.download(image).await {
                Ok(plain) => return plain,
                Err(error) => assert!(Instant::now() < deadline, "{image} cannot be read: {error:?}"),
            }
        }
    }
}

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
    fn played(&mut self, rounds: usize) -> Vec<User> {
        let stop = Arc::new(AtomicBool::new(false));
        let users: Vec<User> = (1..=USERS)
            .map(|number| User::new(&self.cluster, number, &stop, &self.done))
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

fn nothing_is_lost(policy: &str) {
    let rounds = std::env::var("HEIRLOOM_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let seed = std::env::var("HEIRLOOM_SEED").ok();
    let seed = seed.map_or_else(|| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("{rounds} rounds under {policy}, HEIRLOOM_SEED={seed}");
    let mut scene = Scene::new(policy, "", seed);
    let users = scene.played(rounds);
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
    nothing_is_lost("majority");
}
