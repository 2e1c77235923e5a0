//! The supervisor without a screen: one line an event, until it is asked to stop.
//!
//! As text, a line is what a person reads. As JSON, every line is one object, told apart by its key:
//!
//! | key | the object is |
//! | --- | --- |
//! | `fact` | what a node told: [`Event`](crate::event::Event), as the node wrote it |
//! | `process` | what became of its process: [`ProcessEvent`](crate::event::process::ProcessEvent) |
//!
//! The last lines are `process: summary`, one a node. Printing never delays supervising: an output
//! that nobody reads costs lines, which are counted in `{"process":"printing_dropped","lines":n}`.

use std::io::{self, Write};

use super::printer::Printer;
use super::{Notice, Summary, Supervisor};
use crate::event::line;
use crate::event::process::{self, Wish};
use crate::time::Time;

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The lines that a person reads.
    Text,
    /// One JSON object a line.
    Json,
}

/// Supervises until every process is gone, and prints what happens.
///
/// `asked` waits for the next time somebody wants the cluster to end: the first one stops it in
/// order, the next ones at once. `heard` is shown everything with the time on the supervisor's clock,
/// before it is printed. Run it by a runtime of the current thread on the program's main
/// thread: nodes die with the thread that started them.
///
/// # Errors
///
/// When the system has no thread left to print by.
pub async fn run(
    mut supervisor: Supervisor,
    format: Format,
    output: impl Write + Send + 'static,
    mut asked: impl AsyncFnMut(),
    mut heard: impl FnMut(Time, &Notice),
) -> io::Result<Summary> {
    let mut lines = Lines {
        format,
        printer: Printer::start(output)?,
    };
    let mut end = Wish::StopAll;
    while !supervisor.is_idle() {
        tokio::select! {
            notice = supervisor.next() => {
                heard(supervisor.now(), &notice);
                lines.print(&notice);
            }
            () = asked() => {
                supervisor.wish(end);
                end = Wish::KillAll;
            }
        }
    }
    let summary = supervisor.summary();
    for event in &summary.nodes {
        lines.print(&Notice::Process(event.clone()));
    }
    lines.printer.close();
    Ok(summary)
}

struct Lines {
    format: Format,
    printer: Printer,
}

impl Lines {
    fn print(&mut self, notice: &Notice) {
        let format = self.format;
        if let Some(text) = text_of(notice, format) {
            self.printer.print(text, |lines| note(lines, format));
        }
    }
}

/// Returns the line of a notice; `None` when it has none.
fn text_of(notice: &Notice, format: Format) -> Option<String> {
    match (format, notice) {
        (Format::Text, Notice::Node(event)) => line::of(event),
        (Format::Text, Notice::Process(event)) => process::line_of(event),
        (Format::Json, Notice::Node(event)) => serde_json::to_string(event).ok(),
        (Format::Json, Notice::Process(event)) => serde_json::to_string(event).ok(),
    }
}

/// Returns the line about lines that were dropped.
fn note(lines: u64, format: Format) -> String {
    match format {
        Format::Text => format!("{lines} lines were dropped: whoever reads them fell behind"),
        Format::Json => format!(r#"{{"process":"printing_dropped","lines":{lines}}}"#),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::process::{Ending, Life, OutputStream, ProcessEvent, ProcessFact};
    use crate::event::{EventStamp, Fact};
    use crate::id::{Generation, NodeId};

    fn two() -> NodeId {
        NodeId::new(2).expect("not zero")
    }

    fn of_process(fact: ProcessFact) -> Notice {
        Notice::Process(ProcessEvent {
            version: 1,
            node: two(),
            life: Life(3),
            monotonic_ns: Time::from_nanos(7),
            wall_ms: 8,
            fact,
        })
    }

    fn of_node(fact: Fact) -> Notice {
        let mut stamp = EventStamp::new(two(), Generation(5));
        Notice::Node(Box::new(stamp.stamp(Time::ZERO, Duration::ZERO, fact)))
    }

    #[test]
    fn a_line_of_text_is_what_a_person_reads() {
        let exited = of_process(ProcessFact::Exited {
            ending: Ending::Signal(9),
        });
        let summary = of_process(ProcessFact::Summary {
            restarts: 1,
            last: Some(Ending::Code(0)),
        });
        let spawned = of_process(ProcessFact::Spawned { pid: 4711 });
        let notices = [exited, summary, spawned, of_node(Fact::Stopping)];
        assert_eq!(
            notices.map(|notice| text_of(&notice, Format::Text)),
            [
                Some("Node 2: Process was killed by SIGKILL".to_owned()),
                Some("Node 2: 1 restart; exited with code 0".to_owned()),
                None,
                Some("Node 2: Stopping".to_owned()),
            ]
        );
    }

    #[test]
    fn a_line_of_json_is_told_apart_by_its_key() {
        let text = "a \"quoted\" line".to_owned();
        let stream = OutputStream::Stderr;
        assert_eq!(
            text_of(&of_process(ProcessFact::Wrote { stream, text }), Format::Json).as_deref(),
            Some(
                r#"{"v":1,"node":2,"life":3,"monotonic_ns":7,"wall_ms":8,"process":"wrote","stream":"stderr","text":"a \"quoted\" line"}"#
            )
        );
        assert_eq!(
            text_of(&of_node(Fact::Stopping), Format::Json).as_deref(),
            Some(
                r#"{"v":1,"node":2,"generation":5,"sequence":0,"monotonic_ns":0,"wall_ms":0,"fact":"stopping"}"#
            )
        );
    }

    #[test]
    fn what_a_node_repeats_of_a_stranger_is_printed_harmlessly() {
        let refused = of_node(Fact::GreetingRefused {
            from: "\x1b[2J".to_owned(),
            reason: "no".to_owned(),
        });
        assert_eq!(
            text_of(&refused, Format::Text).as_deref(),
            Some("Node 2: Refused \u{fffd}[2J: no")
        );
    }
}
