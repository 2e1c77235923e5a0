//! Why an index cannot be used; a restart of the node makes a new one.

use std::io;

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Its database refuses, or the file system below it.
    #[error("{0}")]
    Database(Box<redb::Error>),
    /// A row makes no sense.
    #[error("a row of it makes no sense")]
    Garbled,
    /// It has another format, or was made for another data directory.
    #[error("it was made by another version or for another data directory")]
    Foreign,
}

impl<E: Into<redb::Error>> From<E> for IndexError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl IndexError {
    /// Makes the same error again, for everybody who waits for the same batch.
    pub(in crate::store) fn again(&self) -> Self {
        match self {
            Self::Database(error) => io::Error::other(error.to_string()).into(),
            Self::Garbled => Self::Garbled,
            Self::Foreign => Self::Foreign,
        }
    }
}
