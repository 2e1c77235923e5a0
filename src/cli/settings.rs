//! From options to what nodes and clients are told: defaults, and whether it all fits together.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::layout::Size;

use super::options::{Member, Options, Pace, Quorum, Span};
use crate::client::ClientConfig;
use crate::config::{
    Address, BASE_PORT, CLIENT_DEADLINE, ClusterConfig, IMAGE_BYTES_MAX, Members, MembersError, NodeConfig,
    QuorumPolicy, SCRUB_BYTES_A_SECOND, Timing,
};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::theme::Theme;
use crate::dashboard::{Control, Images, Setup};
use crate::event::line::nodes;
use crate::fault::NodeFaults;
use crate::id::{ClusterName, NodeId, ParseIdError, UserName};

/// The name of a cluster that was given none.
const CLUSTER_NAME: &str = "heirloom";

/// How many nodes a cluster has unless configured.
pub(super) const NODES: u16 = 3;

/// The shortest heartbeat, and the shortest time for its answer.
///
/// Below this the system's own scheduling looks like a dead leader.
const HEARTBEAT_MIN: Duration = Duration::from_millis(10);

/// The shortest deadline of a client.
///
/// Below this no election could end in time.
const DEADLINE_MIN: Duration = Duration::from_millis(100);

/// The longest of any duration: nobody waits longer for a cluster on purpose.
const SPAN_MAX: Duration = Duration::from_hours(24);

/// Options that do not fit together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SettingsError {
    #[error(transparent)]
    Members(#[from] MembersError),
    #[error(transparent)]
    Name(#[from] ParseIdError),
    #[error(
        "members are named by [[node]] in the configuration file, so nodes, base-port and bind mean nothing; \
         drop the one or the other"
    )]
    MembersTwice,
    #[error("node {0} is named twice by [[node]]; give each its own id")]
    SameId(NodeId),
    #[error("base-port {base_port} leaves no ports for {nodes} nodes; choose a lower one")]
    Ports { base_port: u16, nodes: u16 },
    #[error(
        "{key} {} is out of range; give {} to {}",
        humantime::format_duration(*.span), humantime::format_duration(*.min), humantime::format_duration(*.max)
    )]
    Span {
        key: &'static str,
        span: Duration,
        min: Duration,
        max: Duration,
    },
    #[error("max-image 0 lets no image in; give at least 1")]
    NoImage,
    #[error(
        "quorum live counts on refused connections as proof of death, which only nodes on one machine have, \
         but node {node} is at {address}; use majority"
    )]
    LiveBeyondLoopback { node: NodeId, address: Address },
    #[error(
        "allow-faults lets whoever reaches a node break it, so it is for nodes on one machine, but node {node} \
         is at {address}; drop it, or give every node a loopback address"
    )]
    FaultsBeyondLoopback { node: NodeId, address: Address },
    #[error("node {id} is no member of this cluster, which has {}; see --nodes", nodes(.members))]
    NoMember { id: NodeId, members: Vec<NodeId> },
    #[error(
        "node {node} would listen on {address}, beyond this machine: there is no TLS and no authentication yet, \
         and keys are made from user names, so whoever reaches the port reads everything; \
         pass --insecure to do it all the same"
    )]
    Insecure { node: NodeId, address: Address },
    #[error(
        "node {node} is at {address}, beyond this machine, but only nodes on loopback addresses can be started \
         together; run `heirloom node ID` for each node on its own machine"
    )]
    Elsewhere { node: NodeId, address: Address },
}

/// Everything that was set, checked and complete.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) cluster: ClusterConfig,
    timing: Timing,
    quorum: QuorumPolicy,
    data_dir: PathBuf,
    images_dir: PathBuf,
    image_bytes_max: u64,
    scrub_bytes_a_second: u64,
    deadline: Duration,
    insecure: bool,
    allow_faults: bool,
}

impl Settings {
    /// Completes the options by defaults and checks them.
    pub(super) fn new(options: Options) -> Result<Self, SettingsError> {
        let name = match options.cluster.clone() {
            Some(name) => name,
            None => CLUSTER_NAME.parse::<ClusterName>()?,
        };
        let members = members(&options)?;
        let quorum = quorum(options.quorum, &members)?;
        let timing = timing(&options)?;
        let allow_faults = options.allow_faults.unwrap_or(false);
        if allow_faults {
            only_on_this_machine(&members)?;
        }
        let image_bytes_max = options.max_image.map_or(IMAGE_BYTES_MAX, |size| size.as_u64());
        if image_bytes_max == 0 {
            return Err(SettingsError::NoImage);
        }
        Ok(Self {
            cluster: ClusterConfig { name, members },
            timing,
            quorum,
            data_dir: options.data_dir.unwrap_or_else(|| "data".into()),
            images_dir: options.images_dir.unwrap_or_else(|| "images".into()),
            image_bytes_max,
            scrub_bytes_a_second: options.scrub.map_or(SCRUB_BYTES_A_SECOND, |rate| rate.as_u64()),
            deadline: within("deadline", options.deadline, CLIENT_DEADLINE, DEADLINE_MIN)?,
            insecure: options.insecure.unwrap_or(false),
            allow_faults,
        })
    }

    /// Returns what node `id` is told, if it is a member and may listen where it should.
    pub(super) fn node(&self, id: NodeId) -> Result<NodeConfig, SettingsError> {
        let members = &self.cluster.members;
        let address = members.address(id).ok_or_else(|| SettingsError::NoMember {
            id,
            members: members.ids().collect(),
        })?;
        if !address.is_loopback() && !self.insecure {
            let (node, address) = (id, address.clone());
            return Err(SettingsError::Insecure { node, address });
        }
        Ok(NodeConfig {
            id,
            cluster: self.cluster.clone(),
            timing: self.timing,
            quorum: self.quorum,
            data_dir: self.data_dir.join(format!("node-{id}")),
            image_bytes_max: self.image_bytes_max,
            scrub_bytes_a_second: self.scrub_bytes_a_second,
            faults: self.allow_faults.then(NodeFaults::default),
        })
    }

