//! What can be set, once for all three places where it can be: flag, variable, file.
//!
//! A field here is at once the flag `--base-port`, the variable `HEIRLOOM_BASE_PORT` and the key
//! `base-port`. Nothing is checked beyond its own syntax; see [`super::settings`].

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::config::Address;
use crate::id::{ClusterName, NodeId};

/// The options of a cluster, its nodes and its clients; what is not set is `None`.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Settings (flag, then variable, then heirloom.toml)")]
pub(super) struct Options {
    /// Name of the cluster; nodes and clients of another name are refused [default: heirloom]
    #[arg(long, global = true, env = "HEIRLOOM_CLUSTER", value_name = "NAME")]
    pub(super) cluster: Option<ClusterName>,

    /// Number of nodes, 1 to 9 [default: 3]
    #[arg(long, global = true, env = "HEIRLOOM_NODES", value_name = "COUNT")]
    pub(super) nodes: Option<u16>,

    /// Port of node 1; the others follow [default: 8001]
    #[arg(long, global = true, env = "HEIRLOOM_BASE_PORT", value_name = "PORT")]
    pub(super) base_port: Option<u16>,

    /// IP address that the nodes listen on [default: 127.0.0.1]
    #[arg(long, global = true, env = "HEIRLOOM_BIND", value_name = "IP")]
    pub(super) bind: Option<IpAddr>,

    /// Members by id and address; they replace `nodes`, `base-port` and `bind`.
    #[arg(skip)]
    #[serde(rename = "node")]
    pub(super) members: Vec<Member>,

    /// Folder in which node N keeps its data as node-N [default: data]
    #[arg(long, global = true, env = "HEIRLOOM_DATA_DIR", value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,

    /// Folder in which clients save encrypted images [default: images]
    #[arg(long, global = true, env = "HEIRLOOM_IMAGES_DIR", value_name = "DIR")]
    pub(super) images_dir: Option<PathBuf>,

    /// Pace of heartbeats: 5s answered within 1s, or 100ms within 300ms [default: seed]
    #[arg(long, global = true, env = "HEIRLOOM_TIMING", value_name = "PRESET")]
    pub(super) timing: Option<Pace>,

    /// Time between two heartbeats, such as 5s or 100ms [default: by --timing]
    #[arg(long, global = true, env = "HEIRLOOM_HEARTBEAT", value_name = "TIME")]
    pub(super) heartbeat: Option<Span>,

    /// Time within which the leader must answer a heartbeat [default: by --timing]
    #[arg(long, global = true, env = "HEIRLOOM_HEARTBEAT_TIMEOUT", value_name = "TIME")]
    pub(super) heartbeat_timeout: Option<Span>,

    /// Time for which a returning higher node must be stable before it leads [default: 2s]
    #[arg(long, global = true, env = "HEIRLOOM_TAKEOVER_AFTER", value_name = "TIME")]
    pub(super) takeover_after: Option<Span>,

    /// Nodes that must agree: more than half of all, or of those not proven dead
    /// [default: live if every node is on a loopback address, else majority]
    #[arg(long, global = true, env = "HEIRLOOM_QUORUM", value_name = "POLICY")]
    pub(super) quorum: Option<Quorum>,

    /// Let nodes listen beyond this machine, without TLS and authentication [default: false]
    #[arg(long, global = true, env = "HEIRLOOM_INSECURE", value_name = "BOOL",
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new())]
    pub(super) insecure: Option<bool>,

    /// Let nodes be told to do things wrong on purpose, on loopback only [default: false]
    #[arg(long, global = true, env = "HEIRLOOM_ALLOW_FAULTS", value_name = "BOOL",
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new())]
    pub(super) allow_faults: Option<bool>,

    /// Size of the largest image, such as 500MiB [default: 4GiB]
    #[arg(long, global = true, env = "HEIRLOOM_MAX_IMAGE", value_name = "SIZE")]
    pub(super) max_image: Option<ByteSize>,

    /// Bytes a second that a node reads to find damaged records; 0 is none [default: 4MiB]
    #[arg(long, global = true, env = "HEIRLOOM_SCRUB", value_name = "RATE")]
    pub(super) scrub: Option<ByteSize>,

    /// Time in which nothing moves after which a client gives up [default: 30s]
    #[arg(long, global = true, env = "HEIRLOOM_DEADLINE", value_name = "TIME")]
    pub(super) deadline: Option<Span>,
}

