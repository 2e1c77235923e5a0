//! What a peer is sent: the items of a bucket, and whole images.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::{End, busy, tell};
use crate::id::{ImageId, RequestId};
use crate::protocol::frame::FrameError;
use crate::protocol::{CHUNK_BYTES, CatalogueItem, Copy, DataReply, ErrorCode, NodeError};
use crate::server::connection::{Connection, STALL};
use crate::server::context::Context;
use crate::server::disk::code_of;
use crate::server::reading::{Reading, ReadingError};
use crate::server::repair::set_aside_if_damaged;

/// Sends items, one a line.
pub(super) async fn items<R, W>(connection: &mut Connection<R, W>, items: &[CatalogueItem]) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut body = Vec::new();
    for item in items {
        // Writing to memory fails for no item that was read.
        serde_json::to_writer(&mut body, item).map_err(|_| End::Gone)?;
        body.push(b'\n');
    }
    say_with_body(connection, &DataReply::Items, &body).await
}

/// Sends an image: its entry, its bytes, and the word that they were right.
///
/// A record that turns out to be damaged is set aside, and a good copy is looked for.
pub(super) async fn image<R, W>(
    connection: &mut Connection<R, W>,
    image: ImageId,
    context: &Context,
) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let _room = context.room.for_reading().ok_or_else(too_many)?;
    let mut reading = match Reading::open(&context.store, image, &context.buffers).await {
        Ok(Some(reading)) => reading,
        Ok(None) => return Err(not_kept(image).into()),
        Err(error) => return Err(failed(error, image, context).await),
    };
    let copy = Copy {
        entry: reading.entry().clone(),
        ballot: None,
        request: RequestId::default(),
    };
    // It goes out with the first chunk.
    let held = connection.writer.hold(&DataReply::Copy(copy));
    held.map_err(|_| End::Gone)?;
    loop {
        match reading.chunk().await {
            Ok(Some(chunk)) => say_with_body(connection, &DataReply::Chunk, &chunk).await?,
            Ok(None) => break,
            Err(error) => return Err(failed(error, image, context).await),
        }
    }
    let digest = reading.digest().ok_or(End::Gone)?.to_string();
    tell(connection, &DataReply::Whole { digest }).await
}

/// Says why an image cannot be sent on; a damaged record is set aside.
async fn failed(error: ReadingError, image: ImageId, context: &Context) -> End {
    set_aside_if_damaged(context, image, &error).await;
    let code = match &error {
        ReadingError::Store(error) => code_of(error),
        ReadingError::Record { .. } | ReadingError::DiskSilent => ErrorCode::Storage,
    };
    End::Refused(NodeError {
        code,
        reason: error.to_string(),
    })
}

fn too_many() -> NodeError {
    busy("this node sends as many images as it can; ask another, or again later")
}

fn not_kept(image: ImageId) -> NodeError {
    NodeError {
        code: ErrorCode::NoSuchImage,
        reason: format!("image {image} is not kept here; ask another node"),
    }
}

async fn say_with_body<R, W>(
    connection: &mut Connection<R, W>,
    reply: &DataReply,
    body: &[u8],
) -> Result<(), End>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let writer = &mut connection.writer;
    let held = writer.hold_with_body(reply, body.len() as u64);
    held.map_err(|_| End::Gone)?;
    // A peer that takes no chunk within one stall time is given up.
    for piece in body.chunks(CHUNK_BYTES) {
        in_time(writer.body(piece)).await?;
    }
    in_time(writer.flush()).await
}

async fn in_time(write: impl Future<Output = Result<(), FrameError>>) -> Result<(), End> {
    match timeout(STALL, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}
