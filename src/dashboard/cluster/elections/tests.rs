//! What belongs to which election, and what becomes of it.

use super::*;
use crate::event::process::Ending;
use crate::id::Epoch;

const fn at(ms: u64) -> Time {
    Time::from_nanos(ms * 1_000_000)
}

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn ballot(epoch: u64, number: u16) -> Ballot {
    let id = node(number);
    Ballot {
        epoch: Epoch(epoch),
        id,
    }
}

fn message(from: u16) -> Fact {
    let (from, message) = (node(from), "claim".to_owned());
    Fact::MessageReceived { from, message }
}

/// A cluster in which node 3 has led since the second 1.
fn led() -> Elections {
    let mut elections = Elections::default();
    elections.told(at(1000), node(3), &Fact::ElectionStarted { round: 1 });
    elections.told(at(1001), node(1), &message(3));
    elections.told(at(1002), node(3), &Fact::ServingStarted { ballot: ballot(1, 3) });
    elections.told(at(1003), node(1), &Fact::Following { ballot: ballot(1, 3) });
    elections
}

fn signal(elections: &mut Elections, ms: u64, number: u16, signal: ProcessSignal) {
    elections.became(at(ms), node(number), &ProcessFact::Signalled { signal });
}

fn newest(elections: &Elections) -> &Election {
    elections.newest().next().expect("there is one")
}

#[test]
fn steps_stand_in_the_order_of_their_times() {
    let mut elections = led();
    elections.told(at(1001), node(2), &message(3));
    let times: Vec<Time> = newest(&elections).steps.iter().map(|step| step.at).collect();
    assert!(times.is_sorted());
    assert_eq!(newest(&elections).messages, 2);
}

#[test]
fn the_death_of_the_leader_begins_the_next_election() {
    let mut elections = led();
    signal(&mut elections, 9000, 3, ProcessSignal::Kill);
    elections.told(at(9002), node(2), &Fact::ElectionStarted { round: 2 });
    elections.told(at(9004), node(2), &Fact::ServingStarted { ballot: ballot(2, 2) });
    assert_eq!(elections.newest().count(), 2);
    assert_eq!(newest(&elections).began(), at(9000));
    assert_eq!(newest(&elections).outcome, Some((at(9004), ballot(2, 2))));
}

#[test]
fn a_frozen_leader_is_suspected_seconds_later_in_the_same_election() {
    let mut elections = led();
    signal(&mut elections, 9000, 3, ProcessSignal::Freeze);
    assert!(!newest(&elections).is_settled());
    let (leader, reason) = (node(3), crate::event::SuspicionReason::NoAnswer);
    elections.told(at(15_000), node(2), &Fact::LeaderSuspected { leader, reason });
    assert_eq!(elections.newest().count(), 2);
    assert_eq!(newest(&elections).steps.len(), 2);
}

#[test]
fn a_leader_that_was_thawed_in_time_leads_on() {
    let mut elections = led();
    signal(&mut elections, 9000, 3, ProcessSignal::Freeze);
    signal(&mut elections, 9500, 3, ProcessSignal::Thaw);
    assert!(newest(&elections).is_settled());
    assert_eq!(newest(&elections).outcome, None);
}

#[test]
fn the_death_of_a_worker_is_no_election_unless_one_follows() {
    let mut elections = led();
    signal(&mut elections, 9000, 1, ProcessSignal::Kill);
    let exited = ProcessFact::Exited {
        ending: Ending::Signal(9),
    };
    elections.became(at(9001), node(1), &exited);
    assert_eq!(elections.newest().count(), 1);
    elections.told(at(9002), node(3), &Fact::ServingStopped { ballot: ballot(1, 3) });
    assert_eq!(elections.newest().count(), 2);
    assert_eq!(
        newest(&elections).began(),
        at(9000),
        "what led to it is told, too"
    );
}

#[test]
fn deaths_of_workers_push_no_election_out() {
    let mut elections = led();
    for round in 0..100 {
        signal(&mut elections, 9000 + round * 5000, 1, ProcessSignal::Kill);
    }
    assert_eq!(elections.newest().count(), 1);
}

#[test]
fn heartbeats_are_no_step() {
    let mut elections = led();
    let (leader, after_us) = (node(3), 400);
    elections.told(at(1004), node(1), &Fact::HeartbeatAnswered { leader, after_us });
    assert_eq!(newest(&elections).steps.len(), 4);
}

#[test]
fn an_election_without_end_keeps_how_it_began_and_how_it_ended() {
    let mut elections = Elections::default();
    for round in 0..5000 {
        elections.told(at(round * 10), node(1), &Fact::ElectionStarted { round });
    }
    elections.told(
        at(50_000),
        node(1),
        &Fact::ServingStarted { ballot: ballot(1, 1) },
    );
    let election = newest(&elections);
    assert_eq!((elections.newest().count(), election.steps.len()), (1, STEPS_MAX));
    assert_eq!(election.dropped, 5001 - STEPS_MAX as u64);
    assert_eq!(election.began(), at(0));
    assert_eq!(election.steps.last().map(|step| step.at), Some(at(50_000)));
}
