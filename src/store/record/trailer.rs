//! The end of a record: how long its body is, and the digest of everything before.

use super::RecordError;

/// How many bytes stand behind the body.
pub(in crate::store) const TRAILER_BYTES: usize = 48;

const END_MARK: [u8; 8] = *b"HEIRLEND";

/// The last bytes of a record.
pub(in crate::store) type Trailer = [u8; TRAILER_BYTES];

/// Makes the trailer of a record; `record` has taken in its line and its body.
pub(in crate::store) fn trailer(record: &mut blake3::Hasher, body_bytes: u64) -> Trailer {
    let length = body_bytes.to_be_bytes();
    record.update(&length);
    let mut trailer = [0; TRAILER_BYTES];
    trailer[..8].copy_from_slice(&length);
    trailer[8..40].copy_from_slice(record.finalize().as_bytes());
    trailer[40..].copy_from_slice(&END_MARK);
    trailer
}

/// Checks what a trailer says without a look at the body.
pub(in crate::store) fn check_length(trailer: &Trailer, body_bytes: u64) -> Result<(), RecordError> {
    if trailer[40..] != END_MARK {
        return Err(RecordError::Truncated);
    }
    if trailer[..8] != body_bytes.to_be_bytes() {
        return Err(RecordError::Damaged("its length is not the one it says"));
    }
    Ok(())
}

/// Checks everything a trailer says; `record` has taken in the line and the body.
pub(in crate::store) fn check(
    record: &mut blake3::Hasher,
    body_bytes: u64,
    found: &Trailer,
) -> Result<(), RecordError> {
    check_length(found, body_bytes)?;
    // Compared as digests are, in constant time.
    let says = blake3::Hash::from_slice(&found[8..40]);
    record.update(&found[..8]);
    if says.is_ok_and(|says| says == record.finalize()) {
        Ok(())
    } else {
        Err(RecordError::Damaged("its digest is not the one it says"))
    }
}
