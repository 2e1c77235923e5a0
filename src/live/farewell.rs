//! The last words: what stays on the screen when the dashboard has gone.
//!
//! Pure: from what the dashboard knew and what became of the processes, the lines a person reads.

use std::fmt::Write;
use std::time::Duration;

use crate::dashboard::cluster::Cluster;
use crate::dashboard::cluster::failover::{Failover, Leadership};
use crate::dashboard::cluster::logs::{Line, LineKind, LogSource, Logs};
use crate::dashboard::words;
use crate::event::process::{self, OutputStream};
use crate::id::NodeId;
use crate::supervisor::Summary;

/// How many failovers are told one by one; the newest, as many as fit beside the nodes on a small screen.
const FAILOVERS_TOLD: usize = 8;

/// Returns the lines about a run, each with its end.
pub(super) fn lines(ran: Duration, cluster: &Cluster, summary: &Summary) -> String {
    let mut text = story(ran, &cluster.leadership);
    for event in &summary.nodes {
        text.extend(process::line_of(event).map(|line| line + "\n"));
        if summary.given_up.contains(&event.node) {
            text.extend(last_error(&cluster.logs, event.node).map(|error| format!("{error}\n")));
        }
    }
    text
}

/// Returns what a node said last on its standard error: most likely why it gave up.
fn last_error(logs: &Logs, node: NodeId) -> Option<&str> {
    let errors = |line: &Line| line.kind == LineKind::Output(OutputStream::Stderr);
    let mut newest_first = logs.backwards(LogSource::Node(node), None, errors);
    newest_first.next().map(|line| &*line.text)
}

/// Returns how long it ran, and who led.
fn story(ran: Duration, leadership: &Leadership) -> String {
    let mut text = format!("Heirloom ran for {}", humantime::format_duration(rounded(ran)));
    let ended = leadership.history.iter().rev();
    let heir = ended.clone().find_map(|failover| failover.heir);
    match heir.or(leadership.led_last()) {
        Some(heir) => drop(write!(
            text,
            "; node {} led last, in epoch {}",
            heir.id, heir.epoch
        )),
        None => text.push_str("; no node has led"),
    }
    text.push('\n');
    let told: Vec<String> = ended.filter_map(told).collect();
    if told.len() > FAILOVERS_TOLD {
        let _ = writeln!(
            text,
            "{} changes of leader, the last {FAILOVERS_TOLD}:",
            told.len()
        );
    }
    for line in told.iter().take(FAILOVERS_TOLD).rev() {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Seconds are enough for a run, but not for one that ended at once.
fn rounded(ran: Duration) -> Duration {
    if ran < Duration::from_secs(1) {
        Duration::from_millis(u64::try_from(ran.as_millis()).unwrap_or(0))
    } else {
        Duration::from_secs(ran.as_secs())
    }
}

/// Returns the line of a failover; `None` for the first leader and for one that never ended.
fn told(failover: &Failover) -> Option<String> {
    let (leader, heir, serving) = (failover.cause.leader()?, failover.heir?, failover.serving?);
    Some(format!(
        "Node {leader} {}; node {} served after {}, in epoch {}",
        failover.cause.word(),
        heir.id,
        words::span(serving),
        heir.epoch,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ClusterConfig, Members};
    use crate::dashboard::cluster::failover::Cause;
    use crate::event::process::{Ending, Life, ProcessEvent, ProcessFact};
    use crate::id::{Ballot, Epoch, NodeId};
    use crate::time::Time;

    fn node(number: u16) -> NodeId {
        NodeId::new(number).expect("not zero")
    }

    fn failover(cause: Cause, epoch: u64, heir: u16) -> Failover {
        Failover {
            from: None,
            cause,
            began: Time::ZERO,
            suspected: None,
            elected: None,
            serving: Some(Duration::from_micros(7_900)),
            first_upload: None,
            heir: Some(Ballot {
                epoch: Epoch(epoch),
                id: node(heir),
            }),
        }
    }

    fn cluster(history: impl IntoIterator<Item = Failover>) -> Cluster {
        let address = |number: u16| {
            (
                node(number),
                format!("127.0.0.1:{number}").parse().expect("valid"),
            )
        };
        let mut cluster = Cluster::new(&ClusterConfig {
            name: "ended".parse().expect("valid"),
            members: Members::new([address(1), address(2)].into()).expect("valid"),
        });
        cluster.leadership.history = history.into_iter().collect();
        cluster
    }

    fn summary() -> Summary {
        let event = |number, last| ProcessEvent {
            version: 1,
            node: node(number),
            life: Life(1),
            monotonic_ns: Time::ZERO,
            wall_ms: 0,
            fact: ProcessFact::Summary { restarts: 0, last },
        };
        Summary {
            nodes: vec![event(1, Some(Ending::Code(0))), event(2, Some(Ending::Signal(9)))],
            given_up: Vec::new(),
        }
    }

    #[test]
    fn a_run_is_told_with_its_failovers_and_the_fate_of_every_node() {
        let history = [
            failover(Cause::Start, 1, 2),
            failover(Cause::Killed(node(2)), 2, 1),
        ];
        let text = lines(Duration::from_millis(61_900), &cluster(history), &summary());
        assert_eq!(
            text,
            "Heirloom ran for 1m 1s; node 1 led last, in epoch 2\n\
             Node 2 killed; node 1 served after 7.9 ms, in epoch 2\n\
             Node 1: 0 restarts; exited with code 0\n\
             Node 2: 0 restarts; was killed by SIGKILL\n"
        );
    }

    #[test]
    fn a_node_that_was_given_up_is_told_with_its_last_error() {
        let mut cluster = cluster([]);
        for (stream, text) in [
            (OutputStream::Stderr, "error: an old one"),
            (OutputStream::Stderr, "error: no room"),
            (OutputStream::Stdout, "good bye"),
        ] {
            let mut event = summary().nodes[0].clone();
            let text = text.to_owned();
            event.fact = ProcessFact::Wrote { stream, text };
            cluster.process_became(Time::ZERO, &event);
        }
        let mut summary = summary();
        summary.given_up = vec![node(1), node(2)];
        let text = lines(Duration::ZERO, &cluster, &summary);
        let told = "Node 1: 0 restarts; exited with code 0\nNode 1: error: no room\nNode 2: ";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn of_many_failovers_the_newest_are_told() {
        let many = (1..=20).map(|epoch| failover(Cause::HandedOver(node(2)), epoch, 1));
        let text = lines(Duration::from_millis(5), &cluster(many), &summary());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Heirloom ran for 5ms; node 1 led last, in epoch 20");
        assert_eq!(lines[1], "20 changes of leader, the last 8:");
        assert!(
            lines[2].ends_with("in epoch 13") && lines[9].ends_with("in epoch 20"),
            "{text}"
        );
        assert_eq!(lines.len(), 12);
    }

    #[test]
    fn a_cluster_that_never_led_says_so() {
        let text = lines(Duration::ZERO, &cluster([]), &summary());
        assert!(
            text.starts_with("Heirloom ran for 0s; no node has led\n"),
            "{text}"
        );
    }
}
