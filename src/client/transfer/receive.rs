//! What comes back from the assigned node while the image goes up.

use tokio::io::AsyncRead;

use super::TransferError;
use crate::client::movement::Movement;
use crate::client::returned::Returned;
use crate::encryption::IV_BYTES;
use crate::id::ImageId;
use crate::protocol::frame::FrameReader;
use crate::protocol::{CHUNK_BYTES, NodeMessage};
use crate::upload::{Observer, UploadEvent};

/// Receives `IV ‖ ciphertext` of an image of `size` bytes; returns its digest.
pub(super) async fn receive<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    image: ImageId,
    size: u64,
    returned: &mut Returned,
    movement: &Movement,
    observe: &mut Observer<'_>,
) -> Result<blake3::Hash, TransferError> {
    let total = size + IV_BYTES as u64;
    let mut digest = blake3::Hasher::new();
    let mut done = 0;
    let mut buffer = vec![0; CHUNK_BYTES];
    while done < total {
        match reader.message().await?.ok_or(TransferError::Lost)? {
            // A sign of life: the node's disk is slow.
            NodeMessage::Chunk if reader.body_left() == 0 => movement.note_returned(),
            NodeMessage::Chunk if reader.body_left() <= total - done => {}
            NodeMessage::Error(error) => return Err(TransferError::Node(error)),
            NodeMessage::Chunk
            | NodeMessage::Stored(_)
            | NodeMessage::Image(_)
            | NodeMessage::Sent { .. }
            | NodeMessage::Listing
            | NodeMessage::EndOfList { .. }
            | NodeMessage::Deleted { .. }
            | NodeMessage::Declined { .. }
            | NodeMessage::Assigned(_)
            | NodeMessage::Unavailable { .. } => return Err(TransferError::Lost),
        }
        while reader.body_left() > 0 {
            let read = reader.body(&mut buffer).await?;
            movement.note_returned();
            digest.update(&buffer[..read]);
            if done < IV_BYTES as u64 && !begins_with_iv(image, done, &buffer[..read]) {
                return Err(TransferError::Mismatch);
            }
            returned.write(&buffer[..read]).await?;
            done += read as u64;
            observe(UploadEvent::Progress { done, total });
        }
    }
    Ok(digest.finalize())
}

/// Says whether `bytes`, which stand at `offset` of the encrypted file, agree with the image's IV.
fn begins_with_iv(image: ImageId, offset: u64, bytes: &[u8]) -> bool {
    let iv = image.as_bytes().iter();
    let rest = iv.skip(usize::try_from(offset).unwrap_or(usize::MAX));
    rest.zip(bytes).all(|(expected, got)| expected == got)
}

/// Hears signs of life until the node says something else, which is never good news: it has
/// nothing to say before it has the whole image.
pub(super) async fn objection<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    movement: &Movement,
) -> TransferError {
    loop {
        match reader.message().await {
            Ok(Some(NodeMessage::Chunk)) if reader.body_left() == 0 => movement.note_returned(),
            Ok(Some(NodeMessage::Error(error))) => return TransferError::Node(error),
            Ok(_) | Err(_) => return TransferError::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::duplex;
    use tokio::time::sleep;

    use super::*;
    use crate::protocol::frame::FrameWriter;

    #[test]
    fn a_foreign_iv_is_noticed_wherever_the_bytes_are_split() {
        let image = ImageId::from_bytes(*b"0123456789abcdef");
        assert!(begins_with_iv(image, 0, b"0123456789abcdefrest"));
        assert!(begins_with_iv(image, 0, b"01"));
        assert!(begins_with_iv(image, 14, b"efrest"));
        assert!(!begins_with_iv(image, 14, b"exrest"));
        assert!(!begins_with_iv(image, 0, b"1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_whose_disk_is_slow_is_borne_while_it_shows_life() {
        const STALL: Duration = Duration::from_secs(1);
        let (near, far) = duplex(1024);
        let mut writer = FrameWriter::new(far);
        let image = ImageId::from_bytes([7; 16]);
        let node = async {
            for _ in 0..10 {
                sleep(STALL * 3 / 4).await;
                writer.message(&NodeMessage::Chunk).await.expect("written");
            }
            let header = writer.message_with_body(&NodeMessage::Chunk, IV_BYTES as u64);
            header.await.expect("written");
            writer.body(image.as_bytes()).await.expect("written");
        };
        let (movement, mut reader) = (Movement::start(), FrameReader::new(near));
        let (mut returned, mut observe) = (Returned::Checked, |_: UploadEvent| {});
        let receiving = receive(&mut reader, image, 0, &mut returned, &movement, &mut observe);
        let (received, ()) = tokio::join!(movement.within(STALL, receiving), node);
        let digest = received.expect("borne").expect("received");
        assert_eq!(digest, blake3::hash(image.as_bytes()));
    }
}
