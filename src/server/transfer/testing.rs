//! An upload by hand, as tests need it: one step at a time.

use tokio::net::tcp::OwnedReadHalf;

use crate::encryption::{Cipher, Key};
use crate::event::RequestKind;
use crate::id::ImageId;
use crate::protocol::frame::FrameReader;
use crate::protocol::{
    Assignment, Back, CHUNK_BYTES, ClientMessage, Greeted, NodeError, NodeMessage, Offer, Stored, Upload,
};
use crate::server::testing::{Caller, alice, client_hello};
use crate::store::Digest;

/// Returns bytes that begin like a PNG and then differ.
pub(crate) fn png(bytes: usize) -> Vec<u8> {
    let head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let rest = (0..=250).cycle();
    head.iter().copied().chain(rest).take(bytes).collect()
}

/// An upload whose body is on its way.
#[derive(Debug)]
pub(crate) struct Sending {
    caller: Caller,
    image: ImageId,
    body: Vec<u8>,
    sent: usize,
    /// What has come back so far.
    encrypted: Vec<u8>,
}

/// How an upload ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) encrypted: Vec<u8>,
    pub(crate) answer: Result<Stored, NodeError>,
}

/// Greets as a client and has an image assigned.
pub(crate) async fn assigned(port: u16, image: ImageId) -> (Caller, Assignment) {
    match offered(port, image, 1).await {
        (caller, NodeMessage::Assigned(assignment)) => (caller, assignment),
        (_, other) => panic!("not assigned: {other:?}"),
    }
}

/// Greets as a client, offers an image of this size, and returns the answer.
pub(crate) async fn offered(port: u16, image: ImageId, size: u64) -> (Caller, NodeMessage) {
    let mut caller = Caller::call(port).await;
    assert!(matches!(caller.open(&client_hello()).await, Greeted::Welcome(_)));
    let offer = ClientMessage::Offer(Offer {
        kind: RequestKind::Upload,
        image,
        size,
        failed: None,
    });
    caller.writer.message(&offer).await.expect("written");
    let answer = caller.reader.message().await.expect("readable");
    (caller, answer.expect("an answer"))
}

/// The header of an upload of a file with a usual name, which is to come back.
pub(crate) fn plain_upload(image: ImageId, assignment: Assignment) -> Upload {
    Upload {
        created_ms: 1_700_000_000_000,
        back: Back::Cipher,
        image,
        file: "test_image.png".to_owned(),
        assignment,
    }
}

/// Begins an upload of which two of three chunks have been sent.
pub(crate) async fn begin(port: u16) -> Sending {
    let image = ImageId::from_bytes([0xb0; 16]);
    let (caller, assignment) = assigned(port, image).await;
    let mut sending = Sending::announce(caller, image, assignment, png(3 * CHUNK_BYTES)).await;
    sending.send(2 * CHUNK_BYTES).await;
    sending
}

/// Reads the body of a message.
async fn body(reader: &mut FrameReader<OwnedReadHalf>) -> Vec<u8> {
    let mut body = vec![0; usize::try_from(reader.body_left()).expect("small")];
    let mut filled = 0;
    while filled < body.len() {
        filled += reader.body(&mut body[filled..]).await.expect("readable");
    }
    body
}

impl Sending {
    /// Writes the header of an upload.
    pub(crate) async fn announce(
        caller: Caller,
        image: ImageId,
        assignment: Assignment,
        body: Vec<u8>,
    ) -> Self {
        let upload = plain_upload(image, assignment);
        Self::announce_as(caller, upload, body).await
    }

    /// Writes this header of an upload.
    pub(crate) async fn announce_as(mut caller: Caller, upload: Upload, body: Vec<u8>) -> Self {
        let image = upload.image;
        let upload = ClientMessage::Upload(upload);
        let length = body.len() as u64;
        caller
            .writer
            .message_with_body(&upload, length)
            .await
            .expect("written");
        Self {
            caller,
            image,
            body,
            sent: 0,
            encrypted: Vec::new(),
        }
    }

    /// Sends the body up to a length.
    pub(crate) async fn send(&mut self, to: usize) {
        self.caller
            .writer
            .body(&self.body[self.sent..to])
            .await
            .expect("written");
        self.sent = to;
    }

    /// Sends the rest, and then what is no message.
    pub(crate) async fn send_nonsense(&mut self, bytes: &[u8]) {
        self.send(self.body.len()).await;
        self.caller.writer.body(bytes).await.expect("written");
    }

    /// Reads what comes back until the node shows life although it has nothing to bring.
    pub(crate) async fn hear_life(&mut self) {
        let reader = &mut self.caller.reader;
        loop {
            let said: Option<NodeMessage> = reader.message().await.expect("readable");
            assert_eq!(said, Some(NodeMessage::Chunk));
            if reader.body_left() == 0 {
                return;
            }
            self.encrypted.extend(body(reader).await);
        }
    }

    /// Sends the rest and the end, and reads what comes back to its end.
    pub(crate) async fn end(&mut self) -> Ended {
        let Caller { reader, writer } = &mut self.caller;
        let rest = &self.body[self.sent..];
        let send = async {
            // A node that refuses closes before it has read everything.
            if writer.body(rest).await.is_ok() {
                let _ = writer.message(&ClientMessage::Finish).await;
            }
        };
        let receive = async {
            let mut encrypted = std::mem::take(&mut self.encrypted);
            loop {
                match reader.message().await.expect("readable").expect("an answer") {
                    NodeMessage::Chunk => encrypted.extend(body(reader).await),
                    NodeMessage::Stored(stored) => break (encrypted, Ok(stored)),
                    NodeMessage::Error(error) => break (encrypted, Err(error)),
                    other => panic!("no answer to an upload: {other:?}"),
                }
            }
        };
        let ((), (encrypted, answer)) = tokio::join!(send, receive);
        Ended { encrypted, answer }
    }

    /// Ends an upload that must be acknowledged, and compares every byte.
    pub(crate) async fn finish(&mut self) -> Stored {
        let Ended { encrypted, answer } = self.end().await;
        let stored = answer.expect("acknowledged");
        let (iv, ciphertext) = encrypted.split_at(16);
        assert_eq!(iv, self.image.as_bytes());
        let mut expected = self.body.clone();
        Cipher::new(&Key::of_user(&alice()), self.image).apply(&mut expected);
        assert!(ciphertext == expected, "the ciphertext differs");
        assert_eq!(stored.digest, Digest::of(&encrypted).to_string());
        stored
    }
}
