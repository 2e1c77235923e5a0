//! What is heard on a connection: nothing while its way is cut, and late while it is delayed.
//!
//! What a cut keeps back stays where it is, in the system's buffers, the end of the connection
//! included; so it comes after healing, as TCP would have it. What is delayed is read at once and
//! handed on later, in its order, so that a delay holds up nothing that comes behind it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context as Wait, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Gate, Waiter, lateness};
use crate::fault::Way;
use crate::server::watch::until_end;

/// How many bytes of a connection are on their way at most; behind them the sender waits.
///
/// What a second of delay takes of an ordinary upload.
const LATE_BYTES_MAX: usize = 4 << 20;

/// How much is read at a time of what is delayed.
const READ_BYTES: usize = 64 << 10;

/// The reading half of a connection, behind a gate.
#[derive(Debug)]
pub(crate) struct Heard<R> {
    transport: R,
    gate: Gate,
    waiter: Waiter,
    /// What has come and is not due yet; none where nothing was ever late.
    late: Option<Box<Late>>,
}

/// What has come and is not due yet, in its order.
#[derive(Debug, Default)]
struct Late {
    queue: VecDeque<Piece>,
    bytes: usize,
    /// Rings when the first of it is due.
    alarm: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug)]
struct Piece {
    due: Instant,
    came: Came,
}

#[derive(Debug)]
enum Came {
    Bytes(Bytes),
    End,
    Failure(io::Error),
}

impl<R> Heard<R> {
    /// Makes the reading half of a connection with this gate.
    pub(crate) fn new(transport: R, gate: Gate) -> Self {
        Self {
            transport,
            gate,
            waiter: Waiter::default(),
            late: None,
        }
    }
}

impl<R: AsyncRead + Unpin> Heard<R> {
    /// Waits until the other end has closed the connection, cut or not. Loses what comes before: this
    /// is for whoever reads nothing any more, and tells nobody.
    pub(crate) async fn until_left(&mut self) {
        // A connection that fails has ended, too.
        let _ = until_end(&mut self.transport).await;
    }
}

impl Heard<OwnedReadHalf> {
    /// Says whether nothing is to be heard on it: neither an end nor bytes.
    pub(crate) fn is_quiet(&self) -> bool {
        if self.gate.is_shut() {
            return true;
        }
        let is_late = self.late.as_ref().is_some_and(|late| !late.queue.is_empty());
        let read = self.transport.try_read(&mut [0]);
        !is_late && matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Heard<R> {
    fn poll_read(self: Pin<&mut Self>, wait: &mut Wait<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let way = ready!(this.gate.poll_open(&mut this.waiter, wait));
        let in_time = way.delay.is_zero() && way.jitter.is_zero();
        if in_time && this.late.as_ref().is_none_or(|late| late.queue.is_empty()) {
            this.late = None;
            return Pin::new(&mut this.transport).poll_read(wait, into);
        }
        let late = this.late.get_or_insert_default();
        late.take_in(&mut this.transport, wait, way);
        late.hand_on(wait, into)
    }
}

impl Late {
    /// Reads what has come, and notes when it is due.
    fn take_in(&mut self, transport: &mut (impl AsyncRead + Unpin), wait: &mut Wait<'_>, way: Way) {
        while self.bytes < LATE_BYTES_MAX && !self.has_ended() {
            let mut room = vec![0; READ_BYTES];
            let mut read = ReadBuf::new(&mut room);
            let came = match Pin::new(&mut *transport).poll_read(wait, &mut read) {
                Poll::Pending => return,
                Poll::Ready(Err(error)) => Came::Failure(error),
                Poll::Ready(Ok(())) if read.filled().is_empty() => Came::End,
                Poll::Ready(Ok(())) => Came::Bytes(Bytes::copy_from_slice(read.filled())),
            };
            if let Came::Bytes(bytes) = &came {
                self.bytes += bytes.len();
            }
            let due = Instant::now() + lateness(way);
            let due = self.queue.back().map_or(due, |before| due.max(before.due));
            self.queue.push_back(Piece { due, came });
        }
    }

    fn has_ended(&self) -> bool {
        let last = self.queue.back();
        last.is_some_and(|last| matches!(last.came, Came::End | Came::Failure(_)))
    }

    /// Hands on what is due, or waits until something is.
    fn hand_on(&mut self, wait: &mut Wait<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(due) = self.queue.front().map(|first| first.due) else {
            // What comes wakes the reader: that was asked for when nothing had come.
            return Poll::Pending;
        };
        ready!(self.poll_alarm(wait, due));
        let Some(first) = self.queue.pop_front() else {
            return Poll::Pending;
        };
        match first.came {
            Came::Bytes(mut bytes) => {
                let taken = into.remaining().min(bytes.len());
                into.put_slice(&bytes[..taken]);
                bytes.advance(taken);
                self.bytes -= taken;
                if !bytes.is_empty() {
                    let came = Came::Bytes(bytes);
                    self.queue.push_front(Piece { due, came });
                }
                Poll::Ready(Ok(()))
            }
            Came::End => Poll::Ready(Ok(())),
            Came::Failure(error) => Poll::Ready(Err(error)),
        }
    }

    /// Waits until something is due.
    fn poll_alarm(&mut self, wait: &mut Wait<'_>, due: Instant) -> Poll<()> {
        if due <= Instant::now() {
            return Poll::Ready(());
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(wait)
    }
}
