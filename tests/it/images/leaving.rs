//! A client gone at every byte of its exchange with the leader, and with the node that takes its image.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::wire::{HELLO, Wire};
use super::{cluster_of_three, done, ids, listed, upload};
use crate::harness::{PATIENCE, TestCluster, image_of};

/// Few bytes, so that each of them is an end in the time of a test.
const IMAGE_BYTES: usize = 60;

/// How a client goes.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// It says that it has said all, and hears the node out.
    Closing,
    /// Its process ends: what the node still says meets a reset.
    Vanishing,
}

impl Way {
    /// Says `bytes` to a node, and goes.
    fn go(self, cluster: &TestCluster, node: u16, bytes: &[u8]) {
        let mut stream = TcpStream::connect(cluster.address(node)).expect("the node listens");
        stream.write_all(bytes).expect("the node reads");
        match self {
            Self::Closing => {
                stream
                    .set_read_timeout(Some(PATIENCE))
                    .expect("a timeout can be set");
                stream.shutdown(Shutdown::Write).expect("half of it closes");
                let ended = stream.read_to_end(&mut Vec::new());
                ended.expect("the node ends what it cannot go on with");
            }
            Self::Vanishing => drop(stream),
        }
    }
}

fn image_id(number: usize) -> String {
    format!("{number:032x}")
}

/// All that a client says to the node that takes its image; the leader has assigned it just now.
fn whole_upload(cluster: &TestCluster, image: &str) -> (u16, Vec<u8>) {
    let assignment = Wire::dial(cluster, 3).assigned("upload", image);
    let node = assignment["node"].as_u64().expect("a node");
    let mut said = format!("{HELLO}\n").into_bytes();
    let upload = format!(
        r#"{{"type":"upload","image":"{image}","file":"cut.png","created_ms":7,"return":"none","assignment":{assignment},"body":{IMAGE_BYTES}}}"#
    );
    said.extend_from_slice(upload.as_bytes());
    said.push(b'\n');
    said.extend_from_slice(&image_of(IMAGE_BYTES, 1));
    said.extend_from_slice(b"{\"type\":\"finish\"}\n");
    (u16::try_from(node).expect("small"), said)
}

#[test]
fn an_upload_cut_at_any_byte_is_whole_or_nowhere() {
    let cluster = cluster_of_three();
    let (_, said) = whole_upload(&cluster, &image_id(0));
    for (cut, way) in (1..said.len()).flat_map(|cut| [(cut, Way::Closing), (cut, Way::Vanishing)]) {
        let (node, mut said) = whole_upload(&cluster, &image_id(cut));
        // Numbers of requests grow longer, so the cut may be the end of this one.
        said.pop();
        way.go(&cluster, node, &said[..cut.min(said.len())]);
    }
    assert_eq!(listed(&cluster, "alice", &[]).len(), 0, "none was whole");

    let whole = image_id(said.len());
    let (node, said) = whole_upload(&cluster, &whole);
    Way::Closing.go(&cluster, node, &said);
    let last = upload(&cluster, "alice", "after.png", &image_of(3_000, 2));
    done(&cluster, "alice", &["download", &last, "--output", "back.png"]);
    let all = listed(&cluster, "alice", &[]);
    let mut all = ids(&all);
    all.sort_unstable();
    let mut expected = [last, whole];
    expected.sort_unstable();
    assert_eq!(all, expected);
    for node in 1..=3 {
        cluster.until(node, |report| report.images == 2);
    }
}

#[test]
fn a_question_to_the_leader_cut_at_any_byte_harms_nobody() {
    let cluster = cluster_of_three();
    let offer = format!(
        r#"{{"type":"offer","kind":"upload","image":"{}","size":60,"failed":null}}"#,
        image_id(1)
    );
    let said = format!("{HELLO}\n{offer}\n").into_bytes();
    for cut in 0..=said.len() {
        for way in [Way::Closing, Way::Vanishing] {
            way.go(&cluster, 3, &said[..cut]);
        }
    }
    upload(&cluster, "alice", "after.png", &image_of(3_000, 2));
    assert_eq!(listed(&cluster, "alice", &[]).len(), 1);
}
