//! Names of things: nodes, their lives, epochs, ballots, images, requests, users, clusters.
//!
//! Each is a type of its own, so that an epoch is never mistaken for a node. All parse from and
//! print as what a person types and reads; none can hold an invalid value.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most bytes a user name may have.
///
/// It travels in every record's header and in log lines; 64 bytes is longer than any login name.
pub const USER_NAME_BYTES_MAX: usize = 64;

/// The most bytes a cluster name may have.
pub const CLUSTER_NAME_BYTES_MAX: usize = 64;

/// A text that is no valid id or name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {problem}")]
pub struct ParseIdError {
    what: &'static str,
    problem: String,
}

impl ParseIdError {
    fn new(what: &'static str, problem: impl Into<String>) -> Self {
        Self {
            what,
            problem: problem.into(),
        }
    }
}

/// The number of a node, 1 or more; among reachable nodes the highest leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(NonZeroU16);

impl NodeId {
    /// The lowest id.
    pub const MIN: Self = Self(NonZeroU16::MIN);

    /// Makes the id `number`; `None` for 0.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// Returns the number, 1 or more.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

impl FromStr for NodeId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: u16 = text.parse().map_err(|_| {
            ParseIdError::new(
                "node id",
                format!("{text:?} is no number; nodes are numbered from 1"),
            )
        })?;
        Self::new(number)
            .ok_or_else(|| ParseIdError::new("node id", "0 does not exist; nodes are numbered from 1"))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// One life of a node's process: the wall-clock millisecond in which it began.
///
/// Only equality matters to the protocol: a peer that greets with another generation has
/// restarted and forgotten what it promised.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g{}", self.0)
    }
}

/// The number of a reign; grows with every election.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// Returns the epoch after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// A reign: its epoch, then the id of who leads it. Fencing compares ballots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// The number of the reign; compared first.
    pub epoch: Epoch,
    /// Who leads it, or asks to.
    pub id: NodeId,
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.id)
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}.{}", self.epoch.0, self.id.number())
    }
}

/// The number a leader gives to an assignment, counted within its reign.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// The name of an image: 16 random bytes, never reused, and at once the IV of its encryption.
///
/// Prints as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId([u8; 16]);

impl ImageId {
    /// Makes an id of these bytes, which must be random and never used before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes; they are the IV.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ImageId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseIdError::new("image id", format!("{text:?} is not 32 hexadecimal digits"));
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| wrong())?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// The name of a user, 1 to 64 bytes of UTF-8 without control characters.
///
/// With demonstration keys the name *is* the key: see `encryption`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName(String);

impl UserName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        valid_name("user name", text, USER_NAME_BYTES_MAX).map(Self)
    }
}

/// The name of a cluster, 1 to 64 bytes of UTF-8 without control characters.
///
/// Nodes and clients greet with it, so that two clusters never mix.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(String);

impl ClusterName {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClusterName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        valid_name("cluster name", text, CLUSTER_NAME_BYTES_MAX).map(Self)
    }
}

fn valid_name(what: &'static str, text: &str, bytes_max: usize) -> Result<String, ParseIdError> {
    if text.is_empty() {
        return Err(ParseIdError::new(what, "is empty; give at least one character"));
    }
    if text.len() > bytes_max {
        return Err(ParseIdError::new(
            what,
            format!("has {} bytes; at most {bytes_max} are allowed", text.len()),
        ));
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        return Err(ParseIdError::new(
            what,
            format!(
                "holds the control character {}; use printable ones",
                control.escape_debug()
            ),
        ));
    }
    Ok(text.to_owned())
}

/// Serializes a type as the text it prints, and reads it back as the text it parses.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
as_text!(ImageId, UserName, ClusterName);

/// Prints a name as it is, and in debug output in quotes.
macro_rules! shown_as_name {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )+};
}
shown_as_name!(UserName, ClusterName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ballots_compare_by_epoch_then_id() {
        let ballot = |epoch, id| Ballot {
            epoch: Epoch(epoch),
            id: NodeId::new(id).expect("not zero"),
        };
        assert!(ballot(2, 1) > ballot(1, 3));
        assert!(ballot(2, 3) > ballot(2, 1));
    }

    #[test]
    fn image_id_prints_what_it_parses() {
        let text = "000102030405060708090a0b0c0d0eff";
        let id: ImageId = text.parse().expect("valid");
        assert_eq!(id.to_string(), text);
        assert_eq!(id.as_bytes()[15], 0xff);
        assert!("+00102030405060708090a0b0c0d0eff".parse::<ImageId>().is_err());
        assert!("00".parse::<ImageId>().is_err());
    }

    #[test]
    fn node_zero_does_not_exist() {
        let error = "0".parse::<NodeId>().expect_err("0 is refused");
        assert_eq!(
            error.to_string(),
            "node id 0 does not exist; nodes are numbered from 1"
        );
    }

    #[test]
    fn user_names_have_bounds() {
        assert!("".parse::<UserName>().is_err());
        assert!("a\u{7}b".parse::<UserName>().is_err());
        assert!("x".repeat(65).parse::<UserName>().is_err());
        assert!("ä".repeat(32).parse::<UserName>().is_ok());
        assert!(serde_json::from_str::<UserName>("\"\"").is_err());
    }
}
