//! The upload that the dashboard asked for: one at a time, beside the loop, and gone when given up.

use std::fmt;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::client::{ClientConfig, ClusterClient};
use crate::id::UserName;
use crate::upload::UploadEvent;

/// How many events wait to be shown.
///
/// An attempt makes some a node; only progress comes in numbers, and it can be left out.
const EVENTS_WAITING: usize = 1024;

/// Room that progress leaves for everything else, some attempts with nine nodes.
const EVENTS_KEPT_FREE: usize = 256;

/// Makes clients, and runs one.
pub(super) struct Uploads {
    client_of: Box<dyn Fn(UserName) -> ClientConfig>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    events: mpsc::Receiver<UploadEvent>,
    task: AbortHandle,
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads")
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

impl Uploads {
    /// Makes the uploads of a cluster; `client_of` says what the client of a user is told.
    pub(super) fn new(client_of: Box<dyn Fn(UserName) -> ClientConfig>) -> Self {
        Self {
            client_of,
            running: None,
        }
    }

    /// Begins an upload; one that runs is given up.
    pub(super) fn start(&mut self, user: UserName, file: PathBuf) {
        self.cancel();
        let mut client = ClusterClient::new((self.client_of)(user));
        let (to, events) = mpsc::channel(EVENTS_WAITING);
        let task = tokio::spawn(async move {
            let mut observe = |event: UploadEvent| {
                let is_progress = matches!(event, UploadEvent::Progress { .. });
                if !is_progress || to.capacity() > EVENTS_KEPT_FREE {
                    // Only whoever gave it up does not listen.
                    let _ = to.try_send(event);
                }
            };
            // What came of it was observed.
            let _ = client.upload(&file, &mut observe).await;
        });
        self.running = Some(Running {
            events,
            task: task.abort_handle(),
        });
    }

    /// Gives up the upload that runs; nothing more is heard of it.
    pub(super) fn cancel(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
        }
    }

    /// Waits for what happens next. May be cancelled.
    pub(super) async fn next(&mut self) -> UploadEvent {
        if let Some(running) = &mut self.running
            && let Some(event) = running.events.recv().await
        {
            return event;
        }
        self.running = None;
        std::future::pending().await
    }
}
