//! One upload from the first look at the file to the saved name.
//!
//! The image id stays the same over all attempts, so an upload happens once however often it is
//! tried; only a file that has changed, or an id that is taken, gets a new one.

use std::time::{Duration, SystemTime};

use super::ClientConfig;
use super::attempt::AttemptError;
use super::error::RequestError;
use super::link::Link;
use super::offer::Links;
use super::request::{Done, Errand, Request, Subject, Terms};
use super::returned::{Returned, Wanted};
use super::saved::{SavedName, printable_path};
use super::source::{Freshness, Source};
use super::transfer::{Transfer, TransferError};
use crate::encryption;
use crate::event::RequestKind;
use crate::id::{ImageId, UserName};
use crate::protocol::{Stored, Upload};
use crate::upload::{Observer, Receipt};

/// Uploads an image and saves what comes back; see [`super::ClusterClient::upload`].
pub(super) async fn upload(
    config: &ClientConfig,
    links: &mut Links,
    source: Source,
    wanted: Wanted,
    observe: &mut Observer<'_>,
) -> Result<Receipt, RequestError> {
    let mut errand = Bringing {
        user: &config.user,
        source,
        returned: Returned::prepare(wanted, &config.images_dir).await?,
        image: encryption::new_image_id()?,
        created_ms: since_epoch().as_millis().try_into().unwrap_or(u64::MAX),
    };
    let done = Request::new(config, links).run(&mut errand, observe).await?;
    errand.keep(done).await
}

/// An image on its way to the cluster.
#[derive(Debug)]
struct Bringing<'a> {
    user: &'a UserName,
    source: Source,
    returned: Returned,
    image: ImageId,
    /// When it began, in milliseconds since the Unix epoch.
    created_ms: u64,
}

impl Errand for Bringing<'_> {
    type Done = Stored;

    fn kind(&self) -> RequestKind {
        RequestKind::Upload
    }

    async fn prepare(&mut self) -> Result<Subject, RequestError> {
        if self.source.rewind().await? == Freshness::Changed {
            self.renew()?;
        }
        Ok(Subject {
            image: self.image,
            size: self.source.size(),
        })
    }

    async fn attempt(
        &mut self,
        link: &mut Link,
        terms: Terms<'_>,
        observe: &mut Observer<'_>,
    ) -> Result<Stored, AttemptError> {
        self.returned.restart().await?;
        let upload = Upload {
            image: self.image,
            file: self.file_name(),
            created_ms: self.created_ms,
            back: self.returned.back(),
            assignment: terms.assignment,
        };
        let transfer = Transfer {
            user: self.user,
            source: &mut self.source,
            returned: &mut self.returned,
            stall: terms.stall,
            movement: terms.movement,
        };
        let transferred = transfer.run(link, &upload, observe).await;
        transferred.map_err(|error| self.attempt_error(error))
    }

    /// Takes a new id for what is now another content.
    fn renew(&mut self) -> Result<(), RequestError> {
        self.image = encryption::new_image_id()?;
        Ok(())
    }
}

impl Bringing<'_> {
    fn file_name(&self) -> String {
        let name = self.source.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn attempt_error(&self, error: TransferError) -> AttemptError {
        match error {
            TransferError::Lost => AttemptError::Lost,
            TransferError::Stalled => AttemptError::Stalled,
            TransferError::Node(error) => AttemptError::Node(error),
            TransferError::Mismatch => AttemptError::Mismatch,
            TransferError::Changed => {
                let file = printable_path(self.source.path());
                RequestError::Changed { file }.into()
            }
            TransferError::Source(error) => RequestError::from(error).into(),
            TransferError::Save(error) => error.into(),
        }
    }

    /// Gives the encrypted file its name, if there is one.
    async fn keep(self, done: Done<Stored>) -> Result<Receipt, RequestError> {
        let Done {
            what: stored,
            assignment,
        } = done;
        let name = SavedName::encrypted(self.source.path(), since_epoch().as_secs());
        let saved = self.returned.keep(name).await;
        let image = self.image;
        Ok(Receipt {
            image,
            saved: saved.map_err(|error| RequestError::StoredNotSaved { image, error })?,
            leader: assignment.ballot.id,
            server: assignment.node,
            bytes: self.source.size(),
            copies: stored.copies,
            members: stored.members,
            digest: stored.digest,
        })
    }
}

/// Returns the time of this machine's clock; 0 when it stands before 1970.
fn since_epoch() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default()
}
