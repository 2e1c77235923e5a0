//! What the processes of nodes use, CPU since they were last looked at and resident memory, and
//! whether they stand still.
//!
//! Owns what each process had used at its last sample. A process had used nothing when it was
//! started, so its first sample has a figure like every other. Reads the system only when asked;
//! how often is decided above.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

use super::policy::{ChildId, Posture};
use crate::event::process::ProcessFact;
use crate::id::NodeId;
use crate::time::Time;

/// The shortest time that a sample speaks for.
///
/// Systems count CPU in ticks of 10 ms; over less than twenty of them one tick would look like
/// work.
pub(super) const SPAN_MIN: Duration = Duration::from_millis(200);

/// A process to be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    pub(super) id: ChildId,
    pub(super) pid: u32,
    pub(super) started: Time,
}

/// What was seen of a process.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) id: ChildId,
    pub(super) posture: Posture,
    /// What it uses.
    pub(super) used: ProcessFact,
}

/// Samples processes; remembers each until it is asked about others.
#[derive(Debug)]
pub(super) struct Sampler {
    /// None where the system is one that cannot be asked.
    system: Option<System>,
    last: BTreeMap<NodeId, Mark>,
}

/// What a process had used at its last sample.
#[derive(Debug, Clone, Copy)]
struct Mark {
    id: ChildId,
    pid: Pid,
    at: Time,
    cpu_ms: u64,
}

impl Sampler {
    pub(super) fn new() -> Self {
        Self {
            system: System::new().ok(),
            last: BTreeMap::new(),
        }
    }

    /// Looks at these processes at `now`; one that was looked at just before is left out.
    pub(super) fn sample(&mut self, now: Time, processes: &[Sampled]) -> Vec<Sample> {
        let marks = processes.iter().map(|process| self.mark_of(process));
        let marks: Vec<Mark> = marks.collect();
        self.refresh(&marks);
        self.last = marks.iter().map(|mark| (mark.id.node, *mark)).collect();
        let due = marks.iter().filter(|mark| now.since(mark.at) >= SPAN_MIN);
        due.filter_map(|mark| self.measure(now, mark)).collect()
    }

    /// Returns what a process had used when it was last looked at, or when it was started.
    fn mark_of(&self, process: &Sampled) -> Mark {
        let last = self.last.get(&process.id.node);
        last.filter(|mark| mark.id == process.id)
            .copied()
            .unwrap_or(Mark {
                id: process.id,
                pid: Pid::from_u32(process.pid),
                at: process.started,
                cpu_ms: 0,
            })
    }

    /// Asks the system about these processes, and lets it forget those that are gone.
    fn refresh(&mut self, marks: &[Mark]) {
        let Some(system) = &mut self.system else {
            return;
        };
        let known = self.last.values().chain(marks);
        // Each once: one that is named twice would be taken for gone the second time.
        let pids: BTreeSet<Pid> = known.map(|mark| mark.pid).collect();
        let pids: Vec<Pid> = pids.into_iter().collect();
        let kind = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&pids), true, kind);
    }

    /// Returns what a process has used since its mark, and moves the mark; none of one that is gone.
    fn measure(&mut self, now: Time, mark: &Mark) -> Option<Sample> {
        let process = self.system.as_ref()?.process(mark.pid)?;
        let (cpu_ms, memory_bytes) = (process.accumulated_cpu_time(), process.memory());
        let posture = match process.status() {
            ProcessStatus::Stop => Posture::StandsStill,
            _ => Posture::Runs,
        };
        let mark_now = Mark {
            at: now,
            cpu_ms,
            ..*mark
        };
        self.last.insert(mark.id.node, mark_now);
        let cpu_permille = permille(cpu_ms.saturating_sub(mark.cpu_ms), now.since(mark.at));
        Some(Sample {
            id: mark.id,
            posture,
            used: ProcessFact::Sampled {
                cpu_permille,
                memory_bytes,
            },
        })
    }
}

/// Returns a time on the CPU as thousandths of `span`; more than one core makes more than 1000.
fn permille(cpu_ms: u64, span: Duration) -> u32 {
    let span_us = span.as_micros().max(1);
    let permille = u128::from(cpu_ms) * 1_000_000 / span_us;
    u32::try_from(permille).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_told_in_thousandths_of_one_core() {
        assert_eq!(permille(0, Duration::from_secs(1)), 0);
        assert_eq!(permille(10, Duration::from_secs(2)), 5);
        assert_eq!(permille(2000, Duration::from_secs(1)), 2000, "two cores");
        assert_eq!(permille(10, Duration::ZERO), 10_000_000);
    }
}
