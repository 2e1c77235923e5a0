//! Where a dashboard hears of its cluster: from processes of its own, or from nodes that others run.

use std::time::{Duration, Instant};

use crate::client::watch::Watcher;
use crate::config::ClusterConfig;
use crate::dashboard::Message;
use crate::event::process::Wish;
use crate::supervisor::{Launch, Notice, Summary, Supervisor};
use crate::time::Time;

/// Where the clock begins by which a cluster is shown that somebody else started.
///
/// What happened before the dashboard came has its place on that clock, too; no cluster is older.
const FOUND_AT: Time = Time::from_nanos(100 * 365 * 86_400 * 1_000_000_000);

/// Whose cluster is shown.
#[derive(Debug)]
pub enum Cluster {
    /// One that is started for it, and ends with it; its ports are free.
    Started(Launch),
    /// One that runs by itself.
    Found(ClusterConfig),
}

/// Who tells what happens.
#[derive(Debug)]
pub(super) enum Source {
    /// The owner of the processes.
    Supervisor(Box<Supervisor>),
    /// The nodes themselves.
    Watcher {
        watcher: Watcher,
        /// The origin of the dashboard's clock.
        since: Instant,
    },
}

impl Source {
    /// Starts the cluster, or begins to watch it.
    pub(super) fn open(cluster: Cluster) -> Self {
        match cluster {
            Cluster::Started(launch) => Self::Supervisor(Box::new(Supervisor::start(launch))),
            Cluster::Found(config) => Self::Watcher {
                watcher: Watcher::start(&config),
                since: Instant::now(),
            },
        }
    }

    /// Returns where the dashboard's clock begins.
    pub(super) const fn begins_at(cluster: &Cluster) -> Time {
        match cluster {
            Cluster::Started(_) => Time::ZERO,
            Cluster::Found(_) => FOUND_AT,
        }
    }

    /// Waits for what is told next. May be cancelled.
    pub(super) async fn next(&mut self) -> Message {
        match self {
            Self::Supervisor(supervisor) => of_notice(supervisor.next().await),
            Self::Watcher { watcher, .. } => {
                let (node, contact) = watcher.next().await;
                Message::Contact(node, contact)
            }
        }
    }

    /// Returns what is to be told already, if anything is.
    pub(super) fn waiting(&mut self) -> Option<Message> {
        match self {
            Self::Supervisor(supervisor) => supervisor.waiting().map(of_notice),
            Self::Watcher { watcher, .. } => watcher
                .waiting()
                .map(|(node, contact)| Message::Contact(node, contact)),
        }
    }

    /// Returns the time on the dashboard's clock.
    pub(super) fn now(&self) -> Time {
        match self {
            Self::Supervisor(supervisor) => supervisor.now(),
            Self::Watcher { since, .. } => FOUND_AT + since.elapsed(),
        }
    }

    /// Returns how long the dashboard has been there.
    pub(super) fn ran(&self) -> Duration {
        match self {
            Self::Supervisor(supervisor) => supervisor.now().since(Time::ZERO),
            Self::Watcher { since, .. } => since.elapsed(),
        }
    }

    /// Does something to processes; those of others are let be.
    pub(super) fn wish(&mut self, wish: Wish) {
        match self {
            Self::Supervisor(supervisor) => supervisor.wish(wish),
            Self::Watcher { .. } => {}
        }
    }

    /// Looks at what processes use, where they can be looked at.
    pub(super) fn sample(&mut self) {
        match self {
            Self::Supervisor(supervisor) => supervisor.sample(),
            Self::Watcher { .. } => {}
        }
    }

    /// Says whether nothing of ours runs.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Supervisor(supervisor) => supervisor.is_idle(),
            Self::Watcher { .. } => true,
        }
    }

    /// Returns what has become of our processes.
    pub(super) fn summary(&self) -> Summary {
        match self {
            Self::Supervisor(supervisor) => supervisor.summary(),
            Self::Watcher { .. } => Summary {
                nodes: Vec::new(),
                given_up: Vec::new(),
            },
        }
    }
}

fn of_notice(notice: Notice) -> Message {
    match notice {
        Notice::Node(event) => Message::Node(event),
        Notice::Process(event) => Message::Process(event),
    }
}
