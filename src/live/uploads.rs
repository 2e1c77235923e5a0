//! The upload that the dashboard asked for: one at a time, beside the loop, and gone when given up.

use std::fmt;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::ClientOf;
use crate::client::{ClusterClient, Wanted};
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
    client_of: ClientOf,
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
    pub(super) fn new(client_of: ClientOf) -> Self {
        Self {
            client_of,
            running: None,
        }
    }

    /// Begins an upload; one that runs is given up.
    pub(super) fn start(&mut self, user: UserName, file: PathBuf) {
        self.cancel();
        let Some(client_of) = &self.client_of else { return };
        let mut client = ClusterClient::new(client_of(user));
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
            let _ = client.upload(&file, Wanted::Saved, &mut observe).await;
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
        let Some(running) = &mut self.running else {
            return std::future::pending().await;
        };
        let event = running.events.recv().await.unwrap_or_else(broke_down);
        if matches!(event, UploadEvent::Saved(_) | UploadEvent::Failed { .. }) {
            self.running = None;
        }
        event
    }
}

/// The end of an upload that ended without one.
fn broke_down() -> UploadEvent {
    UploadEvent::Failed {
        reason: "the upload broke down; the outcome is unknown; repeating it is safe".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_that_breaks_down_has_failed_and_is_heard_of_no_more() {
        let mut uploads = Uploads::new(None);
        let (to, events) = mpsc::channel(2);
        let task = tokio::spawn(std::future::pending::<()>()).abort_handle();
        uploads.running = Some(Running { events, task });
        let begun = UploadEvent::Broadcasting { servers: 3 };
        to.try_send(begun.clone()).expect("there is room");
        drop(to);
        assert_eq!(uploads.next().await, begun);
        assert!(matches!(uploads.next().await, UploadEvent::Failed { .. }));
        assert!(uploads.running.is_none());
    }
}