    /// Returns the folder in which node N keeps its data as `node-N`.
    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Returns how quickly nodes notice and take over.
    pub(super) fn timing(&self) -> Timing {
        self.timing
    }

    /// Checks that every member is a process on this machine, so that one supervisor can own them.
    pub(super) fn all_on_this_machine(&self) -> Result<(), SettingsError> {
        let mut elsewhere = self
            .cluster
            .members
            .iter()
            .filter(|(_, address)| !address.is_loopback());
        match elsewhere.next() {
            Some((node, address)) => {
                let address = address.clone();
                Err(SettingsError::Elsewhere { node, address })
            }
            None => Ok(()),
        }
    }

    /// Returns what a dashboard of this cluster is told.
    pub(super) fn dashboard(&self, control: Control, theme: Theme, size: Size) -> Setup {
        Setup {
            cluster: self.cluster.clone(),
            timing: self.timing,
            quorum: self.quorum,
            control,
            theme,
            size,
            start_dir: std::env::current_dir().unwrap_or_else(|_| ".".into()),
            users: Vec::new(),
            presenting: Presenting::No,
            images: Images::Stay,
        }
    }

    /// Returns what a client of `user` is told.
    pub(super) fn client(&self, user: UserName) -> ClientConfig {
        ClientConfig {
            cluster: self.cluster.clone(),
            user,
            images_dir: self.images_dir.clone(),
            image_bytes_max: self.image_bytes_max,
            deadline: self.deadline,
        }
    }

    /// Returns the size of the largest image, in bytes.
    pub(super) fn image_bytes_max(&self) -> u64 {
        self.image_bytes_max
    }
}

fn members(options: &Options) -> Result<Members, SettingsError> {
    let by_number = options.nodes.is_some() || options.base_port.is_some() || options.bind.is_some();
    match (options.members.as_slice(), by_number) {
        ([], _) => numbered_members(options),
        (_, true) => Err(SettingsError::MembersTwice),
        (named, false) => named_members(named),
    }
}

fn numbered_members(options: &Options) -> Result<Members, SettingsError> {
    let nodes = options.nodes.unwrap_or(NODES);
    let base_port = options.base_port.unwrap_or(BASE_PORT);
    let ip = options.bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    if base_port == 0 || base_port.checked_add(nodes.saturating_sub(1)).is_none() {
        return Err(SettingsError::Ports { base_port, nodes });
    }
    let addresses = (1..=nodes).filter_map(|number| {
        let id = NodeId::new(number)?;
        Some((id, Address::of_ip(ip, base_port + (number - 1))))
    });
    Ok(Members::new(addresses.collect())?)
}

fn named_members(named: &[Member]) -> Result<Members, SettingsError> {
    let mut addresses = BTreeMap::new();
    for Member { id, address } in named {
        if addresses.insert(*id, address.clone()).is_some() {
            return Err(SettingsError::SameId(*id));
        }
    }
    Ok(Members::new(addresses)?)
}

fn quorum(chosen: Option<Quorum>, members: &Members) -> Result<QuorumPolicy, SettingsError> {
    let mut beyond = members.iter().filter(|(_, address)| !address.is_loopback());
    match (chosen, beyond.next()) {
        (Some(Quorum::Live), Some((node, address))) => {
            let address = address.clone();
            Err(SettingsError::LiveBeyondLoopback { node, address })
        }
        (Some(Quorum::Live) | None, None) => Ok(QuorumPolicy::Live),
        (Some(Quorum::Majority), _) | (None, Some(_)) => Ok(QuorumPolicy::Majority),
    }
}

/// Refuses faults where somebody else could bring them.
fn only_on_this_machine(members: &Members) -> Result<(), SettingsError> {
    match members.iter().find(|(_, address)| !address.is_loopback()) {
        Some((node, address)) => {
            let address = address.clone();
            Err(SettingsError::FaultsBeyondLoopback { node, address })
        }
        None => Ok(()),
    }
}

/// Returns how quickly nodes notice and take over, checked.
pub(super) fn timing(options: &Options) -> Result<Timing, SettingsError> {
    let preset = match options.timing.unwrap_or(Pace::Seed) {
        Pace::Seed => Timing::SEED,
        Pace::Fast => Timing::FAST,
    };
    Ok(Timing {
        heartbeat_interval: within(
            "heartbeat",
            options.heartbeat,
            preset.heartbeat_interval,
            HEARTBEAT_MIN,
        )?,
        heartbeat_timeout: within(
            "heartbeat-timeout",
            options.heartbeat_timeout,
            preset.heartbeat_timeout,
            HEARTBEAT_MIN,
        )?,
        startup_grace: preset.startup_grace,
        takeover_after: within(
            "takeover-after",
            options.takeover_after,
            preset.takeover_after,
            Duration::ZERO,
        )?,
    })
}

fn within(
    key: &'static str,
    chosen: Option<Span>,
    default: Duration,
    min: Duration,
) -> Result<Duration, SettingsError> {
    let span = chosen.map_or(default, |Span(span)| span);
    let max = SPAN_MAX;
    if (min..=max).contains(&span) {
        Ok(span)
    } else {
        Err(SettingsError::Span { key, span, min, max })
    }
}

#[cfg(test)]
mod tests;
