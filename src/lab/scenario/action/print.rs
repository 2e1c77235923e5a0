//! Actions as a scenario writes them.

use std::fmt;

use super::{Action, Harm, LoadOf, Where, Who, Whom};
use crate::lab::scenario::print::{Size, Span};

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => write!(f, "node {node}"),
            Self::Leader => f.write_str("leader"),
            Self::Heir => f.write_str("heir"),
        }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(who) => who.fmt(f),
            Self::All => f.write_str("all"),
        }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("everything"),
            Self::Around(who) => write!(f, "around {who}"),
            Self::Between(one, other) => write!(f, "between {one} and {other}"),
            Self::From(from, to) => write!(f, "from {from} to {to}"),
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut(at) => write!(f, "cut {at}"),
            Self::Partition(groups) => {
                let group =
                    |group: &Vec<Who>| group.iter().map(Who::to_string).collect::<Vec<_>>().join(", ");
                let groups: Vec<String> = groups.iter().map(group).collect();
                write!(f, "partition {}", groups.join(" | "))
            }
            Self::Delay { by, jitter, at } if jitter.is_zero() => write!(f, "delay {} {at}", Span(*by)),
            Self::Delay { by, jitter, at } => {
                write!(f, "delay {} jitter {} {at}", Span(*by), Span(*jitter))
            }
            Self::Lose { percent, at } => write!(f, "lose {percent} percent {at}"),
            Self::SlowDisk { who, by } => write!(f, "slow-disk {who} by {}", Span(*by)),
            Self::StallClock { who, span } => write!(f, "stall-clock {who} for {}", Span(*span)),
            Self::Heal(at) => write!(f, "heal {at}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(deed, whom) => write!(f, "{} {whom}", deed.word()),
            Self::Fault(harm) => harm.fmt(f),
            Self::LoadOn(LoadOf { clients, image_bytes }) => {
                let plural = if *clients == 1 { "" } else { "s" };
                write!(
                    f,
                    "load on with {clients} client{plural} of {}",
                    Size(*image_bytes)
                )
            }
            Self::LoadOff => f.write_str("load off"),
        }
    }
}
