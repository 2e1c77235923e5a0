//! What a dashboard is told before it starts.

use std::path::PathBuf;

use ratatui::layout::Size;

use crate::config::{ClusterConfig, QuorumPolicy, Timing};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::theme::Theme;
use crate::id::UserName;

/// What the dashboard is told before it starts.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The cluster.
    pub cluster: ClusterConfig,
    /// Its timing, for what is due when.
    pub timing: Timing,
    /// How it counts a quorum.
    pub quorum: QuorumPolicy,
    /// Whose processes the nodes are.
    pub control: Control,
    /// How things are drawn.
    pub theme: Theme,
    /// The size of the terminal.
    pub size: Size,
    /// Where to look for images first.
    pub start_dir: PathBuf,
    /// The users that uploaded last, the newest first.
    pub users: Vec<UserName>,
    /// Whether it begins before an audience.
    pub presenting: Presenting,
    /// What becomes of the images when it is left.
    pub images: Images,
}

/// What becomes of the images when a dashboard is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    /// They stay where the nodes keep them.
    Stay,
    /// They are in a folder that goes with the cluster.
    Go,
}

/// Whose processes the nodes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Ours: keys start and kill them.
    Supervised,
    /// Somebody else's: they can only be watched.
    Attached,
    /// There are none: the nodes live in virtual time, without images.
    Simulated,
}
