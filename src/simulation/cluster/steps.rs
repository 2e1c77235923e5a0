//! What is done to a cluster: random faults, named steps, and healing.

use std::time::Duration;

use super::{Cluster, Happening};
use crate::bully::Input;
use crate::config::QuorumPolicy;
use crate::id::NodeId;
use crate::simulation::by_node::ByNode;
use crate::simulation::{Step, faults};
use crate::time::Time;

impl Cluster {
    pub(in crate::simulation) fn plan_faults(&mut self, count: u32, within: Duration) {
        for _ in 0..count {
            let at = Time::ZERO + within.mul_f64(self.rng.f64());
            let step = faults::draw(&mut self.rng, self.config.nodes, &self.config.timing);
            self.plan(at, step);
        }
    }

    pub(super) fn act(&mut self, step: Step) {
        // A healed cluster is left alone, but who was about to come back still does.
        if self.healing && !matches!(step, Step::Start(_)) {
            return;
        }
        self.note(|| format!("-- {step:?}"));
        let now = self.now;
        match step {
            Step::Start(id) => self.start(id),
            Step::Crash(id) => self.crash(id),
            Step::CrashAndLoseDisk(id) => self.crash_and_lose_disk(id),
            Step::Stop(id) => {
                if let Some(life) = self.life_of(id) {
                    self.thaw(id);
                    self.give(life, Input::Shutdown);
                    self.schedule_after(Duration::from_millis(2), Happening::Exits(life));
                    self.restart_later(id);
                }
            }
            Step::Freeze(id, span) => self.freeze(id, span),
            Step::StallClock(id, span) => self.stall_clock(id, span),
            Step::Cut(from, to, span) => {
                self.counters.one_way_cuts += 1;
                self.network.cut(from, to, now + span);
            }
            Step::Partition(group, span) => self.partition(&group, span),
            Step::Lose(share, span) => self.network.lose(share, now + span),
            Step::Delay(most, span) => self.network.delay(most, now + span),
            Step::Duplicate(share, span) => self.network.duplicate(share, now + span),
            Step::CrashAllBut(survivor) => {
                for id in self.ids() {
                    if id != survivor {
                        self.kill(id);
                        self.restart_later(id);
                    }
                }
                self.thaw(survivor);
            }
        }
    }

    pub(super) fn partition(&mut self, group: &[NodeId], span: Duration) {
        let mut inside = ByNode::new(self.config.nodes, |_| false);
        for &id in group {
            inside[id] = true;
        }
        self.network.partition(self.now, inside, self.now + span);
    }

    /// A clock may stand still for less than the slack between promise and lease, once a promise.
    pub(super) fn stall_clock(&mut self, id: NodeId, span: Duration) {
        let quiet = self.config.timing.promise() * 2;
        let now = self.now;
        if self.stalled_at.is_some_and(|at| now.since(at) < quiet) {
            return;
        }
        self.stalled_at = Some(now);
        self.counters.clock_stalls += 1;
        self.nodes[id].clock.stall(now, span);
    }

    pub(super) fn crash(&mut self, id: NodeId) {
        if self.life_of(id).is_some() {
            self.kill(id);
            self.restart_later(id);
        }
    }

    /// Loses a disk only while what it remembers is remembered elsewhere too.
    ///
    /// More is beyond what any quorum survives: two blank disks of three are a new cluster, and what
    /// a last survivor did alone is known to its disk alone.
    pub(super) fn crash_and_lose_disk(&mut self, id: NodeId) {
        self.crash(id);
        let epoch = self
            .nodes
            .get(id)
            .and_then(|node| node.disk)
            .map(|vote| vote.epoch);
        let others = || {
            self.nodes
                .iter()
                .filter(|(other, _)| *other != id)
                .map(|(_, node)| node.disk)
        };
        let all_remember = others().all(|disk| disk.is_some());
        let known_elsewhere = others().flatten().any(|vote| Some(vote.epoch) >= epoch);
        if all_remember && (known_elsewhere || self.config.policy == QuorumPolicy::Majority) {
            self.nodes[id].disk = None;
            self.watcher.disk_lost(id);
        }
    }

    pub(super) fn restart_later(&mut self, id: NodeId) {
        let downtime = faults::downtime(&mut self.rng, &self.config.timing);
        self.schedule_after(downtime, Happening::Do(Step::Start(id)));
    }

    /// Ends every fault and starts who is down.
    pub(in crate::simulation) fn heal(&mut self) {
        self.healing = true;
        self.network.heal();
        for id in self.ids() {
            if self.nodes[id].process.is_none() {
                self.start(id);
            } else {
                self.thaw(id);
            }
        }
    }

    /// Starts every node, each within the time that a person needs to open terminals, or at once.
    pub(in crate::simulation) fn start_everybody(&mut self) {
        let spread = *[0, 5, 1000].get(self.rng.usize(0..3)).unwrap_or(&0);
        for id in self.ids() {
            let at = Time::ZERO + Duration::from_millis(self.rng.u64(0..=spread));
            self.plan(at, Step::Start(id));
        }
    }
}
