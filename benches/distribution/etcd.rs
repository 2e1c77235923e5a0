//! Three real members of etcd, struck and brought back, and asked by HTTP.
//!
//! Owns its processes. Of our own test cluster it uses the address and the folder that nobody else has.
//! For a silent cut everything between members goes through [`forwarder`]s; for the rest nothing does, so
//! that etcd pays for no detour.

use std::fmt;
use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Program, TestCluster};
use crate::kind::Kind;
use crate::race::{Client, Mark, Race, Teller};
use crate::round::{Cluster, Member, Reign, patiently};
use forwarder::{Cut, Cuts, Forwarder};
use http::Http;
use status::Status;

mod forwarder;
mod http;
mod status;

/// How many members there are.
const MEMBERS: u16 = 3;

/// The ports of the first member; those of the others follow.
const CLIENT_PORT: u16 = 2401;
const PEER_PORT: u16 = 2411;
const FORWARDED_PORT: u16 = 2421;

/// A timing of etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// A heartbeat every 10 ms, an election after 50: the shortest that it accepts beside it.
    Fast,
    /// As it comes: 100 and 1000 ms.
    Default,
}

impl Setting {
    pub(crate) const ALL: [Self; 2] = [Self::Fast, Self::Default];

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Fast => &["--heartbeat-interval=10", "--election-timeout=50"],
            Self::Default => &[],
        }
    }

    const fn heartbeat(self) -> Duration {
        match self {
            Self::Fast => Duration::from_millis(10),
            Self::Default => Duration::from_millis(100),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "10/50 ms",
            Self::Default => "default",
        })
    }
}

/// Says whether the program can be run.
pub(crate) fn is_installed() -> bool {
    let mut version = Command::new("etcd");
    version
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// A cluster of three members.
pub(crate) struct Etcd {
    setting: Setting,
    kind: Kind,
    /// Its folder and its address; it has no node.
    place: TestCluster,
    members: Vec<Program>,
    /// The number that each member goes by, once it has said so.
    ids: Vec<Member>,
    cuts: Arc<Cuts>,
    /// What carries everything between members, if anything does.
    _forwarders: Vec<Forwarder>,
}

impl Etcd {
    pub(crate) fn start(setting: Setting, kind: Kind) -> Self {
        let place = TestCluster::new(MEMBERS, "");
        let cuts = Arc::new(Cuts::default());
        let forwarder = |member| {
            let (from, to) = (
                address(&place, FORWARDED_PORT, member),
                address(&place, PEER_PORT, member),
            );
            Forwarder::start(from, to, member, &cuts)
        };
        let forwarders = (0..MEMBERS)
            .filter(|_| kind == Kind::Cut)
            .map(forwarder)
            .collect();
        let mut cluster = Self {
            setting,
            kind,
            place,
            members: Vec::new(),
            ids: Vec::new(),
            cuts,
            _forwarders: forwarders,
        };
        cluster.members = (0..MEMBERS).map(|member| cluster.member(member)).collect();
        cluster
    }

    /// Starts a member, new or again.
    fn member(&self, member: u16) -> Program {
        let name = |member| format!("member-{member}");
        let url = |port, member| format!("http://{}", address(&self.place, port, member));
        let advertised = if self.kind == Kind::Cut {
            FORWARDED_PORT
        } else {
            PEER_PORT
        };
        let all = (0..MEMBERS).map(|member| format!("{}={}", name(member), url(advertised, member)));
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.place.path().join(name(member) + ".log"));
        let mut command = Command::new("etcd");
        command
            .current_dir(self.place.path())
            .args(["--name", &name(member), "--data-dir", &name(member)])
            .args(["--listen-client-urls", &url(CLIENT_PORT, member)])
            .args(["--advertise-client-urls", &url(CLIENT_PORT, member)])
            .args(["--listen-peer-urls", &url(PEER_PORT, member)])
            .args(["--initial-advertise-peer-urls", &url(advertised, member)])
            .args(["--initial-cluster", &all.collect::<Vec<_>>().join(",")])
            .args(self.setting.arguments())
            .stderr(log.expect("a file of its own"));
        Program::start(&mut command)
    }

    fn client(&self, member: u16) -> Http {
        Http::new(address(&self.place, CLIENT_PORT, member))
    }

    /// Returns which member goes by that number.
    fn place_of(&self, id: Member) -> u16 {
        let place = (0..).zip(&self.ids).find(|(_, known)| **known == id);
        place.expect("all members have said their ids").0
    }

    fn statuses(&self) -> Vec<Option<Status>> {
        let ask = |member| Status::ask(&mut self.client(member));
        (0..MEMBERS).map(ask).collect()
    }
}

impl Cluster for Etcd {
    fn marks(&self) -> &'static [Mark] {
        &[Mark::Told, Mark::Acknowledged]
    }

    fn heartbeat(&self) -> Duration {
        self.setting.heartbeat()
    }

    fn settle(&mut self) -> Reign {
        let statuses = patiently("an etcd that is whole", || {
            let statuses = self.statuses();
            status::whole(&statuses).ok_or_else(|| format!("{statuses:?}"))
        });
        self.ids = statuses.iter().map(|status| status.member).collect();
        statuses[0].reign
    }

    fn watch(&mut self, reign: Reign, race: &mut Race) {
        let leader = self.place_of(reign.leader);
        let mut client = self.client(leader);
        patiently("a put", || {
            http::put(&mut client).ok_or_else(|| format!("{:?}", self.statuses()))
        });
        for member in (0..MEMBERS).filter(|&member| member != leader) {
            race.join_client(reign, Asking(self.client(member)));
        }
    }

    fn strike(&mut self, kind: Kind, leader: Member, _: &Race) -> Instant {
        let place = self.place_of(leader);
        let process = &self.members[usize::from(place)];
        let struck = Instant::now();
        match kind {
            Kind::Kill => process.signal(Signal::KILL),
            Kind::Freeze => process.signal(Signal::STOP),
            Kind::Stop => process.signal(Signal::TERM),
            Kind::Cut => self.cuts.set(Some(Cut { place, id: leader })),
        }
        struck
    }

    fn restore(&mut self, kind: Kind, struck: Member) {
        let place = self.place_of(struck);
        let process = &mut self.members[usize::from(place)];
        match kind {
            Kind::Freeze => return process.signal(Signal::CONT),
            Kind::Cut => return self.cuts.set(None),
            Kind::Kill | Kind::Stop => {}
        }
        patiently("the end of a member of etcd", || {
            let exit = process.child.try_wait().expect("it can be waited for");
            exit.ok_or_else(|| "it runs".to_owned())
        });
        self.members[usize::from(place)] = self.member(place);
    }
}

fn address(place: &TestCluster, port: u16, member: u16) -> String {
    format!("{}:{}", place.host(), port + member)
}

/// A client that asks one member who leads, and puts something once that has changed.
struct Asking(Http);

impl Client for Asking {
    fn who_leads(&mut self) -> Option<Reign> {
        Some(Status::ask(&mut self.0)?.reign)
    }

    fn go_on(&mut self, teller: &Teller) {
        while !teller.is_over() {
            if http::put(&mut self.0).is_some() {
                return teller.tell(Mark::Acknowledged, None);
            }
        }
    }
}
