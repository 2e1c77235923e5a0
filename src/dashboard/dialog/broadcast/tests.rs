use super::super::testing::{assigned, broadcasting, declined, id, leads, unreachable};
use super::*;
use crate::upload::{Obstacle, Setback};

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

fn broadcast() -> Broadcast {
    Broadcast::new("alice".parse().expect("valid"), "a.png".into(), 100, Time::ZERO)
}

#[test]
fn each_member_is_shown_with_what_it_said_and_after_how_long() {
    let mut upload = broadcast();
    for event in broadcasting() {
        upload.take(at(10), &event);
    }
    for (when, event) in [(12, leads(3, 1)), (15, declined(2))] {
        upload.take(at(when), &event);
    }
    upload.take(at(15), &assigned(3, 1));
    let after: Vec<Option<Duration>> = upload
        .members
        .values()
        .map(|member| member.answer.as_ref().map(|(_, after)| *after))
        .collect();
    let millis = Duration::from_millis;
    assert_eq!(after, [None, Some(millis(5)), Some(millis(2))]);
    assert_eq!(
        upload.assigned.map(|(node, ballot)| (node, ballot.id)),
        Some((id(1), id(3)))
    );
    assert_eq!(upload.attempt, 1);
}

#[test]
fn another_offer_forgets_the_answers_and_keeps_what_went_wrong() {
    let mut upload = broadcast();
    let lost = UploadEvent::Retrying(Obstacle::Attempt {
        node: id(3),
        why: Setback::Lost,
    });
    let leaderless = UploadEvent::Retrying(Obstacle::EveryoneDeclines);
    let mut events = broadcasting();
    events.extend([leads(3, 3), assigned(3, 3)]);
    events.push(UploadEvent::Progress { done: 50, total: 100 });
    events.push(lost);
    for _ in 0..3 {
        events.extend(broadcasting());
        events.extend([unreachable(3), leaderless.clone()]);
    }
    events.extend(broadcasting());
    for event in &events {
        upload.take(at(1), event);
    }
    assert_eq!(
        (upload.attempt, upload.assigned, upload.progress),
        (5, None, None)
    );
    assert!(upload.members.values().all(|member| member.answer.is_none()));
    let expected = [
        ("server 3 was lost".to_owned(), 1),
        ("nobody leads".to_owned(), 3),
    ];
    assert_eq!(upload.setbacks, expected);
}

#[test]
fn setbacks_are_kept_within_bounds() {
    let mut upload = broadcast();
    for node in 1..=20 {
        let why = Setback::Busy;
        upload.take(
            at(1),
            &UploadEvent::Retrying(Obstacle::Attempt { node: id(node), why }),
        );
    }
    assert_eq!(upload.setbacks.len(), SETBACKS_MAX);
    assert_eq!(
        upload.setbacks.back().map(|(line, _)| line.as_str()),
        Some("server 20 has too much to do")
    );
}

#[test]
fn a_rate_is_named_once_it_means_something() {
    let mut upload = broadcast();
    let moved = |done| UploadEvent::Progress { done, total: 4_000 };
    upload.take(at(1000), &moved(1_000));
    upload.take(at(1100), &moved(1_500));
    assert_eq!(upload.progress.expect("moving").rate(), None);
    upload.take(at(3000), &moved(3_000));
    let progress = upload.progress.expect("moving");
    assert_eq!(progress.rate().map(f64::round), Some(1_000.0));
    assert!((progress.ratio() - 0.75).abs() < 1e-9);
    upload.take(at(3001), &moved(4_000));
    assert!(upload.progress.expect("moving").is_complete());
}
