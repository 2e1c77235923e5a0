//! When a recording ends, read from its end: so that nobody must read a gigabyte to know it.

use std::io::{self, Read, Seek, SeekFrom};

use super::{LINE_BYTES_MAX, line};
use crate::time::Time;

/// How much of the end is looked at first: more than a hundred lines of the usual length.
const TAIL_BYTES: u64 = 64 << 10;

/// Returns the time of the last line that has one, within what the longest lines need.
pub(super) fn last_time(file: &mut (impl Read + Seek), bytes: u64) -> io::Result<Option<Time>> {
    for window in [TAIL_BYTES, 2 * LINE_BYTES_MAX as u64] {
        let from = bytes.saturating_sub(window);
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.by_ref().take(bytes - from).read_to_end(&mut end)?;
        let found = end.rsplit(|byte| *byte == b'\n').find_map(line::time_of);
        if found.is_some() || from == 0 {
            return Ok(found);
        }
    }
    Ok(None)
}
