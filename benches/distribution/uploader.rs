//! The project's own client, which offers an image the moment after a strike.
//!
//! It has just uploaded another one, so its connections stand, that to the leader included. What is
//! measured is what a person waits for: every pause and every new attempt of the client is in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use heirloom::client::{ClientConfig, ClusterClient, MadeImage, Wanted};
use heirloom::config::{ClusterConfig, Members};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

use crate::race::{Mark, Teller};

/// The size of the image: that of a picture on a page, which no disk notices.
const IMAGE_BYTES: u64 = 4096;

/// A client with a thread of its own.
pub(crate) struct Uploader {
    runtime: Runtime,
    /// Guards the one client for one upload at a time.
    client: Arc<Mutex<ClusterClient>>,
}

impl Uploader {
    pub(crate) fn new(members: Members) -> Self {
        let config = ClientConfig {
            cluster: ClusterConfig {
                name: "heirloom".parse().expect("a name"),
                members,
            },
            user: "bench".parse().expect("a name"),
            images_dir: PathBuf::new(),
            image_bytes_max: IMAGE_BYTES,
            deadline: Duration::from_secs(30),
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self {
            runtime: runtime.expect("a thread"),
            client: Arc::new(Mutex::new(ClusterClient::new(config))),
        }
    }

    /// Uploads an image, and returns when it is acknowledged.
    pub(crate) fn upload(&self) {
        self.runtime.block_on(upload(Arc::clone(&self.client)));
    }

    /// Begins to upload an image, and tells when it is acknowledged.
    pub(crate) fn begin(&self, teller: Teller) {
        let uploading = upload(Arc::clone(&self.client));
        self.runtime.spawn(async move {
            uploading.await;
            teller.tell(Mark::Acknowledged, None);
        });
    }
}

/// Uploads one image, again from the start when that fails.
async fn upload(client: Arc<Mutex<ClusterClient>>) {
    let mut client = client.lock().await;
    let mut image = MadeImage::new(IMAGE_BYTES);
    while let Err(error) = client
        .upload_made(image.clone(), Wanted::Nothing, &mut |_| {})
        .await
    {
        eprintln!("an upload failed and is begun anew: {error}");
        image = image.another();
    }
}
