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
use crate::client::status::{MemberStatus, ask_all, serving};
use crate::event::WorkerState;
use crate::event::line::printable;
use crate::id::NodeId;
use crate::protocol::{NodeRole, StatusReport, StoreCounters};
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
            table(&statuses) + &summary(&statuses) + "\n"
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
            "Node {} leads (epoch {}), {up} of {members} nodes up",
            leader.node, leader.epoch
        ),
        None if silent.is_empty() => {
            "No leader serves, though every node is up; wait for the election".to_owned()
        }
        None => format!("No leader serves: {}", absence::explain(&silent)),
    }
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
    match turn.and_then(no_work) {
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
mod tests {
    use super::*;
    use crate::config::QuorumPolicy;
    use crate::id::{Ballot, Epoch, Generation};
    use crate::protocol::{QuorumStatus, RotationStatus};

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn up(node: u16, role: NodeRole) -> MemberStatus {
        let epoch = Epoch(4);
        let report = StatusReport {
            node: id(node),
            generation: Generation(1),
            cluster: "heirloom".parse().expect("valid"),
            program: "0.1.0".to_owned(),
            pid: 1,
            uptime_ms: 123_456,
            role,
            ballot: Some(Ballot { epoch, id: id(2) }),
            serving: role == NodeRole::Leading,
            epoch,
            quorum: QuorumStatus {
                policy: QuorumPolicy::Live,
                needed: 2,
                reachable: 2,
                missing: vec![id(3)],
            },
            peers: Vec::new(),
            rotation: Vec::new(),
            images: 7,
            transfers: 0,
            store: StoreCounters {
                records: 37,
                tombstones: 3,
                directory_syncs: 6,
                index_syncs: 5,
                batches: 5,
            },
        };
        status(node, Ok(report))
    }

    fn status(node: u16, report: Result<StatusReport, Unreachable>) -> MemberStatus {
        MemberStatus {
            node: id(node),
            address: format!("127.0.0.1:{}", 8000 + node).parse().expect("valid"),
            report,
        }
    }

    #[test]
    fn the_table_shows_who_leads_and_who_is_down() {
        let statuses = [
            up(1, NodeRole::Following),
            up(2, NodeRole::Leading),
            status(3, Err(Unreachable::ConnectionRefused)),
        ];
        let expected = "\
NODE  ADDRESS         STATE                            LEADER  EPOCH  UPTIME  IMAGES  COMMITTED
1     127.0.0.1:8001  following                        2       4      2m 3s   7       40, 0.28 syncs each
2     127.0.0.1:8002  leading                          2       4      2m 3s   7       40, 0.28 syncs each
3     127.0.0.1:8003  unreachable: connection refused  -       -      -       -       -
";
        assert_eq!(table(&statuses), expected);
        assert_eq!(summary(&statuses), "Node 2 leads (epoch 4), 2 of 3 nodes up");
    }

    #[test]
    fn a_node_that_catches_up_says_so() {
        let mut leader = up(2, NodeRole::Leading);
        let turn = |node, state| RotationStatus {
            node: id(node),
            state,
            assigned: 0,
            in_flight: 0,
            done: 0,
            failed: 0,
            redispatched: 0,
            next: false,
        };
        if let Ok(report) = &mut leader.report {
            report.rotation = vec![
                turn(1, WorkerState::CatchingUp),
                turn(2, WorkerState::Active),
                turn(3, WorkerState::Suspect),
            ];
        }
        let statuses = [up(1, NodeRole::Following), leader, up(3, NodeRole::Following)];
        let expected = "\
NODE  ADDRESS         STATE                            LEADER  EPOCH  UPTIME  IMAGES  COMMITTED
1     127.0.0.1:8001  following, catching up           2       4      2m 3s   7       40, 0.28 syncs each
2     127.0.0.1:8002  leading                          2       4      2m 3s   7       40, 0.28 syncs each
3     127.0.0.1:8003  following, silent to the leader  2       4      2m 3s   7       40, 0.28 syncs each
";
        assert_eq!(table(&statuses), expected);
    }

    #[test]
    fn a_store_that_has_just_begun_has_committed_nothing() {
        assert_eq!(committed(StoreCounters::default()), "nothing yet");
    }

    #[test]
    fn without_a_leader_the_nodes_to_start_are_named() {
        let statuses = [
            up(1, NodeRole::Electing),
            status(2, Err(Unreachable::NoAnswer)),
            status(3, Err(Unreachable::ConnectionRefused)),
        ];
        assert_eq!(
            summary(&statuses),
            "No leader serves: node 2 does not answer: it may be frozen or cut off; \
             node 3 is not up; start it"
        );
    }

    #[test]
    fn what_a_stranger_answers_is_one_cell_of_one_row() {
        let status = MemberStatus {
            node: id(1),
            address: "127.0.0.1:8001".parse().expect("valid"),
            report: Err(Unreachable::Refused("no\u{1b}[2J\nway".to_owned())),
        };
        let table = table(&[status]);
        assert_eq!(table.lines().count(), 2);
        assert!(table.contains("unreachable: no\u{fffd}[2J\u{fffd}way"), "{table}");
    }
}
