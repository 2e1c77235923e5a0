//! What a cluster is told before it starts: members, timing, quorum policy, limits.
//!
//! Plain values, already checked. Where they come from (flags, variables, file) is the business
//! of `cli::settings`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::NodeFaults;
use crate::id::{ClusterName, NodeId};

/// The most nodes a real cluster may have.
///
/// Every node keeps every image and everybody talks to everybody; beyond nine that is the wrong tool.
pub const NODES_MAX: u16 = 9;

/// The port of node 1 unless configured; node *n* listens *n* − 1 above it.
pub const BASE_PORT: u16 = 8001;

/// The largest image accepted unless configured, in bytes.
pub const IMAGE_BYTES_MAX: u64 = 4 << 30;

/// How many bytes a second a node reads to find damaged records, unless configured.
///
/// A tenth of what a slow disk reads; 100 GiB take seven hours, once a day.
pub const SCRUB_BYTES_A_SECOND: u64 = 4 << 20;

/// How long a client waits without anything moving before it gives up, unless configured.
pub const CLIENT_DEADLINE: Duration = Duration::from_secs(30);

/// Where a node listens: a host name or IP address, and a port.
///
/// Prints and parses as `host:port`; an IPv6 address stands in brackets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// Makes the address of `port` on an IP address.
    #[must_use]
    pub fn of_ip(ip: IpAddr, port: u16) -> Self {
        Self {
            host: ip.to_string(),
            port,
        }
    }

    /// Returns the host name or IP address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the TCP port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Says whether the address can be reached from its own host only.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address; write host:port, such as 127.0.0.1:8001 or [::1]:8001")]
pub struct ParseAddressError(String);

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseAddressError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let host = match bare {
            Some(inside) if inside.contains(':') => inside,
            Some(_) => return Err(wrong()),
            None if host.contains(':') => return Err(wrong()),
            None => host,
        };
        if host.is_empty() || port == 0 || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// The members of a cluster and where each listens, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(BTreeMap<NodeId, Address>);

/// Members that make no cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembersError {
    /// The number of members is none that works.
    #[error("{0} nodes are no cluster; give 1 to {NODES_MAX}")]
    Count(usize),
    /// Two members would listen on the same address.
    #[error("nodes {0} and {1} have the same address {2}; give each its own")]
    SameAddress(NodeId, NodeId, Address),
}

impl Members {
    /// Makes a cluster of these members.
    ///
    /// # Errors
    ///
    /// When there are none or too many, or when two share an address.
    pub fn new(addresses: BTreeMap<NodeId, Address>) -> Result<Self, MembersError> {
        if addresses.is_empty() || addresses.len() > usize::from(NODES_MAX) {
            return Err(MembersError::Count(addresses.len()));
        }
        let mut seen: BTreeMap<&Address, NodeId> = BTreeMap::new();
        for (&id, address) in &addresses {
            if let Some(&other) = seen.get(address) {
                return Err(MembersError::SameAddress(other, id, address.clone()));
            }
            seen.insert(address, id);
        }
        Ok(Self(addresses))
    }

    /// Returns the address of a member; `None` when it is none.
    #[must_use]
    pub fn address(&self, id: NodeId) -> Option<&Address> {
        self.0.get(&id)
    }

    /// Iterates over the members in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Address)> {
        self.0.iter().map(|(&id, address)| (id, address))
    }

    /// Iterates over the ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.0.keys().copied()
    }

    /// Returns how many members there are, at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a cluster is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns how many members are more than half of them.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.len() / 2 + 1
    }
}

/// How many nodes must agree before one leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuorumPolicy {
    /// More than half of all members, always.
    Majority,
    /// More than half of the members not proven dead; for clusters on one host.
    Live,
}

/// How quickly a cluster notices and how patiently it takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats of a worker.
    pub heartbeat_interval: Duration,
    /// Within this the leader must answer one.
    pub heartbeat_timeout: Duration,
    /// How long a node that has just started counts everybody and votes for nobody.
    pub startup_grace: Duration,
    /// How long a returning higher id must be stable before it takes over.
    pub takeover_after: Duration,
}

impl Timing {
    /// The seed's timing: a heartbeat every 5 s, answered within 1 s.
    pub const SEED: Self = Self {
        heartbeat_interval: Duration::from_secs(5),
        heartbeat_timeout: Duration::from_secs(1),
        startup_grace: Duration::from_secs(2),
        takeover_after: Duration::from_secs(2),
    };

    /// The fast timing: a heartbeat every 100 ms, answered within 300 ms.
    pub const FAST: Self = Self {
        heartbeat_interval: Duration::from_millis(100),
        heartbeat_timeout: Duration::from_millis(300),
        startup_grace: Duration::from_millis(500),
        takeover_after: Duration::from_secs(2),
    };

    /// Returns how long a worker's promise binds it: interval + timeout, on its own clock.
    ///
    /// It is also the longest a frozen leader can go unnoticed.
    #[must_use]
    pub fn promise(&self) -> Duration {
        self.heartbeat_interval + self.heartbeat_timeout
    }

    /// Returns how long the leader counts a promise: interval + timeout / 2, on its own clock.
    ///
    /// Always shorter than what the worker keeps, so that clocks may drift by the difference.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.heartbeat_interval + self.heartbeat_timeout / 2
    }
}

/// What every member and every client of a cluster agree on.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Greeted with on every connection.
    pub name: ClusterName,
    /// Who belongs to it.
    pub members: Members,
}

/// What one node is told.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Which member it is; always one of the cluster's.
    pub id: NodeId,
    /// The cluster it belongs to.
    pub cluster: ClusterConfig,
    /// How quickly it notices and takes over.
    pub timing: Timing,
    /// How many must agree before one leads.
    pub quorum: QuorumPolicy,
    /// Where it keeps its vote, its images and its log.
    pub data_dir: PathBuf,
    /// The largest image it accepts, in bytes.
    pub image_bytes_max: u64,
    /// How many bytes a second it reads to find damaged records; 0 is none.
    pub scrub_bytes_a_second: u64,
    /// What is wrong with it on purpose from its start; none when it takes no faults at all.
    pub faults: Option<NodeFaults>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_print_what_they_parse() {
        for text in ["127.0.0.1:8001", "[::1]:8001", "node-a.example:1"] {
            let address: Address = text.parse().expect("valid");
            assert_eq!(address.to_string(), text);
        }
        for text in [
            "8001",
            ":8001",
            "::1:8001",
            "host:0",
            "host:70000",
            "[host]:1",
            "a b:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_what_only_this_host_reaches() {
        let loopback = |text: &str| text.parse::<Address>().expect("valid").is_loopback();
        assert!(loopback("127.9.8.7:1") && loopback("[::1]:1") && loopback("localhost:1"));
        assert!(!loopback("0.0.0.0:1") && !loopback("10.0.0.1:1"));
    }

    #[test]
    fn two_members_never_share_an_address() {
        let address: Address = "127.0.0.1:8001".parse().expect("valid");
        let id = |number| NodeId::new(number).expect("not zero");
        let members = BTreeMap::from([(id(1), address.clone()), (id(2), address)]);
        let error = Members::new(members).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "nodes 1 and 2 have the same address 127.0.0.1:8001; give each its own"
        );
    }

    #[test]
    fn a_lease_ends_before_the_promise_behind_it() {
        for timing in [Timing::SEED, Timing::FAST] {
            assert!(timing.lease() < timing.promise());
        }
    }
}
