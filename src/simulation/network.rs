//! The made-up network: which way is cut, what is lost, late, or delivered twice.

use std::collections::BTreeMap;
use std::time::Duration;

use super::by_node::ByNode;
use crate::fault::Way;
use crate::id::NodeId;
use crate::time::Time;

/// The least latency of a message on an undisturbed network.
const LATENCY_MIN: Duration = Duration::from_micros(40);
/// What chance adds to it at most.
const LATENCY_SPREAD: Duration = Duration::from_micros(860);

/// What a fault does until it ends.
#[derive(Debug, Clone, Copy)]
struct Until<T> {
    value: T,
    ends: Time,
}

/// Two groups that hear nothing of each other until it ends.
#[derive(Debug)]
struct Partition {
    inside: ByNode<bool>,
    ends: Time,
}

impl Partition {
    fn parts(&self, a: NodeId, b: NodeId) -> bool {
        self.inside.get(a) != self.inside.get(b)
    }
}

/// The state of the network.
#[derive(Debug)]
pub(super) struct Network {
    cuts: BTreeMap<(NodeId, NodeId), Time>,
    partitions: Vec<Partition>,
    loss: Until<f64>,
    delay: Until<Duration>,
    duplicates: Until<f64>,
}

impl Network {
    pub(super) fn new() -> Self {
        Self {
            cuts: BTreeMap::new(),
            partitions: Vec::new(),
            loss: Until {
                value: 0.0,
                ends: Time::ZERO,
            },
            delay: Until {
                value: Duration::ZERO,
                ends: Time::ZERO,
            },
            duplicates: Until {
                value: 0.0,
                ends: Time::ZERO,
            },
        }
    }

    pub(super) fn cut(&mut self, from: NodeId, to: NodeId, ends: Time) {
        let held = self.cuts.entry((from, to)).or_insert(ends);
        *held = ends.max(*held);
    }

    /// Cuts both ways between those inside and the others; what is over by `now` is forgotten.
    pub(super) fn partition(&mut self, now: Time, inside: ByNode<bool>, ends: Time) {
        self.partitions.retain(|partition| now < partition.ends);
        self.partitions.push(Partition { inside, ends });
    }

    pub(super) fn lose(&mut self, share: f64, ends: Time) {
        self.loss = Until { value: share, ends };
    }

    pub(super) fn delay(&mut self, most: Duration, ends: Time) {
        self.delay = Until { value: most, ends };
    }

    pub(super) fn duplicate(&mut self, share: f64, ends: Time) {
        self.duplicates = Until { value: share, ends };
    }

    pub(super) fn heal(&mut self) {
        *self = Self::new();
    }

    /// Until when nothing passes in that direction, if nothing does at `now`.
    pub(super) fn cut_until(&self, now: Time, from: NodeId, to: NodeId) -> Option<Time> {
        let between = self.partitions.iter().filter(|held| held.parts(from, to));
        let cut = self.cuts.get(&(from, to)).copied();
        let ends = between.map(|partition| partition.ends).chain(cut).max();
        ends.filter(|&ends| now < ends)
    }

    /// Until when a connection between two nodes cannot be made or ended.
    pub(super) fn disturbed_until(&self, now: Time, a: NodeId, b: NodeId) -> Option<Time> {
        self.cut_until(now, a, b).max(self.cut_until(now, b, a))
    }

    /// When the next of what nodes tell of is over, if something is by `until`.
    pub(super) fn next_end(&self, now: Time, until: Time) -> Option<Time> {
        let partitions = self.partitions.iter().map(|partition| partition.ends);
        let everywhere = [self.loss.ends, self.delay.ends];
        let ends = self.cuts.values().copied().chain(partitions).chain(everywhere);
        ends.filter(|&ends| now < ends && ends <= until).min()
    }

    /// What is wrong with what one node sends to another, in the words of faults on purpose.
    ///
    /// They have none for messages that come twice.
    pub(super) fn way(&self, now: Time, from: NodeId, to: NodeId) -> Way {
        let mut way = Way {
            cut: self.cut_until(now, from, to).is_some(),
            ..Way::default()
        };
        if now < self.delay.ends {
            // From nothing to the most, each as likely: half of it, give or take half.
            let half = self.delay.value.as_millis().div_ceil(2);
            let half = Duration::from_millis(u64::try_from(half).unwrap_or(u64::MAX));
            (way.delay, way.jitter) = (half, half);
        }
        if now < self.loss.ends {
            let share = self.loss.value * 100.0;
            way.loss_percent = (0..100)
                .find(|percent| f64::from(*percent) >= share)
                .unwrap_or(100);
        }
        way
    }

    pub(super) fn latency(&self, now: Time, rng: &mut fastrand::Rng) -> Duration {
        let mut latency = LATENCY_MIN + LATENCY_SPREAD.mul_f64(rng.f64().powi(3));
        if now < self.delay.ends {
            latency += self.delay.value.mul_f64(rng.f64());
        }
        latency
    }

    pub(super) fn loses(&self, now: Time, rng: &mut fastrand::Rng) -> bool {
        now < self.loss.ends && rng.f64() < self.loss.value
    }

    pub(super) fn duplicates(&self, now: Time, rng: &mut fastrand::Rng) -> bool {
        now < self.duplicates.ends && rng.f64() < self.duplicates.value
    }
}
