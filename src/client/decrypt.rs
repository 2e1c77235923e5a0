//! Decrypting a saved file: `IV ‖ ciphertext` in, the image out.
//!
//! A wrong key makes noise, not an error, so the beginning is looked at before anything is
//! written: what is no image is refused.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::part::{Absent, PartFile, SaveError, Target};
use super::saved::{SavedName, printable_path};
use super::source::{self, SourceError};
use crate::encryption::{Cipher, IV_BYTES, Key};
use crate::id::{ImageId, UserName};
use crate::image;
use crate::protocol::CHUNK_BYTES;
use crate::store::parent_of;

/// Why a file was not decrypted.
#[derive(Debug, thiserror::Error)]
pub enum DecryptError {
    /// It could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It has no room for an IV and an image.
    #[error("could not decrypt {file}: it is too short to be an encrypted image")]
    TooShort {
        /// Its path, as a person reads it.
        file: String,
    },
    /// It is an image as it is.
    #[error("{file} is not encrypted")]
    NotEncrypted {
        /// Its path, as a person reads it.
        file: String,
    },
    /// What comes out is noise.
    #[error("{file} does not decrypt to an image for user {user}; wrong user?")]
    NotAnImage {
        /// Its path, as a person reads it.
        file: String,
        /// Whose key was tried.
        user: UserName,
    },
    /// The image could not be written.
    #[error(transparent)]
    Save(#[from] SaveError),
}

/// Where a decrypted image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Next to the encrypted file, as `decrypted_<name>`.
    Beside,
    /// Into this folder, as `decrypted_<name>`.
    Folder(PathBuf),
    /// To exactly this path.
    File(PathBuf),
}

impl Destination {
    /// Returns where what `file` holds goes.
    #[must_use]
    pub fn path_for(&self, file: &Path) -> PathBuf {
        let name = || SavedName::decrypted(file).nth(1);
        match self {
            Self::Beside => file.with_file_name(name()),
            Self::Folder(folder) => folder.join(name()),
            Self::File(path) => path.clone(),
        }
    }
}

/// Decrypts `file` with the key of `user`; returns the path of the image.
///
/// # Errors
///
/// When the file cannot be read, is none of this user's, or when the image cannot be written;
/// an existing file is never overwritten. Nothing is left half-written.
pub async fn decrypt(
    file: &Path,
    user: &UserName,
    destination: &Destination,
) -> Result<PathBuf, DecryptError> {
    let path = destination.path_for(file);
    if path.symlink_metadata().is_ok() {
        let file = printable_path(&path);
        return Err(SaveError::Exists { file }.into());
    }
    let read_error = |error| SourceError::of_io(file, error);
    let mut encrypted = source::open_regular(file).await?;
    let mut chunk = vec![0; CHUNK_BYTES];

    let iv = fill(&mut encrypted, &mut chunk[..IV_BYTES]).await;
    let iv: Option<[u8; IV_BYTES]> = chunk[..iv.map_err(read_error)?].try_into().ok();
    let mut read = fill(&mut encrypted, &mut chunk).await.map_err(read_error)?;
    let Some(iv) = iv.filter(|_| read > 0) else {
        let file = printable_path(file);
        return Err(DecryptError::TooShort { file });
    };
    let head = [&iv[..], &chunk[..read.min(image::HEAD_BYTES)]].concat();
    let mut cipher = Cipher::new(&Key::of_user(user), ImageId::from_bytes(iv));
    cipher.apply(&mut chunk[..read]);
    if image::detect(&chunk[..read.min(image::HEAD_BYTES)]).is_err() {
        let (file, user) = (printable_path(file), user.clone());
        if image::detect(&head).is_ok() {
            return Err(DecryptError::NotEncrypted { file });
        }
        return Err(DecryptError::NotAnImage { file, user });
    }

    let mut part = PartFile::create(parent_of(&path), Absent::Refused).await?;
    while read > 0 {
        part.write(&chunk[..read]).await?;
        read = fill(&mut encrypted, &mut chunk).await.map_err(read_error)?;
        cipher.apply(&mut chunk[..read]);
    }
    Ok(part.keep(Target::Exactly(path)).await?)
}

