//! The player on made-up clusters, with every cue that comes of it.

use std::time::Duration;

use super::scene::Scene;
use super::verdict::Outcome;
use super::{Cue, Pace, Player};
use crate::config::Timing;
use crate::dashboard::lane::{Checked, Lane};
use crate::dashboard::testing::{self, node};
use crate::event::Fact;
use crate::event::process::{Ending, ProcessFact, ProcessSignal, Wish};
use crate::fault::{Between, Fault, Matrix, NodeFaults};
use crate::lab::scenario::parse;
use crate::time::Time;

/// A player, and the cluster and clock that it is shown.
struct Stage {
    scene: testing::Scene,
    player: Player,
    lane: Lane,
    now: Time,
}

impl Stage {
    /// Three nodes that follow node 3, and these lines, the first of which is line 2.
    fn led(lines: &str, pace: Pace) -> Self {
        let scenario = parse(&format!("title t\n{lines}")).expect("valid");
        Self {
            scene: testing::Scene::led(80, 24),
            player: Player::new(scenario, Timing::FAST, pace),
            lane: Lane::default(),
            now: Time::ZERO + Duration::from_secs(100),
        }
    }

    fn after(&mut self, ms: u64) -> Vec<Cue> {
        self.now = self.now + Duration::from_millis(ms);
        let scene = Scene {
            cluster: &self.scene.model.cluster,
            lane: &self.lane,
        };
        self.player.look(self.now, &scene)
    }

    /// What was found: line, outcome, and what was seen.
    fn found(&self) -> Vec<(usize, Outcome, String)> {
        let played = self.player.played(self.now, &self.lane);
        let found = played.verdicts.into_iter();
        found
            .map(|verdict| (verdict.line, verdict.outcome, verdict.seen))
            .collect()
    }
}

fn judged(cues: &[Cue]) -> Vec<(usize, Outcome)> {
    let verdicts = cues.iter().filter_map(|cue| match cue {
        Cue::Judged(verdict) => Some((verdict.line, verdict.outcome)),
        _ => None,
    });
    verdicts.collect()
}

#[test]
fn the_leader_is_found_when_it_comes_to_it_and_its_heir_is_new() {
    let mut stage = Stage::led(
        "kill leader\nexpect a new leader within 1 detection time",
        Pace::Unread,
    );
    let cues = stage.after(0);
    let text = "kill leader (node 3)".to_owned();
    assert_eq!(
        cues,
        [Cue::Doing { line: 2, text }, Cue::Wish(Wish::Kill(node(3)))]
    );
    stage.scene.kill(3);
    let watching = Cue::Watching("expect a new leader within 1 detection time".to_owned());
    assert_eq!(stage.after(1), [watching], "the old one is none");
    stage.scene.suspect(2, 3).elect(2, 2, &[1, 2]);
    let cues = stage.after(11);
    assert_eq!(judged(&cues), [(3, Outcome::Held)]);
    assert_eq!(cues.last(), Some(&Cue::Over));
    let played = stage.player.played(stage.now, &stage.lane);
    assert!(played.passed());
    assert_eq!(played.verdicts[0].after_action, Some(Duration::from_millis(12)));
    assert_eq!(played.verdicts[0].seen, "node 2 leads, epoch 2");
}

#[test]
fn an_expectation_that_does_not_come_true_fails_its_line_and_ends_it() {
    let mut stage = Stage::led(
        "kill node 3\n\nexpect node 1 leads within 2s\nexpect everybody agrees within 1s",
        Pace::Unread,
    );
    stage.after(0);
    stage.scene.kill(3);
    stage.scene.suspect(2, 3).elect(2, 2, &[1, 2]);
    assert_eq!(judged(&stage.after(1)), []);
    assert_eq!(
        stage.player.poll_timeout(),
        Some(stage.now + Duration::from_secs(2))
    );
    let cues = stage.after(2000);
    assert_eq!(
        (judged(&cues), cues.last()),
        (vec![(4, Outcome::Failed)], Some(&Cue::Over))
    );
    let seen = "node 1 follows node 2, node 2 leads in epoch 2, node 3: dead";
    assert_eq!(stage.found(), [(4, Outcome::Failed, seen.to_owned())]);
    let played = stage.player.played(stage.now, &stage.lane);
    assert!(!played.passed());
    assert_eq!(
        played.skipped,
        [(5, "expect everybody agrees within 1s".to_owned())]
    );
    assert_eq!(stage.after(1), [], "nothing more happens");
}

#[test]
fn what_must_last_fails_in_the_moment_it_ends_and_holds_to_the_last() {
    let lines = "expect node 3 leads for 1s\nexpect node 2 leads nobody for 1s";
    let mut stage = Stage::led(lines, Pace::Unread);
    stage.after(0);
    assert_eq!(judged(&stage.after(999)), []);
    assert_eq!(judged(&stage.after(1)), [(2, Outcome::Held)]);
    stage.scene.elect(2, 2, &[1, 2, 3]);
    let scene = Scene {
        cluster: &stage.scene.model.cluster,
        lane: &stage.lane,
    };
    let cues = stage.player.glance(stage.now, &scene);
    assert_eq!(judged(&cues), [(3, Outcome::Failed)]);
}

