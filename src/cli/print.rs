//! Standard output that may go away: `heirloom status | head -1` is no error.

use std::io::{self, Read, Write};

/// An output that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write to standard output: {0}")]
pub(super) struct PrintError(pub(super) io::Error);

/// Prints `text` as it is.
pub(super) fn print(text: &str) -> Result<(), PrintError> {
    print_from(&mut text.as_bytes())
}

/// Prints all that can be read.
pub(super) fn print_from(text: &mut impl Read) -> Result<(), PrintError> {
    let mut out = io::stdout().lock();
    let written = io::copy(text, &mut out).and_then(|_| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(PrintError),
    }
}
