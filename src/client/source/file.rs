//! An image in a file: opened once, looked at, and watched for changes.
//!
//! A file of the same name that replaces it later is another file and does not matter; what counts
//! is whether the opened one is written to.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{Freshness, SourceError};
use crate::client::saved::printable_path;
use crate::image;

/// An opened file that is an image as far as its beginning tells.
#[derive(Debug)]
pub(in crate::client) struct FileSource {
    path: PathBuf,
    file: File,
    size_max: u64,
    seen: Fingerprint,
}

/// What changes with every write to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    size: u64,
    modified: Option<SystemTime>,
}

/// Opens a file that is one: a directory opens well and fails later.
pub(in crate::client) async fn open_regular(path: &Path) -> Result<File, SourceError> {
    let wrong = |error| SourceError::of_io(path, error);
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let seen = tokio::fs::metadata(path).await.map_err(wrong)?;
    if seen.is_dir() {
        let file = printable_path(path);
        return Err(SourceError::Directory { file });
    }
    if !seen.is_file() {
        let file = printable_path(path);
        return Err(SourceError::Special { file });
    }
    File::open(path).await.map_err(wrong)
}

impl FileSource {
    /// Opens the image at `path`, which may have at most `size_max` bytes.
    pub(in crate::client) async fn open(path: &Path, size_max: u64) -> Result<Self, SourceError> {
        let wrong = |error| SourceError::of_io(path, error);
        let mut file = open_regular(path).await?;
        let seen = fingerprint(&file).await.map_err(wrong)?;
        inspect(path, &mut file, seen.size, size_max).await?;
        Ok(Self {
            path: path.to_owned(),
            file,
            size_max,
            seen,
        })
    }

    pub(in crate::client) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the size, in bytes, at least 1.
    pub(in crate::client) fn size(&self) -> u64 {
        self.seen.size
    }

    /// Says whether the file was written to since it was opened or last rewound.
    pub(in crate::client) async fn freshness(&self) -> Result<Freshness, SourceError> {
        let seen = fingerprint(&self.file)
            .await
            .map_err(|error| SourceError::of_io(&self.path, error))?;
        Ok(if seen == self.seen {
            Freshness::Same
        } else {
            Freshness::Changed
        })
    }

    /// Goes back to the beginning for another attempt; a changed file is looked at anew.
    pub(in crate::client) async fn rewind(&mut self) -> Result<Freshness, SourceError> {
        let wrong = |error| SourceError::of_io(&self.path, error);
        let seen = fingerprint(&self.file).await.map_err(wrong)?;
        if seen == self.seen {
            self.file.seek(SeekFrom::Start(0)).await.map_err(wrong)?;
            return Ok(Freshness::Same);
        }
        inspect(&self.path, &mut self.file, seen.size, self.size_max).await?;
        self.seen = seen;
        Ok(Freshness::Changed)
    }

    /// Reads the next bytes into `chunk`; 0 at the end.
    pub(in crate::client) async fn read(&mut self, chunk: &mut [u8]) -> Result<usize, SourceError> {
        let read = self.file.read(chunk).await;
        read.map_err(|error| SourceError::of_io(&self.path, error))
    }
}

async fn fingerprint(file: &File) -> io::Result<Fingerprint> {
    let metadata = file.metadata().await?;
    Ok(Fingerprint {
        size: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

/// Checks size and content, and leaves the file at its beginning.
async fn inspect(path: &Path, file: &mut File, size: u64, size_max: u64) -> Result<(), SourceError> {
    let wrong = |error| SourceError::of_io(path, error);
    if size == 0 {
        let file = printable_path(path);
        return Err(SourceError::Empty { file });
    }
    if size > size_max {
        let file = printable_path(path);
        return Err(SourceError::TooLarge { file, size, size_max });
    }
    let mut head = Vec::with_capacity(image::HEAD_BYTES);
    file.seek(SeekFrom::Start(0)).await.map_err(wrong)?;
    let mut beginning = (&mut *file).take(image::HEAD_BYTES as u64);
    beginning.read_to_end(&mut head).await.map_err(wrong)?;
    file.seek(SeekFrom::Start(0)).await.map_err(wrong)?;
    match image::detect(&head) {
        Ok(_) => Ok(()),
        Err(what) => {
            let file = printable_path(path);
            Err(SourceError::NotAnImage { file, what })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    const LIMIT: u64 = 1000;

    async fn problem(path: &Path) -> String {
        let error = FileSource::open(path, LIMIT).await.expect_err("refused");
        error.to_string().replace(&printable_path(path), "FILE")
    }

    fn file_of(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("made");
        file.write_all(content).expect("written");
        file
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_said_with_its_reason() {
        let folder = tempfile::tempdir().expect("made");
        assert_eq!(
            problem(&folder.path().join("none.png")).await,
            "could not read FILE: no such file; check the path"
        );
        assert_eq!(
            problem(folder.path()).await,
            "could not read FILE: it is a directory; name one of the images in it"
        );
        assert_eq!(
            problem(Path::new("/dev/null")).await,
            "could not read FILE: it is no regular file; copy the image into one"
        );
    }

    #[tokio::test]
    async fn only_images_within_the_limit_are_taken() {
        let empty = file_of(b"");
        assert_eq!(
            problem(empty.path()).await,
            "could not upload FILE: it is empty; name a file that holds an image"
        );
        let large = file_of(&[0; 1001]);
        assert_eq!(
            problem(large.path()).await,
            "could not upload FILE: it has 1001 B, at most 1000 B are accepted; see --max-image"
        );
        let pdf = file_of(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n");
        let said = problem(pdf.path()).await;
        assert!(said.starts_with("could not upload FILE: it looks like"), "{said}");
        let png = file_of(PNG);
        let source = FileSource::open(png.path(), LIMIT).await.expect("taken");
        assert_eq!(source.size(), PNG.len() as u64);
    }

    #[tokio::test]
    async fn a_write_to_the_open_file_is_noticed() {
        let mut png = file_of(PNG);
        let mut source = FileSource::open(png.path(), LIMIT).await.expect("taken");
        assert_eq!(source.freshness().await.expect("looked"), Freshness::Same);
        png.write_all(b"more").expect("written");
        assert_eq!(source.freshness().await.expect("looked"), Freshness::Changed);
        assert_eq!(source.rewind().await.expect("rewound"), Freshness::Changed);
        assert_eq!(source.rewind().await.expect("rewound"), Freshness::Same);
        assert_eq!(source.size(), PNG.len() as u64 + 4);
    }
}
