//! Whether a fault that was done holds: every node that it is about has to say so.
//!
//! Nodes are told by connections, and answer by events; until then they are as they were before. One
//! that stands still or has no process cannot say anything, and nobody waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::doing::Doing;
use super::scene::Scene;
use super::verdict::Outcome;
use super::{Cue, Player, Progress};
use crate::dashboard::cluster::node::Node;
use crate::event::line::nodes;
use crate::fault::{Fault, Matrix};
use crate::id::NodeId;
use crate::time::Time;

/// How long the nodes may take to say so.
///
/// They need milliseconds. One that says nothing for so long is not the cluster that the scenario is
/// about, and nothing that comes after could be judged.
pub(super) const SPREADING_PATIENCE: Duration = Duration::from_secs(10);

/// A fault on its way to the nodes.
#[derive(Debug)]
pub(super) struct Spreading {
    fault: Fault,
    /// How often each node had told of stalls, and could not be told something, before.
    before: BTreeMap<NodeId, (u64, u64)>,
}

/// How far it has come.
enum Spread {
    /// Everybody has said so.
    Everywhere,
    /// Somebody has not, yet: why that would be a failure, in the end.
    NotYet(String),
    /// Somebody could not be told.
    Never(String),
}

impl Spreading {
    /// Makes a fault that is about to be done.
    pub(super) fn new(scene: &Scene<'_>, fault: Fault) -> Self {
        let before = scene.cluster.nodes.values();
        let before = before.map(|node| (node.id, (node.stalls, node.untold.times)));
        Self {
            fault,
            before: before.collect(),
        }
    }

    /// Returns how far it has come.
    fn look(&self, scene: &Scene<'_>) -> Spread {
        let is_meant = |node: &&Node| self.fault.touches(node.id) && node.state().is_alive();
        let silent = |node: &&Node| !self.has_said_so(scene, node);
        let all = scene.cluster.nodes.values().filter(is_meant).filter(silent);
        let silent: Vec<&Node> = all.collect();
        let times = |node: &Node| self.before.get(&node.id).map_or(0, |(_, untold)| *untold);
        if let Some(node) = silent.iter().find(|node| node.untold.times > times(node)) {
            let (id, why) = (node.id, &node.untold.why);
            return Spread::Never(format!("node {id} could not be told: {why}"));
        }
        if silent.is_empty() {
            return Spread::Everywhere;
        }
        let silent: Vec<NodeId> = silent.iter().map(|node| node.id).collect();
        let patience = SPREADING_PATIENCE.as_secs();
        Spread::NotYet(format!("{} did not say so in {patience} s", nodes(&silent)))
    }

    /// Says whether a node obeys it: doing it once more would change nothing of what the node says.
    fn has_said_so(&self, scene: &Scene<'_>, node: &Node) -> bool {
        if let Fault::StallClock { .. } = self.fault {
            let before = self.before.get(&node.id).map_or(0, |(stalls, _)| *stalls);
            return node.stalls > before;
        }
        let mut matrix = Matrix::new(scene.cluster.nodes.keys().copied());
        matrix.add(node.id, &node.faults);
        // One that makes no sense was refused, and waits for nobody.
        matrix.apply(&self.fault).is_err() || matrix.of(node.id) == node.faults
    }
}

impl Player {
    /// Folds in that a fault could not be done.
    pub fn refused(&mut self, now: Time, why: String) -> Vec<Cue> {
        let mut cues = Vec::new();
        if self.doing == Doing::Acted {
            self.judge(now, now, Outcome::Failed, why, &mut cues);
        }
        cues
    }

    /// Goes on once the fault that was done at `since`, if it was one, holds wherever it can.
    pub(super) fn spread(
        &mut self,
        now: Time,
        scene: &Scene<'_>,
        since: Time,
        cues: &mut Vec<Cue>,
    ) -> Progress {
        let spread = self.spreading.as_ref().map(|spreading| spreading.look(scene));
        let why = match spread {
            None | Some(Spread::Everywhere) => {
                self.spreading = None;
                return self.step_on();
            }
            Some(Spread::NotYet(_)) if now < since + SPREADING_PATIENCE => {
                self.doing = Doing::Spreads { since };
                return Progress::Waits;
            }
            Some(Spread::NotYet(why) | Spread::Never(why)) => why,
        };
        self.judge(now, since, Outcome::Failed, why, cues);
        Progress::Waits
    }
}
