//! The image to be uploaded: where its bytes come from, and what may be wrong with them.
//!
//! Everything that can be found wrong is found before a byte is sent.

use std::io;
use std::path::Path;

use bytesize::ByteSize;

use super::saved::printable_path;
use crate::image::NotAnImage;

mod file;
mod made;

pub(super) use file::{FileSource, open_regular};
pub use made::MadeImage;

/// What is wrong with a file that was to be uploaded.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is none.
    #[error("could not read {file}: no such file; check the path")]
    Missing {
        /// Its path, as a person reads it.
        file: String,
    },
    /// It is a directory.
    #[error("could not read {file}: it is a directory; name one of the images in it")]
    Directory {
        /// Its path, as a person reads it.
        file: String,
    },
    /// It is a pipe, a device or a socket.
    #[error("could not read {file}: it is no regular file; copy the image into one")]
    Special {
        /// Its path, as a person reads it.
        file: String,
    },
    /// The system refuses it to this user.
    #[error("could not read {file}: permission denied; make it readable for you")]
    Denied {
        /// Its path, as a person reads it.
        file: String,
    },
    /// The system failed otherwise.
    #[error("could not read {file}: {error}")]
    Io {
        /// Its path, as a person reads it.
        file: String,
        /// How.
        error: io::Error,
    },
    /// It has no content.
    #[error("could not upload {file}: it is empty; name a file that holds an image")]
    Empty {
        /// Its path, as a person reads it.
        file: String,
    },
    /// It is larger than the limit.
    #[error("could not upload {file}: it has {}, at most {} are accepted; see --max-image", figures(*.size, *.size_max).0, figures(*.size, *.size_max).1)]
    TooLarge {
        /// Its path, as a person reads it.
        file: String,
        /// Its size, in bytes.
        size: u64,
        /// The limit, in bytes.
        size_max: u64,
    },
    /// Its content is no image.
    #[error("could not upload {file}: {what}")]
    NotAnImage {
        /// Its path, as a person reads it.
        file: String,
        /// What it looks like.
        what: NotAnImage,
    },
}

impl SourceError {
    pub(super) fn of_io(path: &Path, error: io::Error) -> Self {
        let file = printable_path(path);
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { file },
            io::ErrorKind::PermissionDenied => Self::Denied { file },
            io::ErrorKind::IsADirectory => Self::Directory { file },
            _ => Self::Io { file, error },
        }
    }
}

/// Returns two sizes as a person reads them: rounded, unless that makes them look the same.
fn figures(size: u64, size_max: u64) -> (String, String) {
    let rounded = [size, size_max].map(|bytes| ByteSize(bytes).to_string());
    let [size, size_max] = if rounded[0] == rounded[1] {
        [size, size_max].map(|bytes| format!("{bytes} bytes"))
    } else {
        rounded
    };
    (size, size_max)
}

/// Whether a file is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Nobody has written to it.
    Same,
    /// Somebody has.
    Changed,
}

/// An image on its way into the cluster.
#[derive(Debug)]
pub(super) enum Source {
    /// It stands in a file.
    File(FileSource),
    /// It was made for a benchmark.
    Made(MadeImage),
}

impl Source {
    /// Returns its name, with folders if it has any.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(file) => file.path(),
            Self::Made(_) => Path::new(made::NAME),
        }
    }

    /// Returns the size, in bytes, at least 1.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Made(image) => image.size(),
        }
    }

    /// Says whether it was written to since it was opened or last rewound.
    pub(super) async fn freshness(&self) -> Result<Freshness, SourceError> {
        match self {
            Self::File(file) => file.freshness().await,
            Self::Made(_) => Ok(Freshness::Same),
        }
    }

    /// Goes back to the beginning for another attempt; what has changed is looked at anew.
    pub(super) async fn rewind(&mut self) -> Result<Freshness, SourceError> {
        match self {
            Self::File(file) => file.rewind().await,
            Self::Made(image) => {
                image.rewind();
                Ok(Freshness::Same)
            }
        }
    }

    /// Reads the next bytes into `chunk`; 0 at the end.
    pub(super) async fn read(&mut self, chunk: &mut [u8]) -> Result<usize, SourceError> {
        match self {
            Self::File(file) => file.read(chunk).await,
            Self::Made(image) => Ok(image.read(chunk)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_round_to_the_same_are_told_to_the_byte() {
        let told = figures((4 << 30) + 1, 4 << 30);
        assert_eq!(
            told,
            ("4294967297 bytes".to_owned(), "4294967296 bytes".to_owned())
        );
        assert_eq!(
            figures(5 << 30, 4 << 30),
            ("5.0 GiB".to_owned(), "4.0 GiB".to_owned())
        );
    }
}
