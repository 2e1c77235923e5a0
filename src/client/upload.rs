//! One upload from the first look at the file to the saved name: offer, transfer, and again.
//!
//! Whatever goes wrong on the way falls into three kinds: it ends the upload, it ends the attempt
//! at once, or it ends the attempt after a pause. The image id stays the same over all attempts,
//! so an upload happens once however often it is tried.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::ClientConfig;
use super::error::{Outcome, UploadError};
use super::link::Link;
use super::movement::Movement;
use super::offer::{self, Answers, Links, Verdict};
use super::patience::Patience;
use super::returned::{Returned, Wanted};
use super::saved::{SavedName, printable_path};
use super::source::{Freshness, Source};
use super::transfer::{Transfer, TransferError};
use crate::encryption;
use crate::event::RequestKind;
use crate::id::{ImageId, NodeId};
use crate::protocol::{Assignment, ErrorCode, NodeError, Offer, Stored, Upload};
use crate::upload::{Answer, Observer, Obstacle, Receipt, Setback, UploadEvent};

/// The shortest standstill after which a node is given up, whatever the leader says.
///
/// Below this a busy machine looks like a dead one.
const STALL_MIN: Duration = Duration::from_millis(100);

/// Uploads an image and does with what comes back what is wanted.
pub(super) async fn upload(
    config: &ClientConfig,
    links: &mut Links,
    source: Source,
    wanted: Wanted,
    observe: &mut Observer<'_>,
) -> Result<Receipt, UploadError> {
    let returned = Returned::prepare(wanted, &config.images_dir).await?;
    let mut run = Run {
        config,
        links,
        source,
        returned,
        image: encryption::new_image_id()?,
        created_ms: since_epoch().as_millis().try_into().unwrap_or(u64::MAX),
        failed: None,
        full_disks: BTreeMap::new(),
        patience: Patience::new(config.deadline, Instant::now().into_std()),
        outcome: Outcome::NotStored,
    };
    let (assignment, stored) = run.until_stored(observe).await?;
    run.keep(assignment, stored).await
}

/// What an upload knows between its attempts.
#[derive(Debug)]
struct Run<'a> {
    config: &'a ClientConfig,
    links: &'a mut Links,
    source: Source,
    returned: Returned,
    image: ImageId,
    /// When it began, in milliseconds since the Unix epoch.
    created_ms: u64,
    /// Who was assigned the last attempt and failed it.
    failed: Option<NodeId>,
    /// The nodes whose disks refused, with their words.
    full_disks: BTreeMap<NodeId, String>,
    patience: Patience,
    outcome: Outcome,
}

