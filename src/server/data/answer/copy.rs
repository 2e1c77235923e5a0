//! A copy that a peer brings: checked, written while it comes, committed when it is whole.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::{End, bad_request, busy, fence, read_failed, tell};
use crate::protocol::frame::FrameReader;
use crate::protocol::{CHUNK_BYTES, Copy, DataReply, DataRequest, ErrorCode, NodeError};
use crate::server::alive;
use crate::server::arrivals::{Attempt, Stale};
use crate::server::buffers::Buffers;
use crate::server::connection::Connection;
use crate::server::context::Context;
use crate::server::disk::{Disk, DiskError};
use crate::server::transfer::chunks::Chunks;
use crate::server::transfer::error::TransferError;
use crate::store::{Digest, RecordHeader};

/// How long a copy may stand still between two chunks, or before its commit.
///
/// Its sender waits for a client, which may pause and still be borne. Whoever waits for longer
/// shows life by chunks without a body.
const COPY_IDLE_TIME: Duration = Duration::from_mins(1);

/// The time between two signs of life while the disk works: well within what a sender bears that
/// could do better elsewhere.
const BEAT: Duration = Duration::from_millis(50);

/// Takes a copy, up to its commit; a newer attempt at the same image takes its place.
///
/// What a reign assigned that this node has left behind, or what is older than what is arriving, is
/// refused.
pub(super) async fn take<R, W>(
    connection: &mut Connection<R, W>,
    copy: Copy,
    context: &Context,
) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let attempt = match copy.ballot {
        Some(ballot) => {
            fence(ballot, context).await?;
            Attempt::Assigned(ballot, copy.request)
        }
        None => Attempt::Repair,
    };
    let _room = context.room.for_copy().ok_or_else(too_many)?;
    let arrival = context.arrivals.enter(copy.entry.image, attempt);
    let arrival = arrival.map_err(|Stale| stale(attempt))?;
    tokio::select! {
        taken = keep(connection, copy, context) => taken,
        () = arrival.superseded() => Err(End::Gone),
    }
}

async fn keep<R, W>(connection: &mut Connection<R, W>, copy: Copy, context: &Context) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let body_bytes = copy.entry.body_bytes;
    let header = RecordHeader::of(copy.entry, context.config.cluster.name.clone());
    let mut disk = Disk::begin(&context.store, header, body_bytes);
    let digest = receive(&mut connection.reader, &context.buffers, &mut disk).await?;
    let committed = disk.commit_as(digest);
    // A chunk without a body: the sender sees that the disk goes on.
    let writer = &mut connection.writer;
    let committed = alive::until(committed, BEAT, writer, &DataReply::Chunk).await;
    committed.map_err(told)?;
    tell(connection, &DataReply::Kept).await
}

/// Writes what comes to the disk; returns the digest that all of it should have.
async fn receive<R>(reader: &mut FrameReader<R>, buffers: &Buffers, disk: &mut Disk) -> Result<Digest, End>
where
    R: AsyncRead + Unpin,
{
    let mut chunks = Chunks::new(buffers);
    loop {
        let next = tokio::select! {
            biased;
            next = timeout(COPY_IDLE_TIME, reader.message()) => next,
            error = disk.failed() => return Err(told(error)),
        };
        let request = match next {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) => return Err(End::Gone),
            Ok(Err(error)) => return read_failed(&error).and(Err(End::Gone)),
            Err(_) => return Err(bad_request("nothing came of the copy; send it again").into()),
        };
        match request {
            DataRequest::Chunk if reader.body_left() > CHUNK_BYTES as u64 => {
                let reason = format!("a chunk has more than {CHUNK_BYTES} bytes");
                return Err(bad_request(reason).into());
            }
            DataRequest::Chunk if reader.body_left() == 0 => {}
            DataRequest::Chunk => {
                let chunk = chunks.read(reader).await.map_err(not_read)?;
                disk.write(chunk.share()).await.map_err(told)?;
            }
            DataRequest::Commit { digest } => {
                let digest = digest.parse();
                return digest.map_err(|_| bad_request("that is no digest").into());
            }
            DataRequest::Copy(_)
            | DataRequest::Bury(_)
            | DataRequest::LookUp { .. }
            | DataRequest::Summarise
            | DataRequest::Bucket { .. }
            | DataRequest::Fetch { .. } => return Err(bad_request("a copy is still open").into()),
        }
    }
}

fn too_many() -> NodeError {
    busy("this node takes as many copies as it can; send it again later")
}

fn stale(attempt: Attempt) -> NodeError {
    let code = match attempt {
        Attempt::Assigned(..) => ErrorCode::StaleAssignment,
        Attempt::Repair => ErrorCode::Busy,
    };
    NodeError {
        code,
        reason: "a newer attempt at the image is arriving; this one is over".to_owned(),
    }
}

fn told(error: DiskError) -> End {
    End::Refused(error.into())
}

fn not_read(error: TransferError) -> End {
    if error.can_be_told() {
        End::Refused(error.into())
    } else {
        End::Gone
    }
}
