//! `heirloom fault`: makes something wrong on purpose in a cluster that runs, and heals it again.
//!
//! It asks the nodes what holds, changes that, and tells each node its part that obeys something else;
//! so one fault adds to another, whoever made it, and doing one again reaches who was not there before.

use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::time::timeout;

use super::exit::{Exit, Failure, complain};
use super::interrupt::until_interrupted;
use super::options::Span;
use super::print::print;
use super::settings::Settings;
use crate::client::status::{MemberStatus, ask_all};
use crate::fault::{Between, Fault, Group, Matrix, NodeFaults, ParseBetweenError};
use crate::id::NodeId;
use crate::protocol::FaultsRequest;
use crate::supervisor::faults::{Untold, tell};

/// How long a node may take to say that it is so; one that stands still never does.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the words for links mean.
const NOTES: &str = "\
Links are named so: `1 3` is the link of nodes 1 and 3, both ways; `1:3` is what node 1 sends to node 3;
`2` is every link of node 2; `all` is every link. A cut is silence, never a closed connection: what is
sent meanwhile arrives after healing. Only nodes that were started with --allow-faults take faults;
`heirloom` alone starts its nodes so.";

#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct FaultArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Let nothing pass: no byte, no end of a connection, no refusal
    Cut(LinkArgs),
    /// Let messages pass only within groups, such as 1 2,3; who is in none is in one more
    Partition {
        /// The groups, each with commas between its nodes
        #[arg(required = true, value_name = "NODES")]
        groups: Vec<Group>,
    },
    /// Let everything take longer
    Delay {
        #[command(flatten)]
        link: LinkArgs,
        /// How much longer, such as 100ms
        time: Span,
        /// How much more or less than that, at most
        #[arg(long, value_name = "TIME")]
        jitter: Option<Span>,
    },
    /// Lose a share of the election's messages
    Lose {
        #[command(flatten)]
        link: LinkArgs,
        /// How many of a hundred, such as 30%
        #[arg(value_parser = percent)]
        percent: u8,
    },
    /// Let every sync of a node's disk take longer
    SlowDisk {
        /// Whose
        node: NodeId,
        /// How much longer, such as 50ms; 0s is none
        time: Span,
    },
    /// Let a node's clock stand still for a while, once
    StallClock {
        /// Whose
        node: NodeId,
        /// How long, such as 2s
        time: Span,
    },
    /// Make it right again; without links everything, disks included
    Heal {
        /// Which links
        #[arg(value_name = "LINK", num_args = 0..=2)]
        link: Vec<String>,
    },
    /// Show what is wrong on purpose
    Show {
        /// Print JSON: for each node what is wrong with it, or null if it takes no faults
        #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct LinkArgs {
    /// Which links: 1 3, 1:3, 2 or all
    #[arg(required = true, value_name = "LINK", num_args = 1..=2)]
    link: Vec<String>,
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    number
        .parse()
        .map_err(|_| format!("{text:?} is no share; write 30%"))
}

/// A node that cannot be told what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("node {node} could not be told: {why}")]
struct NotTold {
    node: NodeId,
    why: String,
    /// Whether nobody listens there.
    is_gone: bool,
}

/// Does what is asked.
pub(super) fn run(settings: &Settings, args: &FaultArgs) -> Result<Exit, Failure> {
    let fault = match args.action.asked().map_err(Failure::usage)? {
        Asked::Show { json } => return show(settings, json),
        Asked::Fault(fault) => fault,
    };
    until_interrupted(async {
        let statuses = ask_all(&settings.cluster).await;
        let mut after = matrix_of(settings, &statuses);
        after.apply(&fault).map_err(Failure::usage)?;
        let heals = matches!(fault, Fault::Heal(_) | Fault::HealAll);
        let mut exit = Exit::Done;
        let mut told = String::new();
        for (node, request) in requests(&fault, &after, &statuses) {
            match bring(settings, node, &request).await {
                Ok(()) => told.push_str(&said(node, &request)),
                // A process that is gone has nothing wrong with it.
                Err(error) if heals && error.is_gone => {}
                Err(error) => {
                    complain(&error.into());
                    exit = Exit::Failed;
                }
            }
        }
        if told.is_empty() && exit == Exit::Done {
            told.push_str("Nothing has changed: it is so already\n");
        }
        print(&told)?;
        Ok(exit)
    })
}

/// Says what holds of a node that was told.
fn said(node: NodeId, request: &FaultsRequest) -> String {
    match request {
        FaultsRequest::Set(faults) => format!("Node {node}: {faults}\n"),
        FaultsRequest::StallClock { span } => format!(
            "Node {node}: its clock stands still for {} ms\n",
            span.as_millis()
        ),
    }
}

