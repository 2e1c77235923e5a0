//! The client: speaks to all members of a cluster at once and brings images to it.
//!
//! ```text
//!   source --> upload --+-- offer ----> every member          returned --> images/encrypted_…
//!   (the file)   |      +-- transfer -> the assigned node ----^
//!                +-- patience: again, or give up
//!                v
//!        crate::upload (events) --> transcript, progress --> console, repl
//! ```
//!
//! [`ClusterClient`] owns the connections, which stay open between requests; one client does one
//! thing at a time. Dropping the future of a request ends it at once and leaves no half-written
//! file. What a person reads is made from [`UploadEvent`]s only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::ClusterConfig;
use crate::event::RequestKind;
use crate::id::{ImageId, UserName};
use crate::protocol::{ErrorCode, Hello, Listed, NodeError, PROTOCOL_VERSION, Purpose};
use crate::upload::{Observer, Receipt, UploadEvent};

pub mod absence;
mod attempt;
pub mod bench;
pub mod columns;
mod complete;
pub mod console;
pub mod decrypt;
mod delete;
mod download;
mod editor;
pub mod ends;
mod error;
mod incoming;
mod link;
mod list;
mod movement;
mod offer;
mod part;
mod patience;
pub mod progress;
pub mod repl;
mod request;
mod returned;
pub mod saved;
mod selector;
mod source;
pub mod status;
pub mod transcript;
mod transfer;
mod upload;
pub mod watch;

pub use attempt::Outcome;
pub use delete::Deleted;
pub use download::{DownloadOptions, Downloaded, Existing, Place};
pub(crate) use editor::state_folder;
pub use error::RequestError;
pub use incoming::Form;
pub use list::Listing;
pub use part::SaveError;
pub use returned::Wanted;
pub use selector::Selector;
use source::{FileSource, Source};
pub use source::{MadeImage, SourceError};

/// What is known of an upload that somebody ended with Ctrl-C.
pub const INTERRUPTED: &str = "interrupted; the outcome is unknown; repeating the upload is safe";

/// Says what is known of a request of this kind that somebody ended with Ctrl-C.
#[must_use]
pub fn interrupted_in(kind: RequestKind) -> String {
    match kind {
        RequestKind::Upload | RequestKind::Delete => format!("interrupted{}", Outcome::Unknown(kind)),
        RequestKind::Download | RequestKind::List | RequestKind::LookUp => "interrupted".to_owned(),
    }
}

/// What a client is told.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The cluster it speaks to.
    pub cluster: ClusterConfig,
    /// Whose images it means.
    pub user: UserName,
    /// Where encrypted files are saved; made when needed.
    pub images_dir: PathBuf,
    /// The largest image it sends, in bytes.
    pub image_bytes_max: u64,
    /// How long nothing may move before it gives up.
    pub deadline: Duration,
}

impl ClientConfig {
    fn hello(&self) -> Hello {
        Hello {
            version: PROTOCOL_VERSION,
            cluster: self.cluster.name.clone(),
            purpose: Purpose::Client {
                user: self.user.clone(),
            },
        }
    }
}

/// A client of a cluster.
#[derive(Debug)]
pub struct ClusterClient {
    config: ClientConfig,
    links: offer::Links,
    /// The folders that were looked through for what dead clients left.
    swept: BTreeSet<PathBuf>,
}

