//! Disks that rot or are lost: what the other nodes keep comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use heirloom::id::{ImageId, NodeId};

use super::{PlainClient, Scene, alone, seed, wait_until};
use crate::harness::{TestCluster, image_of, told};

const IMAGES: u64 = 40;

/// What was uploaded before the disks suffered.
struct Kept {
    client: PlainClient,
    images: BTreeMap<ImageId, Vec<u8>>,
}

impl Kept {
    /// Uploads images of very different sizes.
    fn on(cluster: &TestCluster, rng: &mut fastrand::Rng) -> Self {
        let client = PlainClient {
            user: "alice".parse().expect("a name"),
            addresses: (1..=3).map(|id| cluster.address(id)).collect(),
        };
        let images: BTreeMap<ImageId, Vec<u8>> = (0..IMAGES)
            .map(|number| {
                let image = ImageId::from_bytes(u128::to_be_bytes(rng.u128(..)));
                let bytes = usize::try_from(20 + number * number * 211).expect("small");
                (image, image_of(bytes, number))
            })
            .collect();
        alone().block_on(async {
            for (number, (&image, plain)) in images.iter().enumerate() {
                let copies = client.upload(image, &format!("{number}.png"), plain).await;
                copies.expect("a healthy cluster takes it");
            }
        });
        Self { client, images }
    }

    /// Checks that every image is on every node and reads back.
    fn check(&self) {
        let every: Vec<NodeId> = (1..=3).map(|id| NodeId::new(id).expect("not zero")).collect();
        alone().block_on(async {
            let listed = self
                .client
                .list(ImageId::from_bytes([1; 16]))
                .await
                .expect("a list");
            let ids: BTreeSet<ImageId> = listed.iter().map(|line| line.entry.image).collect();
            assert_eq!(ids, self.images.keys().copied().collect());
            assert!(listed.iter().all(|line| line.nodes == every));
            for (&image, plain) in &self.images {
                assert!(
                    self.client.download(image).await.expect("kept") == *plain,
                    "{image}"
                );
            }
        });
    }
}

/// The records on a node's shelves.
fn records_of(cluster: &TestCluster, node: u16) -> Vec<PathBuf> {
    let shelves = fs::read_dir(cluster.path().join(format!("data/node-{node}/shelves"))).expect("shelves");
    let shelves = shelves.map(|shelf| shelf.expect("readable").path());
    let files = shelves.flat_map(|shelf| fs::read_dir(shelf).expect("a shelf"));
    let files = files.map(|file| file.expect("readable").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "record"))
        .collect()
}

#[test]
fn a_bit_flipped_in_every_record_of_a_node_is_found_and_repaired() {
    let seed = seed();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut scene = Scene::new("live", "scrub = \"1GiB\"", seed);
    let kept = Kept::on(&scene.cluster, &mut rng);
    scene.wait_until_in_sync();
    scene.cluster.kill(1);
    let originals: BTreeMap<PathBuf, Vec<u8>> = records_of(&scene.cluster, 1)
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).expect("readable")))
        .collect();
    assert_eq!(originals.len() as u64, IMAGES);
    for (path, bytes) in &originals {
        let mut rotten = bytes.clone();
        let bit = rng.usize(..rotten.len() * 8);
        rotten[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, rotten).expect("writable");
    }
    let verified = scene
        .cluster
        .heirloom(&["store", "verify", "--node", "1", "--json"]);
    assert_eq!(verified.status.code(), Some(1), "{}", told(&verified));
    for path in originals.keys() {
        let image = path.file_stem().expect("a name").to_string_lossy();
        assert!(
            told(&verified).contains(&*image),
            "{image} was not found:\n{}",
            told(&verified)
        );
    }

    scene.cluster.start(1);
    let out = std::sync::Arc::clone(&scene.cluster.node(1).out);
    let mut left: BTreeSet<&ImageId> = kept.images.keys().collect();
    wait_until("every record is repaired", || {
        let text = out.text();
        left.retain(|image| !text.contains(&format!("Image {image} repaired from node")));
        left.is_empty()
    });
    scene.wait_until_in_sync();
    kept.check();
    scene.check_disks();
}

#[test]
fn two_disks_lost_one_after_the_other_lose_nothing() {
    let seed = seed();
    let mut scene = Scene::new("majority", "", seed);
    let kept = Kept::on(&scene.cluster, &mut fastrand::Rng::with_seed(seed));
    scene.wait_until_in_sync();
    for lost in [2, 3] {
        scene.cluster.kill(lost);
        fs::remove_dir_all(scene.cluster.path().join(format!("data/node-{lost}"))).expect("removed");
        scene.cluster.start(lost);
        scene.wait_until_in_sync();
        assert_eq!(records_of(&scene.cluster, lost).len() as u64, IMAGES);
    }
    kept.check();
    scene.check_disks();
}
