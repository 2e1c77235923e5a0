//! The load of a scenario: clients that upload all the time, and what the cluster owes them.
//!
//! Each is a true client with connections of its own, in the spirit of
//! [`client::bench`](crate::client::bench). What was acknowledged is remembered, by id and digest, and
//! read back when somebody asks. Owns the tasks, which end with it; what is counted is the [`Lane`]'s
//! business.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use super::scenario::action::LoadOf;
use crate::client::{ClientConfig, ClusterClient, MadeImage, Wanted};
use crate::dashboard::lane::{Checked, Lane};
use crate::id::ImageId;
use crate::time::Time;
use crate::upload::UploadEvent;

mod check;

/// How long a client pauses between two uploads.
///
/// A demonstration wants a stream of requests, not a full machine: a hundred a second and client show
/// every pause worth a word.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a client pauses after an upload that failed, so that a cluster that refuses is not flooded.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// How many ends of uploads wait to be counted; whoever owns the load takes them at once.
const ENDS_WAITING: usize = 256;

/// An upload that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Acknowledged {
    image: ImageId,
    /// BLAKE3 of `IV ‖ ciphertext`, as the node confirmed it and the client found it.
    digest: String,
}

/// How an upload ended.
#[derive(Debug)]
enum End {
    Acknowledged(Acknowledged),
    Failed,
}

/// Something that became of a load.
#[derive(Debug)]
pub struct News(What);

#[derive(Debug)]
enum What {
    Ended(End),
    Checked(Result<Checked, String>),
}

/// The clients of a scenario.
#[derive(Debug)]
pub struct LoadClients {
    config: ClientConfig,
    /// The folder into which images are read back, one at a time a reader.
    scratch: PathBuf,
    lane: Lane,
    owed: Vec<Acknowledged>,
    clients: JoinSet<()>,
    retried: Arc<AtomicU64>,
    ends: mpsc::Receiver<End>,
    ends_to: mpsc::Sender<End>,
    checking: Option<JoinHandle<Result<Checked, String>>>,
}

impl LoadClients {
    /// Makes a load that is off; `scratch` is a folder that exists, for images that are read back.
    #[must_use]
    pub fn new(config: ClientConfig, scratch: PathBuf) -> Self {
        let (ends_to, ends) = mpsc::channel(ENDS_WAITING);
        Self {
            config,
            scratch,
            lane: Lane::default(),
            owed: Vec::new(),
            clients: JoinSet::new(),
            retried: Arc::default(),
            ends,
            ends_to,
            checking: None,
        }
    }

    /// Returns what it came to so far.
    #[must_use]
    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Lets clients upload from now on, instead of those that did.
    pub fn begin(&mut self, now: Time, load: LoadOf) {
        self.clients.abort_all();
        self.lane.begins(now, load.clients);
        for _ in 0..load.clients {
            let client = ClusterClient::new(self.config.clone());
            let image = MadeImage::new(load.image_bytes);
            let (ends, retried) = (self.ends_to.clone(), Arc::clone(&self.retried));
            self.clients.spawn(upload_on(client, image, ends, retried));
        }
    }

    /// Ends the uploads; what was on its way is not acknowledged and so not owed.
    pub fn end(&mut self, now: Time) {
        self.clients.abort_all();
        self.take_waiting();
        self.lane.ends(now);
    }

    /// Waits until every client is gone; only one that was ended ever is.
    #[cfg(test)]
    pub(super) async fn are_gone(&mut self) {
        while self.clients.join_next().await.is_some() {}
    }

    /// Gives up reading back, if that is on its way.
    pub fn give_up_checking(&mut self) {
        if let Some(checking) = self.checking.take() {
            checking.abort();
        }
    }

    /// Begins to read back what was acknowledged so far.
    pub fn check(&mut self) {
        self.take_waiting();
        let check = check::check(self.config.clone(), self.owed.clone(), self.scratch.clone());
        self.checking = Some(tokio::spawn(check));
    }

    /// Waits until something has become of it. May be cancelled.
    pub async fn next(&mut self) -> News {
        let checking = async {
            match &mut self.checking {
                Some(checking) => checking.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(end) = self.ends.recv() => News(What::Ended(end)),
            checked = checking => {
                self.checking = None;
                let checked = checked.unwrap_or_else(|error| Err(error.to_string()));
                News(What::Checked(checked))
            }
        }
    }

    /// Counts what became of it, heard at `now`; returns what reading back came to.
    pub fn heard(&mut self, now: Time, News(what): News) -> Option<Result<Checked, String>> {
        self.lane.retried = self.retried.load(Ordering::Relaxed);
        match what {
            What::Ended(End::Failed) => self.lane.failed += 1,
            What::Ended(End::Acknowledged(owed)) => {
                self.owed.push(owed);
                self.lane.acknowledges(now);
            }
            What::Checked(checked) => {
                self.lane.checked = checked.as_ref().ok().copied();
                return Some(checked);
            }
        }
        None
    }

    /// Notes as owed what was acknowledged before anybody had heard of it.
    fn take_waiting(&mut self) {
        while let Ok(end) = self.ends.try_recv() {
            match end {
                End::Acknowledged(owed) => {
                    self.owed.push(owed);
                    self.lane.acknowledged += 1;
                }
                End::Failed => self.lane.failed += 1,
            }
        }
    }
}

impl Drop for LoadClients {
    fn drop(&mut self) {
        self.give_up_checking();
    }
}

/// Uploads one image after the other until it is aborted.
async fn upload_on(
    mut client: ClusterClient,
    mut image: MadeImage,
    ends: mpsc::Sender<End>,
    retried: Arc<AtomicU64>,
) {
    loop {
        image = image.another();
        let mut observe = |event| {
            if let UploadEvent::Retrying(_) = event {
                retried.fetch_add(1, Ordering::Relaxed);
            }
        };
        let uploading = client.upload_made(image.clone(), Wanted::Checked, &mut observe);
        let (end, pause) = match uploading.await {
            Ok(receipt) => {
                let (image, digest) = (receipt.image, receipt.digest);
                (End::Acknowledged(Acknowledged { image, digest }), PAUSE)
            }
            Err(_) => (End::Failed, ERROR_PAUSE),
        };
        if ends.send(end).await.is_err() {
            return;
        }
        sleep(pause).await;
    }
}
