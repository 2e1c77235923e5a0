//! The codec: whatever is written, and however the network cuts it, reads back the same.

use std::io;
use std::iter::{Copied, Cycle};
use std::pin::{Pin, pin};
use std::slice::Iter;
use std::task::{Context, Poll, Waker};

use heirloom::event::RequestKind;
use heirloom::protocol::frame::{FrameError, FrameReader, FrameWriter};
use heirloom::protocol::{ClientMessage, HEADER_BYTES_MAX, NodeError, NodeMessage, Offer, Opening, Stored};
use proptest::prelude::{
    ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use tokio::io::{AsyncRead, ReadBuf};

use super::image;

/// A transport that yields its bytes in pieces of these sizes, again and again, with a pause
/// (`Pending`) before each.
struct Drip<'a> {
    left: &'a [u8],
    pieces: Cycle<Copied<Iter<'a, usize>>>,
    paused: bool,
}

impl<'a> Drip<'a> {
    fn new(bytes: &'a [u8], pieces: &'a [usize]) -> Self {
        Self {
            left: bytes,
            pieces: pieces.iter().copied().cycle(),
            paused: false,
        }
    }
}

impl AsyncRead for Drip<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.paused = !self.paused;
        if self.paused {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.pieces.next().unwrap_or(1);
        let length = piece.min(buffer.remaining()).min(self.left.len());
        buffer.put_slice(&self.left[..length]);
        self.left = &self.left[length..];
        Poll::Ready(Ok(()))
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Drives a future that only ever waits for [`Drip`].
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

/// A message with its body, or without one.
type Sent = (NodeMessage, Option<Vec<u8>>);

fn bytes_of(sent: &[Sent]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = FrameWriter::new(&mut bytes);
    for (message, body) in sent {
        finish(async {
            match body {
                None => writer.message(message).await,
                Some(body) => {
                    writer.message_with_body(message, body.len() as u64).await?;
                    writer.body(body).await
                }
            }
        })
        .expect("memory can be written");
    }
    bytes
}

fn read_body<R: AsyncRead + Unpin>(reader: &mut FrameReader<R>, chunk: &mut [u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let read = finish(reader.body(chunk)).expect("the body is whole");
        if read == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..read]);
    }
}

