//! The stream of a node's events: stamped in one place, read by the log and by `watch` connections.
//!
//! Publishing never waits. A reader that falls behind loses events and is told how many by
//! [`Fact::LogDropped`].

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::log::{Handed, LogSink};
use crate::event::{Event, EventStamp, Fact};
use crate::id::NodeId;
use crate::protocol::frame::{FrameError, FrameWriter};

/// How many events a watcher may lag behind before it loses some.
///
/// The ring is shared by all watchers; a thousand events are some hundred kilobytes.
const WATCH_EVENTS: usize = 1024;

/// Stamps facts and hands them to everybody who reads; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    /// Guards the order: an event is stamped and handed to every reader in one go.
    journal: Mutex<Journal>,
    watchers: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug)]
struct Journal {
    stamp: EventStamp,
    sinks: Vec<LogSink>,
    dropped_lines: u64,
}

impl Events {
    /// Makes the stream of a node, read by `sinks` from the first event on.
    pub(crate) fn new(node: NodeId, clock: Clock, sinks: Vec<LogSink>) -> Self {
        let generation = clock.generation();
        Self(Arc::new(Inner {
            clock,
            journal: Mutex::new(Journal {
                stamp: EventStamp::new(node, generation),
                sinks,
                dropped_lines: 0,
            }),
            watchers: broadcast::Sender::new(WATCH_EVENTS),
        }))
    }

    /// Tells everybody who reads that `fact` happened now.
    pub(crate) fn publish(&self, fact: Fact) {
        let mut journal = self.0.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = self.hand_out(&mut journal, fact);
        journal.dropped_lines += dropped;
        // Said once there is room again, so that a log that stands still causes no flood elsewhere.
        let lines = journal.dropped_lines;
        if dropped == 0 && lines > 0 && self.hand_out(&mut journal, Fact::LogDropped { lines }) == 0 {
            journal.dropped_lines = 0;
        }
    }

    /// Stamps and hands out; returns how many sinks dropped it.
    fn hand_out(&self, journal: &mut Journal, fact: Fact) -> u64 {
        let Inner { clock, watchers, .. } = &*self.0;
        let event = Arc::new(journal.stamp.stamp(clock.real(), clock.wall(), fact));
        let dropped = journal
            .sinks
            .iter()
            .filter(|sink| sink.hand_over(&event) == Handed::Dropped);
        let dropped = dropped.count() as u64;
        // Nobody watches most of the time, and that is no failure.
        let _ = watchers.send(event);
        dropped
    }

    /// Returns a reader of every event from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.watchers.subscribe()
    }

    /// Waits a little for the log to be written; events after this reach watchers only.
    pub(crate) fn close(&self) {
        let mut journal = self.0.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let sinks = std::mem::take(&mut journal.sinks);
        drop(journal);
        sinks.into_iter().for_each(LogSink::close);
    }
}

/// Streams events to a watcher, one a line, until it goes away or the node stops.
///
/// # Errors
///
/// When the connection fails.
pub(crate) async fn stream_to<R, W>(
    mut reader: R,
    writer: &mut FrameWriter<W>,
    mut received: broadcast::Receiver<Arc<Event>>,
    stopping: &CancellationToken,
) -> Result<(), FrameError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let gone = until_end(&mut reader);
    let written = async {
        let mut lost = 0;
        loop {
            match received.recv().await {
                Ok(event) => {
                    if lost > 0 {
                        writer.message(&gap_before(&event, lost)).await?;
                        lost = 0;
                    }
                    writer.message(&*event).await?;
                }
                Err(RecvError::Lagged(events)) => lost += events,
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    };
    tokio::select! {
        ended = gone => Ok(ended?),
        ended = written => ended,
        () = stopping.cancelled() => Ok(()),
    }
}

/// Makes the event that tells one watcher what it lost, in the place of the last that it lost.
///
/// It is not published: all others have lost nothing, and one more event in a full ring would
/// push out the next.
fn gap_before(next: &Event, lines: u64) -> Event {
    Event {
        sequence: next.sequence.saturating_sub(1),
        fact: Fact::LogDropped { lines },
        ..next.clone()
    }
}

/// Reads and drops bytes until the other side ends the connection.
///
/// # Errors
///
/// When the transport fails.
pub(crate) async fn until_end(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut scratch = [0; 256];
    while reader.read(&mut scratch).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::frame::FrameReader;

    fn events() -> Events {
        let id = NodeId::new(1).expect("not zero");
        Events::new(id, Clock::start(), Vec::new())
    }

    #[tokio::test]
    async fn a_watcher_reads_events_in_order_and_without_gaps() {
        let events = events();
        let received = events.subscribe();
        let (client, node) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(node);
        for round in 0..3 {
            events.publish(Fact::ElectionStarted { round });
        }
        let stopping = CancellationToken::new();
        let streaming = tokio::spawn(async move {
            let mut writer = FrameWriter::new(writer);
            stream_to(reader, &mut writer, received, &stopping).await
        });
        let mut client = FrameReader::new(client);
        for sequence in 0..3 {
            let event: Event = client.message().await.expect("readable").expect("an event");
            assert_eq!(event.sequence, sequence);
            assert_eq!(event.fact, Fact::ElectionStarted { round: sequence });
        }
        drop(client);
        streaming.await.expect("no panic").expect("a clean end");
    }

    #[tokio::test]
    async fn a_slow_watcher_is_told_how_many_events_it_lost() {
        let events = events();
        let received = events.subscribe();
        let published = WATCH_EVENTS as u64 + 100;
        for round in 0..published {
            events.publish(Fact::ElectionStarted { round });
        }
        let (client, node) = tokio::io::duplex(1024);
        let (reader, writer) = tokio::io::split(node);
        tokio::spawn(async move {
            let mut writer = FrameWriter::new(writer);
            stream_to(reader, &mut writer, received, &CancellationToken::new()).await
        });
        let mut client = FrameReader::new(client);
        let first: Event = client.message().await.expect("readable").expect("an event");
        assert_eq!(first.fact, Fact::LogDropped { lines: 100 });
        for sequence in first.sequence + 1..published {
            let event: Event = client.message().await.expect("readable").expect("an event");
            assert_eq!(event.sequence, sequence);
        }
    }
}
