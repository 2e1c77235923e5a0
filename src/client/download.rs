//! Having an image sent, decrypted on the way unless the raw bytes are wanted.
//!
//! ```text
//!   node --read--> [256 KiB] --> BLAKE3 --> decrypt in place --> part file
//! ```
//!
//! The file gets its name only when the digest of what came is the one that the node confirmed,
//! and what came out is an image of the kind it is said to be. What fails before that leaves
//! everything as it was.

use std::path::{Path, PathBuf};

use super::ClientConfig;
use super::attempt::AttemptError;
use super::error::RequestError;
use super::incoming::{Form, Incoming};
use super::link::Link;
use super::offer::Links;
use super::part::{Absent, PartFile, Target};
use super::request::{Errand, Request, Subject, Terms};
use super::saved::{SavedName, printable_path};
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId, UserName};
use crate::protocol::{CHUNK_BYTES, ClientMessage, Download, Entry, NodeMessage};
use crate::store::parent_of;
use crate::upload::{Observer, UploadEvent};

/// Where a downloaded image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Into this folder, which is made if it does not exist, under the image's own name.
    Folder(PathBuf),
    /// To exactly this path, in a folder that exists.
    File(PathBuf),
}

impl Place {
    /// Makes the place of a path that a person may have named: a folder, if it is one or ends as
    /// one, or a file.
    #[must_use]
    pub fn named_or(path: Option<PathBuf>, folder: &str) -> Self {
        match path {
            Some(path) if path.is_dir() || ends_as_folder(&path) => Self::Folder(path),
            Some(path) => Self::File(path),
            None => Self::Folder(folder.into()),
        }
    }

    /// Returns the folder in which the file will stand.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder,
            Self::File(path) => parent_of(path),
        }
    }

    /// Says what becomes of that folder if it does not exist.
    ///
    /// Who names a file in one has mistyped it more often than not.
    const fn absent(&self) -> Absent {
        match self {
            Self::Folder(_) => Absent::Made,
            Self::File(_) => Absent::Refused,
        }
    }

    /// Returns where an image goes that is saved in this form.
    ///
    /// An encrypted one is called as an upload would have called it.
    fn path_for(&self, entry: &Entry, form: Form) -> PathBuf {
        let file = Path::new(&entry.file);
        let name = match form {
            Form::Plain => SavedName::own(file),
            Form::Encrypted => SavedName::encrypted(file, entry.created_ms / 1000),
        };
        match self {
            Self::Folder(folder) => folder.join(name.nth(1)),
            Self::File(path) => path.clone(),
        }
    }
}

fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// What happens to a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is left alone, and the download fails.
    Kept,
    /// It is replaced once the image is whole.
    Replaced,
}

/// How an image is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadOptions {
    /// As an image or as it is kept.
    pub form: Form,
    /// Where it goes.
    pub place: Place,
    /// What happens to a file that stands there.
    pub existing: Existing,
}

/// A download that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// What the cluster says about the image.
    pub entry: Entry,
    /// Other images whose ids begin with what was taken for a name.
    pub passed_over: Vec<ImageId>,
    /// Where it stands.
    pub saved: PathBuf,
    /// As what.
    pub form: Form,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// Who led.
    pub leader: NodeId,
    /// Who sent it.
    pub server: NodeId,
    /// BLAKE3 of `IV ‖ ciphertext`, as 64 hexadecimal digits.
    pub digest: String,
}

/// Downloads an image of which the id is known.
pub(super) async fn download(
    config: &ClientConfig,
    links: &mut Links,
    image: ImageId,
    options: &DownloadOptions,
    observe: &mut Observer<'_>,
) -> Result<Downloaded, RequestError> {
    let mut errand = Fetching {
        user: &config.user,
        image,
        options,
    };
    let done = Request::new(config, links).run(&mut errand, observe).await?;
    let Fetched {
        entry,
        part,
        path,
        bytes,
        digest,
    } = done.what;
    let target = match options.existing {
        Existing::Kept => Target::Exactly(path),
        Existing::Replaced => Target::Replacing(path),
    };
    Ok(Downloaded {
        entry,
        passed_over: Vec::new(),
        saved: part.keep(target).await?,
        form: options.form,
        bytes,
        leader: done.assignment.ballot.id,
        server: done.assignment.node,
        digest,
    })
}

