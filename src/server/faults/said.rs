//! What is said on a connection: its failures are not seen while nothing can be heard from there.
//!
//! That a peer is gone is told by the peer's end of the connection. Whoever hears nothing from there
//! must not learn it by writing either.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context as Wait, Poll};

use tokio::io::AsyncWrite;

use super::{Gate, Waiter};

/// The writing half of a connection, behind a gate.
#[derive(Debug)]
pub(crate) struct Said<W> {
    transport: W,
    gate: Gate,
    waiter: Waiter,
}

impl<W: AsyncWrite + Unpin> Said<W> {
    /// Makes the writing half of a connection with this gate.
    pub(crate) fn new(transport: W, gate: Gate) -> Self {
        Self {
            transport,
            gate,
            waiter: Waiter::default(),
        }
    }

    /// Tries until it works, or until its failure may be seen.
    fn tried<T>(
        &mut self,
        wait: &mut Wait<'_>,
        mut once: impl FnMut(Pin<&mut W>, &mut Wait<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match once(Pin::new(&mut self.transport), wait) {
            Poll::Ready(Err(error)) => self.gate.poll_open(&mut self.waiter, wait).map(|_| Err(error)),
            ended @ (Poll::Ready(Ok(_)) | Poll::Pending) => ended,
        }
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Said<W> {
    fn poll_write(self: Pin<&mut Self>, wait: &mut Wait<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut()
            .tried(wait, |transport, wait| transport.poll_write(wait, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        wait: &mut Wait<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().tried(wait, |transport, wait| {
            transport.poll_write_vectored(wait, pieces)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, wait: &mut Wait<'_>) -> Poll<io::Result<()>> {
        self.get_mut().tried(wait, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(self: Pin<&mut Self>, wait: &mut Wait<'_>) -> Poll<io::Result<()>> {
        self.get_mut().tried(wait, AsyncWrite::poll_shutdown)
    }
}
