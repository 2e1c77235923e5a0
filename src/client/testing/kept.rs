//! Scripted nodes that are asked for what they keep: three images, two of one name.

use super::{Connection, Script, user};
use crate::encryption::{Cipher, Key};
use crate::id::{Epoch, ImageId};
use crate::protocol::frame::FrameError;
use crate::protocol::{CHUNK_BYTES, Entry, ErrorCode, ImageKind, Listed, NodeError, NodeMessage};

/// The names of the kept images, newest first.
const NAMES: [&str; 3] = ["a.png", "b.png", "a.png"];

/// Returns the id of the kept image at this place in the list.
pub(in crate::client) fn kept_id(place: u8) -> ImageId {
    ImageId::from_bytes([0xa0 + place; 16])
}

/// Returns the content of every kept image.
pub(in crate::client) fn kept_content() -> Vec<u8> {
    let mut plain = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    plain.resize(2 * CHUNK_BYTES + 5, 0x5a);
    plain
}

fn kept() -> impl Iterator<Item = Entry> {
    (0..).zip(NAMES).map(|(place, file)| Entry {
        image: kept_id(place),
        user: user(),
        file: file.to_owned(),
        kind: ImageKind::Png,
        body_bytes: kept_content().len() as u64 + 16,
        created_ms: 1_000_000 - u64::from(place),
        epoch: Epoch(1),
    })
}

impl Connection {
    /// Refuses or forgets the client, as far as the script says; says whether it goes on.
    async fn is_willing(&mut self) -> Result<bool, FrameError> {
        match self.script {
            Script::Refuse(code) => self.refuse(code).await.map(|()| false),
            Script::SlowCommit => {
                for _ in 0..3 {
                    self.writer.message(&NodeMessage::Chunk).await?;
                }
                Ok(true)
            }
            Script::Lead
            | Script::Inherit
            | Script::Store
            | Script::Freeze
            | Script::Vanish
            | Script::Forge
            | Script::Touch(_) => Ok(true),
        }
    }

    async fn refuse(&mut self, code: ErrorCode) -> Result<(), FrameError> {
        let reason = "not today".to_owned();
        let refusal = NodeMessage::Error(NodeError { code, reason });
        self.writer.message(&refusal).await
    }

    pub(super) async fn send(&mut self, image: ImageId) -> Result<(), FrameError> {
        if !self.is_willing().await? {
            return Ok(());
        }
        let Some(entry) = kept().find(|entry| entry.image == image) else {
            return self.refuse(ErrorCode::NoSuchImage).await;
        };
        self.writer.message(&NodeMessage::Image(entry)).await?;
        let mut cipher = Cipher::new(&Key::of_user(&user()), image);
        let mut body = kept_content();
        cipher.apply(&mut body);
        body.splice(..0, *image.as_bytes());
        if matches!(self.script, Script::Forge) {
            body[CHUNK_BYTES] ^= 1;
        }
        for chunk in body.chunks(CHUNK_BYTES) {
            let header = self
                .writer
                .message_with_body(&NodeMessage::Chunk, chunk.len() as u64);
            header.await?;
            self.writer.body(chunk).await?;
            if matches!(self.script, Script::Vanish) {
                return Err(FrameError::EndInHeader);
            }
        }
        body[CHUNK_BYTES] ^= u8::from(matches!(self.script, Script::Forge));
        let digest = blake3::hash(&body).to_hex().to_string();
        self.writer.message(&NodeMessage::Sent { digest }).await
    }

    pub(super) async fn list(&mut self, matching: Option<&str>) -> Result<(), FrameError> {
        if !self.is_willing().await? {
            return Ok(());
        }
        let text = matching.unwrap_or_default();
        let digits = text.to_ascii_lowercase();
        let matches =
            |entry: &Entry| entry.file.contains(text) || entry.image.to_string().starts_with(&digits);
        let mut images = 0;
        // An image a piece, so that there are several.
        for entry in kept().filter(matches) {
            images += 1;
            let nodes = vec![self.node];
            let mut line = serde_json::to_vec(&Listed { entry, nodes }).expect("serializable");
            line.push(b'\n');
            let header = self
                .writer
                .message_with_body(&NodeMessage::Listing, line.len() as u64);
            header.await?;
            self.writer.body(&line).await?;
            if matches!(self.script, Script::Vanish) {
                return Err(FrameError::EndInHeader);
            }
        }
        let end = NodeMessage::EndOfList {
            // Whoever loses a line on the way is not believed.
            images: images + u64::from(matches!(self.script, Script::Forge)),
            nodes: 2,
            members: 3,
        };
        self.writer.message(&end).await
    }

    pub(super) async fn delete(&mut self, image: ImageId) -> Result<(), FrameError> {
        if matches!(self.script, Script::Vanish) {
            return Err(FrameError::EndInHeader);
        }
        if !self.is_willing().await? {
            return Ok(());
        }
        if !kept().any(|entry| entry.image == image) {
            return self.refuse(ErrorCode::NoSuchImage).await;
        }
        let deleted = NodeMessage::Deleted {
            copies: 3,
            members: 3,
        };
        self.writer.message(&deleted).await
    }
}
