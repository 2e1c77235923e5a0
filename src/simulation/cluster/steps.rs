//! What is done to a cluster: random faults, named steps, and healing.

use std::time::Duration;

use super::{Cluster, Happening};
use crate::bully::Input;
use crate::config::QuorumPolicy;
use crate::event::Fact;
use crate::id::NodeId;
use crate::simulation::by_node::ByNode;
use crate::simulation::{Aim, Step, faults};
use crate::time::Time;

/// From when a node was asked to stop until its process is gone.
const EXIT_TIME: Duration = Duration::from_millis(2);

/// How many faults are planned at a time: a run of weeks need not hold all of its faults.
const FAULTS_AT_A_TIME: u32 = 16;

impl Cluster<'_> {
    /// Plans the faults of a run, at random times, some at a time.
    ///
    /// `left` of them are still to be planned, and happen in the rest of the chaos.
    pub(in crate::simulation) fn plan_faults(&mut self, left: u32) {
        let rest = (Time::ZERO + self.config.chaos).since(self.now);
        let some = left.min(FAULTS_AT_A_TIME);
        if some == 0 {
            return;
        }
        let within = rest.mul_f64(f64::from(some) / f64::from(left));
        for _ in 0..some {
            let at = self.now + within.mul_f64(self.rng.f64());
            self.plan_fault(at);
        }
        if left > some {
            self.schedule_after(within, Happening::PlanFaults(left - some));
        }
    }

    fn plan_fault(&mut self, at: Time) {
        let drawn = faults::draw(
            &mut self.rng,
            &self.config.mix,
            self.config.nodes,
            &self.config.timing,
        );
        let Some(step) = drawn else { return };
        let aimed = match self.config.aim {
            Aim::Anybody => false,
            Aim::Leader => self.rng.bool(),
        };
        if aimed {
            self.schedule(at, Happening::DoToLeader(step));
        } else {
            self.plan(at, step);
        }
    }

    /// Does to whoever leads now what was meant for somebody.
    pub(super) fn act_on_leader(&mut self, step: Step) {
        let leader = self.leading.last().copied();
        self.act(match leader {
            Some(leader) => step.aimed_at(leader),
            None => step,
        });
    }

    pub(super) fn act(&mut self, step: Step) {
        if step.names().iter().any(|&id| self.nodes.get(id).is_none()) {
            return;
        }
        // A healed cluster is left alone, but who was about to come back still does.
        if self.healing && !matches!(step, Step::Start(_)) {
            return;
        }
        self.note(|| format!("-- {step:?}"));
        self.tell_step(&step);
        let now = self.now;
        match step {
            Step::Start(id) => self.start(id),
            Step::Crash(id) => self.crash(id),
            Step::CrashAndLoseDisk(id) => self.crash_and_lose_disk(id),
            Step::Stop(id) => {
                if let Some(life) = self.life_of(id) {
                    self.thaw(id);
                    self.give(life, Input::Shutdown);
                    self.schedule_after(EXIT_TIME, Happening::Exits(life));
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
        self.tell_faults();
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
        if self.stalled_lately() {
            return;
        }
        let now = self.now;
        self.stalled_at = Some(now);
        self.counters.clock_stalls += 1;
        self.nodes[id].clock.stall(now, span);
        if let Some(life) = self.life_of(id) {
            let for_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
            self.tell(life, || Fact::ClockStalled { for_ms });
        }
    }

    pub(super) fn stalled_lately(&self) -> bool {
        let quiet = self.config.timing.promise() * 2;
        self.stalled_at.is_some_and(|at| self.now.since(at) < quiet)
    }

    pub(super) fn crash(&mut self, id: NodeId) {
        if self.life_of(id).is_some() {
            self.kill(id);
            self.restart_later(id);
        }
    }

    /// Loses a disk only while what it remembers is remembered elsewhere too.
    ///
    /// More is beyond what any quorum survives: two blank disks of three are a new cluster, so is the
    /// blank disk of one, and what a last survivor did alone is known to its disk alone.
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
        let somebody_else = self.nodes.len() > 1;
        if somebody_else && all_remember && (known_elsewhere || self.config.policy == QuorumPolicy::Majority)
        {
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
        self.observer.healed(self.now);
        self.tell_faults();
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
