//! Asking all other nodes the same at once, and taking the answers as they come.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::id::NodeId;
use crate::server::context::Context;
use crate::server::data::{DataError, DataPool};

/// How long the others may take to answer until their answers no longer matter.
///
/// A healthy node needs a millisecond, one under load some hundred. Who is silent for longer is
/// frozen or cut off, and the client may find another quorum elsewhere.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(3);

/// How long an answer that is no longer waited for may still come in.
///
/// Its connection can be used again then, where one that is dropped must be dialled anew.
const LATE_TIME: Duration = Duration::from_millis(200);

/// Other nodes that were all asked the same.
#[derive(Debug)]
pub(super) struct Others<T> {
    asking: JoinSet<(NodeId, Result<T, DataError>)>,
    until: Instant,
}

impl<T: Send + 'static> Others<T> {
    /// Asks these nodes, all at once.
    pub(super) fn ask<F>(
        context: &Context,
        nodes: &[NodeId],
        ask: impl Fn(Arc<DataPool>, NodeId) -> F,
    ) -> Self
    where
        F: Future<Output = Result<T, DataError>> + Send + 'static,
    {
        let mut asking = JoinSet::new();
        for &node in nodes {
            let answer = ask(Arc::clone(&context.data), node);
            asking.spawn(async move { (node, answer.await) });
        }
        Self {
            asking,
            until: Instant::now() + ANSWER_TIME,
        }
    }

    /// Waits for no answer longer than `grace` from now.
    pub(super) fn hurry(&mut self, grace: Duration) {
        self.until = self.until.min(Instant::now() + grace);
    }

    /// Returns the next answer; `None` when there is none, or none comes in time.
    pub(super) async fn next(&mut self) -> Option<(NodeId, Result<T, DataError>)> {
        let joined = timeout_at(self.until, self.asking.join_next()).await;
        // A task that panicked has ended the process.
        joined.ok()??.ok()
    }

    /// Waits for the answers no longer; those that are on their way keep their connections.
    pub(super) fn leave(mut self) {
        if self.asking.is_empty() {
            return;
        }
        tokio::spawn(async move {
            let all = async { while self.asking.join_next().await.is_some() {} };
            tokio::select! {
                () = all => {}
                () = sleep(LATE_TIME) => {}
            }
        });
    }
}

/// Why some nodes took no part, in their order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Silence(Vec<String>);

impl Silence {
    /// Notes why one did not.
    pub(super) fn note(&mut self, why: impl fmt::Display) {
        self.0.push(why.to_string());
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, why) in self.0.iter().enumerate() {
            let before = if index == 0 { ": " } else { ", " };
            write!(f, "{before}{why}")?;
        }
        Ok(())
    }
}
