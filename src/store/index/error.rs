//! Why an index cannot be used; a restart of the node makes a new one.

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Its database refuses, or the file system below it.
    #[error("{}", said(.0))]
    Database(Box<redb::Error>),
    /// What it was is known in words alone.
    #[error("{0}")]
    Told(String),
    /// A row makes no sense.
    #[error("a row of it makes no sense")]
    Garbled,
    /// It has another format, or was made for another data directory.
    #[error("it was made by another version or for another data directory")]
    Foreign,
}

/// Says what a database says, without its own words around those of the system.
fn said(error: &redb::Error) -> String {
    match error {
        redb::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
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
            Self::Database(_) | Self::Told(_) => Self::Told(self.to_string()),
            Self::Garbled => Self::Garbled,
            Self::Foreign => Self::Foreign,
        }
    }
}
