//! What a client is told piece by piece, as long as it reads.

use std::time::Duration;

use tokio::io::AsyncWrite;

use super::KeptError;
use crate::protocol::NodeMessage;
use crate::protocol::frame::FrameWriter;
use crate::server::transfer::back::{self, PIECE_BYTES, in_time};

/// Waits for `done`, and lets the client know meanwhile that it goes on.
///
/// # Errors
///
/// When `done` has one.
pub(super) async fn alive_until<T, W: AsyncWrite + Unpin>(
    done: impl Future<Output = Result<T, KeptError>>,
    client_stall: Duration,
    writer: &mut FrameWriter<W>,
) -> Result<T, KeptError> {
    // What went wrong is the caller's: to whoever shows signs of life it is done.
    back::alive_until(async { Ok(done.await) }, client_stall, writer).await?
}

/// Writes a message.
///
/// # Errors
///
/// When the client is gone, or takes nothing.
pub(super) async fn say<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    message: &NodeMessage,
) -> Result<(), KeptError> {
    Ok(in_time(writer.message(message)).await?)
}

/// Writes a message with a body.
///
/// # Errors
///
/// When the client is gone, or reads too slowly.
pub(super) async fn say_with_body<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    message: &NodeMessage,
    body: &[u8],
) -> Result<(), KeptError> {
    in_time(writer.message_with_body(message, body.len() as u64)).await?;
    for piece in body.chunks(PIECE_BYTES) {
        in_time(writer.body(piece)).await?;
    }
    Ok(())
}
