//! One request from its first offer to its end: offer, attempt, and again; the same for every kind.
//!
//! ```text
//!   Errand --prepare--> offer to every member --> the assigned node --attempt--> done
//!      ^                        |                        |
//!      +------- patience <------+------------------------+
//! ```
//!
//! Whatever goes wrong on the way falls into three kinds: it ends the request, it ends the attempt
//! at once, or it ends the attempt after a pause. What is asked of the assigned node is the
//! business of the [`Errand`]; who that is, and what to do when it fails, is decided here.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ClientConfig;
use super::attempt::{AttemptError, Outcome};
use super::error::RequestError;
use super::link::Link;
use super::movement::Movement;
use super::offer::{self, Answers, Links, Verdict};
use super::patience::Patience;
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId};
use crate::protocol::{Assignment, ErrorCode, NodeError, NodeMessage, Offer};
use crate::upload::{Answer, Observer, Obstacle, Setback, UploadEvent};

/// The shortest standstill after which a node is given up, whatever the leader says.
///
/// Below this a busy machine looks like a dead one.
const STALL_MIN: Duration = Duration::from_millis(100);

/// What a request is about, as the members are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    /// The image, or the id of a list.
    pub(super) image: ImageId,
    /// The size of the plain image of an upload; 0 for every other kind.
    pub(super) size: u64,
}

/// On what terms an attempt is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// What the leader answered.
    pub(super) assignment: Assignment,
    /// How long nothing may move before the node is given up.
    pub(super) stall: Duration,
    /// When something last moved.
    pub(super) movement: &'a Movement,
}

impl Terms<'_> {
    /// Does `work` unless nothing moves for too long meanwhile.
    pub(super) async fn bear<T>(
        &self,
        work: impl Future<Output = Result<T, AttemptError>>,
    ) -> Result<T, AttemptError> {
        let done = self.movement.within(self.stall, work).await;
        done.unwrap_or(Err(AttemptError::Stalled))
    }

    /// Returns what the node says next; a sign of life is none.
    pub(super) async fn hear(&self, link: &mut Link) -> Result<NodeMessage, AttemptError> {
        loop {
            match link.reader.message().await?.ok_or(AttemptError::Lost)? {
                NodeMessage::Chunk if link.reader.body_left() == 0 => self.movement.note_alive(),
                NodeMessage::Error(error) => return Err(AttemptError::Node(error)),
                message => {
                    self.movement.note_returned();
                    return Ok(message);
                }
            }
        }
    }
}

/// What is to be done with whoever is assigned.
pub(super) trait Errand: Send {
    /// Returns what kind of request it is.
    fn kind(&self) -> RequestKind;

    /// What it brings home.
    type Done: Send;

    /// Gets ready for another attempt, and says what is offered.
    fn prepare(&mut self) -> impl Future<Output = Result<Subject, RequestError>> + Send;

    /// Does it with the assigned node; after an error the link is dropped.
    fn attempt(
        &mut self,
        link: &mut Link,
        terms: Terms<'_>,
        observe: &mut Observer<'_>,
    ) -> impl Future<Output = Result<Self::Done, AttemptError>> + Send;

    /// Takes a new id, for the old one names another content.
    fn renew(&mut self) -> Result<(), RequestError>;
}

/// A request that was done, and by whom.
#[derive(Debug)]
pub(super) struct Done<T> {
    /// What the errand brought home.
    pub(super) what: T,
    /// Who assigned it to whom.
    pub(super) assignment: Assignment,
}

/// What is known of a request between its attempts.
#[derive(Debug)]
pub(super) struct Request<'a> {
    config: &'a ClientConfig,
    links: &'a mut Links,
    /// Under which id it was offered last.
    offered: Option<ImageId>,
    /// Who was assigned the last attempt and failed it.
    failed: Option<NodeId>,
    /// The nodes whose disks refused.
    refusing_disks: BTreeSet<NodeId>,
    patience: Patience,
    outcome: Outcome,
}

