//! The task that owns a node: its election, its links, its rotation, the offers that wait.
//!
//! One loop turns what happened into inputs of the election, and what the election wants into
//! votes on disk, messages in outboxes, and events. Nothing here waits for a disk or a socket.
//!
//! ```text
//!   NodeInput --+                         +-- Persist -> the vote's thread --> NodeInput::Kept
//!   deadline  --+--> Election::handle ----+-- Send    -> the peer's outbox
//!   shutdown  --+                         +-- Publish -> events
//! ```
//!
//! Invariants: the time is read right before it is used, so that a process that slept acts for
//! nobody; no flood of inputs keeps the election from its deadlines; a peer is welcomed only after
//! the election knows of its greeting.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use self::abreast::Abreast;
use self::sync::SyncBook;
use super::clock::Clock;
use super::context::Context;
use super::dispatch::Dispatch;
use super::faults::Faults;
use super::input::{GreetingAnswer, NodeInput, Standing};
use super::links::{Accepted, Entry, Links};
use super::parking::{Parking, Pending};
use super::surroundings::Surroundings;
use super::sync::Lacks;
use super::vote::{VoteError, VoteWriter};
use super::watch::Events;
use crate::bully::{Election, Input, LinkChange, Output};
use crate::config::NodeConfig;
use crate::event::{Fact, RequestOutcome};
use crate::id::{Ballot, ImageId, NodeId};
use crate::protocol::{Assignment, ControlMessage, ErrorCode, NodeError, PeerWelcome, Refusal};
use crate::store::Store;
use crate::time::Time;

mod abreast;
mod offers;
mod status;
mod sync;

/// How many inputs are taken before the rotation and the waiting offers are looked at again.
const INPUTS_AT_ONCE: usize = 64;

/// A node without its sockets.
#[derive(Debug)]
pub(crate) struct Node {
    /// What it was told.
    config: NodeConfig,
    /// Its clock.
    clock: Clock,
    /// What is wrong with it on purpose.
    faults: Faults,
    /// What happens on it.
    events: Events,
    /// Who leads.
    election: Election,
    /// What it must never forget.
    votes: VoteWriter,
    /// Whom it hears and reaches.
    links: Links,
    /// Who leads and who can be asked, for the rest of the runtime.
    surroundings: watch::Sender<Surroundings>,
    /// What others notice that it lacks.
    lacks: Arc<Lacks>,
    /// Who keeps all that is kept.
    sync: SyncBook,
    /// Whether it can say alone what is kept.
    abreast: Abreast,
    /// What it has given to whom, while it leads.
    dispatch: Option<Dispatch>,
    /// Offers that wait for somebody to lead.
    parking: Parking,
    /// What it keeps.
    store: Store,
    /// How many images it has told that it keeps; none before it has told.
    images_told: Option<u64>,
    /// Whether it has told that its store only reads.
    read_only_told: bool,
    /// Room for transfers.
    transfers: Arc<Semaphore>,
}

impl Node {
    /// Makes a node that leads nobody and whom nobody waits for.
    pub(crate) fn new(context: &Context, election: Election, votes: VoteWriter, links: Links) -> Self {
        let alone = context.config.cluster.members.len() == 1;
        let promise = context.config.timing.promise();
        Self {
            config: context.config.clone(),
            clock: context.clock.clone(),
            faults: context.faults.clone(),
            events: context.events.clone(),
            election,
            votes,
            links,
            surroundings: context.surroundings.clone(),
            lacks: Arc::clone(&context.lacks),
            sync: SyncBook::new(alone),
            abreast: Abreast::new(alone, context.clock.now(), promise),
            dispatch: None,
            parking: Parking::default(),
            store: context.store.clone(),
            images_told: None,
            read_only_told: false,
            transfers: Arc::clone(&context.transfers),
        }
    }

