//! What a scenario waits for and expects: something about the cluster, and until when.

use std::fmt;
use std::time::Duration;

use super::mistake::Mistake;
use super::print::Span;
use super::words::Words;
use crate::config::Timing;
use crate::id::NodeId;

/// The most detection times that may be waited for.
const DETECTION_TIMES_MAX: u64 = 100;

/// Something about the cluster that holds or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Somebody leads and serves.
    ALeader,
    /// Somebody leads and serves in a newer reign than before the last action.
    ANewLeader,
    /// Nobody serves.
    NoLeader,
    /// About one node.
    Node(NodeId, Is),
    /// Everybody who is up follows the same leader, who serves.
    EverybodyAgrees {
        /// Who that is, if it matters.
        on: Option<NodeId>,
    },
    /// Every member's process runs and is not frozen.
    EverybodyUp,
    /// Nobody who is up lacks an image.
    EverybodyInSync,
    /// An upload of the load was acknowledged since this was reached.
    AnUpload,
    /// None was.
    NoUpload,
}

/// What one node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It leads and serves, in the newest reign.
    Leads,
    /// It serves nobody, in whatever reign.
    LeadsNobody,
    /// It follows a leader.
    Follows(Option<NodeId>),
    /// It knows that it cannot reach enough nodes.
    WithoutQuorum,
    /// Its process runs and is not frozen.
    Up,
    /// It has no process.
    Down,
    /// Its process stands still.
    Frozen,
}

/// How long something may take or must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So long.
    Span(Duration),
    /// So many tenths of the time in which the running preset notices a silent leader.
    DetectionTimes {
        /// In tenths.
        tenths: u32,
    },
}

impl Limit {
    /// Returns how long that is with this timing.
    #[must_use]
    pub fn of(self, timing: &Timing) -> Duration {
        match self {
            Self::Span(span) => span,
            Self::DetectionTimes { tenths } => timing.promise() * tenths / 10,
        }
    }

    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, Mistake> {
        if let Some(tenths) = words.peek().and_then(tenths) {
            let mut ahead = words.clone();
            let word = ahead.peek().unwrap_or_default();
            ahead.take(word);
            if ahead.take("detection") {
                ahead.one_of("`times`", &[("times", ()), ("time", ())])?;
                if tenths == 0 || u64::from(tenths) > DETECTION_TIMES_MAX * 10 {
                    return Err(words.wrong(&format!("0.1 to {DETECTION_TIMES_MAX} detection times"), &[]));
                }
                *words = ahead;
                return Ok(Self::DetectionTimes { tenths });
            }
        }
        let span = words.span();
        span.map(Self::Span).map_err(|mistake| Mistake {
            expected: "a span such as `500ms` or `2s`, or `N detection times`".to_owned(),
            ..mistake
        })
    }
}

/// Reads a number with at most one decimal, in tenths.
fn tenths(word: &str) -> Option<u32> {
    let (whole, tenth) = word.split_once('.').unwrap_or((word, "0"));
    let plain = |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(tenth) || tenth.len() != 1 {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?)
}

impl Condition {
    pub(super) fn read(words: &mut Words<'_>) -> Result<Self, Mistake> {
        let expected =
            "`a leader`, `a new leader`, `no leader`, `node N …`, `everybody …`, `an upload` or `no upload`";
        let known = ["a", "an", "no", "node", "everybody"];
        if words.take_all(&["a", "new", "leader"]) {
            Ok(Self::ANewLeader)
        } else if words.take("a") {
            let known = [("leader", Self::ALeader), ("new", Self::ANewLeader)];
            let found = words.one_of("`leader` or `new leader`", &known)?;
            // Whoever writes `new` must go on with `leader`.
            if found == Self::ANewLeader {
                words.must("leader")?;
            }
            Ok(found)
        } else if words.take("no") {
            let known = [("leader", Self::NoLeader), ("upload", Self::NoUpload)];
            words.one_of("`leader` or `upload`", &known)
        } else if words.take("an") {
            words.must("upload").map(|()| Self::AnUpload)
        } else if words.take("node") {
            let node = words.node()?;
            Is::read(words).map(|is| Self::Node(node, is))
        } else if words.take("everybody") {
            everybody(words)
        } else {
            Err(words.wrong(expected, &known))
        }
    }
}

fn everybody(words: &mut Words<'_>) -> Result<Condition, Mistake> {
    if words.take("agrees") {
        let on = if words.take("on") {
            words.must("node")?;
            Some(words.node()?)
        } else {
            None
        };
        return Ok(Condition::EverybodyAgrees { on });
    }
    if words.take_all(&["is", "up"]) {
        return Ok(Condition::EverybodyUp);
    }
    if words.take_all(&["is", "in", "sync"]) {
        return Ok(Condition::EverybodyInSync);
    }
    Err(words.wrong(
        "`agrees`, `agrees on node N`, `is up` or `is in sync`",
        &["agrees", "is"],
    ))
}

impl Is {
    fn read(words: &mut Words<'_>) -> Result<Self, Mistake> {
        let expected =
            "`leads`, `leads nobody`, `follows`, `has no quorum`, `is up`, `is down` or `is frozen`";
        if words.take("leads") {
            let nobody = words.take("nobody");
            Ok(if nobody { Self::LeadsNobody } else { Self::Leads })
        } else if words.take("follows") {
            let whom = words.take("node").then(|| words.node()).transpose()?;
            Ok(Self::Follows(whom))
        } else if words.take_all(&["has", "no", "quorum"]) {
            Ok(Self::WithoutQuorum)
        } else if words.take("is") {
            let known = [("up", Self::Up), ("down", Self::Down), ("frozen", Self::Frozen)];
            words.one_of("`up`, `down` or `frozen`", &known)
        } else {
            Err(words.wrong(expected, &["leads", "follows", "has", "is"]))
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ALeader => f.write_str("a leader"),
            Self::ANewLeader => f.write_str("a new leader"),
            Self::NoLeader => f.write_str("no leader"),
            Self::Node(node, is) => write!(f, "node {node} {is}"),
            Self::EverybodyAgrees { on: None } => f.write_str("everybody agrees"),
            Self::EverybodyAgrees { on: Some(node) } => write!(f, "everybody agrees on node {node}"),
            Self::EverybodyUp => f.write_str("everybody is up"),
            Self::EverybodyInSync => f.write_str("everybody is in sync"),
            Self::AnUpload => f.write_str("an upload"),
            Self::NoUpload => f.write_str("no upload"),
        }
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads => f.write_str("leads"),
            Self::LeadsNobody => f.write_str("leads nobody"),
            Self::Follows(None) => f.write_str("follows"),
            Self::Follows(Some(node)) => write!(f, "follows node {node}"),
            Self::WithoutQuorum => f.write_str("has no quorum"),
            Self::Up => f.write_str("is up"),
            Self::Down => f.write_str("is down"),
            Self::Frozen => f.write_str("is frozen"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => Span(*span).fmt(f),
            Self::DetectionTimes { tenths: 10 } => f.write_str("1 detection time"),
            Self::DetectionTimes { tenths } => {
                write!(f, "{}", tenths / 10)?;
                if tenths % 10 > 0 {
                    write!(f, ".{}", tenths % 10)?;
                }
                f.write_str(" detection times")
            }
        }
    }
}
