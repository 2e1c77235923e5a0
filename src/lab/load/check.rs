//! Reading back everything that was acknowledged: listed, downloaded, decrypted, compared.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::Acknowledged;
use crate::client::{
    ClientConfig, ClusterClient, DownloadOptions, Existing, Form, Place, RequestError, Selector,
};
use crate::dashboard::lane::Checked;
use crate::id::ImageId;
use crate::protocol::{ErrorCode, NodeError};

/// How many images are read back at a time: enough that no node waits for another's disk.
const READERS: usize = 4;

/// What is left to be read; a lock is held to take one.
type Left = Arc<Mutex<Vec<Acknowledged>>>;

/// Reads back what is owed.
///
/// # Errors
///
/// When the cluster does not answer: whether something is lost is not known then.
pub(super) async fn check(
    config: ClientConfig,
    owed: Vec<Acknowledged>,
    scratch: PathBuf,
) -> Result<Checked, String> {
    let acknowledged = owed.len() as u64;
    let listed = listed(&config).await.map_err(|error| error.to_string())?;
    let (listed, gone): (Vec<_>, Vec<_>) = owed.into_iter().partition(|owed| listed.contains(&owed.image));
    let left: Left = Arc::new(Mutex::new(listed));
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let client = ClusterClient::new(config.clone());
        readers.spawn(read(client, Arc::clone(&left), scratch.clone()));
    }
    let mut lost = gone.len() as u64;
    while let Some(read) = readers.join_next().await {
        lost += read
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
    }
    Ok(Checked { acknowledged, lost })
}

async fn listed(config: &ClientConfig) -> Result<BTreeSet<ImageId>, RequestError> {
    let mut client = ClusterClient::new(config.clone());
    let listing = client.list(None, &mut |_| {}).await?;
    Ok(listing.images.iter().map(|listed| listed.entry.image).collect())
}

/// Reads images as long as some are left, and counts those that are gone or another.
async fn read(mut client: ClusterClient, left: Left, scratch: PathBuf) -> Result<u64, RequestError> {
    let mut lost = 0;
    while let Some(owed) = take(&left) {
        let file = scratch.join(format!("{}.png", owed.image));
        let options = DownloadOptions {
            form: Form::Plain,
            place: Place::File(file.clone()),
            existing: Existing::Replaced,
        };
        let selector = Selector::Id(owed.image);
        match client.download(&selector, &options, &mut |_| {}).await {
            Ok(downloaded) => lost += u64::from(downloaded.digest != owed.digest),
            Err(error) if is_lost(&error) => lost += 1,
            Err(error) => return Err(error),
        }
        // Whoever made the folder removes it, with whatever could not be removed here.
        let _ = tokio::fs::remove_file(file).await;
    }
    Ok(lost)
}

fn take(left: &Left) -> Option<Acknowledged> {
    left.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Says whether an error means that the image is not there, rather than that nobody could tell.
fn is_lost(error: &RequestError) -> bool {
    matches!(
        error,
        RequestError::NoSuchImage { .. }
            | RequestError::NotAnImage { .. }
            | RequestError::Node(NodeError {
                code: ErrorCode::NoSuchImage,
                ..
            })
    )
}