impl<'a> Request<'a> {
    /// Makes a request that has not been offered.
    pub(super) fn new(config: &'a ClientConfig, links: &'a mut Links) -> Self {
        Self {
            config,
            links,
            offered: None,
            failed: None,
            refusing_disks: BTreeSet::new(),
            patience: Patience::new(config.deadline, Instant::now().into_std()),
            outcome: Outcome::NotDone,
        }
    }

    /// Offers and attempts until the errand is done.
    pub(super) async fn run<E: Errand>(
        mut self,
        errand: &mut E,
        observe: &mut Observer<'_>,
    ) -> Result<Done<E::Done>, RequestError> {
        loop {
            let subject = errand.prepare().await?;
            let offer = self.offer(errand.kind(), subject);
            let answers = offer::broadcast(self.config, self.links, &offer, observe).await;
            let obstacle = match offer::verdict(&answers) {
                Verdict::Assigned(assignment) => match self.attempt(errand, assignment, observe).await {
                    Ok(what) => return Ok(Done { what, assignment }),
                    Err(error) => self.setback(errand, assignment.node, error)?,
                },
                Verdict::Again(obstacle) => obstacle,
                Verdict::Hopeless(error) => return Err(RequestError::Node(error)),
            };
            self.recover(obstacle, &answers, observe).await?;
        }
    }

    fn offer(&mut self, kind: RequestKind, subject: Subject) -> Offer {
        let Subject { image, size } = subject;
        // Under a new id it is another request: nobody has failed that one.
        if self.offered.replace(image) != Some(image) {
            self.failed = None;
        }
        Offer {
            kind,
            image,
            size,
            failed: self.failed,
        }
    }

    /// Does the errand with the node it was assigned to.
    async fn attempt<E: Errand>(
        &mut self,
        errand: &mut E,
        assignment: Assignment,
        observe: &mut Observer<'_>,
    ) -> Result<E::Done, AttemptError> {
        let node = assignment.node;
        observe(UploadEvent::Assigned {
            node,
            ballot: assignment.ballot,
        });
        let stall = Duration::from_millis(assignment.stall_ms)
            .max(STALL_MIN)
            .min(self.config.deadline);
        let mut link = self.link_to(node, stall).await?;
        let movement = Movement::start();
        let terms = Terms {
            assignment,
            stall,
            movement: &movement,
        };
        // In a box: the buffers of every errand would make the futures above it large.
        let attempted = Box::pin(errand.attempt(&mut link, terms, observe)).await;
        if let Some(then) = movement.last_returned() {
            self.patience.moved(then.into_std());
        }
        let done = attempted.inspect_err(|error| self.outcome = self.outcome.after(errand.kind(), error))?;
        self.links.insert(node, link);
        Ok(done)
    }

