//! A user of the crash loop, who uploads, downloads and deletes, and keeps a ledger of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use heirloom::id::{ImageId, NodeId};
use heirloom::protocol::Listed;

use super::client::{Failed, PlainClient};
use crate::harness::{PATIENCE, TestCluster, image_of};

/// When what was acknowledged must be found, and what was deleted must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Whenever somebody answers: a quorum has it, and every other quorum meets one that does.
    Always,
    /// Once all nodes are back: what a last survivor did alone only its disk knows.
    InTheEnd,
}

/// An image that a client has offered at least once.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
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
pub(super) struct Ledger {
    attempted: BTreeMap<ImageId, Attempt>,
    pub(super) acknowledged: BTreeSet<ImageId>,
    /// Deletes that were tried; what of them happened is known only when they are in the next set.
    condemned: BTreeSet<ImageId>,
    pub(super) deleted: BTreeSet<ImageId>,
}

/// A user who uploads, downloads and deletes until told to stop.
pub(super) struct User {
    client: PlainClient,
    number: u64,
    promise: Promise,
    rng: fastrand::Rng,
    pub(super) ledger: Ledger,
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
}

impl User {
    pub(super) fn new(
        cluster: &TestCluster,
        number: u64,
        promise: Promise,
        stop: &Arc<AtomicBool>,
        done: &Arc<AtomicU64>,
    ) -> Self {
        Self {
            client: PlainClient {
                user: format!("user{number}").parse().expect("a name"),
                addresses: (1..=3).map(|id| cluster.address(id)).collect(),
            },
            number,
            promise,
            rng: fastrand::Rng::with_seed(number),
            ledger: Ledger::default(),
            stop: Arc::clone(stop),
            done: Arc::clone(done),
        }
    }

    pub(super) async fn live(mut self) -> Self {
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
                // Whoever keeps it is down: it stays condemned.
                Err(Failed::Refused(_)) if self.promise == Promise::InTheEnd => return,
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
                Err(Failed::Refused(_)) if self.promise == Promise::InTheEnd => {}
                Err(Failed::Refused(error)) => panic!("{image} was acknowledged: {error}"),
            }
        }
        if let Some(&image) = self.rng.choice(&self.ledger.deleted) {
            match self.client.download(image).await {
                Ok(_) if self.promise == Promise::InTheEnd => {}
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
    pub(super) async fn check(&self) {
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
