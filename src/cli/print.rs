//! Standard output that may go away: `heirloom status | head -1` is no error.

use std::io::{self, Write};

/// An output that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write to standard output: {0}")]
pub(super) struct PrintError(pub(super) io::Error);

/// Prints `text` as it is.
pub(super) fn print(text: &str) -> Result<(), PrintError> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(PrintError),
    }
}
