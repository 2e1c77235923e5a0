//! Whoever looks on while a run goes: hears what happens, and says when it is enough.

use super::Step;
use crate::event::Event;
use crate::event::process::ProcessEvent;
use crate::time::Time;

/// Whoever looks on while a run goes.
///
/// The events are those that real nodes and their supervisor tell, stamped in virtual time: by each
/// node's own clock, life by life, without a gap in the sequence. A run writes the same stream as a
/// cluster does, so whatever folds the one folds the other.
pub trait Observer {
    /// Says whether it wants to hear events; a run in which nobody does makes none.
    fn listens(&self) -> bool {
        false
    }

    /// Hears what a node tells, at `now` by the clock of the simulation.
    fn node_told(&mut self, now: Time, event: &Event) {
        let _ = (now, event);
    }

    /// Hears what became of the process of a node; its times are those of the simulation.
    fn process_told(&mut self, event: &ProcessEvent) {
        let _ = event;
    }

    /// Hears what is done to the cluster on purpose, once it has taken effect.
    fn step_done(&mut self, now: Time, step: &Step) {
        let _ = (now, step);
    }

    /// Hears that everything is right again, and the nodes are to agree.
    fn healed(&mut self, now: Time) {
        let _ = now;
    }

    /// Is asked, again and again, whether the run is to go on.
    fn goes_on(&mut self, now: Time) -> bool {
        let _ = now;
        true
    }
}

/// Nobody looks on.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Observer for Nobody {}
