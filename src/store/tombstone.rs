//! A tombstone as it is kept: the mark of a delete, a small record of its own.
//!
//! | bytes            | what                                                                        |
//! | ---------------- | --------------------------------------------------------------------------- |
//! | one line of JSON | `magic`, `format`, `cluster`, and the fields of [`Tombstone`]               |
//! | last 48 bytes    | a record's trailer, the length of the body being 0                          |
//!
//! It stands on a shelf as `<32 hex>.tombstone`, and whatever its file holds, its name alone keeps
//! the image from coming back. Unknown fields are ignored, as in a record.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, read_whole};
use super::record::trailer::{TRAILER_BYTES, Trailer, check, trailer};
use super::record::{HEADER_BYTES_MAX, RecordError};
use crate::id::{ClusterName, ImageId};
use crate::protocol::Tombstone;

const MAGIC: &str = "heirloom-tombstone";
const FORMAT: u32 = 1;

/// The line as written and read.
#[derive(Serialize, Deserialize)]
struct Line {
    magic: String,
    format: u32,
    cluster: ClusterName,
    #[serde(flatten)]
    tombstone: Tombstone,
}

/// What is read of the line before the rest can be understood.
#[derive(Deserialize)]
struct Preamble {
    magic: String,
    format: u32,
}

/// Makes the content of the file of a tombstone.
pub(super) fn encode(tombstone: &Tombstone, cluster: &ClusterName) -> Vec<u8> {
    let line = Line {
        magic: MAGIC.to_owned(),
        format: FORMAT,
        cluster: cluster.clone(),
        tombstone: tombstone.clone(),
    };
    // Names, numbers and digits always have a JSON form.
    let mut bytes = serde_json::to_vec(&line).expect("a tombstone is plain JSON");
    bytes.push(b'\n');
    let trailer = trailer(blake3::Hasher::new().update(&bytes), 0);
    bytes.extend_from_slice(&trailer);
    bytes
}

/// Reads the file of the tombstone of `image` in `cluster`.
pub(super) fn read(
    disk: &dyn Disk,
    path: &Path,
    cluster: &ClusterName,
    image: ImageId,
) -> Result<Tombstone, RecordError> {
    let bytes_max = (HEADER_BYTES_MAX + TRAILER_BYTES) as u64;
    let bytes = read_whole(disk, path, bytes_max).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => RecordError::NotARecord,
        _ => error.into(),
    })?;
    decode(&bytes, cluster, image)
}

fn decode(bytes: &[u8], cluster: &ClusterName, image: ImageId) -> Result<Tombstone, RecordError> {
    if bytes.is_empty() {
        return Err(RecordError::Empty);
    }
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (line, rest) = bytes.split_at(end.ok_or(RecordError::Truncated)? + 1);
    let found = parse(line)?;
    let trailer: &Trailer = rest.try_into().map_err(|_| RecordError::Truncated)?;
    check(blake3::Hasher::new().update(line), 0, trailer)?;
    if found.cluster != *cluster {
        return Err(RecordError::ForeignCluster(found.cluster));
    }
    if found.tombstone.image != image {
        return Err(RecordError::Renamed(found.tombstone.image));
    }
    Ok(found.tombstone)
}

fn parse(line: &[u8]) -> Result<Line, RecordError> {
    let preamble: Preamble = serde_json::from_slice(line).map_err(|_| RecordError::NotARecord)?;
    if preamble.magic != MAGIC {
        return Err(RecordError::NotARecord);
    }
    if preamble.format > FORMAT {
        return Err(RecordError::NewerFormat(preamble.format));
    }
    serde_json::from_slice(line).map_err(|_| RecordError::Damaged("its line is not understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> ClusterName {
        "home".parse().expect("a name")
    }

    fn tombstone() -> Tombstone {
        Tombstone {
            image: ImageId::from_bytes([0xa5; 16]),
            user: "alice".parse().expect("a name"),
            deleted_ms: 1_730_738_456_000,
        }
    }

    #[test]
    fn a_tombstone_has_the_documented_bytes() {
        let bytes = encode(&tombstone(), &cluster());
        let line = concat!(
            r#"{"magic":"heirloom-tombstone","format":1,"cluster":"home","#,
            r#""image":"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5","user":"alice","#,
            r#""deleted_ms":1730738456000}"#,
            "\n"
        );
        let mut expected = line.as_bytes().to_vec();
        expected.extend_from_slice(&[0; 8]);
        let digest = blake3::hash(&expected);
        expected.extend_from_slice(digest.as_bytes());
        expected.extend_from_slice(b"HEIRLEND");
        assert_eq!(
            bytes.escape_ascii().to_string(),
            expected.escape_ascii().to_string()
        );
        let read = decode(&bytes, &cluster(), tombstone().image);
        assert_eq!(read.expect("undamaged"), tombstone());
    }

    #[test]
    fn a_flipped_bit_or_a_missing_tail_is_found() {
        let whole = encode(&tombstone(), &cluster());
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            decode(&flipped, &cluster(), tombstone().image).expect_err("flipped");
            decode(&whole[..at], &cluster(), tombstone().image).expect_err("cut");
        }
    }

    #[test]
    fn a_tombstone_of_another_image_or_cluster_is_none_of_this_one() {
        let bytes = encode(&tombstone(), &cluster());
        let other = ImageId::from_bytes([1; 16]);
        let renamed = decode(&bytes, &cluster(), other).expect_err("renamed");
        assert!(matches!(renamed, RecordError::Renamed(image) if image == tombstone().image));
        let office = "office".parse().expect("a name");
        let foreign = decode(&bytes, &office, tombstone().image).expect_err("foreign");
        assert!(matches!(foreign, RecordError::ForeignCluster(name) if name == cluster()));
    }
}
