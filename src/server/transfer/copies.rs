//! The copies of one transfer on the other nodes: lent the same buffers, committed side by side.
//!
//! ```text
//!                    +--> queue --> one (a connection to a peer) --+
//!   Lender --- lend -+--> queue --> one ---------------------------+--> Board --> Company
//!                    +--> queue --> one ---------------------------+
//! ```
//!
//! All of it runs in the task of the transfer: a small image costs no further task and no wake-up of
//! another thread. Who is waited for and who is dropped is decided by `company`; copies without which
//! there is no acknowledgement are waited for as long as they show life, or nobody else could do
//! better. When a transfer is dropped its copies are too, and the peers keep nothing.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Waking, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::board::Board;
use self::company::{Company, Lag, PATIENCE, Progress};
use self::loss::Losses;
use self::one::Piece;
use super::error::TransferError;
use crate::id::NodeId;
use crate::protocol::{Copy, DataRequest};
use crate::server::context::Context;
use crate::server::data::DataError;
use crate::store::Digest;

mod board;
mod company;
mod loss;
mod one;

/// How many chunks wait for a peer that is slower than the others, beside the one it is sent.
const QUEUE_CHUNKS: usize = 2;

/// Room that chunks leave in the queue: the commit must never wait behind a peer that takes nothing.
const COMMIT_ROOM: usize = 1;

/// Lends bytes to the copies of a transfer.
#[derive(Debug)]
pub(super) struct Lender<'a> {
    queues: Vec<Queue>,
    company: Company,
    losses: Losses,
    board: Arc<Board>,
    context: &'a Context,
    /// Whether somebody in reach gets no copy.
    spares: bool,
    /// When bytes were last lent.
    lent: Instant,
}

#[derive(Debug)]
struct Queue {
    peer: NodeId,
    pieces: mpsc::Sender<Piece>,
    /// Ends the copy wherever it is.
    given_up: CancellationToken,
}

/// The work of the copies, to be done beside everything else.
pub(super) struct Work<'a>(Vec<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>);

/// Begins a copy of an image on every peer that should get one.
pub(super) fn begin<'a>(
    context: &'a Context,
    copy: Copy,
    linked: &[NodeId],
    needed: usize,
) -> (Lender<'a>, Work<'a>) {
    let spared = context.laggards.spared(Instant::now().into_std());
    let peers = company::choose(linked, &spared, needed);
    let board = Arc::new(Board::default());
    let header = Arc::new(DataRequest::Copy(copy));
    let mut queues = Vec::with_capacity(peers.len());
    let mut work: Vec<Pin<Box<dyn Future<Output = ()> + Send + 'a>>> = Vec::with_capacity(peers.len());
    for &peer in &peers {
        let (pieces, queue) = mpsc::channel(QUEUE_CHUNKS + COMMIT_ROOM);
        let given_up = CancellationToken::new();
        let (header, board, stop) = (Arc::clone(&header), Arc::clone(&board), given_up.clone());
        work.push(Box::pin(async move {
            let brought = tokio::select! {
                brought = one::bring(&context.data, peer, &header, queue, &board) => brought,
                () = stop.cancelled() => return,
            };
            board.ended(peer, brought);
        }));
        queues.push(Queue {
            peer,
            pieces,
            given_up,
        });
    }
    let lender = Lender {
        queues,
        context,
        spares: peers.len() < linked.len(),
        company: Company::new(peers, needed),
        losses: Losses::default(),
        board,
        lent: Instant::now(),
    };
    (lender, Work(work))
}

