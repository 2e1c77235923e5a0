//! How nodes are started: by which program, with which flags.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::ClusterConfig;
use crate::fault::NodeFaults;
use crate::id::NodeId;

/// How nodes are started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The executable, which knows the subcommand `node`.
    pub program: PathBuf,
    /// The settings that every node is given, as flags.
    pub settings: Vec<OsString>,
    /// Which nodes there are.
    pub nodes: Vec<NodeId>,
    /// Where each listens, to be told its faults.
    pub cluster: ClusterConfig,
}

impl Launch {
    /// Returns what follows the name of the program: `node 2 --supervised …`.
    pub(super) fn arguments_of(&self, node: NodeId, faults: &NodeFaults) -> Vec<OsString> {
        let fixed = [
            "node",
            &node.to_string(),
            "--supervised",
            "--no-tui",
            "--format",
            "json",
        ];
        let fixed = fixed.map(OsString::from).into_iter();
        let faults = (!faults.is_sound()).then(|| serde_json::to_string(faults).ok());
        let faults = faults.flatten().map(|faults| format!("--faults={faults}").into());
        let settings = self.settings.iter().cloned();
        fixed.chain(settings).chain(faults).collect()
    }
}