impl Run<'_> {
    async fn until_stored(
        &mut self,
        observe: &mut Observer<'_>,
    ) -> Result<(Assignment, Stored), UploadError> {
        loop {
            if self.source.rewind().await? == Freshness::Changed {
                self.renew()?;
            }
            let offer = Offer {
                kind: RequestKind::Upload,
                image: self.image,
                size: self.source.size(),
                failed: self.failed,
            };
            let answers = offer::broadcast(self.config, self.links, &offer, observe).await;
            let obstacle = match offer::verdict(&answers) {
                Verdict::Assigned(assignment) => match self.attempt(assignment, observe).await {
                    Ok(stored) => return Ok((assignment, stored)),
                    Err(error) => self.setback(assignment.node, error)?,
                },
                Verdict::Again(obstacle) => obstacle,
                Verdict::Hopeless(error) => return Err(UploadError::Node(error)),
            };
            self.recover(obstacle, &answers, observe).await?;
        }
    }

    /// Takes a new id for what is now another content.
    fn renew(&mut self) -> Result<(), UploadError> {
        self.image = encryption::new_image_id()?;
        self.failed = None;
        Ok(())
    }

    /// Brings the image to the node it was assigned to.
    async fn attempt(
        &mut self,
        assignment: Assignment,
        observe: &mut Observer<'_>,
    ) -> Result<Stored, TransferError> {
        let node = assignment.node;
        observe(UploadEvent::Assigned {
            node,
            ballot: assignment.ballot,
        });
        self.returned.restart().await?;
        let stall = Duration::from_millis(assignment.stall_ms)
            .max(STALL_MIN)
            .min(self.config.deadline);
        let mut link = self.link_to(node, stall).await?;
        let upload = Upload {
            image: self.image,
            file: self.file_name(),
            created_ms: self.created_ms,
            back: self.returned.back(),
            assignment,
        };
        let movement = Movement::start();
        let transfer = Transfer {
            user: &self.config.user,
            source: &mut self.source,
            returned: &mut self.returned,
            stall,
            movement: &movement,
        };
        let transferred = transfer.run(&mut link, &upload, observe).await;
        if let Some(then) = movement.last_returned() {
            self.patience.moved(then.into_std());
        }
        let stored = transferred.inspect_err(|error| self.outcome = self.outcome.after(error))?;
        self.links.insert(node, link);
        Ok(stored)
    }

    /// Returns the connection over which the node answered the offer, or a new one.
    async fn link_to(&mut self, node: NodeId, stall: Duration) -> Result<Link, TransferError> {
        if let Some(link) = self.links.remove(&node) {
            return Ok(link);
        }
        let members = &self.config.cluster.members;
        let address = members.address(node).ok_or(TransferError::Lost)?;
        let dialled = tokio::time::timeout(stall, Link::dial(node, address, self.config.hello())).await;
        match dialled {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(_)) => Err(TransferError::Lost),
            Err(_) => Err(TransferError::Stalled),
        }
    }

    fn file_name(&self) -> String {
        let name = self.source.path().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Sorts a failed attempt: what another attempt may overcome is returned.
    fn setback(&mut self, node: NodeId, error: TransferError) -> Result<Obstacle, UploadError> {
        self.failed = Some(node);
        let why = match error {
            TransferError::Lost => Setback::Lost,
            TransferError::Stalled => Setback::Silent,
            TransferError::Mismatch => Setback::Mismatch,
            TransferError::Node(error) => self.refused(error)?,
            TransferError::Changed => {
                let file = printable_path(self.source.path());
                return Err(UploadError::Changed { file });
            }
            TransferError::Source(error) => return Err(error.into()),
            TransferError::Save(error) => return Err(error.into()),
        };
        Ok(Obstacle::Attempt { node, why })
    }

    fn refused(&mut self, error: NodeError) -> Result<Setback, UploadError> {
        let NodeError { code, reason } = error;
        Ok(match code {
            ErrorCode::BadRequest | ErrorCode::NotAccepted | ErrorCode::NoSuchImage => {
                return Err(UploadError::Node(NodeError { code, reason }));
            }
            ErrorCode::StaleAssignment => Setback::Stale,
            ErrorCode::Busy => Setback::Busy,
            ErrorCode::Stalled => Setback::WaitedInVain,
            ErrorCode::Storage => Setback::Storage { reason },
            ErrorCode::Unknown | ErrorCode::NoQuorum => Setback::Unknown { reason },
            ErrorCode::Conflict => {
                self.renew()?;
                Setback::Conflict
            }
        })
    }

    /// Pauses before the next attempt, or gives up.
    async fn recover(
        &mut self,
        obstacle: Obstacle,
        answers: &Answers,
        observe: &mut Observer<'_>,
    ) -> Result<(), UploadError> {
        if let Obstacle::Attempt {
            node,
            why: Setback::Storage { reason },
        } = &obstacle
        {
            self.full_disks.insert(*node, reason.clone());
            if every_reachable(answers, |node| self.full_disks.contains_key(&node)) {
                let reason = reason.clone();
                return Err(UploadError::Storage { reason });
            }
        }
        let Some(pause) = self.patience.after(&obstacle, Instant::now().into_std()) else {
            return Err(self.spent(obstacle));
        };
        observe(UploadEvent::Retrying(obstacle));
        sleep(pause).await;
        Ok(())
    }

    /// Returns the error of an upload whose patience ended at `obstacle`.
    fn spent(&self, obstacle: Obstacle) -> UploadError {
        let outcome = self.outcome;
        match obstacle {
            Obstacle::NoLeader { missing } => UploadError::NoLeader {
                waited: self.config.deadline,
                missing,
                outcome,
            },
            Obstacle::EveryoneDeclines => UploadError::EveryoneDeclines {
                waited: self.config.deadline,
                outcome,
            },
            Obstacle::NobodyListens => UploadError::NobodyListens {
                members: self.config.cluster.members.clone(),
                outcome,
            },
            Obstacle::Refused { reason } => UploadError::Refused { reason, outcome },
            Obstacle::Attempt { .. } => UploadError::GaveUp { obstacle, outcome },
        }
    }

    /// Gives the encrypted file its name, if there is one.
    async fn keep(self, assignment: Assignment, stored: Stored) -> Result<Receipt, UploadError> {
        let name = SavedName::encrypted(self.source.path(), since_epoch().as_secs());
        let saved = self.returned.keep(name).await;
        let image = self.image;
        Ok(Receipt {
            image,
            saved: saved.map_err(|error| UploadError::StoredNotSaved { image, error })?,
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

/// Says whether every member that answered is one that `counts`.
fn every_reachable(answers: &Answers, counts: impl Fn(NodeId) -> bool) -> bool {
    let mut reachable = answers
        .iter()
        .filter(|(_, answer)| !matches!(answer, Answer::Unreachable(_)));
    reachable.all(|(&node, _)| counts(node))
}
