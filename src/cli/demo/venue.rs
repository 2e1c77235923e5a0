//! Where a scenario is played: the settings of its cluster, free ports, and folders that are gone after it.
//!
//! A flag or variable counts more than what the scenario wants, and that more than the defaults. The
//! `heirloom.toml` of the folder is left alone unless it is named: a demonstration is the same everywhere.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;

use ratatui::layout::Size;
use tempfile::TempDir;

use crate::cli::Configuration;
use crate::cli::appearance::AppearanceArgs;
use crate::cli::exit::Failure;
use crate::cli::options::{self, Options, Pace, Quorum, Span};
use crate::cli::settings::Settings;
use crate::cli::{file, ports};
use crate::config::{ClusterConfig, Timing};
use crate::dashboard::terminal::Tty;
use crate::dashboard::theme::Theme;
use crate::dashboard::{Control, Images, Setup};
use crate::id::{NodeId, UserName};
use crate::lab::load::LoadClients;
use crate::lab::performance::Performance;
use crate::lab::recording::RecordingFile;
use crate::lab::scenario::{self, Wants};
use crate::live;
use crate::supervisor::Launch;

/// The user whose images a scenario uploads.
const USER: &str = "demo";

/// Between these lies the port of node 1, unless it is set.
///
/// Above what services listen on, and below what systems hand out to outgoing connections, which
/// would take the port of a node that is down.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// How many times free ports are looked for before something else must be wrong.
const TRIES: usize = 100;

/// The file of settings that nodes are given, so that they read none of the folder.
const NO_SETTINGS: &str = "none.toml";

/// There is no room for a cluster.
#[derive(Debug, thiserror::Error)]
#[error("no {nodes} free ports in a row on {ip}; pass --bind or --base-port")]
struct NoPorts {
    ip: IpAddr,
    nodes: u16,
}

/// What is the same for every time that a scenario is played.
#[derive(Debug)]
pub(super) struct Venue {
    options: Options,
    /// The file of settings that was named.
    config: Option<OsString>,
    settings: Settings,
}

/// What is there for one time: ports, and folders that go with it.
#[derive(Debug)]
pub(super) struct Stand {
    scratch: TempDir,
    settings: Settings,
    flags: Vec<OsString>,
}

impl Venue {
    /// Completes what is set by what a scenario wants.
    pub(super) fn prepare(configuration: &Configuration, wants: Wants) -> Result<Self, Failure> {
        let mut options = configuration.options.clone();
        if let Some(path) = &configuration.config {
            options = options.or(file::load(Some(path)).map_err(Failure::usage)?);
        }
        let options = options.or(wanted(wants));
        let settings = Settings::new(without_twins(options.clone())).map_err(Failure::usage)?;
        settings.all_on_this_machine().map_err(Failure::usage)?;
        Ok(Self {
            options: without_twins(options),
            config: configuration
                .config
                .as_ref()
                .map(|path| path.clone().into_os_string()),
            settings,
        })
    }

    /// Returns who takes part.
    pub(super) fn members(&self) -> Vec<NodeId> {
        self.settings.cluster.members.ids().collect()
    }

    /// Finds ports and makes folders for one time.
    pub(super) fn stand(&self) -> Result<Stand, Failure> {
        let scratch = tempfile::Builder::new().prefix("heirloom-demo-").tempdir()?;
        let mut options = self.options.clone();
        if options.members.is_empty() && options.base_port.is_none() {
            let ip = options.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let nodes = u16::try_from(self.settings.cluster.members.len()).unwrap_or(u16::MAX);
            options.base_port = Some(free_ports(ip, nodes)?);
        }
        let inside = |name: &str| Some(scratch.path().join(name));
        options.data_dir = options.data_dir.or(inside("data"));
        options.images_dir = options.images_dir.or(inside("images"));
        // Its own nodes it may break.
        options.allow_faults.get_or_insert(true);
        let mut flags = options.flags();
        let config = match &self.config {
            Some(named) => named.clone(),
            None => no_settings(&scratch)?,
        };
        flags.push(options::flag("config", config));
        let settings = Settings::new(options).map_err(Failure::usage)?;
        Ok(Stand {
            scratch,
            settings,
            flags,
        })
    }
}

impl Stand {
    /// Checks that every node could listen.
    pub(super) async fn ports_are_free(&self) -> Result<(), Failure> {
        ports::all_are_free(&self.settings).await
    }

    pub(super) fn cluster(&self) -> &ClusterConfig {
        &self.settings.cluster
    }

    pub(super) fn timing(&self) -> Timing {
        self.settings.timing()
    }

    /// Returns the folder that is gone afterwards.
    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Returns what a dashboard of it would be told.
    pub(super) fn setup(&self) -> Setup {
        let theme = AppearanceArgs::default().theme();
        self.settings.dashboard(Control::Supervised, theme, Size::ZERO)
    }

    /// Returns how the nodes are started.
    pub(super) fn launch(&self) -> io::Result<Launch> {
        Ok(Launch {
            program: std::env::current_exe()?,
            settings: self.flags.clone(),
            nodes: self.settings.cluster.members.ids().collect(),
            cluster: self.settings.cluster.clone(),
        })
    }

    /// Returns everything that a dashboard needs to play it.
    pub(super) fn show(
        &self,
        performance: Performance,
        record: RecordingFile,
        theme: Theme,
        tty: Tty,
    ) -> io::Result<live::Start> {
        let settings = self.settings.clone();
        let images = if self.settings.data_dir().starts_with(self.scratch()) {
            Images::Go
        } else {
            Images::Stay
        };
        let setup = settings.dashboard(Control::Supervised, theme, tty.size());
        Ok(live::Start {
            setup: Setup { images, ..setup },
            record: Some(record),
            tty,
            cluster: live::Cluster::Started(self.launch()?),
            client_of: Some(Box::new(move |user| settings.client(user))),
            performance: Some(performance),
        })
    }

    /// Returns the load of the scenario, which is off.
    pub(super) fn load(&self) -> LoadClients {
        let user: UserName = USER.parse().expect("the name is short and plain");
        LoadClients::new(self.settings.client(user), self.scratch.path().to_owned())
    }
}

/// Returns what a scenario wants as options.
fn wanted(wants: Wants) -> Options {
    Options {
        nodes: wants.nodes,
        timing: wants.timing.map(|preset| match preset {
            scenario::Preset::Seed => Pace::Seed,
            scenario::Preset::Fast => Pace::Fast,
        }),
        quorum: wants.quorum.map(|quorum| match quorum {
            scenario::Quorum::Live => Quorum::Live,
            scenario::Quorum::Majority => Quorum::Majority,
        }),
        takeover_after: wants.takeover_after.map(Span),
        ..Options::default()
    }
}

/// Members that are named by a file replace the number of them.
fn without_twins(options: Options) -> Options {
    if options.members.is_empty() {
        return options;
    }
    Options {
        nodes: None,
        ..options
    }
}

/// Writes a file that sets nothing, and returns its path.
fn no_settings(scratch: &TempDir) -> io::Result<OsString> {
    let path = scratch.path().join(NO_SETTINGS);
    std::fs::write(&path, "")?;
    Ok(path.into_os_string())
}

/// Finds so many ports in a row on which nobody listens.
fn free_ports(ip: IpAddr, nodes: u16) -> Result<u16, NoPorts> {
    let free = |base: &u16| (0..nodes).all(|above| TcpListener::bind((ip, base + above)).is_ok());
    let mut tried = std::iter::repeat_with(|| fastrand::u16(PORTS)).take(TRIES);
    tried.find(free).ok_or(NoPorts { ip, nodes })
}
