//! Peers that freeze, lie or leave in the middle of an answer.

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::*;
use crate::id::RequestId;
use crate::protocol::frame::{FrameReader, FrameWriter};
use crate::protocol::{CatalogueItem, Copy, DataReply, DataRequest, Greeted, Opening, Welcome};
use crate::server::input::NodeInput;
use crate::server::sync::fetch::Bringing;
use crate::server::testing::{body_of, context};
use crate::store::{Digest, RecordHeader};

/// How a peer answers when it is asked for an image.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// As it should.
    Well,
    /// It sends a part, and stands still.
    Freezes,
    /// It sends a part, and closes the connection.
    Leaves,
    /// It sends all, and not what it says it read.
    Garbles,
}

/// A peer that has every image, and answers for it in its manner.
async fn peer(number: u16, listener: TcpListener, manner: Manner) {
    let mut served = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("accepts");
        served.spawn(serve(number, stream, manner));
    }
}

async fn serve(number: u16, stream: TcpStream, manner: Manner) {
    let (read, write) = stream.into_split();
    let (mut reader, mut writer) = (FrameReader::new(read), FrameWriter::new(write));
    let hello: Option<Opening> = reader.message().await.expect("readable");
    assert!(matches!(hello, Some(Opening::Hello(_))));
    let welcome = Greeted::Welcome(Welcome { node: id(number) });
    writer.message(&welcome).await.expect("written");
    while let Ok(Some(request)) = reader.message::<DataRequest>().await {
        match (request, manner) {
            (DataRequest::Fetch { image }, _) => send(&mut writer, image, manner).await,
            (DataRequest::LookUp { .. }, Manner::Freezes) => std::future::pending().await,
            (DataRequest::LookUp { image }, Manner::Well | Manner::Leaves | Manner::Garbles) => {
                let known = DataReply::Known {
                    known: Some(CatalogueItem::Entry(entry(image, LARGE))),
                    complete: true,
                };
                writer.message(&known).await.expect("written");
            }
            (request, _) => panic!("only asked for images: {request:?}"),
        }
    }
}

async fn send<W: AsyncWrite + Unpin>(writer: &mut FrameWriter<W>, image: ImageId, manner: Manner) {
    let copy = DataReply::Copy(Copy {
        entry: entry(image, LARGE),
        ballot: None,
        request: RequestId::default(),
    });
    writer.message(&copy).await.expect("written");
    let mut body = body_of(image, LARGE);
    let digest = Digest::of(&body).to_string();
    if matches!(manner, Manner::Garbles) {
        body[LARGE / 2] ^= 1;
    }
    for (number, chunk) in body.chunks(200_000).enumerate() {
        let header = writer.message_with_body(&DataReply::Chunk, chunk.len() as u64);
        header.await.expect("written");
        match manner {
            Manner::Freezes if number == 1 => std::future::pending().await,
            Manner::Leaves if number == 1 => return writer.shutdown().await.expect("closed"),
            Manner::Well | Manner::Garbles | Manner::Freezes | Manner::Leaves => {}
        }
        writer.body(chunk).await.expect("written");
    }
    writer
        .message(&DataReply::Whole { digest })
        .await
        .expect("written");
}

/// Node 1, which is only a context and a sync task that is driven by hand.
struct Alone {
    sync: Sync,
    _inputs: tokio::sync::mpsc::Receiver<NodeInput>,
    peers: Vec<JoinHandle<()>>,
    directory: tempfile::TempDir,
}

/// Node 1 beside peers 2, 3, … of these manners.
async fn beside(manners: &[Manner]) -> Alone {
    let (mut listeners, ports) = bind_all(1 + u16::try_from(manners.len()).expect("few")).await;
    let directory = tempfile::tempdir().expect("a directory");
    let (context, inputs) = context(config(1, &ports, &directory));
    let peers = (2..).zip(listeners.drain(1..)).zip(manners);
    Alone {
        sync: Sync::new(context),
        _inputs: inputs,
        peers: peers
            .map(|((number, listener), &manner)| tokio::spawn(peer(number, listener, manner)))
            .collect(),
        directory,
    }
}

impl Alone {
    /// Fetches an image that all peers have; says whether it is still lacking.
    async fn still_lacks(&self, image: ImageId) -> bool {
        let mut wanted = Wanted::default();
        for number in (2..).take(self.peers.len()) {
            wanted.add(id(number), [image]);
        }
        let mut progress = Progress::default();
        let fetched = self.sync.bring(&mut wanted, &mut progress);
        timeout(PATIENCE, fetched).await.expect("in time");
        wanted.len() > 0
    }

