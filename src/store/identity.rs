//! Whose a data directory is, and how that is written down.
//!
//! `identity.json` is one line: format version, cluster name, node id, disk id. Unknown fields are
//! ignored; a higher format is refused before the rest is looked at.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{ClusterName, NodeId};

/// The version of the layout of a data directory.
pub(super) const FORMAT: u32 = 1;

/// Whose a data directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The cluster of the node.
    pub cluster: ClusterName,
    /// The node.
    pub node: NodeId,
}

/// The name of one data directory's life: 16 random bytes, as 32 hexadecimal digits.
///
/// A node that comes back with another disk id has lost what it kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DiskId(u128);

impl DiskId {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for DiskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DiskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DiskId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("disk id {text:?} is not 32 hexadecimal digits");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| wrong())
    }
}

impl TryFrom<String> for DiskId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DiskId> for String {
    fn from(id: DiskId) -> Self {
        id.to_string()
    }
}

/// What `identity.json` holds.
#[derive(Serialize, Deserialize)]
struct IdentityFile {
    format: u32,
    cluster: ClusterName,
    node: NodeId,
    disk: DiskId,
}

/// The one field that every format has; read first, since the others may have changed.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Why an identity file says nothing to this program.
pub(super) enum IdentityError {
    /// A later version of the program wrote it.
    NewerFormat(u32),
    /// It is not what one looks like.
    Garbled(serde_json::Error),
}

/// Makes the content of an identity file.
pub(super) fn file(identity: &Identity, disk: DiskId) -> Vec<u8> {
    let file = IdentityFile {
        format: FORMAT,
        cluster: identity.cluster.clone(),
        node: identity.node,
        disk,
    };
    // Names, numbers and digits always have a JSON form.
    let mut bytes = serde_json::to_vec(&file).expect("an identity is plain JSON");
    bytes.push(b'\n');
    bytes
}

/// Reads the content of an identity file.
pub(super) fn parse(bytes: &[u8]) -> Result<(Identity, DiskId), IdentityError> {
    let Format { format } = serde_json::from_slice(bytes).map_err(IdentityError::Garbled)?;
    if format > FORMAT {
        return Err(IdentityError::NewerFormat(format));
    }
    let file: IdentityFile = serde_json::from_slice(bytes).map_err(IdentityError::Garbled)?;
    let identity = Identity {
        cluster: file.cluster,
        node: file.node,
    };
    Ok((identity, file.disk))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            cluster: "home".parse().expect("a name"),
            node: NodeId::new(1).expect("not zero"),
        }
    }

    #[test]
    fn the_identity_file_is_one_line_of_plain_json() {
        let disk = DiskId(0xab);
        let text = file(&identity(), disk);
        assert_eq!(
            String::from_utf8_lossy(&text),
            "{\"format\":1,\"cluster\":\"home\",\"node\":1,\
             \"disk\":\"000000000000000000000000000000ab\"}\n"
        );
    }

    #[test]
    fn fields_that_came_later_are_ignored() {
        let text = String::from_utf8(file(&identity(), DiskId(7))).expect("plain JSON");
        let later = text.replace("\"node\"", "\"rack\":\"r2\",\"node\"");
        let parsed = parse(later.as_bytes()).unwrap_or_else(|_| panic!("understood: {later}"));
        assert_eq!(parsed, (identity(), DiskId(7)));
    }
}
