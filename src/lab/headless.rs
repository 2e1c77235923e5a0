//! A scenario without a screen: its cluster is run, and what happens is handed on, cue by cue.

use std::time::Duration;

use tokio::time::sleep;

use super::captions::Captions;
use super::performance::Performance;
use super::play::Cue;
use super::play::verdict::Played;
use super::recording::{Taping, Told};
use crate::config::ClusterConfig;
use crate::dashboard::cluster::Cluster;
use crate::event::process::Wish;
use crate::fault::Fault;
use crate::supervisor::{Launch, Notice, Supervisor};
use crate::time::Time;

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    /// What the scenario came to.
    pub played: Played,
    /// Whether somebody ended it before it was over.
    pub interrupted: bool,
    /// When the last process was gone, on the supervisor's clock.
    pub at: Time,
}

/// Starts a cluster, leads it through a scenario, and stops it; no process is left when it returns.
///
/// `told` hears every cue with the time since the beginning, and `taping` keeps what a dashboard would
/// be told; whoever began it closes it, at the time that is returned. `asked` waits for the next time somebody
/// wants it to end. Run it by a runtime of the current thread on the program's main thread: nodes
/// die with the thread that started them.
pub async fn run(
    launch: Launch,
    config: &ClusterConfig,
    performance: Performance,
    taping: &mut Taping,
    told: &mut dyn FnMut(Duration, &Cue),
    mut asked: impl AsyncFnMut(),
) -> Ended {
    let mut stage = Stage {
        supervisor: Supervisor::start(launch),
        cluster: Cluster::new(config),
        captions: Captions::new(&performance),
        performance,
        taping,
        told,
    };
    let interrupted = stage.play(&mut asked).await;
    stage.performance.end(stage.supervisor.now());
    let played = stage.performance.played(stage.supervisor.now());
    stage.stop(&mut asked).await;
    Ended {
        played,
        interrupted,
        at: stage.supervisor.now(),
    }
}

struct Stage<'a> {
    supervisor: Supervisor,
    cluster: Cluster,
    performance: Performance,
    captions: Captions,
    taping: &'a mut Taping,
    told: &'a mut dyn FnMut(Duration, &Cue),
}

impl Stage<'_> {
    /// Plays until it is over; returns whether somebody ended it before.
    async fn play(&mut self, asked: &mut impl AsyncFnMut()) -> bool {
        loop {
            while let Some(notice) = self.supervisor.waiting() {
                self.fold(&notice);
            }
            let cues = self.performance.look(self.now(), &self.cluster);
            self.carry_out(cues);
            self.keep_stage();
            if self.performance.is_over() {
                return false;
            }
            let due = self.performance.due().map(|due| due.since(self.now()));
            tokio::select! {
                // What was told counts before the time that is over.
                biased;
                notice = self.supervisor.next() => self.fold(&notice),
                news = self.performance.news() => {
                    let cues = self.performance.heard(self.supervisor.now(), news);
                    self.carry_out(cues);
                }
                () = asked() => return true,
                () = elapsed(due) => {}
            }
        }
    }

    /// Stops every process, in order at first, and at once if somebody asks again.
    async fn stop(&mut self, asked: &mut impl AsyncFnMut()) {
        self.supervisor.wish(Wish::StopAll);
        while !self.supervisor.is_idle() {
            tokio::select! {
                notice = self.supervisor.next() => {
                    self.taping.keep(self.supervisor.now(), Told::of_notice(&notice));
                }
                () = asked() => self.supervisor.wish(Wish::KillAll),
            }
        }
    }

    /// Keeps what the scenario shows, if that has changed.
    fn keep_stage(&mut self) {
        let now = self.now();
        if let Some(stage) = self.captions.changed(&self.performance) {
            self.taping.keep(now, Told::Stage(stage));
        }
    }

    fn now(&self) -> Time {
        self.supervisor.now()
    }

    fn fold(&mut self, notice: &Notice) {
        let now = self.now();
        self.taping.keep(now, Told::of_notice(notice));
        match notice {
            Notice::Node(event) => self.cluster.node_told(now, event),
            Notice::Process(event) => self.cluster.process_became(now, event),
        }
        let cues = self.performance.glance(now, &self.cluster);
        self.carry_out(cues);
    }

    fn carry_out(&mut self, cues: Vec<Cue>) {
        let mut cues = std::collections::VecDeque::from(cues);
        while let Some(cue) = cues.pop_front() {
            let now = self.now();
            (self.told)(now.since(Time::ZERO), &cue);
            self.captions.heard(&cue, &self.performance, now);
            match cue {
                Cue::Wish(wish) => self.supervisor.wish(wish),
                Cue::Fault(fault) => {
                    if let Err(why) = do_fault(&mut self.supervisor, &fault) {
                        cues.extend(self.performance.refused(now, why));
                    }
                }
                Cue::Say(_)
                | Cue::Doing { .. }
                | Cue::Watching(_)
                | Cue::Judged(_)
                | Cue::LoadOn(_)
                | Cue::LoadOff
                | Cue::Check
                | Cue::Over => {}
            }
        }
    }
}

/// Does a fault to the links or disks of a cluster that is supervised.
///
/// # Errors
///
/// With what to do about it, when it cannot be done.
pub(crate) fn do_fault(supervisor: &mut Supervisor, fault: &Fault) -> Result<(), String> {
    supervisor.fault(fault).map_err(|error| error.to_string())
}

/// Waits for a while; without an end, for ever.
async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}
