//! The connections that a node dials: one to every other member, kept up for ever.
//!
//! A control connection has one direction: a node speaks on the one it dialled and hears on the one
//! it accepted. One task a peer dials, greets, writes what the outbox holds, and notices the end.
//! It says what became of each dial, in the words of [`LinkChange`], and decides nothing:
//!
//! ```text
//!   dial --- refused ---------------> Refused    again after 250 ms: a proof of death must be renewed
//!    |  \--- no answer -------------> Silent     again after 250 ms
//!    | Accepted                                  no life yet
//!   hello -- ended, refused, itself ------------ again at once a few times, then Silent
//!    |  \--- no answer -------------> Silent
//!    | Up
//!   write ... ended ----------------> Closed     again at once, but for one that ended at once too
//! ```
//!
//! Where a way there or back is cut on purpose, a dial is not answered, whoever listens there.
//!
//! A greeting from the peer wakes whoever waits: it lives.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::faults::{Faults, Gate, Heard, Said};
use super::input::NodeInput;
use super::outbox::Outbox;
use super::sockets;
use super::watch::{Events, until_end};
use crate::bully::{ANSWER_TIME, LinkChange, PROOF_RENEWAL};
use crate::config::Address;
use crate::event::Fact;
use crate::id::{ClusterName, NodeId};
use crate::protocol::frame::{FrameError, FrameReader, FrameWriter};
use crate::protocol::{Greeted, Hello, Opening, PROTOCOL_VERSION, PeerWelcome, Purpose};

/// Between two dials to a peer that accepted and then ended before it had stood for a while.
///
/// A process that is being killed may accept for some milliseconds; then its port refuses.
const HASTY_REDIAL_EVERY: Duration = Duration::from_millis(1);

/// How many hasty dials there are in a row.
const HASTY_REDIALS: u32 = 20;

/// How long a welcomed connection must have stood for its end to be the first of a row.
const STEADY_TIME: Duration = Duration::from_secs(1);

/// How much of a foreign refusal is told, in characters: our own have less than 150.
const REASON_CHARS_MAX: usize = 200;

/// What the task of one peer needs to dial it.
#[derive(Debug)]
pub(crate) struct Dialler {
    /// Which member dials.
    pub(crate) me: NodeId,
    /// Whom.
    pub(crate) peer: NodeId,
    /// Where it listens.
    pub(crate) address: Address,
    /// The cluster both belong to.
    pub(crate) cluster: ClusterName,
    /// How long a dial may take until it is welcomed.
    pub(crate) patience: Duration,
    /// The node's clock.
    pub(crate) clock: Clock,
    /// What is wrong on purpose.
    pub(crate) faults: Faults,
    /// What is to be said.
    pub(crate) outbox: Arc<Outbox>,
    /// Rung when the peer is known to live.
    pub(crate) wake: Arc<Notify>,
    /// Where what becomes of it is told.
    pub(crate) inputs: mpsc::Sender<NodeInput>,
    /// Where a refused greeting is told.
    pub(crate) events: Events,
    /// Says that the node stops: what waits is written, then the connection closes.
    pub(crate) stopping: CancellationToken,
}

/// How one dial ended.
#[derive(Debug)]
enum Ended {
    /// It was welcomed, stood for this long, and closed.
    Closed(Duration),
    /// Nobody listens there.
    Refused,
    /// It was not answered in time, or the network failed.
    Silent,
    /// It was accepted, but there was no welcome.
    Unwelcome(String),
    /// The node stops.
    Stopped,
}

/// What earlier dials leave to later ones.
#[derive(Debug, Default)]
struct Past {
    /// How many ended hastily in a row.
    hasty: u32,
    /// The last reason of a refusal that was told since the peer last welcomed.
    told: Option<String>,
}

impl Dialler {
    /// Keeps the connection up until the node stops.
    pub(crate) async fn run(self) {
        let mut past = Past::default();
        loop {
            let ended = self.dial(&mut past).await;
            if matches!(ended, Ended::Stopped) {
                return;
            }
            let pause = self.pause_after(&ended, &mut past).await;
            tokio::select! {
                () = sleep(pause) => {}
                () = self.wake.notified() => {}
                () = self.stopping.cancelled() => return,
            }
        }
    }

    /// Returns how long to wait after a dial; one that is given up for now is told.
    async fn pause_after(&self, ended: &Ended, past: &mut Past) -> Duration {
        match ended {
            Ended::Closed(stood) if *stood >= STEADY_TIME => {
                past.hasty = 0;
                Duration::ZERO
            }
            Ended::Closed(_) | Ended::Unwelcome(_) if past.hasty < HASTY_REDIALS => {
                past.hasty += 1;
                HASTY_REDIAL_EVERY
            }
            Ended::Unwelcome(reason) => {
                self.tell(LinkChange::Silent).await;
                self.tell_once(&mut past.told, reason);
                PROOF_RENEWAL
            }
            // That it closed has been told.
            Ended::Closed(_) => PROOF_RENEWAL,
            Ended::Refused | Ended::Silent | Ended::Stopped => {
                past.hasty = 0;
                PROOF_RENEWAL
            }
        }
    }

