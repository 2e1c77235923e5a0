//! Single steps of the election, with everything that comes out of them.

use std::time::Duration;

use super::*;
use crate::config::{QuorumPolicy, Timing};
use crate::id::{Ballot, Epoch, Generation, NodeId};
use crate::protocol::{AnswerVerdict, ElectionMessage, GrantVerdict, NodeRole};
use crate::time::Time;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn ballot(epoch: u64, leader: u16) -> Ballot {
    Ballot {
        epoch: Epoch(epoch),
        id: id(leader),
    }
}

fn ms(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

fn send(to: u16, message: ElectionMessage) -> Output {
    Output::Send { to: id(to), message }
}

fn outputs(election: &mut Election) -> Vec<Output> {
    std::iter::from_fn(|| election.poll_output()).collect()
}

/// What an election sends and persists in answer to an input; facts are left to the simulator.
fn after(election: &mut Election, now: Time, input: Input) -> Vec<Output> {
    election.handle(now, input);
    let mut done = outputs(election);
    done.retain(|output| !matches!(output, Output::Publish(_)));
    done
}

fn up(peer: u16, epoch: u64) -> Input {
    Input::Link {
        peer: id(peer),
        change: LinkChange::Up {
            generation: Generation(1),
            epoch: Epoch(epoch),
            blank: epoch == 0,
        },
    }
}

fn refused(peer: u16, began: Time) -> Input {
    Input::Link {
        peer: id(peer),
        change: LinkChange::Refused { began },
    }
}

fn message(from: u16, message: ElectionMessage) -> Input {
    Input::Message {
        from: id(from),
        message,
    }
}

fn coordinator(ballot: Ballot) -> ElectionMessage {
    ElectionMessage::Coordinator {
        ballot,
        leader_time: ms(1_000),
        handover: None,
    }
}

/// Node `me` of three that remembers epoch 4 and has just started.
fn started(me: u16) -> Election {
    let config = ElectionConfig {
        me: id(me),
        members: [1, 2, 3].map(id).into(),
        timing: Timing::FAST,
        policy: QuorumPolicy::Live,
    };
    let remembered = Vote::of(ballot(4, 3));
    Election::new(config, Some(remembered), 1, Time::ZERO)
}

/// Node `me` of three, linked to both others since 1 ms, so that its grace is over.
fn linked(me: u16) -> Election {
    let mut election = started(me);
    for peer in [1, 2, 3].into_iter().filter(|&peer| peer != me) {
        election.handle(ms(1), up(peer, 4));
    }
    outputs(&mut election);
    election
}

/// Node `me` of three, following node 3 in epoch 5 since 2 ms.
fn following(me: u16) -> Election {
    let mut election = linked(me);
    election.handle(ms(2), message(3, coordinator(ballot(5, 3))));
    election.handle(ms(2), Input::Persisted { sequence: 1 });
    outputs(&mut election);
    election
}

fn probe_of(outputs: &[Output]) -> u64 {
    let round = outputs.iter().find_map(|output| match output {
        Output::Send {
            message: ElectionMessage::Election { round },
            ..
        } => Some(*round),
        _ => None,
    });
    round.expect("the node probes")
}

#[test]
fn a_node_in_its_grace_neither_stands_nor_supports() {
    let mut election = started(2);
    assert_eq!(after(&mut election, ms(1), up(3, 4)), []);
    let probe = message(3, ElectionMessage::Election { round: 9 });
    let answer = ElectionMessage::Answer {
        round: 9,
        verdict: AnswerVerdict::NotYet,
        epoch: Epoch(4),
    };
    assert_eq!(after(&mut election, ms(2), probe), [send(3, answer)]);
}

#[test]
fn the_grace_ends_when_everybody_has_been_heard() {
    let mut election = started(2);
    after(&mut election, ms(1), up(3, 4));
    let probes = after(&mut election, ms(2), up(1, 4));
    let round = probe_of(&probes);
    let probe = ElectionMessage::Election { round };
    assert_eq!(probes, [send(1, probe), send(3, probe)]);
}

#[test]
fn lower_id_yields_to_higher() {
    let mut election = linked(1);
    let answer = ElectionMessage::Answer {
        round: 9,
        verdict: AnswerVerdict::Support,
        epoch: Epoch(4),
    };
    let probe = message(3, ElectionMessage::Election { round: 9 });
    assert_eq!(after(&mut election, ms(3), probe), [send(3, answer)]);
    assert_eq!(election.poll_timeout(), Some(ms(3) + COORDINATOR_WAIT));
}

#[test]
fn a_probe_of_a_lower_id_is_bullied_and_counts_as_support() {
    let mut election = linked(3);
    let answer = ElectionMessage::Answer {
        round: 9,
        verdict: AnswerVerdict::Bully,
        epoch: Epoch(4),
    };
    let claim = ElectionMessage::Claim {
        ballot: ballot(5, 3),
        handover: None,
    };
    let probe = message(2, ElectionMessage::Election { round: 9 });
    let persist = Output::Persist {
        sequence: 1,
        vote: Vote::of(ballot(5, 3)),
    };
    assert_eq!(after(&mut election, ms(3), probe), [send(2, answer), persist]);
    let persisted = after(&mut election, ms(4), Input::Persisted { sequence: 1 });
    assert_eq!(persisted, [send(1, claim), send(2, claim)]);
}

#[test]
fn a_vote_is_told_only_when_it_is_on_disk_and_never_twice() {
    let mut election = linked(1);
    let claim = |epoch, claimant| ElectionMessage::Claim {
        ballot: ballot(epoch, claimant),
        handover: None,
    };
    let grant = |epoch, claimant, verdict| ElectionMessage::Grant {
        ballot: ballot(epoch, claimant),
        verdict,
    };
    let persist = Output::Persist {
        sequence: 1,
        vote: Vote::of(ballot(5, 2)),
    };
    assert_eq!(after(&mut election, ms(3), message(2, claim(5, 2))), [persist]);
    let refusal = grant(5, 3, GrantVerdict::Refused { epoch: Epoch(5) });
    assert_eq!(
        after(&mut election, ms(4), message(3, claim(5, 3))),
        [send(3, refusal)]
    );
    assert_eq!(
        after(&mut election, ms(5), Input::Persisted { sequence: 1 }),
        [send(2, grant(5, 2, GrantVerdict::Granted))]
    );
}

#[test]
fn a_promise_is_made_when_the_newer_epoch_is_on_disk() {
    let mut election = linked(1);
    let persist = Output::Persist {
        sequence: 1,
        vote: Vote::of(ballot(5, 3)),
    };
    let coordinates = message(3, coordinator(ballot(5, 3)));
    assert_eq!(after(&mut election, ms(3), coordinates), [persist]);
    let promise = ElectionMessage::Promise {
        ballot: ballot(5, 3),
        leader_time: ms(1_000),
    };
    let persisted = after(&mut election, ms(4), Input::Persisted { sequence: 1 });
    assert_eq!(persisted, [send(3, promise)]);
}

#[test]
fn a_promise_binds_against_every_other_claim() {
    let mut election = following(1);
    let claim = ElectionMessage::Claim {
        ballot: ballot(9, 2),
        handover: None,
    };
    let grant = ElectionMessage::Grant {
        ballot: ballot(9, 2),
        verdict: GrantVerdict::Refused { epoch: Epoch(9) },
    };
    assert_eq!(after(&mut election, ms(3), message(2, claim)), [send(2, grant)]);
    assert_eq!(election.epoch(), Epoch(5), "a refusal adopts nothing");
}

#[test]
fn a_handover_frees_who_promised_to_the_old_leader() {
    let mut election = following(1);
    let claim = ElectionMessage::Claim {
        ballot: ballot(6, 2),
        handover: Some(ballot(5, 3)),
    };
    let persist = Output::Persist {
        sequence: 2,
        vote: Vote::of(ballot(6, 2)),
    };
    assert_eq!(after(&mut election, ms(3), message(2, claim)), [persist]);
}

#[test]
fn a_refused_dial_proves_the_leader_dead_at_once() {
    let mut election = following(2);
    let probes = after(&mut election, ms(10), refused(3, ms(9)));
    let round = probe_of(&probes);
    let support = ElectionMessage::Answer {
        round,
        verdict: AnswerVerdict::Support,
        epoch: Epoch(5),
    };
    let persist = Output::Persist {
        sequence: 2,
        vote: Vote::of(ballot(6, 2)),
    };
    assert_eq!(after(&mut election, ms(11), message(1, support)), [persist]);
}

#[test]
fn an_epoch_beyond_all_measure_is_nonsense() {
    let mut election = linked(1);
    let claim = ElectionMessage::Claim {
        ballot: ballot(u64::MAX, 3),
        handover: None,
    };
    assert_eq!(after(&mut election, ms(3), message(3, claim)), []);
    assert_eq!(election.epoch(), Epoch(4));
}

#[test]
fn what_waits_for_a_slow_disk_is_bounded() {
    let mut election = linked(1);
    election.handle(ms(3), message(3, coordinator(ballot(5, 3))));
    for beat in 0..1_000 {
        let ack = ElectionMessage::HeartbeatAck {
            ballot: ballot(5, 3),
            leader_time: ms(beat),
        };
        election.handle(ms(3), message(3, ack));
    }
    outputs(&mut election);
    let promise = ElectionMessage::Promise {
        ballot: ballot(5, 3),
        leader_time: ms(999),
    };
    let persisted = after(&mut election, ms(4), Input::Persisted { sequence: 1 });
    assert_eq!(persisted, [send(3, promise)]);
}

#[test]
fn a_dead_claimant_is_not_waited_for() {
    let mut election = linked(1);
    let claim = ElectionMessage::Claim {
        ballot: ballot(5, 3),
        handover: None,
    };
    election.handle(ms(3), message(3, claim));
    election.handle(ms(4), Input::Persisted { sequence: 1 });
    outputs(&mut election);
    let probes = after(&mut election, ms(6), refused(3, ms(5)));
    let probe = ElectionMessage::Election {
        round: probe_of(&probes),
    };
    assert_eq!(probes, [send(2, probe)]);
}

#[test]
fn the_last_words_of_a_dead_leader_are_not_followed() {
    let mut election = linked(1);
    election.handle(ms(4), refused(3, ms(3)));
    outputs(&mut election);
    let coordinates = message(3, coordinator(ballot(5, 3)));
    assert_eq!(after(&mut election, ms(5), coordinates), []);
}

#[test]
fn a_refusal_older_than_the_last_contact_proves_nothing() {
    let mut election = following(2);
    assert_eq!(after(&mut election, ms(10), refused(3, ms(0))), []);
}

#[test]
fn a_silent_leader_keeps_its_promise_until_it_expires() {
    let mut election = following(2);
    let silent = Input::Link {
        peer: id(3),
        change: LinkChange::Silent,
    };
    assert_eq!(after(&mut election, ms(10), silent), []);
    let expires = ms(2) + Timing::FAST.promise();
    assert_eq!(election.view(expires).role, NodeRole::Following);
    after(&mut election, expires, Input::Tick);
    assert_eq!(election.view(expires).role, NodeRole::Electing);
}

#[test]
fn who_slept_through_its_promises_serves_nobody_before_it_reads_a_message() {
    let mut election = leading();
    let promise = ElectionMessage::Promise {
        ballot: ballot(5, 3),
        leader_time: ms(20),
    };
    let awake = ms(20_000);
    assert_eq!(election.serving(awake), None);
    election.handle(awake, message(1, promise));
    assert_eq!(election.serving(awake), None);
}

/// Node 3 of three, serving in epoch 5 since 5 ms with the promise of node 2.
fn leading() -> Election {
    let mut election = linked(3);
    election.handle(ms(3), message(2, ElectionMessage::Election { round: 9 }));
    election.handle(ms(4), Input::Persisted { sequence: 1 });
    let grant = ElectionMessage::Grant {
        ballot: ballot(5, 3),
        verdict: GrantVerdict::Granted,
    };
    election.handle(ms(5), message(2, grant));
    let promise = ElectionMessage::Promise {
        ballot: ballot(5, 3),
        leader_time: ms(5),
    };
    election.handle(ms(5), message(2, promise));
    assert_eq!(election.serving(ms(5)), Some(ballot(5, 3)));
    outputs(&mut election);
    election
}

#[test]
fn a_leader_counts_a_promise_from_its_own_clock_and_for_less_than_it_binds() {
    let election = leading();
    let ends = ms(5) + Timing::FAST.lease();
    assert_eq!(
        election.serving(ends - Duration::from_nanos(1)),
        Some(ballot(5, 3))
    );
    assert_eq!(election.serving(ends), None);
}

#[test]
fn an_overdue_heartbeat_is_asked_for() {
    let mut election = leading();
    let overdue = ms(5) + Timing::FAST.heartbeat_interval + Timing::FAST.heartbeat_timeout / 4;
    assert_eq!(election.poll_timeout(), Some(overdue));
    let asked = ElectionMessage::Coordinator {
        ballot: ballot(5, 3),
        leader_time: overdue,
        handover: None,
    };
    assert_eq!(after(&mut election, overdue, Input::Tick), [send(2, asked)]);
}

#[test]
fn a_leader_asked_to_stop_resigns() {
    let mut election = leading();
    let resign = ElectionMessage::Resign {
        ballot: ballot(5, 3),
        leaving: true,
    };
    let stopped = after(&mut election, ms(6), Input::Shutdown);
    assert_eq!(stopped, [send(1, resign), send(2, resign)]);
    assert_eq!(election.serving(ms(6)), None);
    assert_eq!(election.poll_timeout(), None);
}

#[test]
fn who_restarted_disowns_the_reign_of_its_earlier_life() {
    let mut election = linked(3);
    let heartbeat = ElectionMessage::Heartbeat { ballot: ballot(4, 3) };
    let resign = ElectionMessage::Resign {
        ballot: ballot(4, 3),
        leaving: false,
    };
    assert_eq!(
        after(&mut election, ms(3), message(2, heartbeat)),
        [send(2, resign)]
    );
}

#[test]
fn a_blank_disk_votes_only_after_hearing_from_every_quorum() {
    for epochs in [[7, 6], [6, 7]] {
        let config = started(1).config;
        let mut election = Election::new(config, None, 1, Time::ZERO);
        election.handle(ms(1), up(2, epochs[0]));
        assert!(election.amnesia, "one of two others is not enough");
        election.handle(ms(2), up(3, epochs[1]));
        assert!(!election.amnesia);
        assert_eq!(
            election.epoch(),
            Epoch(7),
            "it votes above everything it may have voted in"
        );
    }
}

/// How many node 2 needs to serve at 700 ms, with node 3 proven dead and node 1 linked.
fn needed_beside(mut election: Election) -> usize {
    for now in [600, 700] {
        election.handle(ms(now), refused(3, ms(now)));
    }
    election.view(ms(700)).quorum.needed
}

#[test]
fn only_a_peer_that_lost_its_disk_does_not_count_beside_a_survivor() {
    let beside = |epoch, said: &[ElectionMessage]| {
        let mut election = linked(2);
        election.handle(ms(3), up(1, epoch));
        for said in said {
            election.handle(ms(4), message(1, *said));
        }
        needed_beside(election)
    };
    assert_eq!(beside(4, &[]), 2, "it remembers");
    assert_eq!(beside(0, &[]), 1, "it has forgotten everything");
    let promise = ElectionMessage::Promise {
        ballot: ballot(4, 2),
        leader_time: ms(4),
    };
    assert_eq!(beside(0, &[promise]), 2, "it has voted again");
}

#[test]
fn in_a_new_cluster_everybody_counts() {
    let config = started(2).config;
    let mut election = Election::new(config, None, 1, Time::ZERO);
    election.handle(ms(1), up(1, 0));
    election.handle(ms(1), up(3, 0));
    assert_eq!(needed_beside(election), 2, "nobody has forgotten anything");
}

#[test]
fn a_cluster_that_is_entirely_new_needs_only_a_quorum() {
    let config = started(1).config;
    let mut election = Election::new(config, None, 1, Time::ZERO);
    election.handle(ms(1), up(2, 0));
    assert!(!election.amnesia);
}

/// Renews the promises of both workers to node 2's reign, every 100 ms.
fn promised(election: &mut Election, from: u64, until: u64) -> Vec<Output> {
    let mut done = Vec::new();
    for now in (from..=until).step_by(100) {
        for worker in [1, 3] {
            let promise = ElectionMessage::Promise {
                ballot: ballot(6, 2),
                leader_time: ms(now),
            };
            done.extend(after(election, ms(now), message(worker, promise)));
        }
    }
    done
}

/// Node 2 of three, which leads since node 3 died; that one is back.
fn taken_over() -> Election {
    let mut election = following(2);
    let probes = after(&mut election, ms(10), refused(3, ms(9)));
    let support = ElectionMessage::Answer {
        round: probe_of(&probes),
        verdict: AnswerVerdict::Support,
        epoch: Epoch(5),
    };
    election.handle(ms(11), message(1, support));
    election.handle(ms(12), Input::Persisted { sequence: 2 });
    let grant = ElectionMessage::Grant {
        ballot: ballot(6, 2),
        verdict: GrantVerdict::Granted,
    };
    election.handle(ms(13), message(1, grant));
    election.handle(ms(14), up(3, 5));
    outputs(&mut election);
    election
}

#[test]
fn a_higher_id_takes_over_only_once_it_is_in_sync() {
    let mut election = taken_over();
    let much_later = 60_000;
    assert_eq!(promised(&mut election, 100, much_later), []);
    assert_eq!(election.serving(ms(much_later)), Some(ballot(6, 2)));
    let (peer, in_sync) = (id(3), true);
    let handover = after(&mut election, ms(much_later), Input::InSync { peer, in_sync });
    let vote = Vote::of(ballot(7, 3));
    assert_eq!(handover, [Output::Persist { sequence: 3, vote }]);
}

#[test]
fn a_leader_that_keeps_nothing_more_hands_over_to_a_lower_id_that_is_in_sync() {
    let mut election = taken_over();
    let much_later = 60_000;
    let says = |peer, in_sync| Input::InSync {
        peer: id(peer),
        in_sync,
    };
    election.handle(ms(20), says(1, true));
    assert_eq!(promised(&mut election, 100, much_later), [], "1 is lower");
    let handover = after(&mut election, ms(much_later), says(2, false));
    let vote = Vote::of(ballot(7, 1));
    assert_eq!(handover, [Output::Persist { sequence: 3, vote }]);
}
