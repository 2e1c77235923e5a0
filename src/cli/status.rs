//! `heirloom status`: how every node is, and who leads.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::interrupt::until_interrupted;
use super::print::print;
use super::settings::Settings;
use crate::client::absence;
use crate::client::columns::aligned;
use crate::client::status::{MemberStatus, ask_all, is_ready, read_only, serving};
use crate::event::WorkerState;
use crate::event::line::{nodes, printable};
use crate::id::NodeId;
use crate::protocol::{NodeRole, StatusReport, StoreCounters, StoreHealth};
use crate::upload::Unreachable;

/// The columns of the table.
const HEADINGS: [&str; 8] = [
    "NODE",
    "ADDRESS",
    "STATE",
    "LEADER",
    "EPOCH",
    "UPTIME",
    "IMAGES",
    "COMMITTED",
];

/// What stands where nothing is known.
const UNKNOWN: &str = "-";

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Print JSON: for each node its report, or why there is none
    #[arg(long, env = "HEIRLOOM_JSON", value_parser = FalseyValueParser::new())]
    json: bool,
}

/// Asks every node, prints what they say, and succeeds when a leader serves.
pub(super) fn run(settings: &Settings, args: &StatusArgs) -> Result<Exit, Failure> {
    until_interrupted(async {
        let statuses = ask_all(&settings.cluster).await;
        let text = if args.json {
            format!("{:#}\n", as_json(&statuses))
        } else {
            table(&statuses) + &read_only_lines(&statuses) + &summary(&statuses) + "\n"
        };
        print(&text)?;
        Ok(match serving(&statuses) {
            Some(_) => Exit::Done,
            None => Exit::NoLeader,
        })
    })
}

fn as_json(statuses: &[MemberStatus]) -> Value {
    let members = statuses.iter().map(|status| {
        let (report, error) = match &status.report {
            Ok(report) => (json!(report), Value::Null),
            Err(why) => (Value::Null, json!(why.to_string())),
        };
        json!({
            "node": status.node,
            "address": status.address.to_string(),
            "report": report,
            "error": error,
        })
    });
    members.collect()
}

/// Says in a sentence who leads, or who is missing.
pub(super) fn summary(statuses: &[MemberStatus]) -> String {
    let silent: BTreeMap<NodeId, Unreachable> = statuses
        .iter()
        .filter_map(|status| Some((status.node, status.report.as_ref().err()?.clone())))
        .collect();
    let (up, members) = (statuses.len() - silent.len(), statuses.len());
    match serving(statuses) {
        Some(leader) => format!(
            "Node {} leads (epoch {}), {up} of {members} nodes up{}",
            leader.node,
            leader.epoch,
            too_few_stores(statuses)
        ),
        None if silent.is_empty() => {
            "No leader serves, though every node is up; wait for the election".to_owned()
        }
        None => format!("No leader serves: {}", absence::explain(&silent)),
    }
}

/// Says that nothing can be stored though somebody leads, and why.
fn too_few_stores(statuses: &[MemberStatus]) -> String {
    if is_ready(statuses) {
        return String::new();
    }
    let stores: Vec<NodeId> = read_only(statuses).into_iter().map(|(node, _)| node).collect();
    format!(
        "; no image can be stored: too few stores take any, read-only: {}",
        nodes(&stores)
    )
}

/// Says of every store that only reads why it does.
fn read_only_lines(statuses: &[MemberStatus]) -> String {
    let lines = read_only(statuses).into_iter();
    let lines = lines.map(|(node, reason)| {
        let reason = printable(reason);
        format!("The store of node {node} is read-only: {reason}\n")
    });
    lines.collect()
}

fn table(statuses: &[MemberStatus]) -> String {
    let turns = turns(statuses);
    let row = |status| row(status, &turns);
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(statuses.iter().map(row));
    aligned(&rows).join("\n") + "\n"
}

/// Returns what each node is to the rotation; only the leader knows.
fn turns(statuses: &[MemberStatus]) -> BTreeMap<NodeId, WorkerState> {
    let rotation = serving(statuses).map(|leader| leader.rotation.as_slice());
    let turns = rotation.unwrap_or_default().iter();
    turns.map(|turn| (turn.node, turn.state)).collect()
}

fn row(status: &MemberStatus, turns: &BTreeMap<NodeId, WorkerState>) -> [String; HEADINGS.len()] {
    let (node, address) = (status.node.to_string(), status.address.to_string());
    match &status.report {
        Ok(report) => [
            node,
            address,
            state(report, turns.get(&report.node).copied()),
            report
                .leader()
                .map_or(UNKNOWN.to_owned(), |leader| leader.to_string()),
            report.epoch.to_string(),
            humantime::format_duration(Duration::from_secs(report.uptime_ms / 1000)).to_string(),
            report.images.to_string(),
            committed(report.store),
        ],
        Err(why) => {
            let unknown = || UNKNOWN.to_owned();
            let state = format!("unreachable: {}", printable(&why.to_string()));
            [
                node,
                address,
                state,
                unknown(),
                unknown(),
                unknown(),
                unknown(),
                unknown(),
            ]
        }
    }
}

fn state(report: &StatusReport, turn: Option<WorkerState>) -> String {
    let role = match report.role {
        NodeRole::Starting => "starting",
        NodeRole::Following => "following",
        NodeRole::Electing => "electing",
        NodeRole::Leading if report.serving => "leading",
        NodeRole::Leading => "leading, without a quorum",
    };
    let why = match &report.health {
        StoreHealth::ReadOnly { .. } => Some("read-only"),
        StoreHealth::Ok => turn.and_then(no_work),
    };
    match why {
        Some(why) => format!("{role}, {why}"),
        None => role.to_owned(),
    }
}

/// Says why a node gets no request, unless it gets them or is seen not to be there.
const fn no_work(turn: WorkerState) -> Option<&'static str> {
    match turn {
        WorkerState::Active | WorkerState::Down => None,
        WorkerState::Draining => Some("draining"),
        WorkerState::CatchingUp => Some("catching up"),
        WorkerState::Suspect => Some("silent to the leader"),
    }
}

/// Says what a store has committed since its node started, and how far it shared the syncs of
/// directories and index that this took.
fn committed(store: StoreCounters) -> String {
    let items = store.records + store.tombstones;
    if items == 0 {
        return "nothing yet".to_owned();
    }
    let syncs = store.directory_syncs + store.index_syncs;
    format!("{items}, {:.2} syncs each", syncs as f64 / items as f64)
}

#[cfg(test)]
mod tests;
