//! From what a scenario does to links and disks to the fault that it is.

use std::time::Duration;

use super::action::{Harm, Where, Who};
use crate::fault::{Between, Fault};
use crate::id::NodeId;

impl Harm {
    /// Returns everybody whom it names.
    #[must_use]
    pub fn names(&self) -> Vec<Who> {
        match self {
            Self::Cut(at) | Self::Delay { at, .. } | Self::Lose { at, .. } | Self::Heal(at) => match *at {
                Where::Everywhere => Vec::new(),
                Where::Around(who) => vec![who],
                Where::Between(one, other) | Where::From(one, other) => vec![one, other],
            },
            Self::Partition(groups) => groups.concat(),
            Self::SlowDisk { who, .. } | Self::StallClock { who, .. } => vec![*who],
        }
    }

    /// Returns how late something is by it, at most; nothing where it is not about time.
    #[must_use]
    pub fn span(&self) -> Duration {
        match self {
            Self::Delay { by, jitter, .. } => by.saturating_add(*jitter),
            Self::SlowDisk { by: span, .. } | Self::StallClock { span, .. } => *span,
            Self::Cut(_) | Self::Partition(_) | Self::Lose { .. } | Self::Heal(_) => Duration::ZERO,
        }
    }

    /// Returns the fault that it is, once everybody who is named by what they are is found; `None`
    /// when somebody is not.
    pub fn with(&self, find: impl Fn(Who) -> Option<NodeId>) -> Option<Fault> {
        let place = |at: Where| {
            Some(match at {
                Where::Everywhere => Between::Everybody,
                Where::Around(who) => Between::Around(find(who)?),
                Where::Between(one, other) => Between::Pair(find(one)?, find(other)?),
                Where::From(from, to) => Between::Way(find(from)?, find(to)?),
            })
        };
        Some(match self {
            Self::Cut(at) => Fault::Cut(place(*at)?),
            Self::Partition(groups) => {
                let group = |group: &Vec<Who>| group.iter().map(|who| find(*who)).collect::<Option<Vec<_>>>();
                Fault::Partition(groups.iter().map(group).collect::<Option<_>>()?)
            }
            Self::Delay { by, jitter, at } => Fault::Delay {
                between: place(*at)?,
                delay: *by,
                jitter: *jitter,
            },
            Self::Lose { percent, at } => Fault::Lose {
                between: place(*at)?,
                percent: *percent,
            },
            Self::SlowDisk { who, by } => Fault::SlowDisk {
                node: find(*who)?,
                delay: *by,
            },
            Self::StallClock { who, span } => Fault::StallClock {
                node: find(*who)?,
                span: *span,
            },
            Self::Heal(Where::Everywhere) => Fault::HealAll,
            Self::Heal(at) => Fault::Heal(place(*at)?),
        })
    }
}
