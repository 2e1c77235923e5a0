//! How nodes are, in a table and in a sentence.

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
        health: StoreHealth::Ok,
        faults: None,
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

/// A node whose disk has failed.
fn failed(node: u16, role: NodeRole) -> MemberStatus {
    let mut status = up(node, role);
    if let Ok(report) = &mut status.report {
        report.health = StoreHealth::ReadOnly {
            reason: "could not sync it; check the disk".to_owned(),
        };
    }
    status
}

#[test]
fn a_store_that_only_reads_is_told_and_too_many_of_them_are_not_ready() {
    let mut statuses = [
        up(1, NodeRole::Following),
        up(2, NodeRole::Leading),
        failed(3, NodeRole::Following),
    ];
    let table = table(&statuses);
    assert!(table.contains("  following, read-only  "), "{table}");
    assert_eq!(
        read_only_lines(&statuses),
        "The store of node 3 is read-only: could not sync it; check the disk\n"
    );
    assert_eq!(summary(&statuses), "Node 2 leads (epoch 4), 3 of 3 nodes up");
    assert!(is_ready(&statuses));
    statuses[1] = failed(2, NodeRole::Leading);
    assert!(!is_ready(&statuses));
    assert_eq!(
        summary(&statuses),
        "Node 2 leads (epoch 4), 3 of 3 nodes up; no image can be stored: \
         too few stores take any, read-only: nodes 2 and 3"
    );
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
