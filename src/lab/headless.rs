//! A scenario without a screen: its cluster is run, and what happens is handed on, cue by cue.

use std::time::Duration;

use tokio::time::sleep;

use super::performance::{Hands, Performance};
use super::play::Cue;
use super::play::verdict::Played;
use super::recording::{Taping, Told};
use crate::config::ClusterConfig;
use crate::dashboard::cluster::Cluster;
use crate::event::process::Wish;
use crate::fault::{Fault, FaultError};
use crate::supervisor::{Launch, Notice, Supervisor};
use crate::time::Time;

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    /// What the scenario came to.
    pub played: Played,
    /// When it was over or somebody ended it, on the supervisor's clock: the cluster was stopped after it.
    pub at: Time,
}

/// Starts a cluster, leads it through a scenario, and stops it; no process is left when it returns.
///
/// `told` hears every cue with the time since the beginning, and `taping` keeps what a dashboard would
/// be told up to the end of the play, which is what whoever sees it later wants to see last; whoever began
/// it closes it, at the time that is returned. `asked` waits for the next time somebody wants it to end.
/// Run it by a runtime of the current thread on the program's main thread: nodes die with the thread that
/// started them.
pub async fn run(
    launch: Launch,
    config: &ClusterConfig,
    performance: Performance,
    taping: &mut Taping,
    told: &mut dyn FnMut(Duration, &Cue),
    mut asked: impl AsyncFnMut(),
) -> Ended {
    let supervisor = Supervisor::start(launch);
    let mut run = Run {
        hands: Listened { supervisor, told },
        cluster: Cluster::new(config),
        performance,
        taping,
    };
    run.play(&mut asked).await;
    let at = run.hands.now();
    run.performance.end(at);
    let played = run.performance.played(at);
    stop(&mut run.hands.supervisor, &mut asked).await;
    Ended { played, at }
}

/// Stops every process, in order at first, and at once if somebody asks again.
async fn stop(supervisor: &mut Supervisor, asked: &mut impl AsyncFnMut()) {
    supervisor.wish(Wish::StopAll);
    while !supervisor.is_idle() {
        tokio::select! {
            _ = supervisor.next() => {}
            () = asked() => supervisor.wish(Wish::KillAll),
        }
    }
}

/// The owner of the processes, with somebody who listens.
struct Listened<'a> {
    supervisor: Supervisor,
    told: &'a mut dyn FnMut(Duration, &Cue),
}

impl Hands for Listened<'_> {
    fn now(&mut self) -> Time {
        self.supervisor.now()
    }

    fn wish(&mut self, wish: Wish) {
        self.supervisor.wish(wish);
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        self.supervisor.fault(fault)
    }

    fn hear(&mut self, cue: &Cue) {
        (self.told)(self.supervisor.now().since(Time::ZERO), cue);
    }
}

struct Run<'a> {
    hands: Listened<'a>,
    cluster: Cluster,
    performance: Performance,
    taping: &'a mut Taping,
}

impl Run<'_> {
    /// Plays until it is over, or until somebody ends it before.
    async fn play(&mut self, asked: &mut impl AsyncFnMut()) {
        loop {
            while let Some(notice) = self.hands.supervisor.waiting() {
                self.fold(&notice);
            }
            self.performance.look(&mut self.hands, &self.cluster);
            self.keep_stage();
            if self.performance.is_over() {
                return;
            }
            let due = self.performance.due();
            let due = due.map(|due| due.since(self.hands.now()));
            tokio::select! {
                // Who stops everything may stop nodes, too, and that is no verdict; and what was told
                // counts before the time that is over.
                biased;
                () = asked() => return,
                notice = self.hands.supervisor.next() => self.fold(&notice),
                news = self.performance.news() => self.performance.heard(&mut self.hands, news),
                () = elapsed(due) => {}
            }
        }
    }

    /// Keeps what the scenario shows, if that has changed.
    fn keep_stage(&mut self) {
        let now = self.hands.now();
        if let Some(stage) = self.performance.on_stage(now) {
            self.taping.keep(now, Told::Stage(stage));
        }
    }

    fn fold(&mut self, notice: &Notice) {
        let now = self.hands.now();
        self.taping.keep(now, Told::of_notice(notice));
        match notice {
            Notice::Node(event) => self.cluster.node_told(now, event),
            Notice::Process(event) => self.cluster.process_became(now, event),
        }
        self.performance.glance(&mut self.hands, &self.cluster);
    }
}

/// Waits for a while; without an end, for ever.
async fn elapsed(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}