#[test]
fn whoever_restarts_does_not_agree_until_it_is_back() {
    let mut stage = Stage::led(
        "restart node 1\nexpect everybody agrees on node 3 within 5s",
        Pace::Unread,
    );
    stage.after(0);
    let signal = ProcessSignal::Terminate;
    stage.scene.process(1, ProcessFact::Signalled { signal });
    assert_eq!(judged(&stage.after(1)), [], "it is about to stop");
    stage.scene.process(
        1,
        ProcessFact::Exited {
            ending: Ending::Code(0),
        },
    );
    stage.scene.start(1);
    assert_eq!(judged(&stage.after(1)), [], "it follows nobody yet");
    let ballot = testing::ballot_of(1, node(3));
    stage.scene.tell(1, Fact::Following { ballot });
    assert_eq!(judged(&stage.after(1)), [(3, Outcome::Held)]);
}

#[test]
fn a_frozen_leader_is_neither_a_leader_nor_waited_for() {
    let lines =
        "freeze leader\nexpect no leader within 1s\nexpect everybody agrees on node 2 within 1s\nthaw all";
    let mut stage = Stage::led(lines, Pace::Unread);
    stage.after(0);
    let signal = ProcessSignal::Freeze;
    stage.scene.process(3, ProcessFact::Signalled { signal });
    assert_eq!(judged(&stage.after(1)), [(3, Outcome::Held)]);
    stage.scene.elect(2, 2, &[1, 2]);
    let cues = stage.after(1);
    assert_eq!(judged(&cues), [(4, Outcome::Held)]);
    assert_eq!(
        cues.last(),
        Some(&Cue::Wish(Wish::Thaw(node(3)))),
        "only the frozen one"
    );
}

#[test]
fn nobody_can_be_killed_who_is_not_there() {
    let mut stage = Stage::led("kill leader", Pace::Unread);
    stage.scene.kill(3);
    let cues = stage.after(0);
    assert_eq!(judged(&cues), [(2, Outcome::Failed)]);
    let (_, _, seen) = stage.found().remove(0);
    assert!(
        seen.starts_with("nobody leads now: node 1 follows node 3"),
        "{seen}"
    );
}

/// Lets nodes say that they obey this, and nothing else.
fn obey(stage: &mut Stage, fault: &Fault, numbers: &[u16]) {
    let mut matrix = Matrix::new((1..=3).map(node));
    matrix.apply(fault).expect("makes sense");
    for &number in numbers {
        let faults = matrix.of(node(number));
        stage.scene.tell(number, Fact::FaultsChanged { faults });
    }
}

#[test]
fn nothing_is_judged_before_everybody_who_can_has_said_that_a_fault_holds() {
    let lines = "cut everything\nexpect a leader within 1s";
    let mut stage = Stage::led(lines, Pace::Unread);
    let signal = ProcessSignal::Freeze;
    stage.scene.process(2, ProcessFact::Signalled { signal });
    let cut = Fault::Cut(Between::Everybody);
    assert_eq!(stage.after(0).last(), Some(&Cue::Fault(cut.clone())));
    assert_eq!(stage.after(0), [], "node 3 leads as it did before");
    obey(&mut stage, &cut, &[1]);
    assert_eq!(stage.after(5), []);
    obey(&mut stage, &cut, &[3]);
    let ballot = testing::ballot_of(1, node(3));
    stage.scene.tell(3, Fact::ServingStopped { ballot });
    let watching = Cue::Watching("expect a leader within 1s".to_owned());
    assert_eq!(stage.after(5), [watching], "node 2 stands still and says nothing");
    assert_eq!(judged(&stage.after(1000)), [(3, Outcome::Failed)]);
}

#[test]
fn a_fault_that_holds_already_is_waited_for_by_nobody() {
    let mut stage = Stage::led("cut from node 1 to node 3\nheal everything", Pace::Unread);
    let cut = Fault::Cut(Between::Way(node(1), node(3)));
    obey(&mut stage, &cut, &[1, 3]);
    stage.after(0);
    assert_eq!(stage.after(0).last(), Some(&Cue::Fault(Fault::HealAll)));
    assert_eq!(stage.after(0), []);
    let faults = NodeFaults::default();
    for number in [1, 3] {
        let faults = faults.clone();
        stage.scene.tell(number, Fact::FaultsChanged { faults });
    }
    assert_eq!(stage.after(0), [Cue::Over], "node 2 had nothing to say");
}

