//! How elections are worded: their headings, and their steps.

use std::time::Duration;

use super::{age, span};
use crate::dashboard::cluster::elections::{Election, Happening, Step};
use crate::dashboard::cluster::failover::{Cause, Failover};
use crate::event::line::{nodes, printable};
use crate::event::process::ProcessSignal;
use crate::event::{Fact, StepDownReason, SuspicionReason};
use crate::id::NodeId;
use crate::time::Time;

/// The shortest span that is not told as none.
const SHOWN: Duration = Duration::from_micros(50);

/// Words an election as its heading: what began it, who leads because of it, and at what cost.
#[must_use]
pub fn election(now: Time, election: &Election) -> String {
    let began = election.began();
    let cause = cause(election);
    let ago = format!("{} ago", age(now.since(began)));
    let cost = match election.messages {
        1 => "1 message".to_owned(),
        messages => format!("{messages} messages"),
    };
    match (election.outcome, election.took()) {
        (Some((_, ballot)), Some(took)) => format!(
            "{cause}: node {} leads in epoch {} after {}, {cost}, {ago}",
            ballot.id,
            ballot.epoch,
            span(took)
        ),
        _ if election.is_settled() => format!("{cause}: the leader stays, {cost}, {ago}"),
        _ => format!(
            "{cause}: {} for {}, {cost}",
            lacking(election),
            age(now.since(began))
        ),
    }
}

/// Words what is lacking as long as an election lasts: a leader that nobody misses yet may go on.
fn lacking(election: &Election) -> &'static str {
    let unnoticed = |failover: Failover| match failover.cause {
        Cause::Frozen(_) | Cause::CutOff(_) | Cause::LeftAlone(_) => failover.suspected.is_none(),
        Cause::Start
        | Cause::Killed(_)
        | Cause::Stopped(_)
        | Cause::Crashed(_)
        | Cause::Stalled(_)
        | Cause::Slowed(_)
        | Cause::Suspected(_)
        | Cause::HandedOver(_)
        | Cause::SteppedDown(_) => false,
    };
    if election.failover.is_some_and(unnoticed) {
        "not yet missed"
    } else {
        "no leader"
    }
}

/// Words what an election begins with: how the reign before it ended, or who believed that it had.
fn cause(election: &Election) -> String {
    let Some(failover) = election.failover else {
        let said = |step: &&Step| matches!(step.what, Happening::Fact(_));
        let steps = &election.steps;
        let first = steps.iter().find(said).or(steps.first());
        return first.map_or_else(String::new, belief);
    };
    match (failover.cause, failover.heir) {
        (Cause::Start, _) => "the start".to_owned(),
        (Cause::HandedOver(leader), Some(heir)) => format!("node {leader} hands over to {}", heir.id),
        (Cause::HandedOver(leader), None) => format!("node {leader} hands over"),
        (cause, _) => cause
            .leader()
            .map_or_else(String::new, |leader| format!("node {leader} {}", cause.word())),
    }
}

/// Words what a node did without having lost its leader.
fn belief(step: &Step) -> String {
    let node = step.node;
    match &step.what {
        Happening::Signal(signal) => format!("node {node} {}", signal_word(*signal)),
        Happening::Exit => format!("node {node} gone"),
        Happening::Message { from, message } => format!("{} of node {from}", printable(message)),
        Happening::Fact(fact) => match fact {
            Fact::LeaderSuspected { leader, .. } => format!("node {node} alone suspects node {leader}"),
            Fact::HandoverStarted { ballot } => format!("node {node} hands over to {}", ballot.id),
            Fact::SteppedDown { .. } | Fact::ServingStopped { .. } => format!("node {node} steps down"),
            Fact::Following { ballot } => format!("node {node} follows node {}", ballot.id),
            _ => format!("node {node} asks"),
        },
    }
}

/// Words how long after its beginning a step of an election was: `+0.4 ms`; or how long before it.
#[must_use]
pub fn step_time(began: Time, step: &Step) -> String {
    if began.since(step.at) >= SHOWN {
        return format!("-{}", span(began.since(step.at)));
    }
    format!("+{}", span(step.at.since(began)))
}

/// Words a step of an election as one line: `+0.4 ms  2 -> 1  claim`.
#[must_use]
pub fn step(began: Time, step: &Step) -> String {
    let time = step_time(began, step);
    let what = step_words(step);
    match step.what {
        Happening::Message { from, .. } => format!("{time:>9}  {from} -> {}  {what}", step.node),
        Happening::Fact(_) | Happening::Signal(_) | Happening::Exit => {
            format!("{time:>9}  {:<6}  {what}", step.node)
        }
    }
}

/// Words what happened to a node in an election.
#[must_use]
pub fn step_words(step: &Step) -> String {
    match &step.what {
        Happening::Message { message, .. } => printable(message).into_owned(),
        Happening::Fact(fact) => fact_in_election(step.node, fact),
        Happening::Signal(signal) => signal_word(*signal).to_owned(),
        Happening::Exit => "process gone".to_owned(),
    }
}

const fn signal_word(signal: ProcessSignal) -> &'static str {
    match signal {
        ProcessSignal::Terminate => "told to stop",
        ProcessSignal::Kill => "killed with -9",
        ProcessSignal::Freeze => "frozen",
        ProcessSignal::Thaw => "goes on",
    }
}

fn fact_in_election(node: NodeId, fact: &Fact) -> String {
    match fact {
        Fact::LeaderSuspected { leader, reason } => {
            let why = match reason {
                SuspicionReason::Refused => "its port refuses",
                SuspicionReason::NoAnswer => "it is silent",
                SuspicionReason::Resigned => "it resigned",
            };
            format!("suspects leader {leader}: {why}")
        }
        Fact::ElectionStarted { round } => format!("asks who is there (round {round})"),
        Fact::QuorumMissing { missing } => format!("no quorum without {}", nodes(missing)),
        Fact::ClaimStarted { ballot } => format!("stands in epoch {}", ballot.epoch),
        Fact::Voted { ballot } if ballot.id == node => format!("votes for itself in epoch {}", ballot.epoch),
        Fact::Voted { ballot } => format!("votes for {} in epoch {}", ballot.id, ballot.epoch),
        Fact::BecameLeader { grants, .. } => format!("elected by {}", nodes(grants)),
        Fact::ServingStarted { ballot } => format!("LEADS in epoch {}", ballot.epoch),
        Fact::ServingStopped { .. } => "serves nobody any more".to_owned(),
        Fact::Following { ballot } => format!("follows {} in epoch {}", ballot.id, ballot.epoch),
        Fact::SteppedDown { reason, .. } => match reason {
            StepDownReason::QuorumLost => "steps down: too few follow".to_owned(),
            StepDownReason::HandedOver => "steps down: handed over".to_owned(),
            StepDownReason::HandoverFailed => "steps down: the handover failed".to_owned(),
            StepDownReason::Superseded { epoch } => format!("steps down: epoch {epoch} began"),
            StepDownReason::Stopping => "steps down: stopping".to_owned(),
        },
        Fact::HandoverStarted { ballot } => format!("hands over to {}", ballot.id),
        Fact::FaultsChanged { faults } => format!("on purpose: {faults}"),
        Fact::ClockStalled { for_ms } => format!("its clock stands still for {for_ms} ms"),
        // Nothing else is a step of an election.
        _ => String::new(),
    }
}
