//! The wire, spoken to a node by hand, as far as a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::harness::{PATIENCE, TestCluster};

/// What a client of alice says first.
pub(super) const HELLO: &str =
    r#"{"type":"hello","version":2,"cluster":"heirloom","purpose":"client","user":"alice"}"#;

/// Speaks the wire to a node by hand, as far as a test wants.
pub(super) struct Wire(BufReader<TcpStream>);

impl Wire {
    pub(super) fn dial(cluster: &TestCluster, node: u16) -> Self {
        let stream = TcpStream::connect(cluster.address(node)).expect("the node listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        let mut wire = Self(BufReader::new(stream));
        wire.say(HELLO);
        wire.hear();
        wire
    }

    pub(super) fn say(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").expect("the node reads");
    }

    pub(super) fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the node answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Has the leader assign a request; returns the assignment.
    pub(super) fn assigned(&mut self, kind: &str, image: &str) -> Value {
        self.say(&format!(
            r#"{{"type":"offer","kind":"{kind}","image":"{image}","size":0,"failed":null}}"#
        ));
        let mut answer = self.hear();
        assert_eq!(answer["type"], "assigned", "{answer}");
        answer.as_object_mut().expect("an object").remove("type");
        answer
    }

    /// Begins a download on whoever is assigned it; returns the connection, past the header.
    pub(super) fn downloading(cluster: &TestCluster, image: &str) -> (u16, Self) {
        let assignment = Self::dial(cluster, 3).assigned("download", image);
        let node = assignment["node"].as_u64().expect("a node");
        let node = u16::try_from(node).expect("a small number");
        let mut wire = Self::dial(cluster, node);
        wire.say(&format!(
            r#"{{"type":"download","image":"{image}","assignment":{assignment}}}"#
        ));
        let header = wire.hear();
        assert_eq!(header["type"], "image", "{header}");
        (node, wire)
    }

    /// Reads chunks to the end; returns the bytes, and the message behind them.
    pub(super) fn rest(&mut self) -> (Vec<u8>, Value) {
        let mut bytes = Vec::new();
        loop {
            let message = self.hear();
            if message["type"] != "chunk" {
                return (bytes, message);
            }
            let length = message["body"].as_u64().unwrap_or(0);
            let read = self.0.by_ref().take(length).read_to_end(&mut bytes);
            assert_eq!(read.expect("readable") as u64, length);
        }
    }
}
