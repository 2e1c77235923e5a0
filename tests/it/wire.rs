//! The wire as bytes: every message has one spelling, and old and new programs read each other.
//!
//! The golden lines are the contract between versions: a change here is a new
//! [`heirloom::protocol::PROTOCOL_VERSION`] or [`heirloom::event::EVENT_VERSION`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use heirloom::fault::{NodeFaults, Way};
use heirloom::id::{Ballot, Epoch, Generation, ImageId, NodeId, RequestId};
use serde::Serialize;
use serde::de::DeserializeOwned;

mod control;
mod data;
mod events;
mod faults;
mod frame;
mod greeting;
mod process;
mod requests;

/// The text of the image that the golden lines are about.
const IMAGE: &str = "00112233445566778899aabbccddeeff";

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn ballot(epoch: u64, id: u16) -> Ballot {
    Ballot {
        epoch: Epoch(epoch),
        id: node(id),
    }
}

fn image() -> ImageId {
    IMAGE.parse().expect("32 digits")
}

/// Checks that each value is written as its line and that each line is read as its value.
fn golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(lines: &[(T, String)]) {
    for (value, line) in lines {
        let written = serde_json::to_string(value).expect("messages serialize");
        assert_eq!(&written, line);
        let read: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(&read, value);
    }
}

/// Checks that the lines show every variant that the type's own reader knows.
///
/// The reader lists them when it meets one it does not know, so no list kept by hand can be short.
fn complete<T: DeserializeOwned + Debug>(tag: &str, lines: &[String]) {
    let stranger = format!("{{\"{tag}\":\"no such variant\"}}");
    let error = serde_json::from_str::<T>(&stranger)
        .expect_err("no such variant")
        .to_string();
    let known: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
    let shown: BTreeSet<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("golden lines are JSON"))
        .map(|line| line[tag].as_str().expect("a golden line has its tag").to_owned())
        .collect();
    let shown: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
    assert_eq!(known, shown, "{error}");
}

/// Checks that unit variants are written as these words, that there are no others, and both ways.
fn words<T: Serialize + DeserializeOwned + PartialEq + Debug>(words: &[(T, &str)]) {
    let lines: Vec<(&T, String)> = words
        .iter()
        .map(|(value, word)| (value, format!("\"{word}\"")))
        .collect();
    for (value, line) in &lines {
        assert_eq!(&serde_json::to_string(value).expect("words serialize"), line);
        assert_eq!(&serde_json::from_str::<T>(line).expect("words parse"), *value);
    }
    let error = serde_json::from_str::<T>("\"no such word\"")
        .expect_err("no such word")
        .to_string();
    let known: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
    let shown: BTreeSet<&str> = words.iter().map(|(_, word)| *word).collect();
    assert_eq!(known, shown, "{error}");
}

fn lines_of<T>(golden: &[(T, String)]) -> Vec<String> {
    golden.iter().map(|(_, line)| line.clone()).collect()
}

/// What is wrong with a node that sends nothing to another, and has a slow disk.
fn faults(to: u16) -> NodeFaults {
    let cut = Way {
        cut: true,
        ..Way::default()
    };
    NodeFaults {
        sends: BTreeMap::from([(node(to), cut)]),
        disk_delay: Duration::from_millis(50),
        ..NodeFaults::default()
    }
}

fn request(number: u64) -> RequestId {
    RequestId(number)
}

fn generation() -> Generation {
    Generation(1_730_738_456_000)
}