    fn keeps(&self, image: ImageId) -> bool {
        keeps(&self.sync.context.store, image)
    }

    /// Waits until the thread that wrote has given up; says whether it left nothing behind.
    async fn is_left_nothing_of(&self, image: ImageId) -> bool {
        let store = &self.sync.context.store;
        let given_up = async {
            while store.is_arriving(image) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, given_up).await.expect("in time");
        let unfinished = self.directory.path().join("node-1/unfinished");
        let files = std::fs::read_dir(unfinished).expect("there").count();
        files == 0 && !self.keeps(image)
    }
}

/// An image that the first of two peers is asked for.
fn asked_of_the_first() -> ImageId {
    ImageId::from_bytes([2; 16])
}

#[tokio::test]
async fn an_image_of_several_chunks_comes_from_a_peer_that_is_well() {
    let alone = beside(&[Manner::Well]).await;
    assert!(!alone.still_lacks(image(1)).await);
    assert!(alone.keeps(image(1)));
}

#[tokio::test]
async fn a_peer_that_freezes_in_the_middle_is_left_for_another() {
    let alone = beside(&[Manner::Freezes, Manner::Well]).await;
    assert!(!alone.still_lacks(asked_of_the_first()).await);
    assert!(alone.keeps(asked_of_the_first()));
}

#[tokio::test]
async fn what_arrives_damaged_is_not_kept_and_comes_from_another() {
    let alone = beside(&[Manner::Garbles, Manner::Well]).await;
    assert!(!alone.still_lacks(asked_of_the_first()).await);
    assert!(alone.keeps(asked_of_the_first()));
    let garbled = beside(&[Manner::Garbles]).await;
    assert!(garbled.still_lacks(image(1)).await);
    assert!(garbled.is_left_nothing_of(image(1)).await);
}

#[tokio::test]
async fn an_answer_that_ends_too_early_leaves_nothing_half_written() {
    let alone = beside(&[Manner::Leaves]).await;
    assert!(alone.still_lacks(image(1)).await);
    assert!(alone.is_left_nothing_of(image(1)).await);
}

#[tokio::test]
async fn what_arrives_by_an_upload_is_left_to_it() {
    let alone = beside(&[Manner::Well]).await;
    let store = &alone.sync.context.store;
    let cluster = store.directory().identity().cluster.clone();
    let arriving = store.begin(RecordHeader::of(entry(image(1), LARGE), cluster), 17);
    assert!(!alone.still_lacks(image(1)).await, "it is no miss");
    assert!(!alone.keeps(image(1)));
    drop(arriving);
    assert!(!alone.still_lacks(image(1)).await);
    assert!(alone.keeps(image(1)));
}

#[tokio::test]
async fn what_is_not_begun_in_the_time_of_a_round_is_left_to_the_next() {
    let alone = beside(&[Manner::Well]).await;
    let context = &alone.sync.context;
    let mut wanted = Wanted::default();
    wanted.add(id(2), (0..3).map(image));
    let mut progress = Progress::default();
    let over = Bringing {
        context,
        at_once: 16,
        until: Instant::now(),
    };
    over.all(&mut wanted, &mut progress).await;
    assert_eq!((wanted.len(), context.store.count()), (3, 0));
    timeout(PATIENCE, context.lacks.more()).await.expect("asked for");
    alone.sync.bring(&mut wanted, &mut progress).await;
    assert_eq!((wanted.len(), context.store.count()), (0, 3));
}

#[tokio::test]
async fn a_frozen_peer_holds_up_no_errand_of_another_however_many_it_left() {
    let alone = beside(&[Manner::Freezes, Manner::Well]).await;
    let context = &alone.sync.context;
    for number in 0..1000 {
        context.lacks.missed(image(number), id(2));
    }
    for number in 1000..1010 {
        context.lacks.missed(image(number), id(3));
    }
    let arrived = async {
        while context.store.count() < 10 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        // The frozen one is given up in time, which is much later.
        () = context.lacks.more() => panic!("it was waited for"),
        () = errands::run(Arc::clone(context)) => unreachable!("it runs on"),
        arrived = timeout(PATIENCE, arrived) => arrived.expect("in time"),
    }
    assert!((1000..1010).all(|number| alone.keeps(image(number))));
}
