//! Why a request failed, said so that a person knows what to do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::absence;
use super::attempt::Outcome;
use super::part::SaveError;
use super::selector::Selector;
use super::source::SourceError;
use crate::config::Members;
use crate::encryption::RandomError;
use crate::event::line::quoted;
use crate::id::{ImageId, NodeId, UserName};
use crate::protocol::{ImageKind, Listed, NodeError};
use crate::upload::{Obstacle, Setback, Unreachable, line};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The file is none that can be uploaded.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file was written to while it was sent.
    #[error("{file} changed while it was uploaded; nothing was kept; upload it again")]
    Changed {
        /// Its path, as a person reads it.
        file: String,
    },
    /// The folder does not take the file.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The image is in the cluster, but its encrypted file could not be kept here.
    #[error("image {image} is stored in the cluster, but its encrypted file is not here: {error}")]
    StoredNotSaved {
        /// The image.
        image: ImageId,
        /// Why.
        error: SaveError,
    },
    /// The system gives no random bytes for the image's name.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The user has no such image.
    #[error("no image {:?} of {user}; `heirloom list --user {user}` shows what there is", .wanted.to_string())]
    NoSuchImage {
        /// What was asked for.
        wanted: Selector,
        /// Whose images were looked through.
        user: UserName,
    },
    /// What was asked for may mean more than one image.
    #[error("{prefix:?} begins the ids of {} images: {}; give more digits", .candidates.len(), Candidates(.candidates))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// What it may mean, newest first.
        candidates: Vec<Listed>,
    },
    /// A file stands where a download would.
    #[error(
        "{file} exists already; nothing was overwritten; choose another name (--output), or replace it (--force)"
    )]
    Exists {
        /// The path, as a person reads it.
        file: String,
    },
    /// What stands where a download would is a device, a folder or the like.
    #[error("{file} is no regular file; nothing was overwritten; choose another name (--output)")]
    NoFile {
        /// The path, as a person reads it.
        file: String,
    },
    /// What the nodes keep is undamaged, and does not decrypt to an image of its kind.
    #[error(
        "image {image} does not decrypt to the {kind} that it should be for user {user}; --encrypted saves it as it is kept"
    )]
    NotAnImage {
        /// The image.
        image: ImageId,
        /// What it should be.
        kind: ImageKind,
        /// Whose key was tried.
        user: UserName,
    },
    /// A node refused it for good.
    #[error(transparent)]
    Node(NodeError),
    /// Every node's disk refuses to write.
    #[error("no node can store it: {reason}")]
    Storage {
        /// The words of the last one.
        reason: String,
    },
    /// Every node's disk refuses to mark a delete.
    #[error("no node can delete it: {reason}")]
    Undeleted {
        /// The words of the last one.
        reason: String,
    },
    /// Every node's disk refuses to read.
    #[error("no node can read it: {reason}")]
    Unreadable {
        /// The words of the last one.
        reason: String,
    },
    /// Whoever listens does not speak to this client.
    #[error("the nodes refuse this client: {reason}{outcome}")]
    Refused {
        /// In their words.
        reason: String,
        /// Whether it may have happened.
        outcome: Outcome,
    },
    /// Every member's port refuses.
    #[error("no node is running at {}; start them with `{}`{outcome}", Addresses(.members), StartCommands(.members))]
    NobodyListens {
        /// Who was tried.
        members: Members,
        /// Whether it may have happened.
        outcome: Outcome,
    },
    /// Nobody leads, or too few nodes are up for anybody to.
    #[error("no leader answered for {}: {}{outcome}", humantime::format_duration(*.waited), Missing(.missing))]
    NoLeader {
        /// For how long nothing had moved.
        waited: Duration,
        /// Who is missing, and why.
        missing: BTreeMap<NodeId, Unreachable>,
        /// Whether it may have happened.
        outcome: Outcome,
    },
    /// The members that were asked all follow somebody else.
    #[error("no leader answered for {}: every node that was asked declined; is the list of nodes complete? see --nodes{outcome}", humantime::format_duration(*.waited))]
    EveryoneDeclines {
        /// For how long nothing had moved.
        waited: Duration,
        /// Whether it may have happened.
        outcome: Outcome,
    },
    /// Attempt after attempt failed.
    #[error("gave up: {}{outcome}", line::problem(.obstacle))]
    GaveUp {
        /// How the last one did.
        obstacle: Obstacle,
        /// Whether it may have happened.
        outcome: Outcome,
    },
}

