//! One line of a recording behind its header: written and read.

use serde::{Deserialize, Serialize};

use super::{Entry, Told, What};
use crate::dashboard::Message;
use crate::dashboard::stage::Stage;
use crate::event::line::printable;
use crate::event::process::{ProcessEvent, ProcessFact};
use crate::event::{EVENT_VERSION, Event};
use crate::id::NodeId;
use crate::protocol::{Contact, StatusReport};
use crate::time::Time;

/// A line as it is written.
#[derive(Serialize)]
struct Written<'a> {
    at_ns: Time,
    #[serde(flatten)]
    what: WrittenWhat<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum WrittenWhat<'a> {
    Node(&'a Event),
    Process(&'a ProcessEvent),
    Contact {
        node: NodeId,
        #[serde(flatten)]
        came: Came<&'a StatusReport, &'a Event, &'a str>,
    },
    Stage(&'a Stage),
    Forgot(bool),
    Dropped(u64),
    Ended(bool),
}

/// What came of watching a node, as it is written and read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Came<R, E, T> {
    Reached(R),
    Event(E),
    Refused(bool),
    Lost(T),
}

/// A line as it is read: each key is one of those that can stand beside the time.
#[derive(Deserialize)]
struct Read {
    at_ns: Time,
    node: Option<Event>,
    process: Option<ProcessEvent>,
    contact: Option<ReadContact>,
    stage: Option<Stage>,
    forgot: Option<bool>,
    dropped: Option<u64>,
    ended: Option<bool>,
}

#[derive(Deserialize)]
struct ReadContact {
    node: NodeId,
    #[serde(flatten)]
    came: Came<Box<StatusReport>, Box<Event>, String>,
}

/// What even a line of a newer program has.
#[derive(Deserialize)]
struct Timed {
    at_ns: Time,
}

/// Returns the line of what was told, without an end.
pub(super) fn of_told(at_ns: Time, told: Told<'_>) -> Vec<u8> {
    let what = match told {
        Told::Node(event) => WrittenWhat::Node(event),
        Told::Process(event) => WrittenWhat::Process(event),
        Told::Stage(stage) => WrittenWhat::Stage(stage),
        Told::Forgot => WrittenWhat::Forgot(true),
        Told::Contact(node, contact) => WrittenWhat::Contact {
            node,
            came: match contact {
                Contact::Reached(report) => Came::Reached(report),
                Contact::Event(event) => Came::Event(event),
                Contact::Refused => Came::Refused(true),
                Contact::Lost(why) => Came::Lost(why),
            },
        },
    };
    bytes(&Written { at_ns, what })
}

/// Returns the line that says that lines are missing.
pub(super) fn of_dropped(at_ns: Time, lines: u64) -> Vec<u8> {
    let what = WrittenWhat::Dropped(lines);
    bytes(&Written { at_ns, what })
}

/// Returns the last line.
pub(super) fn of_end(at_ns: Time) -> Vec<u8> {
    let what = WrittenWhat::Ended(true);
    bytes(&Written { at_ns, what })
}

fn bytes(line: &Written<'_>) -> Vec<u8> {
    serde_json::to_vec(line).expect("plain values become JSON")
}

/// Reads a line; `None` when it is no JSON, or has no time.
pub(super) fn read(line: &[u8]) -> Option<Entry> {
    match serde_json::from_slice::<Read>(line) {
        Ok(read) => Some(Entry {
            at: read.at_ns,
            what: what_of(read),
        }),
        Err(_) => Some(Entry {
            at: time_of(line)?,
            what: What::Unknown,
        }),
    }
}

/// Reads nothing of a line but its time.
pub(super) fn time_of(line: &[u8]) -> Option<Time> {
    serde_json::from_slice::<Timed>(line).ok().map(|line| line.at_ns)
}

fn what_of(read: Read) -> What {
    let known = |version: u32| version <= EVENT_VERSION;
    match read {
        Read {
            node: Some(event), ..
        } if known(event.version) => What::Message(Message::Node(Box::new(event))),
        Read {
            process: Some(event), ..
        } if known(event.version) => What::Message(Message::Process(harmless(event))),
        Read {
            contact: Some(ReadContact { node, came }),
            ..
        } => match came {
            Came::Reached(report) => contacted(node, Contact::Reached(report)),
            Came::Event(event) if known(event.version) => contacted(node, Contact::Event(event)),
            Came::Event(_) => What::Unknown,
            Came::Refused(_) => contacted(node, Contact::Refused),
            Came::Lost(why) => contacted(node, Contact::Lost(printable(&why).into_owned())),
        },
        Read {
            stage: Some(stage), ..
        } => What::Message(Message::Stage(Box::new(plain(stage)))),
        Read { forgot: Some(_), .. } => What::Message(Message::Forget),
        Read {
            dropped: Some(lines), ..
        } => What::Dropped(lines),
        Read { ended: Some(_), .. } => What::Ended,
        _ => What::Unknown,
    }
}

const fn contacted(node: NodeId, contact: Contact) -> What {
    What::Message(Message::Contact(node, contact))
}

/// A scenario holds only what a terminal prints, too.
fn plain(mut stage: Stage) -> Stage {
    let Stage {
        title, caption, news, ..
    } = &mut stage;
    for text in [title, caption]
        .into_iter()
        .chain(news.as_mut().map(|news| &mut news.text))
    {
        *text = printable(text).into_owned();
    }
    stage
}

/// A supervisor passes on only what a terminal prints; a file may hold anything.
fn harmless(mut event: ProcessEvent) -> ProcessEvent {
    if let ProcessFact::Wrote { text, .. } = &mut event.fact {
        *text = printable(text).into_owned();
    }
    event
}