fn message() -> impl Strategy<Value = NodeMessage> {
    let stored = (any::<[u8; 16]>(), any::<usize>(), ".{0,80}").prop_map(|(id, copies, digest)| {
        NodeMessage::Stored(Stored {
            image: heirloom::id::ImageId::from_bytes(id),
            digest,
            copies,
            members: 3,
        })
    });
    let error = any::<String>().prop_map(|reason| {
        NodeMessage::Error(NodeError {
            code: heirloom::protocol::ErrorCode::Busy,
            reason,
        })
    });
    prop_oneof![proptest::strategy::Just(NodeMessage::Chunk), stored, error]
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let body = prop::option::of(prop::collection::vec(any::<u8>(), 0..3000));
    prop::collection::vec((message(), body), 0..8)
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..700, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_however_it_is_cut(sent in sent(), pieces in pieces(), chunk in 1_usize..2000) {
        let bytes = bytes_of(&sent);
        let mut reader = FrameReader::new(Drip::new(&bytes, &pieces));
        let mut chunk = vec![0; chunk];
        for (message, body) in &sent {
            let read: Option<NodeMessage> = finish(reader.message()).expect("understood");
            prop_assert_eq!(read.as_ref(), Some(message));
            let body = body.as_deref().unwrap_or_default();
            prop_assert_eq!(reader.body_left(), body.len() as u64);
            prop_assert_eq!(read_body(&mut reader, &mut chunk), body);
        }
        prop_assert!(finish(reader.message::<NodeMessage>()).expect("a clean end").is_none());
    }

    #[test]
    fn a_body_that_nobody_reads_is_skipped(sent in sent(), pieces in pieces()) {
        let bytes = bytes_of(&sent);
        let mut reader = FrameReader::new(Drip::new(&bytes, &pieces));
        for (message, _) in &sent {
            let read: Option<NodeMessage> = finish(reader.message()).expect("understood");
            prop_assert_eq!(read.as_ref(), Some(message));
        }
    }

    #[test]
    fn a_read_given_up_at_any_pause_loses_no_byte(sent in sent(), pieces in pieces()) {
        let bytes = bytes_of(&sent);
        let mut reader = FrameReader::new(Drip::new(&bytes, &pieces));
        for (message, _) in &sent {
            let read: Option<NodeMessage> = loop {
                // Each turn drops the future of the last one at its first pause.
                if let Poll::Ready(read) = poll_once(pin!(reader.message())) {
                    break read.expect("understood");
                }
            };
            prop_assert_eq!(read.as_ref(), Some(message));
        }
    }

    #[test]
    fn a_connection_cut_inside_a_message_is_an_error(sent in sent(), pieces in pieces(), at in any::<prop::sample::Index>()) {
        let bytes = bytes_of(&sent);
        let ends: Vec<usize> = (0..=sent.len()).map(|count| bytes_of(&sent[..count]).len()).collect();
        let cut = at.index(bytes.len() + 1);
        let mut reader = FrameReader::new(Drip::new(&bytes[..cut], &pieces));
        let end = loop {
            match finish(reader.message::<NodeMessage>()) {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        prop_assert_eq!(end.is_ok(), ends.contains(&cut), "cut at {} of {:?}: {:?}", cut, ends, end);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..2000), pieces in pieces()) {
        let mut reader = FrameReader::new(Drip::new(&bytes, &pieces));
        while let Ok(Some(_)) = finish(reader.message::<NodeMessage>()) {}
    }
}

/// Reads the first message of `bytes`, which come in pieces of 1000.
fn first(bytes: &[u8]) -> Result<Option<Opening>, FrameError> {
    finish(FrameReader::new(Drip::new(bytes, &[1000])).message())
}

/// A status request padded with spaces to a line of `length` bytes, its newline included.
fn padded(length: usize) -> Vec<u8> {
    let mut line = br#"{"type":"status""#.to_vec();
    line.resize(length - 2, b' ');
    line.extend(b"}\n");
    line
}

#[test]
fn a_header_of_exactly_the_limit_passes() {
    assert!(matches!(
        first(&padded(HEADER_BYTES_MAX)),
        Ok(Some(Opening::Status))
    ));
}

#[test]
fn a_header_one_byte_over_the_limit_is_refused() {
    assert!(matches!(
        first(&padded(HEADER_BYTES_MAX + 1)),
        Err(FrameError::HeaderTooLong)
    ));
}

#[test]
fn a_header_without_end_is_refused_at_the_limit() {
    let endless = vec![b' '; HEADER_BYTES_MAX];
    assert!(matches!(first(&endless), Err(FrameError::HeaderTooLong)));
}

#[test]
fn an_end_inside_a_header_is_told_from_a_clean_one() {
    assert!(matches!(first(b""), Ok(None)));
    assert!(matches!(
        first(br#"{"type":"status"}"#),
        Err(FrameError::EndInHeader)
    ));
}

#[test]
fn an_end_inside_a_body_says_how_much_is_missing() {
    let bytes = b"{\"type\":\"chunk\",\"body\":10}\nabc";
    let mut reader = FrameReader::new(&bytes[..]);
    finish(reader.message::<NodeMessage>()).expect("understood");
    assert_eq!(finish(reader.body(&mut [0; 64])).expect("what came"), 3);
    let end = finish(reader.body(&mut [0; 64]));
    assert!(
        matches!(end, Err(FrameError::EndInBody { missing: 7 })),
        "{end:?}"
    );
}

#[test]
fn a_header_that_is_not_understood_says_so() {
    let lines: [&[u8]; 8] = [
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b"[]\n",
        b"{\"type\":\"status\"\n",
        b"{\"type\":\"chunk\",\"body\":-1}\n",
        b"{\"type\":\"chunk\",\"body\":\"7\"}\n",
        b"{\"type\":\"chunk\",\"body\":18446744073709551616}\n",
        b"\xff\xfe\n",
    ];
    for line in lines {
        let mut reader = FrameReader::new(line);
        let read = finish(reader.message::<NodeMessage>());
        assert!(
            matches!(read, Err(FrameError::Header(_))),
            "{}",
            line.escape_ascii()
        );
    }
}

#[test]
fn a_line_may_end_as_windows_ends_it() {
    assert!(matches!(
        first(b"{\"type\":\"status\"}\r\n"),
        Ok(Some(Opening::Status))
    ));
}

#[test]
fn a_header_with_a_body_has_its_bytes() {
    let bytes = bytes_of(&[
        (NodeMessage::Chunk, Some(b"abc".to_vec())),
        (NodeMessage::Chunk, None),
    ]);
    assert_eq!(
        bytes.escape_ascii().to_string(),
        r#"{\"type\":\"chunk\",\"body\":3}\nabc{\"type\":\"chunk\"}\n"#
    );
}

#[test]
fn an_empty_body_is_a_body_that_is_finished() {
    let offer = ClientMessage::Offer(Offer {
        kind: RequestKind::Upload,
        image: image(),
        size: 0,
        failed: None,
    });
    let mut bytes = Vec::new();
    finish(FrameWriter::new(&mut bytes).message_with_body(&offer, 0)).expect("memory can be written");
    let mut reader = FrameReader::new(&bytes[..]);
    assert_eq!(
        finish(reader.message::<ClientMessage>()).expect("understood"),
        Some(offer)
    );
    assert_eq!(finish(reader.body(&mut [0; 8])).expect("finished"), 0);
}