/// What is asked, in the words of the library.
enum Asked {
    Fault(Fault),
    Show { json: bool },
}

impl Action {
    fn asked(&self) -> Result<Asked, ParseBetweenError> {
        let span = |Span(span): &Span| *span;
        Ok(Asked::Fault(match self {
            Self::Cut(LinkArgs { link }) => Fault::Cut(Between::of_words(link)?),
            Self::Partition { groups } => {
                Fault::Partition(groups.iter().map(|Group(nodes)| nodes.clone()).collect())
            }
            Self::Delay { link, time, jitter } => Fault::Delay {
                between: Between::of_words(&link.link)?,
                delay: span(time),
                jitter: jitter.as_ref().map(span).unwrap_or_default(),
            },
            Self::Lose { link, percent } => Fault::Lose {
                between: Between::of_words(&link.link)?,
                percent: *percent,
            },
            Self::SlowDisk { node, time } => Fault::SlowDisk {
                node: *node,
                delay: span(time),
            },
            Self::StallClock { node, time } => Fault::StallClock {
                node: *node,
                span: span(time),
            },
            Self::Heal { link } if link.is_empty() => Fault::HealAll,
            Self::Heal { link } => Fault::Heal(Between::of_words(link)?),
            &Self::Show { json } => return Ok(Asked::Show { json }),
        }))
    }
}

/// Puts together what the nodes say of themselves.
fn matrix_of(settings: &Settings, statuses: &[MemberStatus]) -> Matrix {
    let mut matrix = Matrix::new(settings.cluster.members.ids());
    for status in statuses {
        if let Some(faults) = obeyed(status) {
            matrix.add(status.node, faults);
        }
    }
    matrix
}

/// Returns who has to be told what: whoever says that it obeys something else, and whoever says nothing
/// where the fault is about it. Healing everything is told to everybody, to be sure.
///
/// What the others say of its links is no reason to leave a node out: it may have been away when they
/// were told.
fn requests(fault: &Fault, after: &Matrix, statuses: &[MemberStatus]) -> Vec<(NodeId, FaultsRequest)> {
    if let &Fault::StallClock { node, span } = fault {
        return vec![(node, FaultsRequest::StallClock { span })];
    }
    let has_to_know = |status: &&MemberStatus| match obeyed(status) {
        Some(obeys) => *fault == Fault::HealAll || *obeys != after.of(status.node),
        None => fault.touches(status.node),
    };
    let nodes = statuses.iter().filter(has_to_know).map(|status| status.node);
    nodes
        .map(|node| (node, FaultsRequest::Set(after.of(node))))
        .collect()
}

/// Returns what a node says that it obeys.
fn obeyed(status: &MemberStatus) -> Option<&NodeFaults> {
    status.report.as_ref().ok()?.faults.as_ref()
}

async fn bring(settings: &Settings, node: NodeId, request: &FaultsRequest) -> Result<(), NotTold> {
    let cluster = &settings.cluster;
    let Some(address) = cluster.members.address(node) else {
        return Ok(());
    };
    match timeout(PATIENCE, tell(node, address, &cluster.name, request)).await {
        Ok(told) => told.map_err(|why| NotTold {
            node,
            is_gone: matches!(why, Untold::Unreachable(_)),
            why: why.to_string(),
        }),
        Err(_) => Err(NotTold {
            node,
            is_gone: false,
            why: "it does not answer; let it go on and do this again".to_owned(),
        }),
    }
}

fn show(settings: &Settings, as_json: bool) -> Result<Exit, Failure> {
    until_interrupted(async {
        let statuses = ask_all(&settings.cluster).await;
        if as_json {
            let nodes = statuses.iter().map(|status| {
                let error = status.report.as_ref().err().map(ToString::to_string);
                json!({"node": status.node, "faults": obeyed(status), "error": error})
            });
            let nodes: serde_json::Value = nodes.collect();
            print(&format!("{nodes:#}\n"))?;
        } else {
            print(&statuses.iter().map(line).collect::<String>())?;
        }
        Ok(Exit::Done)
    })
}

fn line(status: &MemberStatus) -> String {
    let said = match &status.report {
        Ok(report) => match &report.faults {
            Some(faults) => faults.to_string(),
            None => "takes no faults; start it with --allow-faults".to_owned(),
        },
        Err(why) => format!("unreachable: {why}"),
    };
    format!(
        "{}\n",
        crate::event::line::printable(&format!("Node {}: {said}", status.node))
    )
}