#[test]
fn a_clock_stands_still_once_its_node_says_so() {
    let mut stage = Stage::led("stall-clock node 1 for 5ms", Pace::Unread);
    stage.scene.tell(1, Fact::ClockStalled { for_ms: 5 });
    stage.after(0);
    assert_eq!(stage.after(1), [], "that was another time");
    stage.scene.tell(1, Fact::ClockStalled { for_ms: 5 });
    assert_eq!(stage.after(1), [Cue::Over]);
}

#[test]
fn a_fault_that_a_node_could_not_be_told_fails_its_own_line() {
    let reason = "this node takes no faults".to_owned();
    let untold = ProcessFact::FaultsUntold { reason };
    let mut stage = Stage::led("cut everything\nexpect no leader within 1s", Pace::Unread);
    // What could not be told before is no news.
    stage.scene.process(1, untold.clone());
    stage.after(0);
    assert_eq!(stage.after(1), []);
    stage.scene.process(1, untold);
    assert_eq!(judged(&stage.after(1)), [(2, Outcome::Failed)]);
    let seen = "node 1 could not be told: this node takes no faults".to_owned();
    assert_eq!(stage.found(), [(2, Outcome::Failed, seen)]);
}

#[test]
fn a_fault_of_which_nobody_says_anything_fails_in_the_end_and_the_dead_need_not() {
    let mut stage = Stage::led("cut between node 1 and node 3", Pace::Unread);
    stage.scene.kill(3);
    stage.after(0);
    assert_eq!(stage.after(0), []);
    let until = stage.player.poll_timeout().expect("not for ever");
    let cues = stage.after(u64::try_from(until.since(stage.now).as_millis()).expect("short"));
    assert_eq!(judged(&cues), [(2, Outcome::Failed)]);
    let seen = "node 1 did not say so in 10 s".to_owned();
    assert_eq!(stage.found(), [(2, Outcome::Failed, seen)]);
}

#[test]
fn what_is_lost_fails_and_so_does_not_knowing() {
    let checked = |checked: Result<Checked, String>| {
        let mut stage = Stage::led("load on\nexpect no acknowledged upload lost", Pace::Unread);
        stage.after(0);
        assert_eq!(stage.after(0).last(), Some(&Cue::Check));
        stage.player.checked(stage.now, &checked);
        stage.found().remove(0)
    };
    let of = |lost| {
        Ok(Checked {
            acknowledged: 7,
            lost,
        })
    };
    assert_eq!(
        checked(of(0)),
        (3, Outcome::Held, "7 acknowledged, 0 lost".to_owned())
    );
    assert_eq!(
        checked(of(2)),
        (3, Outcome::Failed, "7 acknowledged, 2 lost".to_owned())
    );
    let unknown = checked(Err("no leader".to_owned()));
    assert_eq!(
        unknown,
        (
            3,
            Outcome::Failed,
            "it could not be found out: no leader".to_owned()
        )
    );
}

#[test]
fn uploads_that_failed_are_counted_from_the_beginning() {
    let lines = "load on\nexpect an upload within 1s\nload off\nexpect no failed request";
    let found = |failed| {
        let mut stage = Stage::led(lines, Pace::Unread);
        stage.lane.failed = failed;
        stage.after(0);
        stage.after(1);
        stage.lane.acknowledges(stage.now);
        stage.after(1);
        let cues = stage.after(1);
        assert_eq!(cues.last(), Some(&Cue::Over));
        stage.found().pop().expect("the last line")
    };
    assert_eq!(
        found(0),
        (5, Outcome::Held, "1 acknowledged, 0 failed".to_owned())
    );
    assert_eq!(
        found(2),
        (5, Outcome::Failed, "1 acknowledged, 2 failed".to_owned())
    );
}

#[test]
fn an_upload_counts_from_when_it_is_waited_for() {
    let mut stage = Stage::led(
        "load on\nexpect an upload within 1s\nexpect no upload for 1s",
        Pace::Unread,
    );
    stage.lane.acknowledges(stage.now);
    stage.after(0);
    assert_eq!(judged(&stage.after(1)), []);
    stage.lane.acknowledges(stage.now);
    assert_eq!(judged(&stage.after(1)), [(3, Outcome::Held)]);
    assert_eq!(judged(&stage.after(1000)), [(4, Outcome::Held)]);
}

#[test]
fn captions_stay_as_long_as_they_take_to_read_or_until_a_key() {
    let lines = "say Four words are here.\nwait 10ms";
    let mut read = Stage::led(lines, Pace::Read);
    assert_eq!(read.after(0), [Cue::Say("Four words are here.".to_owned())]);
    assert!(!read.player.is_over() && !read.player.waits_for_next());
    read.after(2500);
    assert_eq!(read.after(10), [Cue::Over]);

    let mut stepped = Stage::led(lines, Pace::Stepped);
    stepped.after(0);
    assert_eq!(stepped.after(3_600_000), [], "nobody has asked for more");
    assert!(stepped.player.waits_for_next());
    stepped.player.next();
    stepped.after(0);
    assert_eq!(stepped.after(10), [Cue::Over]);
}