impl RequestError {
    /// Says it to somebody who types into a session, which knows no flags.
    #[must_use]
    pub fn in_session(&self) -> String {
        match self {
            Self::NoSuchImage { wanted, user } => format!(
                "no image {:?} of {user}; type 'list' to see what there is",
                wanted.to_string()
            ),
            Self::Exists { file } => format!(
                "{file} exists already; nothing was overwritten; name another file: download <image> <file>"
            ),
            Self::NoFile { file } => format!(
                "{file} is no regular file; nothing was overwritten; name another file: download <image> <file>"
            ),
            Self::NotAnImage { image, kind, user } => format!(
                "image {image} does not decrypt to the {kind} that it should be for user {user}; \
                 `heirloom download --encrypted` saves it as it is kept"
            ),
            Self::Source(_)
            | Self::Changed { .. }
            | Self::Save(_)
            | Self::StoredNotSaved { .. }
            | Self::Random(_)
            | Self::Ambiguous { .. }
            | Self::Node(_)
            | Self::Storage { .. }
            | Self::Undeleted { .. }
            | Self::Unreadable { .. }
            | Self::Refused { .. }
            | Self::NobodyListens { .. }
            | Self::NoLeader { .. }
            | Self::EveryoneDeclines { .. }
            | Self::GaveUp { .. } => self.to_string(),
        }
    }

    /// Says whether the cluster, rather than the request, is to blame: nobody leads it, or too few do
    /// their part.
    #[must_use]
    pub fn is_no_leader(&self) -> bool {
        match self {
            Self::NobodyListens { .. } | Self::NoLeader { .. } | Self::EveryoneDeclines { .. } => true,
            Self::GaveUp { obstacle, .. } => is_no_quorum(obstacle),
            Self::Source(_)
            | Self::Changed { .. }
            | Self::Save(_)
            | Self::StoredNotSaved { .. }
            | Self::Random(_)
            | Self::NoSuchImage { .. }
            | Self::Ambiguous { .. }
            | Self::Exists { .. }
            | Self::NoFile { .. }
            | Self::NotAnImage { .. }
            | Self::Node(_)
            | Self::Storage { .. }
            | Self::Undeleted { .. }
            | Self::Unreadable { .. }
            | Self::Refused { .. } => false,
        }
    }
}

/// How many images are named when it is not clear which is meant; more would not be read.
const CANDIDATES_SHOWN: usize = 10;

struct Candidates<'a>(&'a [Listed]);

impl fmt::Display for Candidates<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Listed { entry, .. }) in self.0.iter().take(CANDIDATES_SHOWN).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{} ({})", entry.image, quoted(&entry.file))?;
        }
        if self.0.len() > CANDIDATES_SHOWN {
            write!(f, " and {} more", self.0.len() - CANDIDATES_SHOWN)?;
        }
        Ok(())
    }
}

fn is_no_quorum(obstacle: &Obstacle) -> bool {
    match obstacle {
        Obstacle::Attempt { why, .. } => matches!(why, Setback::NoQuorum { .. }),
        Obstacle::NoLeader { .. }
        | Obstacle::EveryoneDeclines
        | Obstacle::NobodyListens
        | Obstacle::Refused { .. } => false,
    }
}

struct Addresses<'a>(&'a Members);

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (_, address)) in self.0.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{address}")?;
        }
        Ok(())
    }
}

struct StartCommands<'a>(&'a Members);

impl fmt::Display for StartCommands<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.0.ids().enumerate() {
            let comma = if index > 0 { "`, `" } else { "" };
            write!(f, "{comma}heirloom node {node}")?;
        }
        Ok(())
    }
}

struct Missing<'a>(&'a BTreeMap<NodeId, Unreachable>);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the nodes have not agreed on one; see `heirloom status`");
        }
        f.write_str(&absence::explain(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::RequestKind;

    fn id(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    #[test]
    fn a_missing_quorum_names_the_missing_nodes() {
        let error = |missing: Vec<NodeId>, outcome| RequestError::NoLeader {
            waited: Duration::from_secs(30),
            missing: missing
                .into_iter()
                .map(|node| (node, Unreachable::ConnectionRefused))
                .collect(),
            outcome,
        };
        assert_eq!(
            error(vec![id(2), id(3)], Outcome::NotDone).to_string(),
            "no leader answered for 30s: nodes 2 and 3 are not up; start them"
        );
        assert_eq!(
            error(vec![id(3)], Outcome::Unknown(RequestKind::Upload)).to_string(),
            "no leader answered for 30s: node 3 is not up; start it; \
             the outcome is unknown; repeating the upload is safe"
        );
    }

    #[test]
    fn a_session_is_told_of_no_flag_that_it_does_not_have() {
        let (file, user) = ("a.png".to_owned(), "alice".parse().expect("valid"));
        let errors = [
            RequestError::Exists { file: file.clone() },
            RequestError::NoFile { file },
            RequestError::NoSuchImage {
                wanted: Selector::Text("b".to_owned()),
                user,
            },
        ];
        for said in errors.map(|error| error.in_session()) {
            assert!(!said.contains("--"), "{said}");
        }
    }

    #[test]
    fn when_no_node_runs_the_way_to_start_them_is_said() {
        let address = |port| format!("127.0.0.1:{port}").parse().expect("valid");
        let members = BTreeMap::from([(id(1), address(8001)), (id(2), address(8002))]);
        let error = RequestError::NobodyListens {
            members: Members::new(members).expect("valid"),
            outcome: Outcome::NotDone,
        };
        assert_eq!(
            error.to_string(),
            "no node is running at 127.0.0.1:8001, 127.0.0.1:8002; \
             start them with `heirloom node 1`, `heirloom node 2`"
        );
        assert!(error.is_no_leader());
    }
}
