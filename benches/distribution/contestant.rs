//! Who is measured: Heirloom under a preset, etcd under a setting.

use std::fmt;
use std::time::Duration;

use heirloom::config::Timing;

use crate::etcd::{self, Etcd};
use crate::heirloom_cluster::HeirloomCluster;
use crate::kind::Kind;
use crate::round::Cluster;

/// A system with its timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// This project.
    Heirloom(Preset),
    /// The other one.
    Etcd(etcd::Setting),
}

/// A timing of Heirloom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// `timing = "fast"`.
    Fast,
    /// `timing = "seed"`, the default.
    Seed,
}

impl Preset {
    pub(crate) const ALL: [Self; 2] = [Self::Fast, Self::Seed];

    /// The word that chooses it, here and in a configuration.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Seed => "seed",
        }
    }

    pub(crate) const fn timing(self) -> Timing {
        match self {
            Self::Fast => Timing::FAST,
            Self::Seed => Timing::SEED,
        }
    }

    /// Returns whether a kind is measured under it unless presets are chosen.
    ///
    /// A death is noticed in the same way under each; what else takes seconds under the seed's timing.
    pub(crate) fn measures(self, kind: Kind) -> bool {
        self == Self::Fast || kind == Kind::Kill
    }
}

impl Contestant {
    /// Starts a fresh cluster of three, in which `kind` can be done.
    pub(crate) fn start(self, kind: Kind) -> Box<dyn Cluster> {
        match self {
            Self::Heirloom(preset) => Box::new(HeirloomCluster::start(preset)),
            Self::Etcd(setting) => Box::new(Etcd::start(setting, kind)),
        }
    }

    /// Returns how long it takes at most to notice a leader that is silent, where that is promised.
    pub(crate) fn detection_time(self, kind: Kind) -> Option<Duration> {
        match (self, kind) {
            (Self::Heirloom(preset), Kind::Freeze | Kind::Cut) => Some(preset.timing().promise()),
            (Self::Heirloom(_), Kind::Kill | Kind::Stop) | (Self::Etcd(_), _) => None,
        }
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heirloom(preset) => write!(f, "heirloom {}", preset.word()),
            Self::Etcd(setting) => write!(f, "etcd {setting}"),
        }
    }
}
