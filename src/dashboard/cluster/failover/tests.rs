//! Each way in which leadership passes on, and its phases.

use super::*;
use crate::event::process::Ending;
use crate::id::Epoch;

const fn at(ms: u64) -> Time {
    Time::from_nanos(ms * 1_000_000)
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
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

fn elected(leadership: &mut Leadership, ms: u64, ballot: Ballot) {
    let grants = vec![ballot.id];
    leadership.told(at(ms), ballot.id, &Fact::BecameLeader { ballot, grants });
}

fn serves(leadership: &mut Leadership, ms: u64, ballot: Ballot) {
    leadership.told(at(ms), ballot.id, &Fact::ServingStarted { ballot });
}

fn signalled(leadership: &mut Leadership, ms: u64, number: u16, signal: ProcessSignal) {
    leadership.became(at(ms), node(number), &ProcessFact::Signalled { signal });
}

fn suspected(leadership: &mut Leadership, ms: u64, by: u16, reason: SuspicionReason) {
    let leader = node(3);
    leadership.told(at(ms), node(by), &Fact::LeaderSuspected { leader, reason });
}

fn exited(leadership: &mut Leadership, ms: u64, number: u16) {
    let ending = Ending::Signal(9);
    leadership.became(at(ms), node(number), &ProcessFact::Exited { ending });
}

/// Node 3 leads since 100 ms.
fn led() -> Leadership {
    let mut leadership = Leadership::default();
    let started = Fact::Started {
        pid: 1,
        address: "127.0.0.1:8003".to_owned(),
        program: "0".to_owned(),
    };
    leadership.told(at(80), node(3), &started);
    elected(&mut leadership, 90, ballot(1, 3));
    serves(&mut leadership, 100, ballot(1, 3));
    leadership
}

fn running(leadership: &Leadership) -> Failover {
    leadership.running.expect("a failover runs")
}

#[test]
fn the_first_leader_is_timed_from_the_first_start() {
    let leadership = led();
    let last = leadership.last().expect("it ended");
    assert_eq!((last.cause, last.serving), (Cause::Start, Some(ms(20))));
    assert_eq!(leadership.reign.map(|reign| reign.ballot), Some(ballot(1, 3)));
}

#[test]
fn every_phase_of_a_kill_is_timed_from_the_signal() {
    let mut leadership = led();
    signalled(&mut leadership, 1000, 3, ProcessSignal::Kill);
    exited(&mut leadership, 1001, 3);
    assert_eq!(leadership.reign, None);
    suspected(&mut leadership, 1002, 2, SuspicionReason::Refused);
    suspected(&mut leadership, 1003, 1, SuspicionReason::Refused);
    elected(&mut leadership, 1005, ballot(2, 2));
    serves(&mut leadership, 1006, ballot(2, 2));
    let done = Fact::UploadDone {
        image: crate::id::ImageId::from_bytes([7; 16]),
        user: "alice".parse().expect("a name"),
        file: "x.png".to_owned(),
        bytes: 1,
        copies: 2,
        took_us: 1,
    };
    // Done before the heir served, and heard of only after.
    leadership.told(at(1003), node(1), &done);
    leadership.told(at(1500), node(1), &done);
    leadership.told(at(1900), node(1), &done);
    let expected = Failover {
        from: Some(ballot(1, 3)),
        cause: Cause::Killed(node(3)),
        began: at(1000),
        suspected: Some(ms(2)),
        elected: Some(ms(5)),
        serving: Some(ms(6)),
        first_upload: Some(ms(500)),
        heir: Some(ballot(2, 2)),
    };
    assert_eq!(leadership.last(), Some(&expected));
    assert_eq!(leadership.running, None);
}

#[test]
fn what_is_known_first_is_the_cause() {
    type Case<'a> = (&'a dyn Fn(&mut Leadership), Cause);
    let cases: [Case<'_>; 6] = [
        (
            &|leadership| signalled(leadership, 1000, 3, ProcessSignal::Terminate),
            Cause::Stopped(node(3)),
        ),
        (
            &|leadership| signalled(leadership, 1000, 3, ProcessSignal::Freeze),
            Cause::Frozen(node(3)),
        ),
        (&|leadership| exited(leadership, 1000, 3), Cause::Crashed(node(3))),
        (
            &|leadership| suspected(leadership, 1000, 1, SuspicionReason::NoAnswer),
            Cause::Suspected(node(3)),
        ),
        (
            &|leadership| suspected(leadership, 1000, 1, SuspicionReason::Resigned),
            Cause::SteppedDown(node(3)),
        ),
        (
            &|leadership| {
                let ballot = ballot(1, 3);
                leadership.told(at(1000), node(3), &Fact::ServingStopped { ballot });
            },
            Cause::SteppedDown(node(3)),
        ),
    ];
    for (happens, cause) in cases {
        let mut leadership = led();
        happens(&mut leadership);
        exited(&mut leadership, 1500, 3);
        let running = running(&leadership);
        assert_eq!((running.cause, running.began), (cause, at(1000)));
    }
}