#[derive(Debug)]
struct Fetching<'a> {
    user: &'a UserName,
    image: ImageId,
    options: &'a DownloadOptions,
}

/// A whole image that has no name yet.
#[derive(Debug)]
struct Fetched {
    entry: Entry,
    part: PartFile,
    path: PathBuf,
    bytes: u64,
    digest: String,
}

impl Errand for Fetching<'_> {
    type Done = Fetched;

    fn kind(&self) -> RequestKind {
        RequestKind::Download
    }

    async fn prepare(&mut self) -> Result<Subject, RequestError> {
        Ok(Subject {
            image: self.image,
            size: 0,
        })
    }

    async fn attempt(
        &mut self,
        link: &mut Link,
        terms: Terms<'_>,
        observe: &mut Observer<'_>,
    ) -> Result<Fetched, AttemptError> {
        let question = ClientMessage::Download(Download {
            image: self.image,
            assignment: terms.assignment,
        });
        let fetched = async {
            link.writer.message(&question).await?;
            let entry = self.header(link, terms).await?;
            let path = self.path_for(&entry)?;
            let place = &self.options.place;
            let part = PartFile::create(place.folder(), place.absent()).await?;
            let incoming = Incoming::new(entry, self.user, self.options.form, part);
            receive(link, incoming, path, terms, observe).await
        };
        // In a box: the digest and the cipher are large, and this is wrapped several times.
        terms.bear(Box::pin(fetched)).await
    }

    /// An image that is kept has the id it has.
    fn renew(&mut self) -> Result<(), RequestError> {
        Ok(())
    }
}

impl Fetching<'_> {
    /// Waits for what the node says about the image.
    async fn header(&self, link: &mut Link, terms: Terms<'_>) -> Result<Entry, AttemptError> {
        match terms.hear(link).await? {
            NodeMessage::Image(entry) if entry.image == self.image && entry.user == *self.user => Ok(entry),
            NodeMessage::Image(_)
            | NodeMessage::Chunk
            | NodeMessage::Stored(_)
            | NodeMessage::Sent { .. }
            | NodeMessage::Listing
            | NodeMessage::EndOfList { .. }
            | NodeMessage::Deleted { .. }
            | NodeMessage::Declined { .. }
            | NodeMessage::Assigned(_)
            | NodeMessage::Unavailable { .. }
            | NodeMessage::Error(_) => Err(AttemptError::Lost),
        }
    }

    /// Decides the path, and refuses one that is taken before the bytes come.
    ///
    /// Only a file is ever replaced: a device or a link would turn into one.
    fn path_for(&self, entry: &Entry) -> Result<PathBuf, RequestError> {
        let path = self.options.place.path_for(entry, self.options.form);
        let Ok(taken) = path.symlink_metadata() else {
            return Ok(path);
        };
        let file = printable_path(&path);
        match self.options.existing {
            Existing::Kept => Err(RequestError::Exists { file }),
            Existing::Replaced if taken.is_file() => Ok(path),
            Existing::Replaced => Err(RequestError::NoFile { file }),
        }
    }
}

/// Takes the bytes up to the confirmed digest.
async fn receive(
    link: &mut Link,
    mut incoming: Incoming,
    path: PathBuf,
    terms: Terms<'_>,
    observe: &mut Observer<'_>,
) -> Result<Fetched, AttemptError> {
    let total = incoming.total();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        match terms.hear(link).await? {
            NodeMessage::Chunk => {}
            NodeMessage::Sent { digest } => {
                let bytes = incoming.bytes();
                let (entry, part) = incoming.finish(&digest).await?;
                return Ok(Fetched {
                    entry,
                    part,
                    path,
                    bytes,
                    digest,
                });
            }
            NodeMessage::Image(_)
            | NodeMessage::Stored(_)
            | NodeMessage::Listing
            | NodeMessage::EndOfList { .. }
            | NodeMessage::Deleted { .. }
            | NodeMessage::Declined { .. }
            | NodeMessage::Assigned(_)
            | NodeMessage::Unavailable { .. }
            | NodeMessage::Error(_) => return Err(AttemptError::Lost),
        }
        while link.reader.body_left() > 0 {
            let read = link.reader.body(&mut buffer).await?;
            terms.movement.note_returned();
            incoming.take(&mut buffer[..read]).await?;
            let done = incoming.taken();
            observe(UploadEvent::Progress { done, total });
        }
    }
}
