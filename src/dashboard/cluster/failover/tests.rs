//! Each way in which leadership passes on, and its phases.

use super::*;
use crate::event::process::{Ending, ProcessFact, ProcessSignal};
use crate::event::{Fact, StepDownReason, SuspicionReason};
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

/// Of three nodes, so many of them may have promised to follow the leader.
fn weighed(leadership: &mut Leadership, ms: u64, voters: &[u16], hindrance: Option<Hindrance>) {
    let voters = voters.iter().map(|&number| node(number)).collect();
    let standing = Standing {
        needed: 2,
        voters,
        hindrance,
    };
    leadership.weighed(at(ms), &standing);
}

fn exited(leadership: &mut Leadership, ms: u64, number: u16) {
    let ending = Ending::Signal(9);
    leadership.became(at(ms), node(number), &ProcessFact::Exited { ending });
}

fn uploaded() -> Fact {
    Fact::UploadDone {
        image: crate::id::ImageId::from_bytes([7; 16]),
        user: "alice".parse().expect("a name"),
        file: "x.png".to_owned(),
        bytes: 1,
        copies: 2,
        took_us: 1,
    }
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
    let done = uploaded();
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
            // Its port refuses, and its supervisor says why.
            &|leadership| suspected(leadership, 1000, 1, SuspicionReason::Refused),
            Cause::Crashed(node(3)),
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
    weighed(&mut leadership, 7000, &[], None);
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
fn a_false_suspicion_of_one_worker_is_no_failover() {
    let mut leadership = led();
    let reign = leadership.reign;
    suspected(&mut leadership, 1000, 1, SuspicionReason::NoAnswer);
    weighed(&mut leadership, 1000, &[1, 2, 3], None);
    assert_eq!((leadership.running, leadership.reign), (None, reign));
    let ballot = ballot(1, 3);
    leadership.told(at(1300), node(1), &Fact::Following { ballot });
    suspected(&mut leadership, 2000, 2, SuspicionReason::NoAnswer);
    weighed(&mut leadership, 2000, &[1, 2, 3], None);
    assert_eq!((leadership.running, leadership.reign), (None, reign));
}

#[test]
fn a_leader_whom_too_few_follow_is_lost_since_it_was_first_suspected() {
    let mut leadership = led();
    for (ms, worker) in [(1000, 1), (1080, 2)] {
        suspected(&mut leadership, ms, worker, SuspicionReason::NoAnswer);
        weighed(&mut leadership, ms, &[1, 2, 3], None);
    }
    assert_eq!(leadership.reign, None);
    let lost = running(&leadership);
    assert_eq!((lost.cause, lost.began), (Cause::Suspected(node(3)), at(1000)));
    // Its leader has not said that it serves nobody, and they follow it again.
    let (reign, ballot) = (leadership.led_last(), ballot(1, 3));
    leadership.told(at(1300), node(1), &Fact::Following { ballot });
    assert_eq!(leadership.running, None);
    assert_eq!(leadership.reign.map(|reign| reign.ballot), reign);
}

#[test]
fn the_stopwatch_of_a_partition_starts_with_the_cut() {
    let mut leadership = led();
    weighed(&mut leadership, 1000, &[1, 2, 3], Some(Hindrance::Cut));
    assert_eq!(running(&leadership).cause, Cause::CutOff(node(3)));
    assert!(leadership.reign.is_some(), "it serves until its promises end");
    let old = ballot(1, 3);
    leadership.told(at(1250), node(3), &Fact::ServingStopped { ballot: old });
    suspected(&mut leadership, 1300, 2, SuspicionReason::NoAnswer);
    elected(&mut leadership, 1305, ballot(2, 2));
    serves(&mut leadership, 1306, ballot(2, 2));
    let last = leadership.last().expect("it ended");
    assert_eq!((last.cause, last.began), (Cause::CutOff(node(3)), at(1000)));
    assert_eq!((last.suspected, last.serving), (Some(ms(300)), Some(ms(306))));
}

#[test]
fn a_cut_that_is_healed_in_time_was_no_failover() {
    let mut leadership = led();
    let reign = leadership.reign;
    weighed(&mut leadership, 1000, &[1, 2, 3], Some(Hindrance::Cut));
    weighed(&mut leadership, 1200, &[1, 2, 3], None);
    assert_eq!((leadership.running, leadership.reign), (None, reign));
}

#[test]
fn a_reign_that_ends_after_its_clock_stood_still_is_timed_from_there() {
    let mut leadership = led();
    leadership.strained(at(1000), Some(Cause::Stalled(node(3))));
    let old = ballot(1, 3);
    leadership.told(at(3000), node(3), &Fact::ServingStopped { ballot: old });
    let lost = running(&leadership);
    assert_eq!((lost.cause, lost.began), (Cause::Stalled(node(3)), at(1000)));
    let mut leadership = led();
    leadership.strained(at(1000), Some(Cause::Stalled(node(3))));
    signalled(&mut leadership, 3000, 3, ProcessSignal::Kill);
    assert_eq!(
        running(&leadership).cause,
        Cause::Killed(node(3)),
        "a better reason"
    );
}

#[test]
fn the_start_of_a_cluster_has_no_first_upload() {
    let mut leadership = led();
    leadership.told(at(9000), node(1), &uploaded());
    let last = leadership.last().expect("it ended");
    assert_eq!((last.cause, last.first_upload), (Cause::Start, None));
}

#[test]
fn an_heir_that_nobody_announced_ends_the_reign_before() {
    let mut leadership = led();
    serves(&mut leadership, 2000, ballot(2, 2));
    let last = leadership.last().expect("it ended");
    assert_eq!((last.from, last.heir), (Some(ballot(1, 3)), Some(ballot(2, 2))));
}

#[test]
fn who_suspects_an_earlier_reign_of_a_leader_takes_no_later_one_away() {
    let mut leadership = led();
    let old = ballot(1, 3);
    leadership.told(at(200), node(1), &Fact::Following { ballot: old });
    exited(&mut leadership, 1000, 3);
    serves(&mut leadership, 1200, ballot(2, 3));
    let reign = leadership.reign;
    suspected(&mut leadership, 1300, 1, SuspicionReason::Refused);
    assert_eq!((leadership.running, leadership.reign), (None, reign));
}

#[test]
fn a_leader_that_begins_anew_is_not_lost() {
    let mut leadership = led();
    elected(&mut leadership, 2000, ballot(2, 3));
    assert_eq!(leadership.running, None);
    serves(&mut leadership, 2001, ballot(2, 3));
    assert_eq!(leadership.history.len(), 1, "{:?}", leadership.history);
    assert_eq!(leadership.reign.map(|reign| reign.ballot), Some(ballot(2, 3)));
}

#[test]
fn what_a_node_told_too_late_is_put_right() {
    let mut leadership = led();
    signalled(&mut leadership, 1000, 3, ProcessSignal::Kill);
    suspected(&mut leadership, 1003, 1, SuspicionReason::Refused);
    elected(&mut leadership, 1005, ballot(2, 2));
    serves(&mut leadership, 1006, ballot(2, 2));
    let which = *leadership.last().expect("it ended");
    leadership.correct(&which, node(2), ms(3));
    let last = leadership.last().expect("it ended");
    assert_eq!((last.suspected, last.elected), (Some(ms(2)), Some(ms(2))));
    assert_eq!(last.serving, Some(ms(3)));
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
