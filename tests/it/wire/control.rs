//! What peers say to each other.

use heirloom::event::RequestOutcome;
use heirloom::id::Epoch;
use heirloom::protocol::{AnswerVerdict, ControlMessage, ElectionMessage, GrantVerdict};
use heirloom::time::Time;

use super::{IMAGE, ballot, complete, golden, image, lines_of, request, words};

fn answer(verdict: AnswerVerdict) -> ElectionMessage {
    ElectionMessage::Answer {
        round: 2,
        verdict,
        epoch: Epoch(4),
    }
}

fn probes_and_votes() -> Vec<(ElectionMessage, &'static str)> {
    use ElectionMessage::{Claim, Election, Grant};
    let claim = |handover| Claim {
        ballot: ballot(5, 2),
        handover,
    };
    let grant = |verdict| Grant {
        ballot: ballot(5, 2),
        verdict,
    };
    vec![
        (Election { round: 2 }, r#"{"type":"election","round":2}"#),
        (
            answer(AnswerVerdict::Support),
            r#"{"type":"answer","round":2,"verdict":"support","epoch":4}"#,
        ),
        (
            answer(AnswerVerdict::Bully),
            r#"{"type":"answer","round":2,"verdict":"bully","epoch":4}"#,
        ),
        (
            answer(AnswerVerdict::LeaderAlive(ballot(4, 3))),
            r#"{"type":"answer","round":2,"verdict":{"leader_alive":{"epoch":4,"id":3}},"epoch":4}"#,
        ),
        (
            answer(AnswerVerdict::NotYet),
            r#"{"type":"answer","round":2,"verdict":"not_yet","epoch":4}"#,
        ),
        (
            claim(None),
            r#"{"type":"claim","ballot":{"epoch":5,"id":2},"handover":null}"#,
        ),
        (
            claim(Some(ballot(4, 1))),
            r#"{"type":"claim","ballot":{"epoch":5,"id":2},"handover":{"epoch":4,"id":1}}"#,
        ),
        (
            grant(GrantVerdict::Granted),
            r#"{"type":"grant","ballot":{"epoch":5,"id":2},"verdict":"granted"}"#,
        ),
        (
            grant(GrantVerdict::Refused { epoch: Epoch(6) }),
            r#"{"type":"grant","ballot":{"epoch":5,"id":2},"verdict":{"refused":{"epoch":6}}}"#,
        ),
    ]
}

fn reigns() -> Vec<(ElectionMessage, &'static str)> {
    use ElectionMessage::{Coordinator, Handover, Heartbeat, HeartbeatAck, Promise, Resign, Stale};
    let ballot_now = ballot(5, 2);
    let leader_time = Time::from_nanos(1_000_000_007);
    let coordinator = Coordinator {
        ballot: ballot_now,
        leader_time,
        handover: Some(ballot(4, 1)),
    };
    let acknowledged = HeartbeatAck {
        ballot: ballot_now,
        leader_time,
    };
    let promise = Promise {
        ballot: ballot_now,
        leader_time,
    };
    let handover = Handover {
        ballot: ballot_now,
        from: ballot(4, 1),
    };
    let resign = Resign {
        ballot: ballot_now,
        leaving: true,
    };
    vec![
        (
            coordinator,
            r#"{"type":"coordinator","ballot":{"epoch":5,"id":2},"leader_time":1000000007,"handover":{"epoch":4,"id":1}}"#,
        ),
        (
            Heartbeat { ballot: ballot_now },
            r#"{"type":"heartbeat","ballot":{"epoch":5,"id":2}}"#,
        ),
        (
            acknowledged,
            r#"{"type":"heartbeat_ack","ballot":{"epoch":5,"id":2},"leader_time":1000000007}"#,
        ),
        (
            promise,
            r#"{"type":"promise","ballot":{"epoch":5,"id":2},"leader_time":1000000007}"#,
        ),
        (
            handover,
            r#"{"type":"handover","ballot":{"epoch":5,"id":2},"from":{"epoch":4,"id":1}}"#,
        ),
        (
            resign,
            r#"{"type":"resign","ballot":{"epoch":5,"id":2},"leaving":true}"#,
        ),
        (Stale { epoch: Epoch(6) }, r#"{"type":"stale","epoch":6}"#),
    ]
}

fn election() -> Vec<(ElectionMessage, String)> {
    let messages = probes_and_votes().into_iter().chain(reigns());
    messages
        .map(|(message, line)| (message, line.to_owned()))
        .collect()
}

fn report() -> ControlMessage {
    ControlMessage::Report {
        ballot: ballot(5, 2),
        request: request(9),
        outcome: RequestOutcome::Failed,
    }
}

fn sync() -> ControlMessage {
    ControlMessage::Sync {
        ballot: ballot(5, 2),
        in_sync: true,
    }
}

const SYNC: &str = r#"{"type":"sync","ballot":{"epoch":5,"id":2},"in_sync":true}"#;

const REPORT: &str = r#"{"type":"report","ballot":{"epoch":5,"id":2},"request":9,"outcome":"failed"}"#;

#[test]
fn election_messages_have_their_bytes() {
    golden(&election());
    complete::<ElectionMessage>("type", &lines_of(&election()));
}

#[test]
fn an_election_message_has_the_same_bytes_on_a_control_connection() {
    let election = election().into_iter();
    let mut control: Vec<(ControlMessage, String)> = election
        .map(|(message, line)| (ControlMessage::Election(message), line))
        .collect();
    control.push((report(), REPORT.to_owned()));
    control.push((sync(), SYNC.to_owned()));
    let missed = ControlMessage::Missed { image: image() };
    control.push((missed, format!(r#"{{"type":"missed","image":"{IMAGE}"}}"#)));
    golden(&control);
}

#[test]
fn a_message_says_its_own_name() {
    for (message, line) in election() {
        assert!(
            line.starts_with(&format!(r#"{{"type":"{}""#, message.name())),
            "{line}"
        );
    }
}

#[test]
fn outcomes_have_their_bytes() {
    words(&[(RequestOutcome::Done, "done"), (RequestOutcome::Failed, "failed")]);
}

#[test]
fn fields_of_a_later_version_are_ignored() {
    let later = REPORT.replacen('{', r#"{"digest":"ab","body":0,"#, 1);
    assert_eq!(
        serde_json::from_str::<ControlMessage>(&later).expect("read"),
        report()
    );
    let later = r#"{"ballot":{"id":2,"epoch":5,"term":1},"type":"heartbeat","load":0.5}"#;
    let heartbeat = ElectionMessage::Heartbeat { ballot: ballot(5, 2) };
    assert_eq!(
        serde_json::from_str::<ControlMessage>(later).expect("read"),
        ControlMessage::Election(heartbeat)
    );
}

/// The election stands untagged inside the tagged enum; nothing may slip in between the two.
#[test]
fn a_control_message_that_is_none_is_refused() {
    for line in [
        r"{}",
        r"null",
        r#"{"type":"coup"}"#,
        r#"{"type":"Election","round":1}"#,
        r#"{"type":"report"}"#,
        r#"{"type":"report","ballot":{"epoch":5,"id":2},"request":9}"#,
        r#"{"type":"report","ballot":{"epoch":5,"id":2},"request":9,"outcome":"maybe"}"#,
        r#"{"type":"report","round":1}"#,
        r#"{"round":1}"#,
        r#"{"type":"election"}"#,
        r#"{"type":"heartbeat","ballot":{"epoch":5,"id":0}}"#,
        r#"{"type":"heartbeat","ballot":{"epoch":-5,"id":2}}"#,
        r#"{"Election":{"type":"election","round":1}}"#,
    ] {
        assert!(serde_json::from_str::<ControlMessage>(line).is_err(), "{line}");
    }
}
