//! How figures and happenings are worded, once for every panel, the clipboard and the pager.

use std::time::Duration;

use super::cluster::failover::Spread;
use super::cluster::node::{Holdings, NodeState};
use super::cluster::requests::{Done, Outcome, Request};
use crate::event::line::{counted, printable};
use crate::event::{RequestKind, WorkerState};
use crate::id::ImageId;

mod elections;

pub use elections::{election, step, step_time, step_words};

/// How many digits of an image's id tell it from the others on a screen.
const IMAGE_DIGITS: usize = 8;

/// Words a time of the day, in UTC, with milliseconds: `12:31:07.042`.
#[must_use]
pub fn clock(wall_ms: u64) -> String {
    let seconds = wall_ms / 1000 % 86_400;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{rest:02}.{:03}", wall_ms % 1000)
}

/// Words how long something has lasted, to the second: `7 s`, `3 min 12 s`, `2 h 5 min`.
#[must_use]
pub fn age(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Words how long something has lasted where there is little room: `7 s`, `3 min`, `2 h`.
#[must_use]
pub fn coarse_age(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Words a span that was measured: `0.8 ms`, `95 ms`, `3.52 s`.
#[must_use]
pub fn span(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1000.0;
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else if millis < 1000.0 {
        format!("{millis:.0} ms")
    } else if millis < 100_000.0 {
        format!("{:.2} s", millis / 1000.0)
    } else {
        age(span)
    }
}

/// Words how long the last failovers took: `last 5: min 131 ms, median 140 ms, max 171 ms`.
#[must_use]
pub fn spread(spread: &Spread) -> String {
    let (min, median, max) = (span(spread.min), span(spread.median), span(spread.max));
    format!("last {}: min {min}, median {median}, max {max}", spread.runs)
}

/// Words a number of bytes in decimal units: `940 B`, `5.7 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 99.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Words what a node keeps and lacks: `12, 3 missing, 1 damaged`.
#[must_use]
pub fn holdings(holdings: Holdings) -> String {
    let images = holdings
        .images
        .map_or_else(|| "-".to_owned(), |images| images.to_string());
    let special = [
        (holdings.missing, "missing"),
        (holdings.damaged, "damaged"),
        (holdings.repaired, "repaired"),
    ];
    let special = special.iter().filter(|(count, _)| *count > 0);
    special.fold(images, |words, (count, what)| format!("{words}, {count} {what}"))
}

/// Words a request as one line, in a cluster of so many members.
#[must_use]
pub fn request(request: &Request, members: usize) -> String {
    let size = request
        .bytes
        .map_or_else(String::new, |count| format!(" {}", bytes(count)));
    let by = request
        .worker
        .map_or_else(|| "?".to_owned(), |node| node.to_string());
    let kind = match request.kind {
        RequestKind::Upload => "upload",
        RequestKind::Download => "download",
        RequestKind::List => "list",
        RequestKind::LookUp => "look-up",
        RequestKind::Delete => "delete",
    };
    format!(
        "{} {} {kind} {}{size} by node {by}: {}",
        clock(request.wall_ms),
        request.user,
        subject(request),
        outcome(&request.outcome, members)
    )
}

/// Words what a request is about: the file, the image where nobody has told its file, or a list.
#[must_use]
pub fn subject(request: &Request) -> String {
    match (&request.file, request.kind, request.image) {
        (Some(file), ..) => printable(file).into_owned(),
        (None, RequestKind::List | RequestKind::LookUp, _) => listed(&request.outcome),
        // Of an upload the file is told as soon as it begins.
        (None, RequestKind::Download | RequestKind::Delete, Some(image)) => short(image),
        (None, RequestKind::Upload | RequestKind::Download | RequestKind::Delete, _) => String::new(),
    }
}

fn listed(outcome: &Outcome) -> String {
    if let Outcome::Done {
        what: Done::Listed { images },
        ..
    } = outcome
    {
        counted(*images, "image")
    } else {
        "images".to_owned()
    }
}

/// Words an image by the beginning of its id, as a person would name it to a client.
fn short(image: ImageId) -> String {
    let mut id = image.to_string();
    id.truncate(IMAGE_DIGITS);
    id
}

/// Words what became of a request in a cluster of so many members.
#[must_use]
pub fn outcome(outcome: &Outcome, members: usize) -> String {
    match outcome {
        Outcome::Running => "running".to_owned(),
        Outcome::Done { what, took } => {
            let took = took.map_or_else(String::new, |took| format!(", {}", span(took)));
            format!("{}{took}", done(*what, members))
        }
        Outcome::Failed { reason } => format!("failed: {}", printable(reason)),
        Outcome::Interrupted => "interrupted; its node is gone".to_owned(),
    }
}

fn done(what: Done, members: usize) -> String {
    match what {
        Done::Stored { copies } => format!("stored on {copies} of {members} nodes"),
        Done::Sent => "sent".to_owned(),
        Done::Listed { .. } => "listed".to_owned(),
        Done::Deleted { copies } => format!("deleted on {copies} of {members} nodes"),
    }
}

/// Words what a node is to the leader's rotation.
#[must_use]
pub const fn in_rotation(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Active => "takes requests",
        WorkerState::Draining => "finishes what it has, takes nothing new",
        WorkerState::CatchingUp => "catches up before it takes requests",
        WorkerState::Suspect => "is connected but does not answer",
        WorkerState::Down => "has no connection to the leader",
    }
}

/// Words what a state means, for who sees its shape for the first time.
#[must_use]
pub const fn meaning(state: NodeState) -> &'static str {
    match state {
        NodeState::Leading => "gives requests to nodes in turn",
        NodeState::Following => "promised to follow; takes requests",
        NodeState::CatchingUp => "fetches what it missed; no work",
        NodeState::Electing => "knows no leader; asks who is there",
        NodeState::CutOff => "reaches too few nodes to decide",
        NodeState::Starting => "runs, and has said nothing yet",
        NodeState::Frozen => "stands still (SIGSTOP); p thaws it",
        NodeState::Stopping => "was told to end",
        NodeState::Restarting => "crashed; is started again soon",
        NodeState::Stopped => "ended in order; stays down",
        NodeState::Dead => "has no process; s starts it",
        NodeState::GivenUp => "crashed too often; s tries again",
        NodeState::OutOfReach => "cannot be reached from here",
        NodeState::NeverStarted => "nobody has started it; s does",
    }
}
