//! The end of an exchange: the image was whole, and the node says what became of it.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::TransferError;
use crate::client::movement::Movement;
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{ClientMessage, NodeMessage, Stored};

/// Says that the image was whole, and waits for the acknowledgement while the node shows a sign of
/// life: a chunk without bytes, for as long as its disk takes.
pub(super) async fn confirm<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    reader: &mut FrameReader<R>,
    writer: &mut FrameWriter<W>,
    movement: &Movement,
    stall: Duration,
) -> Result<Stored, TransferError> {
    movement.note_sent();
    let confirmed = async {
        writer.message(&ClientMessage::Finish).await?;
        loop {
            let said = reader.message().await?.ok_or(TransferError::Lost)?;
            movement.note_returned();
            match said {
                NodeMessage::Chunk if reader.body_left() == 0 => {}
                NodeMessage::Stored(stored) => return Ok(stored),
                NodeMessage::Error(error) => return Err(TransferError::Node(error)),
                NodeMessage::Chunk
                | NodeMessage::Image(_)
                | NodeMessage::Sent { .. }
                | NodeMessage::Listing
                | NodeMessage::EndOfList { .. }
                | NodeMessage::Deleted { .. }
                | NodeMessage::Declined { .. }
                | NodeMessage::Assigned(_)
                | NodeMessage::Unavailable { .. } => return Err(TransferError::Lost),
            }
        }
    };
    let confirmed = movement.within(stall, confirmed).await;
    confirmed.ok_or(TransferError::Stalled)?
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::id::ImageId;

    const STALL: Duration = Duration::from_secs(1);

    /// The node's side of a connection on which everything but the acknowledgement is done.
    struct Node {
        reader: FrameReader<ReadHalf<DuplexStream>>,
        writer: FrameWriter<WriteHalf<DuplexStream>>,
    }

    /// Confirms to a node that behaves like this once it has read `Finish`.
    async fn confirmed_by<F: Future<Output = Node>>(
        node: impl FnOnce(Node) -> F,
    ) -> Result<Stored, TransferError> {
        let (near, far) = duplex(1024);
        let (reader, writer) = split(near);
        let (mut reader, mut writer) = (FrameReader::new(reader), FrameWriter::new(writer));
        let (read, write) = split(far);
        let mut far = Node {
            reader: FrameReader::new(read),
            writer: FrameWriter::new(write),
        };
        let served = async {
            let finish = far.reader.message().await.expect("readable");
            assert_eq!(finish, Some(ClientMessage::Finish));
            // Kept open: a node that ends is another story than one that is silent.
            let _open = node(far).await;
            std::future::pending::<()>().await;
        };
        let movement = Movement::start();
        tokio::select! {
            confirmed = confirm(&mut reader, &mut writer, &movement, STALL) => confirmed,
            () = served => unreachable!("it waits for ever"),
        }
    }

    fn stored() -> Stored {
        Stored {
            image: ImageId::from_bytes([7; 16]),
            digest: "ab".repeat(32),
            copies: 1,
            members: 3,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_takes_its_time_is_waited_for_while_the_node_shows_life() {
        let began = Instant::now();
        let confirmed = confirmed_by(async |mut node: Node| {
            for _ in 0..30 {
                sleep(STALL * 3 / 4).await;
                node.writer.message(&NodeMessage::Chunk).await.expect("written");
            }
            let stored = NodeMessage::Stored(stored());
            node.writer.message(&stored).await.expect("written");
            node
        });
        assert_eq!(confirmed.await.expect("confirmed"), stored());
        assert!(began.elapsed() > 20 * STALL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_falls_silent_before_it_confirms_is_given_up() {
        let began = Instant::now();
        let error = confirmed_by(async |mut node: Node| {
            sleep(STALL / 2).await;
            node.writer.message(&NodeMessage::Chunk).await.expect("written");
            node
        });
        let error = error.await.expect_err("given up");
        assert!(matches!(error, TransferError::Stalled), "{error:?}");
        assert_eq!(began.elapsed(), STALL * 3 / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_after_the_last_one_are_nonsense() {
        let error = confirmed_by(async |mut node: Node| {
            let chunk = node.writer.message_with_body(&NodeMessage::Chunk, 1);
            chunk.await.expect("written");
            node
        });
        let error = error.await.expect_err("given up");
        assert!(matches!(error, TransferError::Lost), "{error:?}");
    }
}
