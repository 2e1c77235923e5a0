//! What a message costs between bytes and value, beside plain `serde_json` on the same value.
//!
//! ```text
//! cargo bench --bench codec
//! ```
//!
//! The last lines are ratios of medians measured in turns, so that a busy machine slows both alike.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heirloom::id::{Ballot, Epoch, ImageId, NodeId, RequestId};
use heirloom::protocol::Back;
use heirloom::protocol::frame::{FrameReader, FrameWriter};
use heirloom::protocol::{Assignment, ClientMessage, ControlMessage, ElectionMessage, Upload};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How many messages one measured turn moves: enough that the clock costs nothing.
const MESSAGES: usize = 200;

/// How many turns a median is taken of.
const TURNS: usize = 401;

fn ballot() -> Ballot {
    Ballot {
        epoch: Epoch(41),
        id: node(3),
    }
}

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn heartbeat() -> ControlMessage {
    ControlMessage::Election(ElectionMessage::Heartbeat { ballot: ballot() })
}

fn upload() -> ClientMessage {
    ClientMessage::Upload(Upload {
        created_ms: 1_700_000_000_000,
        back: Back::Cipher,
        image: ImageId::from_bytes([0xa5; 16]),
        file: "holiday in the mountains 2024-08-17.jpeg".to_owned(),
        assignment: Assignment {
            ballot: ballot(),
            request: RequestId(123_456),
            node: node(2),
            quorum: 2,
            stall_ms: 6000,
        },
    })
}

/// Returns the output of a future over memory, which is always ready.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("memory never waits"),
    }
}

/// Writes the message again and again by the codec.
fn encoded<M: Serialize>(message: &M, bytes: &mut Vec<u8>) {
    bytes.clear();
    let mut writer = FrameWriter::new(bytes);
    for _ in 0..MESSAGES {
        ready(writer.message(message)).expect("memory can be written");
    }
}

/// Reads everything by the codec.
fn decoded<M: DeserializeOwned>(bytes: &[u8]) {
    let mut reader = FrameReader::new(bytes);
    while let Some(message) = ready(reader.message::<M>()).expect("what was written is understood") {
        black_box(message);
    }
}

/// Writes the same by `serde_json` alone.
fn plainly_encoded<M: Serialize>(message: &M, bytes: &mut Vec<u8>) {
    bytes.clear();
    for _ in 0..MESSAGES {
        serde_json::to_writer(&mut *bytes, message).expect("memory can be written");
        bytes.push(b'\n');
    }
}

/// Reads lines of a known length by `serde_json` alone.
fn plainly_decoded<M: DeserializeOwned>(bytes: &[u8]) {
    for line in bytes.chunks_exact(bytes.len() / MESSAGES) {
        black_box(serde_json::from_slice::<M>(line).expect("what was written is understood"));
    }
}

/// The first of the two readings of a header: how long is the body?
fn body_lengths(bytes: &[u8]) {
    #[derive(Deserialize)]
    struct BodyLength {
        #[serde(default)]
        body: u64,
    }
    for line in bytes.chunks_exact(bytes.len() / MESSAGES) {
        let length: BodyLength = serde_json::from_slice(line).expect("what was written is understood");
        black_box(length.body);
    }
}

fn measure<M: Serialize + DeserializeOwned>(criterion: &mut Criterion, name: &str, message: &M) {
    let mut bytes = Vec::new();
    encoded(message, &mut bytes);
    let stream = bytes.clone();
    let mut group = criterion.benchmark_group(format!("codec/{name}"));
    group.throughput(Throughput::Elements(MESSAGES as u64));
    group.bench_function("encode", |bencher| bencher.iter(|| encoded(message, &mut bytes)));
    group.bench_function("decode", |bencher| bencher.iter(|| decoded::<M>(&stream)));
    group.finish();
}

fn median(mut turns: Vec<Duration>) -> f64 {
    turns.sort();
    turns[turns.len() / 2].as_secs_f64()
}

/// Measures two things in turns and returns how many times longer the first takes.
fn ratio(mut first: impl FnMut(), mut second: impl FnMut()) -> f64 {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let start = Instant::now();
        first();
        let middle = Instant::now();
        second();
        firsts.push(middle - start);
        seconds.push(middle.elapsed());
    }
    median(firsts) / median(seconds)
}

fn print_ratios<M: Serialize + DeserializeOwned>(name: &str, message: &M) {
    let (mut bytes, mut plain) = (Vec::new(), Vec::new());
    let encode = ratio(
        || encoded(message, &mut bytes),
        || plainly_encoded(message, &mut plain),
    );
    let decode = ratio(|| decoded::<M>(&bytes), || plainly_decoded::<M>(&plain));
    let length = ratio(|| body_lengths(&bytes), || plainly_decoded::<M>(&plain));
    println!(
        "{name}: encode {encode:.2} x, decode {decode:.2} x plain serde_json; \
         of it {length:.2} x to learn the body's length"
    );
}

fn codec(criterion: &mut Criterion) {
    measure(criterion, "heartbeat", &heartbeat());
    measure(criterion, "upload header", &upload());
    print_ratios("heartbeat", &heartbeat());
    print_ratios("upload header", &upload());
}

criterion_group!(benches, codec);
criterion_main!(benches);