    /// Runs the node until it is asked to stop; it has resigned then, as far as it led.
    ///
    /// # Errors
    ///
    /// When a vote cannot be kept.
    pub(crate) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<NodeInput>,
        shutdown: &CancellationToken,
    ) -> Result<(), VoteError> {
        self.drive(Input::Tick);
        self.settle();
        self.tell_images();
        loop {
            let deadline = self.deadline().map(|time| self.clock.instant(time));
            let timer = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            // Inputs before the timer: `settle` looks at the deadlines after every batch of them.
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                input = inputs.recv() => {
                    let more = std::iter::from_fn(|| inputs.try_recv().ok());
                    for input in input.into_iter().chain(more.take(INPUTS_AT_ONCE)) {
                        self.take(input)?;
                    }
                }
                () = timer => {}
            }
            self.tell_health();
            self.settle();
            self.tell_images();
        }
        self.events.publish(Fact::Stopping);
        self.drive(Input::Shutdown);
        self.turn_away_all();
        Ok(())
    }

    fn deadline(&self) -> Option<Time> {
        let election = self.election.poll_timeout().into_iter();
        election.chain(self.parking.until()).min()
    }

    /// Lets the election handle an input now, and does what it wants done, in its order.
    fn drive(&mut self, input: Input) {
        let now = self.clock.now();
        self.election.handle(now, input);
        while let Some(output) = self.election.poll_output() {
            match output {
                Output::Persist { sequence, vote } => self.votes.keep(sequence, vote),
                Output::Send { to, message } => {
                    self.links.send(now, to, ControlMessage::Election(message));
                }
                Output::Publish(fact) => self.events.publish(fact),
            }
        }
    }

    fn take(&mut self, input: NodeInput) -> Result<(), VoteError> {
        match input {
            NodeInput::Greeting { from, by, reply } => {
                let connection = by.connection;
                let answer = self.greeted(from, by);
                if reply.send(answer).is_err() {
                    self.links.gone(from, connection);
                }
            }
            NodeInput::GreetedGone { from, connection } => self.links.gone(from, connection),
            NodeInput::Control {
                from,
                connection,
                message,
            } => {
                if self.links.speaks_for(from, connection) {
                    self.heard(from, message);
                }
            }
            NodeInput::Link { peer, change } => {
                if let Some(fact) = self.links.changed(peer, change) {
                    // Whatever changed, the peer may have been away.
                    self.sync.forget(peer);
                    self.events.publish(fact);
                }
                self.drive(Input::Link { peer, change });
            }
            NodeInput::Kept { sequence, kept } => {
                kept?;
                self.drive(Input::Persisted { sequence });
            }
            NodeInput::Offer { offer, user, reply } => self.offered(Pending { offer, user, reply }),
            // Whoever asked may have gone; then the answer is dropped.
            NodeInput::Admission { assignment, reply } => drop(reply.send(self.admit(&assignment))),
            NodeInput::Missed { image, peers } => self.missed(image, &peers),
            NodeInput::Fence { ballot, reply } => drop(reply.send(self.fence(ballot))),
            NodeInput::InSync { ballot, found } => self.found_sync(ballot, found),
            NodeInput::Abreast { reply } => drop(reply.send(self.abreast.is(self.clock.now()))),
            NodeInput::Finished { assignment, outcome } => self.finished(assignment, outcome),
            NodeInput::Status { reply } => drop(reply.send(Box::new(self.status()))),
        }
        Ok(())
    }

    fn greeted(&mut self, from: NodeId, by: Accepted) -> GreetingAnswer {
        let generation = by.generation;
        match self.links.greet(from, by) {
            Entry::Granted => {
                self.drive(Input::Link {
                    peer: from,
                    change: LinkChange::Greeted { generation },
                });
                GreetingAnswer::Welcome(self.welcome())
            }
            Entry::Occupied => GreetingAnswer::Occupied,
            Entry::Unknown => GreetingAnswer::Refused(Refusal {
                reason: format!("node {from} is no peer of this node"),
            }),
        }
    }

    fn welcome(&self) -> PeerWelcome {
        PeerWelcome {
            node: self.config.id,
            generation: self.clock.generation(),
            epoch: self.election.epoch(),
            blank: self.election.blank(),
        }
    }

    fn heard(&mut self, from: NodeId, message: ControlMessage) {
        match message {
            ControlMessage::Election(message) => {
                if !message.is_heartbeat() {
                    let message = message.name().to_owned();
                    self.events.publish(Fact::MessageReceived { from, message });
                }
                self.drive(Input::Message { from, message });
            }
            ControlMessage::Report {
                ballot,
                request,
                outcome,
            } => {
                if let Some(dispatch) = &mut self.dispatch {
                    dispatch.finish(from, ballot, request, outcome);
                }
                self.publish_dispatched();
            }
            ControlMessage::Sync { ballot, in_sync } => self.heard_sync(from, ballot, in_sync),
            ControlMessage::Missed { image } => self.lacks.missed(image, from),
        }
    }

    /// Tells peers of an image that they have to fetch.
    fn missed(&self, image: ImageId, peers: &[NodeId]) {
        for &peer in peers {
            let message = ControlMessage::Missed { image };
            self.links.send(self.clock.now(), peer, message);
            self.events.publish(Fact::CopyMissed { image, peer });
        }
    }

    /// Decides whether this node does what a leader assigned, and returns how it stands: fencing
    /// compares ballots.
    fn admit(&self, assignment: &Assignment) -> Result<Standing, NodeError> {
        let me = self.config.id;
        if assignment.node != me {
            let reason = format!(
                "this is node {me}, and the image was assigned to node {}",
                assignment.node
            );
            let code = ErrorCode::BadRequest;
            return Err(NodeError { code, reason });
        }
        self.fence(assignment.ballot)?;
        let now = self.clock.now();
        Ok(Standing {
            linked: self.links.up().collect(),
            quorum: self.election.view(now).quorum.needed,
            abreast: self.abreast.is(now),
        })
    }

    /// Refuses what an older reign assigned than this node has voted for.
    fn fence(&self, ballot: Ballot) -> Result<(), NodeError> {
        if self.election.is_current(ballot) {
            return Ok(());
        }
        Err(NodeError {
            code: ErrorCode::StaleAssignment,
            reason: format!(
                "the assignment is of reign {ballot}, and this node has voted in a newer one, of epoch {}; offer the image again",
                self.election.epoch()
            ),
        })
    }

    /// Notes the end of an assignment to this node, or tells whoever assigned it.
    fn finished(&mut self, assignment: Assignment, outcome: RequestOutcome) {
        let Assignment { ballot, request, .. } = assignment;
        let report = ControlMessage::Report {
            ballot,
            request,
            outcome,
        };
        if ballot.id == self.config.id {
            self.heard(ballot.id, report);
        } else {
            self.links.send(self.clock.now(), ballot.id, report);
        }
    }
}

#[cfg(test)]
mod tests;