#[test]
fn a_leader_that_is_thawed_before_anybody_noticed_leads_on() {
    let mut leadership = led();
    signalled(&mut leadership, 1000, 3, ProcessSignal::Freeze);
    signalled(&mut leadership, 1500, 3, ProcessSignal::Thaw);
    assert_eq!(leadership.running, None);
    assert!(leadership.reign.is_some());
}

#[test]
fn one_that_is_thawed_too_late_has_been_lost() {
    let mut leadership = led();
    signalled(&mut leadership, 1000, 3, ProcessSignal::Freeze);
    suspected(&mut leadership, 7000, 2, SuspicionReason::NoAnswer);
    signalled(&mut leadership, 7500, 3, ProcessSignal::Thaw);
    assert_eq!(running(&leadership).suspected, Some(ms(6000)));
    assert_eq!(leadership.reign, None);
}

#[test]
fn a_handover_begins_with_the_vote_and_ends_with_the_heir() {
    let mut leadership = led();
    let handed = ballot(2, 5);
    leadership.told(at(1000), node(3), &Fact::HandoverStarted { ballot: handed });
    let (ballot, reason) = (ballot(1, 3), StepDownReason::HandedOver);
    leadership.told(at(1002), node(3), &Fact::SteppedDown { ballot, reason });
    elected(&mut leadership, 1003, handed);
    serves(&mut leadership, 1004, handed);
    let last = leadership.last().expect("it ended");
    assert_eq!(
        (last.cause, last.serving),
        (Cause::HandedOver(node(3)), Some(ms(4)))
    );
}

#[test]
fn the_fate_of_a_worker_is_no_failover() {
    let mut leadership = led();
    signalled(&mut leadership, 1000, 1, ProcessSignal::Kill);
    exited(&mut leadership, 1001, 1);
    assert_eq!(leadership.running, None);
}

#[test]
fn a_leader_of_an_older_epoch_that_speaks_late_takes_nothing_over() {
    let mut leadership = led();
    serves(&mut leadership, 2000, ballot(4, 2));
    elected(&mut leadership, 2001, ballot(3, 3));
    serves(&mut leadership, 2002, ballot(3, 3));
    assert_eq!(leadership.reign.map(|reign| reign.ballot), Some(ballot(4, 2)));
}

#[test]
fn history_is_bounded() {
    let mut leadership = led();
    for epoch in 2..500 {
        exited(&mut leadership, epoch * 1000, 3);
        serves(&mut leadership, epoch * 1000 + 4, ballot(epoch, 3));
    }
    assert_eq!(leadership.history.len(), HISTORY_MAX);
}

#[test]
fn a_false_suspicion_of_one_worker_takes_no_reign_away() {
    let mut leadership = led();
    let reign = leadership.reign;
    suspected(&mut leadership, 1000, 1, SuspicionReason::NoAnswer);
    assert_eq!(leadership.reign, reign, "a suspicion is no proof");
    assert_eq!(running(&leadership).cause, Cause::Suspected(node(3)));
    let ballot = ballot(1, 3);
    leadership.told(at(1300), node(1), &Fact::Following { ballot });
    assert_eq!((leadership.running, leadership.reign), (None, reign));
}

#[test]
fn a_leader_that_was_out_of_sight_reigns_on_when_it_is_found_again() {
    let mut leadership = led();
    let reign = leadership.reign;
    leadership.lost_sight_of(at(1000), node(3));
    assert_eq!(leadership.reign, None);
    leadership.found(at(4000), ballot(1, 3));
    assert_eq!((leadership.running, leadership.reign), (None, reign));
}

#[test]
fn a_reign_that_was_found_is_known_to_be_older() {
    let mut leadership = Leadership::default();
    leadership.found(at(1000), ballot(4, 3));
    let beginning = leadership.reign.map(|reign| reign.beginning);
    assert_eq!(beginning, Some(Beginning::Missed));
}