    async fn dial(&self, past: &mut Past) -> Ended {
        let patience = Instant::now() + self.patience;
        let began = self.clock.now();
        let connected = tokio::select! {
            connected = timeout_at(patience, self.connect()) => connected,
            () = self.stopping.cancelled() => return Ended::Stopped,
        };
        match connected {
            Ok(Ok(stream)) if is_its_own_peer(&stream) => {
                Ended::Unwelcome("the connection reached itself".to_owned())
            }
            Ok(Ok(stream)) => {
                self.tell(LinkChange::Accepted).await;
                let (reader, writer) = stream.into_split();
                let gate = Gate::of(&self.faults, self.peer);
                let (reader, writer) = (Heard::new(reader, gate.clone()), Said::new(writer, gate));
                self.converse(reader, writer, patience, past).await
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.tell(LinkChange::Refused { began }).await;
                Ended::Refused
            }
            // A process that dies resets what it had not accepted yet.
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                Ended::Unwelcome(error.to_string())
            }
            Ok(Err(_)) | Err(_) => {
                self.tell(LinkChange::Silent).await;
                Ended::Silent
            }
        }
    }

    /// Connects; where a way is cut, that neither works nor is refused.
    async fn connect(&self) -> io::Result<TcpStream> {
        self.faults.until_both_open(self.peer).await;
        let connected = TcpStream::connect((self.address.host(), self.address.port())).await;
        self.faults.until_both_open(self.peer).await;
        let stream = connected?;
        sockets::prepare(&stream)?;
        Ok(stream)
    }

    /// Greets on a fresh connection, and speaks on it until it ends.
    async fn converse<R, W>(&self, reader: R, writer: W, patience: Instant, past: &mut Past) -> Ended
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut reader = FrameReader::new(reader);
        let mut writer = FrameWriter::new(writer);
        let greeted = tokio::select! {
            greeted = timeout_at(patience, self.greet(&mut reader, &mut writer)) => greeted,
            () = self.stopping.cancelled() => return Ended::Stopped,
        };
        let welcome = match greeted {
            Ok(Ok(welcome)) => welcome,
            Ok(Err(reason)) => return Ended::Unwelcome(reason),
            Err(_) => {
                self.tell(LinkChange::Silent).await;
                return Ended::Silent;
            }
        };
        let since = Instant::now();
        past.told = None;
        self.outbox.meet(welcome.generation);
        // What waited longer than an answer may take has been concluded from already.
        self.outbox.drop_older(self.clock.now(), ANSWER_TIME);
        self.tell(LinkChange::Up {
            generation: welcome.generation,
            epoch: welcome.epoch,
            blank: welcome.blank,
        })
        .await;
        tokio::select! {
            _ = until_end(reader.transport()) => {}
            written = self.write(&mut writer) => if written.is_ok() {
                return Ended::Stopped;
            }
        }
        self.tell(LinkChange::Closed).await;
        Ended::Closed(since.elapsed())
    }

    /// Says who dials, and reads whom it reached; or why that is no link.
    async fn greet<R, W>(
        &self,
        reader: &mut FrameReader<R>,
        writer: &mut FrameWriter<W>,
    ) -> Result<PeerWelcome, String>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let hello = Opening::Hello(Hello {
            version: PROTOCOL_VERSION,
            cluster: self.cluster.clone(),
            purpose: Purpose::Control {
                node: self.me,
                generation: self.clock.generation(),
            },
        });
        let said = |error: FrameError| error.to_string();
        writer.message(&hello).await.map_err(said)?;
        match reader.message().await.map_err(said)? {
            Some(Greeted::WelcomePeer(welcome)) if welcome.node == self.peer => Ok(welcome),
            Some(Greeted::WelcomePeer(welcome)) => Err(format!(
                "node {} answers there; correct the address of node {}",
                welcome.node, self.peer
            )),
            Some(Greeted::Refused(refusal)) => Err(refusal.reason),
            Some(Greeted::Status(_) | Greeted::Welcome(_)) => {
                Err("it answered what was not asked".to_owned())
            }
            None => Err("it closed the connection without a word".to_owned()),
        }
    }

    /// Writes what the outbox holds, until the connection fails or the node stops.
    async fn write<W: AsyncWrite + Unpin>(&self, writer: &mut FrameWriter<W>) -> Result<(), FrameError> {
        loop {
            tokio::select! {
                message = self.outbox.pop() => writer.message(&message).await?,
                () = self.stopping.cancelled() => break,
            }
        }
        while let Some(message) = self.outbox.try_pop() {
            writer.message(&message).await?;
        }
        writer.shutdown().await
    }

    async fn tell(&self, change: LinkChange) {
        let peer = self.peer;
        // The node's task ends before its diallers only when the process stops.
        let _ = self.inputs.send(NodeInput::Link { peer, change }).await;
    }

    /// Publishes why the greeting fails, once for each reason in a row.
    fn tell_once(&self, told: &mut Option<String>, reason: &str) {
        if told.as_deref() != Some(reason) {
            *told = Some(reason.to_owned());
            self.events.publish(Fact::GreetingRefused {
                from: format!("to be node {} at {}", self.peer, self.address),
                reason: reason.chars().take(REASON_CHARS_MAX).collect(),
            });
        }
    }
}

/// Says whether a connection reached itself, as a dial to a dead port of one's own range can.
fn is_its_own_peer(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(remote)) => local == remote,
        (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

#[cfg(test)]
mod tests;
