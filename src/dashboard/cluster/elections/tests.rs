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

/// Elections, and who leads: the one is judged by the other.
#[derive(Default)]
struct Told {
    leadership: Leadership,
    elections: Elections,
}

impl Told {
    fn told(&mut self, at: Time, node: NodeId, fact: &Fact) {
        self.leadership.told(at, node, fact);
        self.elections.told(at, node, fact, &self.leadership);
    }

    fn became(&mut self, at: Time, node: NodeId, fact: &ProcessFact) {
        self.leadership.became(at, node, fact);
        self.elections.became(at, node, fact, &self.leadership);
    }

    fn newest(&self) -> impl Iterator<Item = &Election> {
        self.elections.newest()
    }
}

/// A cluster in which node 3 has led since the second 1.
fn led() -> Told {
    let mut elections = Told::default();
    elections.told(at(1000), node(3), &Fact::ElectionStarted { round: 1 });
    elections.told(at(1001), node(1), &message(3));
    elections.told(at(1002), node(3), &Fact::ServingStarted { ballot: ballot(1, 3) });
    elections.told(at(1003), node(1), &Fact::Following { ballot: ballot(1, 3) });
    elections
}

fn signal(elections: &mut Told, ms: u64, number: u16, signal: ProcessSignal) {
    elections.became(at(ms), node(number), &ProcessFact::Signalled { signal });
}

fn newest(elections: &Told) -> &Election {
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
    let opened = newest(&elections).opened();
    assert_eq!(opened, at(9000), "what led to it is told, too");
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
    let mut elections = led();
    signal(&mut elections, 5000, 3, ProcessSignal::Kill);
    for round in 1..5000 {
        elections.told(at(5000 + round * 10), node(1), &Fact::ElectionStarted { round });
    }
    elections.told(
        at(60_000),
        node(1),
        &Fact::ServingStarted { ballot: ballot(2, 1) },
    );
    let election = newest(&elections);
    assert_eq!((elections.newest().count(), election.steps.len()), (2, STEPS_MAX));
    assert_eq!(election.dropped, 5001 - STEPS_MAX as u64);
    assert_eq!(election.began(), at(5000));
    assert_eq!(election.steps.last().map(|step| step.at), Some(at(60_000)));
}

#[test]
fn one_worker_that_suspects_a_leader_makes_nobody_leaderless() {
    let mut elections = led();
    let (leader, reason) = (node(3), crate::event::SuspicionReason::NoAnswer);
    elections.told(at(9000), node(1), &Fact::LeaderSuspected { leader, reason });
    elections.told(at(9001), node(1), &Fact::ElectionStarted { round: 2 });
    elections.told(at(9002), node(2), &message(1));
    assert!(newest(&elections).is_settled());
    let said = crate::dashboard::words::election(at(12_000), newest(&elections));
    assert_eq!(
        said,
        "node 1 alone suspects node 3: the leader stays, 1 message, 3 s ago"
    );
}

#[test]
fn a_message_that_comes_late_makes_nobody_leaderless() {
    let mut elections = led();
    let (from, message) = (node(3), "coordinator".to_owned());
    elections.told(at(9000), node(1), &Fact::MessageReceived { from, message });
    let said = crate::dashboard::words::election(at(13_000), newest(&elections));
    assert_eq!(
        said,
        "coordinator of node 3: the leader stays, 1 message, 4 s ago"
    );
}

#[test]
fn each_reign_is_an_election_of_its_own_however_soon_it_follows() {
    let mut elections = led();
    signal(&mut elections, 9000, 3, ProcessSignal::Kill);
    elections.told(at(9002), node(2), &Fact::ElectionStarted { round: 2 });
    elections.told(at(9004), node(2), &Fact::ServingStarted { ballot: ballot(2, 2) });
    elections.told(at(9005), node(1), &Fact::Following { ballot: ballot(2, 2) });
    let handed = ballot(3, 3);
    elections.told(at(9300), node(2), &Fact::HandoverStarted { ballot: handed });
    elections.told(at(9302), node(3), &Fact::ServingStarted { ballot: handed });
    signal(&mut elections, 9400, 3, ProcessSignal::Kill);
    elections.told(at(9404), node(2), &Fact::ServingStarted { ballot: ballot(4, 2) });
    let now = at(10_000);
    let said: Vec<String> = elections
        .newest()
        .map(|election| crate::dashboard::words::election(now, election))
        .collect();
    let expected = [
        "node 3 killed: node 2 leads in epoch 4 after 4.0 ms, 0 messages, 0 s ago",
        "node 2 hands over to 3: node 3 leads in epoch 3 after 2.0 ms, 0 messages, 0 s ago",
        "node 3 killed: node 2 leads in epoch 2 after 4.0 ms, 0 messages, 1 s ago",
    ];
    assert_eq!(said[..3], expected);
}

#[test]
fn what_is_heard_late_goes_to_the_election_it_was_of() {
    let mut elections = led();
    signal(&mut elections, 1500, 3, ProcessSignal::Kill);
    elections.told(at(1004), node(2), &Fact::Following { ballot: ballot(1, 3) });
    let lengths: Vec<usize> = elections.newest().map(|election| election.steps.len()).collect();
    assert_eq!(lengths, [1, 5]);
}

#[test]
fn a_handover_takes_as_long_here_as_on_the_stopwatch() {
    let mut elections = led();
    // The newcomer asks for what it is then given.
    elections.told(at(9000), node(2), &message(5));
    let handed = ballot(2, 5);
    elections.told(at(9003), node(3), &Fact::HandoverStarted { ballot: handed });
    elections.told(at(9008), node(5), &Fact::ServingStarted { ballot: handed });
    let last = elections.leadership.last().expect("it ended");
    assert_eq!(newest(&elections).took(), last.serving);
    assert_eq!(last.serving, Some(Duration::from_millis(5)));
    let steps = &newest(&elections).steps;
    let times = steps
        .iter()
        .map(|step| crate::dashboard::words::step_time(newest(&elections).began(), step));
    assert_eq!(times.collect::<Vec<_>>(), ["-3.0 ms", "+0.0 ms", "+5.0 ms"]);
}

#[test]
fn one_worker_that_asks_again_and_again_is_one_entry_and_no_part_of_what_comes_later() {
    let mut elections = led();
    let (leader, reason) = (node(3), crate::event::SuspicionReason::NoAnswer);
    elections.told(at(9000), node(1), &Fact::LeaderSuspected { leader, reason });
    for round in 2..20 {
        elections.told(at(9000 + round * 2000), node(1), &Fact::ElectionStarted { round });
        elections.told(at(9001 + round * 2000), node(2), &message(1));
    }
    assert_eq!(elections.newest().count(), 2);
    signal(&mut elections, 60_000, 3, ProcessSignal::Kill);
    elections.told(
        at(60_004),
        node(2),
        &Fact::ServingStarted { ballot: ballot(2, 2) },
    );
    assert_eq!(elections.newest().count(), 3);
    assert_eq!(newest(&elections).steps.len(), 2);
}