impl ClusterClient {
    /// Makes a client that has no connection yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            links: offer::Links::new(),
            swept: BTreeSet::new(),
        }
    }

    /// Returns what the client was told.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Uploads the image at `file`, and does with what comes back what is wanted; an encrypted file
    /// is saved in the folder for them.
    ///
    /// `observe` hears of everything that happens, the end included.
    ///
    /// # Errors
    ///
    /// When the file is no image that is accepted, when nobody leads or nothing moves for the
    /// deadline, when the nodes refuse, or when the encrypted file cannot be written.
    pub async fn upload(
        &mut self,
        file: &Path,
        wanted: Wanted,
        observe: &mut Observer<'_>,
    ) -> Result<Receipt, RequestError> {
        if wanted == Wanted::Saved {
            let folder = self.config.images_dir.clone();
            self.sweep(&folder).await;
        }
        let source = FileSource::open(file, self.config.image_bytes_max).await;
        self.bring(source.map(Source::File), wanted, observe).await
    }

    /// Uploads an image that was made for a benchmark.
    ///
    /// # Errors
    ///
    /// As [`Self::upload`].
    pub async fn upload_made(
        &mut self,
        image: MadeImage,
        wanted: Wanted,
        observe: &mut Observer<'_>,
    ) -> Result<Receipt, RequestError> {
        self.bring(Ok(Source::Made(image)), wanted, observe).await
    }

    /// Removes what dead clients left in `folder`.
    ///
    /// Once is enough: a folder of many images takes its time to be listed.
    async fn sweep(&mut self, folder: &Path) {
        if self.swept.insert(folder.to_owned()) {
            part::sweep(folder).await;
        }
    }

    async fn bring(
        &mut self,
        source: Result<Source, SourceError>,
        wanted: Wanted,
        observe: &mut Observer<'_>,
    ) -> Result<Receipt, RequestError> {
        let uploaded = match source {
            // On the heap: whoever waits for an upload need not have room for it.
            Ok(source) => {
                let uploading = upload::upload(&self.config, &mut self.links, source, wanted, observe);
                Box::pin(uploading).await
            }
            Err(error) => Err(error.into()),
        };
        observe(match &uploaded {
            Ok(receipt) => UploadEvent::Saved(receipt.clone()),
            Err(error) => failed(error),
        });
        uploaded
    }

    /// Lists the user's images, newest first: all, or those whose file name holds `matching` or
    /// whose id begins with it.
    ///
    /// # Errors
    ///
    /// When nobody leads or nothing moves for the deadline, or when the nodes refuse.
    pub async fn list(
        &mut self,
        matching: Option<&str>,
        observe: &mut Observer<'_>,
    ) -> Result<Listing, RequestError> {
        let listed = list::list(&self.config, &mut self.links, matching, observe).await;
        listed.inspect_err(|error| observe(failed(error)))
    }

    /// Downloads an image.
    ///
    /// # Errors
    ///
    /// When there is no such image, or more than one may be meant; when nobody leads, nothing moves
    /// for the deadline, or the nodes refuse; when the file exists or cannot be written. Nothing is
    /// left half-written.
    pub async fn download(
        &mut self,
        selector: &Selector,
        options: &DownloadOptions,
        observe: &mut Observer<'_>,
    ) -> Result<Downloaded, RequestError> {
        self.sweep(options.place.folder()).await;
        let downloaded = async {
            let found = self.find(selector, observe).await?;
            let Self { config, links, .. } = self;
            let downloaded = download::download(config, links, found.image, options, observe).await?;
            Ok(Downloaded {
                passed_over: found.passed_over,
                ..downloaded
            })
        };
        let downloaded = downloaded.await.map_err(|error| self.named(error, selector));
        downloaded.inspect_err(|error| observe(failed(error)))
    }

    /// Deletes an image. That it is deleted already is no error.
    ///
    /// # Errors
    ///
    /// When there is no such image, or more than one may be meant; when nobody leads, nothing moves
    /// for the deadline, or the nodes refuse.
    pub async fn delete(
        &mut self,
        selector: &Selector,
        observe: &mut Observer<'_>,
    ) -> Result<Deleted, RequestError> {
        let deleted = async {
            let found = self.find(selector, observe).await?;
            let deleted = delete::delete(&self.config, &mut self.links, found.image, observe).await?;
            Ok(Deleted {
                file: found.file,
                passed_over: found.passed_over,
                ..deleted
            })
        };
        let deleted = deleted.await.map_err(|error| self.named(error, selector));
        deleted.inspect_err(|error| observe(failed(error)))
    }

    /// Finds the image that is meant.
    ///
    /// Of a look-up that goes well nothing is observed: it is no request of its own.
    async fn find(&mut self, selector: &Selector, observe: &mut Observer<'_>) -> Result<Found, RequestError> {
        let text = match selector {
            Selector::Id(image) => return Ok(Found::by_id(*image)),
            Selector::Text(text) => text,
        };
        let mut obstacles = |event| {
            if matches!(event, UploadEvent::Retrying(_)) {
                observe(event);
            }
        };
        let images = list::look_up(&self.config, &mut self.links, text, &mut obstacles).await?;
        let chosen = selector::choose(text, &self.config.user, images)?;
        let Listed { entry, .. } = chosen.listed;
        Ok(Found {
            image: entry.image,
            file: Some(entry.file),
            passed_over: chosen.passed_over,
        })
    }

    /// Says in this client's words that a node knows of no such image.
    fn named(&self, error: RequestError, selector: &Selector) -> RequestError {
        match error {
            RequestError::Node(NodeError {
                code: ErrorCode::NoSuchImage,
                ..
            }) => RequestError::NoSuchImage {
                wanted: selector.clone(),
                user: self.config.user.clone(),
            },
            error => error,
        }
    }
}

/// The image that a person means.
struct Found {
    image: ImageId,
    /// Its name, where that had to be looked up.
    file: Option<String>,
    /// Other images whose ids begin with what was taken for a name.
    passed_over: Vec<ImageId>,
}

impl Found {
    const fn by_id(image: ImageId) -> Self {
        Self {
            image,
            file: None,
            passed_over: Vec::new(),
        }
    }
}

fn failed(error: &RequestError) -> UploadEvent {
    let reason = error.to_string();
    UploadEvent::Failed { reason }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
