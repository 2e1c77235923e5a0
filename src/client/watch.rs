//! Watching a cluster that runs by itself: a connection to every member, kept up for ever.
//!
//! ```text
//!   dial, greet -> how is it? -> Reached -> Event, Event … -- silence --> how is it? -> Reached
//!        ^                                    |                               |
//!        +------------- pause <-- Lost -------+---------- no answer ----------+
//! ```
//!
//! The connection is opened before the question, so that nothing happens unseen between them; what
//! happened just before the answer may be told just after it. A member that stands still ends no
//! connection, so one that tells nothing for a while is asked, and one that dropped lines. A reason to have lost it is told
//! once.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::link::Link;
use super::status::{self, PATIENCE};
use crate::config::{Address, ClusterConfig};
use crate::event::{EVENT_VERSION, Event, Fact};
use crate::id::{ClusterName, NodeId};
use crate::protocol::frame::FrameError;
use crate::protocol::{Contact, Hello, PROTOCOL_VERSION, Purpose};
use crate::upload::Unreachable;

/// How long after a failure a member is dialled again.
///
/// A person sees a member return at once, and a port that refuses costs nothing four times a second.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a member may tell nothing before it is asked how it is.
///
/// A leader of a quiet cluster has nothing to tell; a person should still see within three seconds
/// that it stands still.
const SILENCE: Duration = Duration::from_secs(2);

/// How many contacts wait for their reader; a slower one lets the members wait, who drop and count.
const CONTACTS_MAX: usize = 256;

/// Connections to all members of a cluster; dropping it ends them.
#[derive(Debug)]
pub struct Watcher {
    contacts: mpsc::Receiver<(NodeId, Contact)>,
    /// A task for each member, which ends only with this.
    _members: JoinSet<Infallible>,
}

impl Watcher {
    /// Begins to watch every member; must be called within a runtime.
    #[must_use]
    pub fn start(cluster: &ClusterConfig) -> Self {
        let (told, contacts) = mpsc::channel(CONTACTS_MAX);
        let mut members = JoinSet::new();
        for (node, address) in cluster.members.iter() {
            let member = Member {
                node,
                address: address.clone(),
                cluster: cluster.name.clone(),
                told: told.clone(),
            };
            members.spawn(member.watch());
        }
        Self {
            contacts,
            _members: members,
        }
    }

    /// Returns what has come of any member already, if anything has.
    pub fn waiting(&mut self) -> Option<(NodeId, Contact)> {
        self.contacts.try_recv().ok()
    }

    /// Waits for what comes next of any member. May be cancelled.
    pub async fn next(&mut self) -> (NodeId, Contact) {
        match self.contacts.recv().await {
            Some(contact) => contact,
            // Only of a cluster without members: nothing ever comes.
            None => std::future::pending().await,
        }
    }
}

/// One member, and whom to tell of it.
#[derive(Debug)]
struct Member {
    node: NodeId,
    address: Address,
    cluster: ClusterName,
    told: mpsc::Sender<(NodeId, Contact)>,
}

impl Member {
    async fn watch(self) -> Infallible {
        let mut lost = None;
        loop {
            let Err(why) = self.follow(&mut lost).await;
            if lost.as_ref() != Some(&why) {
                let contact = match &why {
                    Unreachable::ConnectionRefused => Contact::Refused,
                    other => Contact::Lost(other.to_string()),
                };
                self.tell(contact).await;
                lost = Some(why);
            }
            sleep(PAUSE).await;
        }
    }

    /// Tells what the member tells until it is lost; `lost` is forgotten once it is reached.
    async fn follow(&self, lost: &mut Option<Unreachable>) -> Result<Infallible, Unreachable> {
        let hello = Hello {
            version: PROTOCOL_VERSION,
            cluster: self.cluster.clone(),
            purpose: Purpose::Watch,
        };
        let dialling = timeout(PATIENCE, Link::dial(self.node, &self.address, hello));
        let mut link = dialling.await.unwrap_or(Err(Unreachable::NoAnswer))?;
        self.ask().await?;
        *lost = None;
        loop {
            match timeout(SILENCE, link.reader.message::<Event>()).await {
                Ok(Ok(Some(event))) => self.pass_on(event).await?,
                Ok(Ok(None)) => return Err(Unreachable::Closed),
                // A fact that only a newer program knows; the next one may be understood.
                Ok(Err(FrameError::Header(_))) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => self.ask().await?,
            }
        }
    }

    /// Asks the member how it is, and tells.
    async fn ask(&self) -> Result<(), Unreachable> {
        let report = status::ask(self.node, &self.address, &self.cluster).await?;
        self.tell(Contact::Reached(Box::new(report))).await;
        Ok(())
    }

    async fn pass_on(&self, event: Event) -> Result<(), Unreachable> {
        let version = event.version;
        if version > EVENT_VERSION {
            return Err(Unreachable::Other(format!(
                "it tells events of version {version}, and this program reads up to {EVENT_VERSION}; use its version"
            )));
        }
        let has_dropped = matches!(event.fact, Fact::LogDropped { .. });
        self.tell(Contact::Event(Box::new(event))).await;
        if has_dropped {
            // What it did not tell may be who leads.
            self.ask().await?;
        }
        Ok(())
    }

    async fn tell(&self, contact: Contact) {
        // Without a reader this task is about to be ended.
        let _ = self.told.send((self.node, contact)).await;
    }
}

#[cfg(test)]
mod tests;
