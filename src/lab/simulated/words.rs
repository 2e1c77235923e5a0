//! What is done to a simulated cluster, as a sentence for whoever watches.

use std::time::Duration;

use crate::dashboard::words::span;
use crate::event::line::nodes;
use crate::simulation::Step;
use crate::time::Time;

/// Returns the sentence of a step; a start is none, for the node itself shows it.
pub(super) fn of(step: &Step) -> Option<String> {
    Some(match step {
        Step::Start(_) => return None,
        Step::Crash(node) => format!("node {node} is killed"),
        Step::CrashAndLoseDisk(node) => {
            format!("node {node} is killed, and its disk is wiped if others remember what it does")
        }
        Step::Stop(node) => format!("node {node} is asked to stop"),
        Step::Freeze(node, lasts) => format!("node {node} stands still for {}", span(*lasts)),
        Step::StallClock(node, lasts) => {
            format!("the clock of node {node} stands still for {}", span(*lasts))
        }
        Step::Cut(from, to, lasts) => {
            format!("node {to} hears nothing of node {from} for {}", span(*lasts))
        }
        Step::Partition(group, lasts) => {
            format!(
                "{} and the rest hear nothing of each other for {}",
                nodes(group),
                span(*lasts)
            )
        }
        Step::Lose(share, lasts) => {
            format!(
                "{:.0} % of all messages are lost for {}",
                share * 100.0,
                span(*lasts)
            )
        }
        Step::Delay(most, lasts) => {
            format!("every message is up to {} late for {}", span(*most), span(*lasts))
        }
        Step::Duplicate(share, lasts) => {
            format!(
                "{:.0} % of all messages come twice for {}",
                share * 100.0,
                span(*lasts)
            )
        }
        Step::CrashAllBut(node) => format!("everybody but node {node} is killed"),
    })
}

/// Returns a time of a run as minutes and seconds.
pub(super) fn clock(now: Time) -> String {
    let since: Duration = now.since(Time::ZERO);
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    format!("{}:{:02}.{millis:03}", seconds / 60, seconds % 60)
}