impl Options {
    /// Returns what is set here, and for the rest what is set in `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            cluster: self.cluster.or(other.cluster),
            nodes: self.nodes.or(other.nodes),
            base_port: self.base_port.or(other.base_port),
            bind: self.bind.or(other.bind),
            members: if self.members.is_empty() {
                other.members
            } else {
                self.members
            },
            data_dir: self.data_dir.or(other.data_dir),
            images_dir: self.images_dir.or(other.images_dir),
            timing: self.timing.or(other.timing),
            heartbeat: self.heartbeat.or(other.heartbeat),
            heartbeat_timeout: self.heartbeat_timeout.or(other.heartbeat_timeout),
            takeover_after: self.takeover_after.or(other.takeover_after),
            quorum: self.quorum.or(other.quorum),
            insecure: self.insecure.or(other.insecure),
            allow_faults: self.allow_faults.or(other.allow_faults),
            max_image: self.max_image.or(other.max_image),
            scrub: self.scrub.or(other.scrub),
            deadline: self.deadline.or(other.deadline),
        }
    }
}

impl Options {
    /// Returns the flags that say what is set here, all but the members: those only a file can name.
    pub(super) fn flags(&self) -> Vec<OsString> {
        fn text(key: &str, value: Option<impl ToString>) -> Option<OsString> {
            value.map(|value| flag(key, value.to_string()))
        }
        let span =
            |key, span: Option<Span>| text(key, span.map(|Span(span)| humantime::format_duration(span)));
        let flags = [
            text("cluster", self.cluster.as_ref()),
            text("nodes", self.nodes),
            text("base-port", self.base_port),
            text("bind", self.bind),
            self.data_dir.as_ref().map(|path| flag("data-dir", path)),
            self.images_dir.as_ref().map(|path| flag("images-dir", path)),
            text("timing", self.timing.as_ref().map(name_of)),
            span("heartbeat", self.heartbeat),
            span("heartbeat-timeout", self.heartbeat_timeout),
            span("takeover-after", self.takeover_after),
            text("quorum", self.quorum.as_ref().map(name_of)),
            text("insecure", self.insecure),
            text("allow-faults", self.allow_faults),
            text(
                "max-image",
                self.max_image.map(|size| format!("{}B", size.as_u64())),
            ),
            text("scrub", self.scrub.map(|rate| format!("{}B", rate.as_u64()))),
            span("deadline", self.deadline),
        ];
        flags.into_iter().flatten().collect()
    }
}

/// Returns `--key=value`, which no value can be taken out of, whatever it begins with.
pub(super) fn flag(key: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut flag = OsString::from(format!("--{key}="));
    flag.push(value);
    flag
}

fn name_of(value: &impl ValueEnum) -> String {
    let name = value.to_possible_value();
    name.map_or(String::new(), |name| name.get_name().to_owned())
}

/// A member by name and address: `[[node]]` in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    pub(super) id: NodeId,
    #[serde(deserialize_with = "parsed")]
    pub(super) address: Address,
}

/// The presets of [`crate::config::Timing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pace {
    Seed,
    Fast,
}

/// The names of [`crate::config::QuorumPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Quorum {
    Live,
    Majority,
}

/// A duration as people write it: `5s`, `100ms`, `1m 30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match humantime::parse_duration(text) {
            Ok(span) => Ok(Self(span)),
            Err(_) => Err(format!("{text:?} is no duration; write 5s, 100ms or 1m")),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"5s\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Span, E> {
        Err(E::custom(format!(
            "{number} has no unit; write \"{number}s\" for seconds, with the quotes"
        )))
    }
}

/// Reads a value from the text that it parses.
fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
