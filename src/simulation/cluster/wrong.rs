//! What is told of what is wrong on purpose: by the nodes it meets, and by whoever does it.
//!
//! Told only to whoever listens, and nothing of it is planned in the queue: a run that is watched
//! happens as one that is not.

use super::Cluster;
use crate::event::Fact;
use crate::fault::NodeFaults;
use crate::id::NodeId;
use crate::simulation::Step;
use crate::time::Time;

impl Cluster<'_> {
    /// Tells of a step, if it changes anything.
    pub(super) fn tell_step(&mut self, step: &Step) {
        if self.observer.listens() && self.takes_effect(step) {
            self.observer.step_done(self.now, step);
        }
    }

    /// Whether a step changes anything as things stand.
    fn takes_effect(&self, step: &Step) -> bool {
        let lives = |id: &NodeId| self.life_of(*id).is_some();
        match step {
            Step::Start(id) => !lives(id),
            Step::Crash(id) | Step::CrashAndLoseDisk(id) | Step::Stop(id) | Step::Freeze(id, _) => lives(id),
            Step::StallClock(id, _) => lives(id) && !self.stalled_lately(),
            Step::Cut(from, to, _) => from != to,
            Step::Partition(group, _) => !group.is_empty() && group.len() < self.nodes.len(),
            Step::Lose(..) | Step::Delay(..) | Step::Duplicate(..) => true,
            Step::CrashAllBut(survivor) => self.nodes.ids().any(|id| id != *survivor && lives(&id)),
        }
    }

    /// Lets nodes tell of what is over by `until`, each time when it is; the time is then that of the last.
    pub(super) fn tell_what_heals_by(&mut self, until: Time) {
        if !self.observer.listens() {
            return;
        }
        while let Some(ends) = self.network.next_end(self.now, until) {
            self.now = ends;
            self.tell_faults();
        }
    }

    /// Lets each node tell what is wrong with its links, if that is not what it told last.
    ///
    /// A frozen process says nothing; it will when it goes on.
    pub(super) fn tell_faults(&mut self) {
        if !self.observer.listens() {
            return;
        }
        for id in self.ids() {
            let Some(life) = self.life_of(id) else { continue };
            let faults = self.faults_of(life.node);
            let Some(process) = self.process_mut(life) else {
                continue;
            };
            if process.frozen.is_none() && process.faults_told != faults {
                process.faults_told = faults.clone();
                self.tell(life, || Fact::FaultsChanged { faults });
            }
        }
    }

    fn faults_of(&self, node: NodeId) -> NodeFaults {
        let others = || self.nodes.ids().filter(|&other| other != node);
        let sends = others().map(|to| (to, self.network.way(self.now, node, to)));
        let hears = others().map(|from| (from, self.network.way(self.now, from, node)));
        NodeFaults {
            sends: sends.filter(|(_, way)| !way.is_sound()).collect(),
            hears: hears.filter(|(_, way)| !way.is_sound()).collect(),
            ..NodeFaults::default()
        }
    }
}
