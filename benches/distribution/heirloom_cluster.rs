//! Three real nodes of this project, struck and brought back.
//!
//! A leader that returns is not handed the lead: whoever leads is struck next, so nodes 3 and 2 take
//! turns. To wait for the handover would be to wait for `takeover-after`, which doubles for a node
//! that falls again and again, up to a minute.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use heirloom::config::Members;
use heirloom::event::WorkerState;
use heirloom::fault::{Between, Fault, Matrix};
use heirloom::id::NodeId;
use heirloom::protocol::{FaultsReply, FaultsRequest, Greeted, NodeRole, Opening, Purpose, StatusReport};
use rustix::process::Signal;

use crate::asker::Asker;
use crate::contestant::Preset;
use crate::events;
use crate::harness::TestCluster;
use crate::kind::Kind;
use crate::race::{Client, Mark, Race, Teller};
use crate::round::{Cluster, Member, Reign, patiently};
use crate::uploader::Uploader;

/// The ids of the nodes.
const NODES: [u16; 3] = [1, 2, 3];

/// A cluster of three nodes and the client that uploads to it.
pub(crate) struct HeirloomCluster {
    preset: Preset,
    cluster: TestCluster,
    uploader: Uploader,
}

impl HeirloomCluster {
    pub(crate) fn start(preset: Preset) -> Self {
        let settings = format!(
            "timing = \"{}\"\nallow-faults = true\ntakeover-after = \"1h\"",
            preset.word()
        );
        let mut cluster = TestCluster::new(3, &settings);
        for node in NODES {
            cluster.start(node);
        }
        let address = |node: u16| cluster.address(node).parse().expect("an address");
        let members: BTreeMap<_, _> = NODES.map(|node| (id(node), address(node))).into();
        let uploader = Uploader::new(Members::new(members).expect("members"));
        Self {
            preset,
            cluster,
            uploader,
        }
    }

    fn survivors(&self, leader: Member) -> impl Iterator<Item = String> {
        let survivors = NODES.into_iter().filter(move |&node| number(leader) != node);
        survivors.map(|node| self.cluster.address(node))
    }

    /// Opens the connections on which the nodes are told what is wrong with them.
    fn faults(&self) -> Vec<(NodeId, Asker)> {
        let faults = |node| Asker::welcomed(&self.cluster.address(node), Purpose::Faults);
        NODES.map(|node| (id(node), faults(node))).into()
    }
}

impl Cluster for HeirloomCluster {
    fn marks(&self) -> &'static [Mark] {
        &[Mark::Detected, Mark::Elected, Mark::Told, Mark::Acknowledged]
    }

    fn heartbeat(&self) -> Duration {
        self.preset.timing().heartbeat_interval
    }

    fn settle(&mut self) -> Reign {
        patiently("a cluster that is whole", || {
            let reports = NODES.map(|node| status(&self.cluster.address(node)));
            whole(&reports).ok_or_else(|| format!("{reports:?}"))
        })
    }

    fn watch(&mut self, reign: Reign, race: &mut Race) {
        self.uploader.upload();
        for address in self.survivors(reign.leader) {
            events::watch(&address, reign, race);
            race.join_client(reign, Asking { address });
        }
    }

    fn strike(&mut self, kind: Kind, leader: Member, race: &Race) -> Instant {
        let node = self.cluster.node(number(leader));
        let struck = match kind {
            Kind::Kill => at_once(|| node.signal(Signal::KILL)),
            Kind::Freeze => at_once(|| node.signal(Signal::STOP)),
            Kind::Stop => at_once(|| node.signal(Signal::TERM)),
            Kind::Cut => cut(self.faults(), id(number(leader))),
        };
        self.uploader.begin(race.teller());
        struck
    }

    fn restore(&mut self, kind: Kind, struck: Member) {
        let node = number(struck);
        match kind {
            Kind::Kill => {
                self.cluster.kill(node);
                self.cluster.start(node);
            }
            Kind::Stop => {
                patiently("the end of a node that was asked to stop", || {
                    let process = self.cluster.nodes.get_mut(&node).expect("it was started");
                    let exit = process.child.try_wait().expect("it can be waited for");
                    exit.ok_or_else(|| process.out.text())
                });
                self.cluster.start(node);
            }
            Kind::Freeze => self.cluster.node(node).signal(Signal::CONT),
            Kind::Cut => tell(self.faults(), &Matrix::new(NODES.map(id))),
        }
    }
}

/// Does something; returns the moment just before.
fn at_once(strike: impl FnOnce()) -> Instant {
    let struck = Instant::now();
    strike();
    struck
}

/// Cuts a node off from the others; returns the moment just before.
fn cut(nodes: Vec<(NodeId, Asker)>, from_all: NodeId) -> Instant {
    let mut matrix = Matrix::new(NODES.map(id));
    let cut = Fault::Cut(Between::Around(from_all));
    matrix.apply(&cut).expect("a fault that can be");
    at_once(|| tell(nodes, &matrix))
}

/// Tells each node its part of what is wrong: all are told before one is waited for.
fn tell(mut nodes: Vec<(NodeId, Asker)>, matrix: &Matrix) {
    for (node, asker) in &mut nodes {
        let part = FaultsRequest::Set(matrix.of(*node));
        asker.say(&part).expect("the node reads");
    }
    for (_, asker) in &mut nodes {
        let reply: FaultsReply = asker.hear().expect("the node answers");
        assert!(matches!(reply, FaultsReply::Done), "{reply:?}");
    }
}

/// A client that asks one node how it is, each time on a new connection, as netcat would.
struct Asking {
    address: String,
}

impl Client for Asking {
    /// What a node says counts once it follows, or serves: a leader that may not serve yet is none.
    fn who_leads(&mut self) -> Option<Reign> {
        let report = status(&self.address)?;
        let settled = report.serving || report.role == NodeRole::Following;
        settled.then_some(report.ballot).flatten().map(events::reign)
    }

    /// The uploader has begun already.
    fn go_on(&mut self, _: &Teller) {}
}

/// Asks a node how it is; `None` when it is not there.
fn status(address: &str) -> Option<StatusReport> {
    match Asker::dial(address).ok()?.ask(&Opening::Status)? {
        Greeted::Status(report) => Some(*report),
        other => panic!("no status: {other:?}"),
    }
}

/// Returns who leads, if one serves with all in its rotation, and the others follow it.
fn whole(reports: &[Option<StatusReport>; 3]) -> Option<Reign> {
    let reports: Vec<&StatusReport> = reports.iter().flatten().collect();
    let leader = reports.iter().find(|report| report.serving)?;
    let active = leader
        .rotation
        .iter()
        .filter(|node| node.state == WorkerState::Active);
    let agrees = |report: &&&StatusReport| {
        let stands = report.node == leader.node || report.role == NodeRole::Following;
        stands && report.ballot == leader.ballot && report.peers.iter().all(|peer| peer.linked)
    };
    let agree = reports.iter().filter(agrees).count();
    let all = agree == NODES.len() && active.count() == NODES.len();
    all.then_some(leader.ballot).flatten().map(events::reign)
}

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn number(member: Member) -> u16 {
    u16::try_from(member.0).expect("small")
}
