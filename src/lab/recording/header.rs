//! The first line of a recording: whose it is, and what a dashboard must know to show it.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::layout::Size;
use serde::{Deserialize, Serialize};

use super::{RECORDING_VERSION, RecordingError};
use crate::config::{Address, ClusterConfig, Members, QuorumPolicy, Timing};
use crate::dashboard::presenter::Presenting;
use crate::dashboard::theme::Theme;
use crate::dashboard::{Control, Images, Setup};
use crate::event::line::printable;
use crate::id::{ClusterName, NodeId};
use crate::time::Time;

/// By what a recording is known.
const FORMAT: &str = "heirloom-recording";

/// What whoever finds the file should know before passing it on.
const NOTE: &str = "This recording holds the names of users and of their files, but no images. With \
                    demonstration keys a user's name is the key: whoever has the name can decrypt the images.";

/// What a recording says about itself.
#[derive(Debug, Clone)]
pub struct Header {
    /// The version of the program that recorded.
    pub program: String,
    /// The cluster.
    pub cluster: ClusterConfig,
    /// Its timing.
    pub timing: Timing,
    /// How it counted a quorum.
    pub quorum: QuorumPolicy,
    /// Whose processes its nodes were.
    pub control: Control,
    /// When it began, on the recorder's clock.
    pub began: Time,
    /// The same in milliseconds since the Unix epoch.
    pub wall_ms: u64,
}

/// The header as it is written.
#[derive(Serialize, Deserialize)]
struct HeaderLine {
    format: String,
    version: u32,
    program: String,
    note: String,
    cluster: ClusterName,
    members: Vec<MemberLine>,
    timing: TimingLine,
    quorum: QuorumPolicy,
    control: ControlLine,
    began_ns: Time,
    wall_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct MemberLine {
    node: NodeId,
    address: String,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "a key says its unit")]
struct TimingLine {
    heartbeat_ns: u64,
    heartbeat_timeout_ns: u64,
    startup_grace_ns: u64,
    takeover_after_ns: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ControlLine {
    Supervised,
    Attached,
    Simulated,
}

/// As much of a header as every version has.
#[derive(Deserialize)]
struct AnyHeader {
    format: String,
    version: u64,
    #[serde(default)]
    program: String,
}

impl Header {
    /// Makes the header of a run that a dashboard would be told this about.
    #[must_use]
    pub fn of(setup: &Setup, began: Time, wall_ms: u64) -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            cluster: setup.cluster.clone(),
            timing: setup.timing,
            quorum: setup.quorum,
            control: setup.control,
            began,
            wall_ms,
        }
    }

    /// Returns what a dashboard is told that shows the recording.
    #[must_use]
    pub fn setup(&self, size: Size, theme: Theme) -> Setup {
        Setup {
            cluster: self.cluster.clone(),
            timing: self.timing,
            quorum: self.quorum,
            control: self.control,
            theme,
            size,
            start_dir: PathBuf::new(),
            users: Vec::new(),
            presenting: Presenting::No,
            images: Images::Stay,
        }
    }

    /// Returns its line, without an end.
    pub(super) fn line(&self) -> Vec<u8> {
        let members = self.cluster.members.iter();
        let line = HeaderLine {
            format: FORMAT.to_owned(),
            version: RECORDING_VERSION,
            program: self.program.clone(),
            note: NOTE.to_owned(),
            cluster: self.cluster.name.clone(),
            members: members.map(MemberLine::of).collect(),
            timing: TimingLine::of(&self.timing),
            quorum: self.quorum,
            control: match self.control {
                Control::Supervised => ControlLine::Supervised,
                Control::Attached => ControlLine::Attached,
                Control::Simulated => ControlLine::Simulated,
            },
            began_ns: self.began,
            wall_ms: self.wall_ms,
        };
        serde_json::to_vec(&line).expect("plain values become JSON")
    }

    /// Reads the first line of a file.
    pub(super) fn read(file: &str, line: &[u8]) -> Result<Self, RecordingError> {
        let file = || file.to_owned();
        let no_recording = || RecordingError::NoRecording { file: file() };
        let any: AnyHeader = serde_json::from_slice(line).map_err(|_| no_recording())?;
        if any.format != FORMAT {
            return Err(no_recording());
        }
        if any.version != u64::from(RECORDING_VERSION) {
            return Err(RecordingError::OtherVersion {
                file: file(),
                program: printable(&any.program).into_owned(),
                version: any.version,
            });
        }
        let line: HeaderLine = serde_json::from_slice(line).map_err(|_| no_recording())?;
        let members = line.members.iter().map(MemberLine::member);
        let members = members.collect::<Option<_>>().ok_or_else(no_recording)?;
        let members =
            Members::new(members).map_err(|source| RecordingError::Members { file: file(), source })?;
        Ok(Self {
            program: line.program,
            cluster: ClusterConfig {
                name: line.cluster,
                members,
            },
            timing: line.timing.timing(),
            quorum: line.quorum,
            control: match line.control {
                ControlLine::Supervised => Control::Supervised,
                ControlLine::Attached => Control::Attached,
                ControlLine::Simulated => Control::Simulated,
            },
            began: line.began_ns,
            wall_ms: line.wall_ms,
        })
    }
}

impl MemberLine {
    fn of((node, address): (NodeId, &Address)) -> Self {
        Self {
            node,
            address: address.to_string(),
        }
    }

    fn member(&self) -> Option<(NodeId, Address)> {
        Some((self.node, self.address.parse().ok()?))
    }
}

impl TimingLine {
    fn of(timing: &Timing) -> Self {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self {
            heartbeat_ns: nanos(timing.heartbeat_interval),
            heartbeat_timeout_ns: nanos(timing.heartbeat_timeout),
            startup_grace_ns: nanos(timing.startup_grace),
            takeover_after_ns: nanos(timing.takeover_after),
        }
    }

    const fn timing(&self) -> Timing {
        Timing {
            heartbeat_interval: Duration::from_nanos(self.heartbeat_ns),
            heartbeat_timeout: Duration::from_nanos(self.heartbeat_timeout_ns),
            startup_grace: Duration::from_nanos(self.startup_grace_ns),
            takeover_after: Duration::from_nanos(self.takeover_after_ns),
        }
    }
}