    /// Returns the connection over which the node answered the offer, or a new one.
    async fn link_to(&mut self, node: NodeId, stall: Duration) -> Result<Link, AttemptError> {
        if let Some(link) = self.links.remove(&node) {
            return Ok(link);
        }
        let members = &self.config.cluster.members;
        let address = members.address(node).ok_or(AttemptError::Lost)?;
        let dialled = tokio::time::timeout(stall, Link::dial(node, address, self.config.hello())).await;
        match dialled {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(_)) => Err(AttemptError::Lost),
            Err(_) => Err(AttemptError::Stalled),
        }
    }

    /// Sorts a failed attempt: what another attempt may overcome is returned.
    fn setback<E: Errand>(
        &mut self,
        errand: &mut E,
        node: NodeId,
        error: AttemptError,
    ) -> Result<Obstacle, RequestError> {
        self.failed = Some(node);
        let why = match error {
            AttemptError::Lost => Setback::Lost,
            AttemptError::Stalled => Setback::Silent,
            AttemptError::Mismatch => Setback::Mismatch,
            AttemptError::Node(error) => refused(errand, error)?,
            AttemptError::Hopeless(error) => return Err(*error),
        };
        Ok(Obstacle::Attempt { node, why })
    }

    /// Pauses before the next attempt, or gives up.
    async fn recover(
        &mut self,
        obstacle: Obstacle,
        answers: &Answers,
        observe: &mut Observer<'_>,
    ) -> Result<(), RequestError> {
        if let Some(error) = self.no_disk_left(&obstacle, answers) {
            return Err(error);
        }
        let Some(pause) = self.patience.after(&obstacle, Instant::now().into_std()) else {
            return Err(self.spent(obstacle));
        };
        observe(UploadEvent::Retrying(obstacle));
        sleep(pause).await;
        Ok(())
    }

    /// Returns the error of a request that the disk of every node in reach has refused.
    fn no_disk_left(&mut self, obstacle: &Obstacle, answers: &Answers) -> Option<RequestError> {
        let Obstacle::Attempt { node, why } = obstacle else {
            return None;
        };
        let error = match why {
            Setback::Storage { reason } => RequestError::Storage {
                reason: reason.clone(),
            },
            Setback::Undeleted { reason } => RequestError::Undeleted {
                reason: reason.clone(),
            },
            Setback::Unreadable { reason } => RequestError::Unreadable {
                reason: reason.clone(),
            },
            Setback::Lost
            | Setback::Silent
            | Setback::WaitedInVain
            | Setback::Stale
            | Setback::Busy
            | Setback::NoQuorum { .. }
            | Setback::Unknown { .. }
            | Setback::Mismatch
            | Setback::Conflict => return None,
        };
        self.refusing_disks.insert(*node);
        every_reachable(answers, |node| self.refusing_disks.contains(&node)).then_some(error)
    }

    /// Returns the error of a request whose patience ended at `obstacle`.
    fn spent(&self, obstacle: Obstacle) -> RequestError {
        let outcome = self.outcome;
        match obstacle {
            Obstacle::NoLeader { missing } => RequestError::NoLeader {
                waited: self.config.deadline,
                missing,
                outcome,
            },
            Obstacle::EveryoneDeclines => RequestError::EveryoneDeclines {
                waited: self.config.deadline,
                outcome,
            },
            Obstacle::NobodyListens => RequestError::NobodyListens {
                members: self.config.cluster.members.clone(),
                outcome,
            },
            Obstacle::Refused { reason } => RequestError::Refused { reason, outcome },
            Obstacle::Attempt { .. } => RequestError::GaveUp { obstacle, outcome },
        }
    }
}

fn refused<E: Errand>(errand: &mut E, error: NodeError) -> Result<Setback, RequestError> {
    let NodeError { code, reason } = error;
    Ok(match code {
        ErrorCode::BadRequest | ErrorCode::NotAccepted | ErrorCode::NoSuchImage => {
            return Err(RequestError::Node(NodeError { code, reason }));
        }
        ErrorCode::StaleAssignment => Setback::Stale,
        ErrorCode::Busy => Setback::Busy,
        ErrorCode::Stalled => Setback::WaitedInVain,
        ErrorCode::Storage => match errand.kind() {
            RequestKind::Upload => Setback::Storage { reason },
            RequestKind::Delete => Setback::Undeleted { reason },
            RequestKind::Download | RequestKind::List | RequestKind::LookUp => Setback::Unreadable { reason },
        },
        ErrorCode::NoQuorum => Setback::NoQuorum { reason },
        ErrorCode::Unknown => Setback::Unknown { reason },
        ErrorCode::Conflict => {
            errand.renew()?;
            Setback::Conflict
        }
    })
}

/// Says whether every member that answered is one that `counts`.
fn every_reachable(answers: &Answers, counts: impl Fn(NodeId) -> bool) -> bool {
    let mut reachable = answers
        .iter()
        .filter(|(_, answer)| !matches!(answer, Answer::Unreachable(_)));
    reachable.all(|(&node, _)| counts(node))
}
