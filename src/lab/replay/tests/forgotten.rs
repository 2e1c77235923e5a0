//! A recording in which the past was forgotten before an audience, and elections are counted anew.

use super::*;
use crate::lab::export::election;

#[test]
fn what_was_forgotten_before_an_audience_is_forgotten_again_and_elections_are_still_found() {
    let (_folder, path, scene) = recorded(|scene| {
        a_life(scene);
        scene.forget().after(20).kill(3).after(1);
        scene.suspect(2, 3).elect(2, 4, &[1, 2]).after(2500);
    });
    let mut viewer = Viewer::open(&path);
    let mut found = 0;
    loop {
        viewer.ask(Playback::NextElection);
        if viewer.motion() == Motion::Ended {
            break;
        }
        found += 1;
    }
    assert_eq!(found, 4, "three before, one after it");
    assert_eq!(viewer.drawn(), scene.drawn());
}

#[test]
fn an_election_is_found_by_its_number_over_the_whole_recording() {
    let (_folder, path, _) = recorded(|scene| {
        a_life(scene);
        scene.forget().after(20).kill(3).after(1);
        scene.suspect(2, 3).elect(2, 4, &[1, 2]).after(2500);
        scene.kill(2).after(1).suspect(1, 2);
    });
    let found = |number| {
        let (found, count) = election(&path, number).expect("readable");
        assert_eq!(count, 5);
        found.map(|found| (found.number, found.outcome.map(|(_, ballot)| ballot.epoch.0)))
    };
    assert_eq!(found(Some(1)), Some((1, Some(1))));
    assert_eq!(found(Some(2)), Some((2, Some(2))));
    assert_eq!(
        found(Some(4)),
        Some((4, Some(4))),
        "counted on over what was forgotten"
    );
    assert_eq!(found(Some(5)), Some((5, None)), "nobody came to lead");
    assert_eq!(found(None), Some((4, Some(4))), "the last of which a leader came");
    assert_eq!(found(Some(6)), None);
    let (whole, _) = election(&path, Some(2)).expect("readable");
    let whole = whole.expect("found");
    assert!(whole.is_settled() && whole.steps.len() > 5, "{whole:?}");
}

#[test]
fn an_election_that_is_long_forgotten_is_still_the_last_of_which_a_leader_came() {
    let (_folder, path, _) = recorded(|scene| {
        scene.lead();
        scene.forget().after(20).kill(3).after(1).suspect(2, 3);
    });
    let (found, count) = election(&path, None).expect("readable");
    let found = found.expect("the first one");
    assert_eq!((found.number, found.outcome.is_some(), count), (1, true, 2));
}
