//! The client: speaks to all members of a cluster at once and brings images to it.
//!
//! ```text
//!   source --> upload --+-- offer ----> every member          part --> images/encrypted_…
//!   (the file)   |      +-- transfer -> the assigned node ----^
//!                +-- patience: again, or give up
//!                v
//!        crate::upload (events) --> transcript, progress --> console, repl
//! ```
//!
//! [`ClusterClient`] owns the connections, which stay open between requests; one client does one
//! thing at a time. Dropping the future of a request ends it at once and leaves no half-written
//! file. What a person reads is made from [`UploadEvent`]s only.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::ClusterConfig;
use crate::id::UserName;
use crate::protocol::{Hello, PROTOCOL_VERSION, Purpose};
use crate::upload::{Observer, Receipt, UploadEvent};

pub mod absence;
mod attempt;
mod complete;
pub mod console;
pub mod decrypt;
mod editor;
mod error;
mod link;
mod movement;
mod offer;
mod part;
mod patience;
pub mod progress;
pub mod repl;
mod request;
pub mod saved;
mod source;
pub mod status;
pub mod transcript;
mod transfer;
mod upload;
pub mod watch;

pub use attempt::Outcome;
pub(crate) use editor::state_folder;
pub use error::RequestError;
pub use part::SaveError;
pub use source::SourceError;

/// What is known of an upload that somebody ended with Ctrl-C.
pub const INTERRUPTED: &str = "interrupted; the outcome is unknown; repeating the upload is safe";

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
    /// Whether the folder for encrypted files was looked through for what dead clients left.
    swept: bool,
}

impl ClusterClient {
    /// Makes a client that has no connection yet.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            links: offer::Links::new(),
            swept: false,
        }
    }

    /// Returns what the client was told.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Uploads the image at `file`, and saves what comes back in the folder for encrypted files.
    ///
    /// `observe` hears of everything that happens, the end included.
    ///
    /// # Errors
    ///
    /// When the file is no image that is accepted, when nobody leads or nothing moves for the
    /// deadline, when the nodes refuse, or when the encrypted file cannot be written.
    pub async fn upload(&mut self, file: &Path, observe: &mut Observer<'_>) -> Result<Receipt, RequestError> {
        // Once is enough: a folder of many images takes its time to be listed.
        if !std::mem::replace(&mut self.swept, true) {
            part::sweep(&self.config.images_dir).await;
        }
        let uploaded = upload::upload(&self.config, &mut self.links, file, observe).await;
        observe(match &uploaded {
            Ok(receipt) => UploadEvent::Saved(receipt.clone()),
            Err(error) => UploadEvent::Failed {
                reason: error.to_string(),
            },
        });
        uploaded
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
