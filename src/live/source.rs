//! Where a dashboard hears of its cluster: from processes of its own, from nodes that others run, or
//! from a recording.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::watch::Watcher;
use crate::config::ClusterConfig;
use crate::dashboard::transport::{Playback, Transport};
use crate::dashboard::{self, Message, Model};
use crate::event::process::Wish;
use crate::fault::{Fault, FaultError};
use crate::lab::replay::Player;
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
    /// One that ran once.
    Recorded(Box<Player>),
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
    /// A recording.
    Player {
        player: Box<Player>,
        /// The origin of the clock on the wall.
        since: Instant,
        /// How many messages may still be told before the screen and the keys have their turn.
        batch: usize,
        /// When the position was last shown.
        beaten: Time,
    },
}

/// How many messages of a recording are told at once: what is folded in within a frame.
///
/// Else seeking through a gigabyte would leave the keys without an answer.
const BATCH: usize = 4096;

/// How often the position of a recording is shown that plays: it is told in tenths.
const POSITION_INTERVAL: Duration = Duration::from_millis(100);

impl Source {
    /// Starts the cluster, or begins to watch it.
    pub(super) fn open(cluster: Cluster) -> Self {
        match cluster {
            Cluster::Started(launch) => Self::Supervisor(Box::new(Supervisor::start(launch))),
            Cluster::Found(config) => Self::Watcher {
                watcher: Watcher::start(&config),
                since: Instant::now(),
            },
            Cluster::Recorded(player) => Self::Player {
                player,
                since: Instant::now(),
                batch: BATCH,
                beaten: Time::ZERO,
            },
        }
    }

    /// Returns where the dashboard's clock begins.
    pub(super) fn begins_at(cluster: &Cluster) -> Time {
        match cluster {
            Cluster::Started(_) => Time::ZERO,
            Cluster::Found(_) => FOUND_AT,
            Cluster::Recorded(player) => player.header().began,
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
            Self::Player {
                player, since, batch, ..
            } => {
                *batch = BATCH;
                loop {
                    let wall = Time::ZERO + since.elapsed();
                    if let Some((_, message)) = player.poll(wall) {
                        return message;
                    }
                    match player.wait(wall) {
                        Some(wait) => sleep(wait).await,
                        None => std::future::pending().await,
                    }
                }
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
            Self::Player {
                player, since, batch, ..
            } => {
                *batch = batch.checked_sub(1)?;
                Some(player.poll(Time::ZERO + since.elapsed())?.1)
            }
        }
    }

    /// Returns the time on the dashboard's clock.
    pub(super) fn now(&mut self) -> Time {
        match self {
            Self::Supervisor(supervisor) => supervisor.now(),
            Self::Watcher { since, .. } => FOUND_AT + since.elapsed(),
            Self::Player { player, since, .. } => player.now(Time::ZERO + since.elapsed()),
        }
    }

    /// Returns the time at which the dashboard is told what was returned last.
    pub(super) fn told_at(&mut self) -> Time {
        match self {
            Self::Supervisor(_) | Self::Watcher { .. } => self.now(),
            Self::Player { player, .. } => player.told_to(),
        }
    }

    /// Returns the time by which a person waits, on a clock that neither stands still nor hurries.
    pub(super) fn wall(&self) -> Time {
        match self {
            Self::Supervisor(supervisor) => supervisor.now(),
            Self::Watcher { since, .. } => FOUND_AT + since.elapsed(),
            Self::Player { since, .. } => Time::ZERO + since.elapsed(),
        }
    }

    /// Returns when something on the screen has aged, by the wall, if `model` says so by its own time.
    pub(super) fn beat(&self, model: &Model) -> Option<Time> {
        match self {
            Self::Supervisor(_) | Self::Watcher { .. } => model.next_beat(),
            Self::Player { player, beaten, .. } => player.is_moving().then_some(*beaten + POSITION_INTERVAL),
        }
    }

    /// Is told that the screen was told of a beat.
    pub(super) fn beaten(&mut self, wall: Time) {
        if let Self::Player { beaten, .. } = self {
            *beaten = wall;
        }
    }

    /// Is told what the dashboard knows after a message.
    pub(super) fn folded(&mut self, cluster: &dashboard::cluster::Cluster) {
        if let Self::Player { player, since, .. } = self {
            player.folded(Time::ZERO + since.elapsed(), cluster);
        }
    }

    /// Returns how the recording stands, if it is one.
    pub(super) fn transport(&self) -> Option<Transport> {
        match self {
            Self::Supervisor(_) | Self::Watcher { .. } => None,
            Self::Player { player, .. } => Some(player.transport()),
        }
    }

    /// Does something with the recording, if it is one.
    pub(super) fn play(&mut self, asked: Playback) {
        if let Self::Player { player, since, .. } = self {
            player.ask(Time::ZERO + since.elapsed(), asked);
        }
    }

    /// Returns how long the dashboard has been there.
    pub(super) fn ran(&self) -> Duration {
        match self {
            Self::Supervisor(supervisor) => supervisor.now().since(Time::ZERO),
            Self::Watcher { since, .. } | Self::Player { since, .. } => since.elapsed(),
        }
    }

    /// Does something to processes; those of others are let be.
    pub(super) fn wish(&mut self, wish: Wish) {
        match self {
            Self::Supervisor(supervisor) => supervisor.wish(wish),
            Self::Watcher { .. } | Self::Player { .. } => {}
        }
    }

    /// Makes something wrong on purpose, where it can be: not with nodes of others, nor with what was.
    pub(super) fn fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        match self {
            Self::Supervisor(supervisor) => supervisor.fault(fault),
            Self::Watcher { .. } | Self::Player { .. } => Err(FaultError::NotOurs),
        }
    }

    /// Looks at what processes use, where they can be looked at.
    pub(super) fn sample(&mut self) {
        match self {
            Self::Supervisor(supervisor) => supervisor.sample(),
            Self::Watcher { .. } | Self::Player { .. } => {}
        }
    }

    /// Says whether nothing of ours runs.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Supervisor(supervisor) => supervisor.is_idle(),
            Self::Watcher { .. } | Self::Player { .. } => true,
        }
    }

    /// Returns what has become of our processes.
    pub(super) fn summary(&self) -> Summary {
        match self {
            Self::Supervisor(supervisor) => supervisor.summary(),
            Self::Watcher { .. } | Self::Player { .. } => Summary {
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