/// Reads until `chunk` is full or the input ends; returns how much was read.
async fn fill(input: &mut (impl AsyncRead + Unpin), chunk: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < chunk.len() {
        let read = input.read(&mut chunk[filled..]).await?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

    fn user(name: &str) -> UserName {
        name.parse().expect("valid")
    }

    /// An image of `bytes` bytes, encrypted for alice, in a folder of its own.
    fn encrypted(bytes: usize) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let mut plain = PNG.to_vec();
        plain.resize(bytes, 0xa5);
        let image = ImageId::from_bytes([9; 16]);
        let mut body = plain.clone();
        Cipher::new(&Key::of_user(&user("alice")), image).apply(&mut body);
        let folder = tempfile::tempdir().expect("made");
        let file = folder.path().join("encrypted_a_1.png");
        std::fs::write(&file, [&image.as_bytes()[..], &body].concat()).expect("written");
        (folder, file, plain)
    }

    fn entries(folder: &tempfile::TempDir) -> usize {
        std::fs::read_dir(folder.path()).expect("readable").count()
    }

    #[tokio::test]
    async fn the_right_user_gets_the_image_back() {
        for bytes in [PNG.len(), CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 1] {
            let (folder, file, plain) = encrypted(bytes);
            let path = decrypt(&file, &user("alice"), &Destination::Beside)
                .await
                .expect("decrypted");
            assert_eq!(path, folder.path().join("decrypted_a_1.png"));
            assert_eq!(std::fs::read(path).expect("there"), plain);
            assert_eq!(entries(&folder), 2);
        }
    }

    #[tokio::test]
    async fn the_wrong_user_gets_nothing() {
        let (folder, file, _) = encrypted(1000);
        let error = decrypt(&file, &user("bob"), &Destination::Beside)
            .await
            .expect_err("refused");
        let expected = format!(
            "{} does not decrypt to an image for user bob; wrong user?",
            file.display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(entries(&folder), 1);
    }

    #[tokio::test]
    async fn an_existing_file_is_not_overwritten() {
        let (folder, file, _) = encrypted(1000);
        let path = folder.path().join("mine.png");
        std::fs::write(&path, "mine").expect("written");
        let error = decrypt(&file, &user("alice"), &Destination::File(path.clone()))
            .await
            .expect_err("refused");
        assert!(
            matches!(error, DecryptError::Save(SaveError::Exists { .. })),
            "{error}"
        );
        assert_eq!(std::fs::read(path).expect("there"), b"mine");
    }

    #[tokio::test]
    async fn a_plain_image_is_called_what_it_is() {
        let (folder, _, plain) = encrypted(1000);
        let file = folder.path().join("plain.png");
        std::fs::write(&file, plain).expect("written");
        let error = decrypt(&file, &user("alice"), &Destination::Beside)
            .await
            .expect_err("refused");
        assert_eq!(error.to_string(), format!("{} is not encrypted", file.display()));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_refused_in_the_words_of_an_upload() {
        let folder = tempfile::tempdir().expect("made");
        let file = folder.path().join("none.png");
        let error = decrypt(&file, &user("alice"), &Destination::Beside)
            .await
            .expect_err("refused");
        let expected = format!("could not read {}: no such file; check the path", file.display());
        assert_eq!(error.to_string(), expected);
        // A socket, as a pipe, is no regular file.
        let _socket = std::os::unix::net::UnixListener::bind(&file).expect("bound");
        let error = decrypt(&file, &user("alice"), &Destination::Beside)
            .await
            .expect_err("refused");
        assert!(
            matches!(error, DecryptError::Source(SourceError::Special { .. })),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_file_without_room_for_an_image_is_too_short() {
        let (_folder, file, _) = encrypted(1000);
        for bytes in [0, 7, IV_BYTES] {
            std::fs::write(&file, vec![1; bytes]).expect("written");
            let error = decrypt(&file, &user("alice"), &Destination::Beside)
                .await
                .expect_err("refused");
            assert!(matches!(error, DecryptError::TooShort { .. }), "{error}");
        }
    }
}