impl Lender<'_> {
    /// Lends the next bytes to every copy; waits for those that are needed.
    ///
    /// # Errors
    ///
    /// When too few copies are left, and when a peer knows that the image was deleted.
    pub(super) async fn lend(&mut self, chunk: &Bytes) -> Result<(), TransferError> {
        let mut behind: Vec<NodeId> = self.queues.iter().map(|queue| queue.peer).collect();
        let before = std::mem::replace(&mut self.lent, Instant::now());
        self.company.went_on(self.lent - before);
        loop {
            self.read_board()?;
            behind.retain(|&peer| !self.offer(peer, chunk));
            if self.company.progress() == Progress::Hopeless {
                return Err(self.losses.before_commit(self.company.needed()));
            }
            match self.company.lag(behind.len()) {
                Lag::None => return Ok(()),
                Lag::Wait => {
                    let still = timeout(PATIENCE, self.board.change()).await.is_err();
                    if still && self.another_may_do_better() {
                        self.leave_all_behind(&behind);
                        return Err(self.losses.before_commit(self.company.needed()));
                    }
                }
                Lag::WaitAtMost(patience) => {
                    let began = Instant::now();
                    let _ = timeout(patience, self.board.change()).await;
                    self.company.waited(began.elapsed());
                }
                Lag::Drop => {
                    self.leave_all_behind(&behind);
                    return Ok(());
                }
            }
        }
    }

    /// Says whether a copy has no further need of a chunk: it has it, or is no more.
    fn offer(&self, peer: NodeId, chunk: &Bytes) -> bool {
        let Some(queue) = self.queues.iter().find(|queue| queue.peer == peer) else {
            return true;
        };
        if queue.pieces.is_closed() {
            return true;
        }
        let room = queue.pieces.capacity() > COMMIT_ROOM;
        // The only sender, so what has room now takes it.
        room && queue.pieces.try_send(Piece::Chunk(chunk.clone())).is_ok()
    }

    /// Says whether another attempt may do better than waiting for those that stand still: it gives
    /// a copy to whoever was spared, and is led by whoever leads then.
    fn another_may_do_better(&self) -> bool {
        self.spares || self.context.surroundings.borrow().ballot.is_none()
    }

    fn leave_all_behind(&mut self, peers: &[NodeId]) {
        for &peer in peers {
            self.leave_behind(peer);
        }
    }

    /// Gives a copy up that holds up the transfer.
    fn leave_behind(&mut self, peer: NodeId) {
        self.lagged(peer);
        self.losses.left_behind(peer);
        self.lose(peer);
    }

    fn lagged(&self, peer: NodeId) {
        self.context.laggards.lagged(peer, Instant::now().into_std());
    }

    fn lose(&mut self, peer: NodeId) {
        self.company.lost(peer);
        self.queues.retain(|queue| {
            if queue.peer == peer {
                queue.given_up.cancel();
            }
            queue.peer != peer
        });
    }

    /// Learns how copies have ended.
    fn read_board(&mut self) -> Result<(), TransferError> {
        for (peer, how) in self.board.take_ends() {
            match how {
                Ok(()) => {
                    self.context.laggards.kept_up(peer);
                    self.company.kept(peer);
                }
                Err(DataError::Stalled(_)) => self.leave_behind(peer),
                Err(error) => {
                    self.losses.note(peer, error)?;
                    self.lose(peer);
                }
            }
        }
        Ok(())
    }

    /// Commits all copies side by side with the local one, and waits for as many as are needed, and
    /// a little for the rest; returns who keeps one.
    ///
    /// # Errors
    ///
    /// When the local one fails, when too few are kept, when so many stand still that another attempt
    /// may do better, and when a peer knows that the image was deleted.
    pub(super) async fn commit(
        mut self,
        digest: Digest,
        local: impl Future<Output = Result<(), TransferError>>,
    ) -> Result<Vec<NodeId>, TransferError> {
        self.read_board()?;
        if self.company.progress() == Progress::Hopeless {
            return Err(self.losses.before_commit(self.company.needed()));
        }
        self.hand_over(digest);
        self.settle(local).await?;
        for peer in self.company.taking() {
            self.lagged(peer);
        }
        Ok(self.company.keepers())
    }

    fn hand_over(&mut self, digest: Digest) {
        for queue in &self.queues {
            match queue.pieces.try_send(Piece::Commit(digest)) {
                // Whoever has ended says so on the board; for the commit there is always room.
                Ok(()) | Err(TrySendError::Closed(_) | TrySendError::Full(_)) => {}
            }
        }
    }

    /// Returns what a failure here means once others may have been told to commit.
    fn told_to_others(&self, error: TransferError) -> TransferError {
        match error {
            TransferError::Disk(error) if !self.queues.is_empty() && !error.is_for_good() => {
                TransferError::NotKeptHere(error)
            }
            error => error,
        }
    }

    async fn settle(
        &mut self,
        local: impl Future<Output = Result<(), TransferError>>,
    ) -> Result<(), TransferError> {
        let mut local = pin!(local);
        let mut surroundings = self.context.surroundings.subscribe();
        let began = Instant::now();
        let mut moved = began;
        let mut stored = false;
        let mut rest = None;
        loop {
            self.read_board()?;
            let until = match (stored, self.company.progress()) {
                (true, Progress::Complete) => return Ok(()),
                (true, Progress::Enough) => {
                    Some(*rest.get_or_insert_with(|| Instant::now() + company::grace(began.elapsed())))
                }
                (true, Progress::TooFew) => self.another_may_do_better().then(|| moved + PATIENCE),
                (true, Progress::Hopeless) => return Err(self.losses.after_commit(self.company.needed())),
                // How the local one ends is known first: it may be kept.
                (false, _) => None,
            };
            tokio::select! {
                biased;
                kept = &mut local, if !stored => {
                    kept.map_err(|error| self.told_to_others(error))?;
                    stored = true;
                    moved = Instant::now();
                }
                () = self.board.change() => moved = Instant::now(),
                Ok(()) = surroundings.changed() => {}
                () = due(until) => return self.without_the_rest(),
            }
        }
    }

    /// Ends the commit without those that have not answered.
    fn without_the_rest(&mut self) -> Result<(), TransferError> {
        if self.company.progress() == Progress::Enough {
            return Ok(());
        }
        self.leave_all_behind(&self.company.taking());
        Err(self.losses.after_commit(self.company.needed()))
    }
}

async fn due(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

impl Work<'_> {
    /// Does the copies' work until `other` is done.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = pin!(other);
        poll_fn(|waking| match other.as_mut().poll(waking) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => {
                self.advance(waking);
                Poll::Pending
            }
        })
        .await
    }

    fn advance(&mut self, waking: &mut Waking<'_>) {
        self.0.retain_mut(|one| one.as_mut().poll(waking).is_pending());
    }
}

impl fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Work").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests;
