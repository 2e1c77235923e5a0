//! What the summaries say where links are cut, clocks stand still, and one node is mistaken.

use std::time::Duration;

use crate::dashboard::cluster::failover::Cause;
use crate::dashboard::testing::{Scene, ballot_of, node};
use crate::dashboard::words;
use crate::event::process::{ProcessFact, ProcessSignal};
use crate::event::{Fact, StepDownReason};
use crate::fault::{Between, Fault, Matrix};

/// Lets every node say what is wrong with it now.
fn inflict(scene: &mut Scene, faults: &[Fault]) {
    let mut matrix = Matrix::new((1..=3).map(node));
    for fault in faults {
        matrix.apply(fault).expect("makes sense");
    }
    for number in 1..=3 {
        let faults = matrix.of(node(number));
        scene.tell(number, Fact::FaultsChanged { faults });
    }
}

/// Node 1 hears nothing of its leader, asks node 2, which follows on, and finds no quorum.
fn node_1_is_mistaken(scene: &mut Scene) {
    scene.after(6000).suspect_silent(1, 3);
    scene.tell(1, Fact::ElectionStarted { round: 2 }).after(1);
    let heard = |from, message: &str| Fact::MessageReceived {
        from: node(from),
        message: message.to_owned(),
    };
    scene.tell(2, heard(1, "election")).tell(1, heard(2, "answer"));
    let missing = vec![node(3)];
    scene.tell(1, Fact::QuorumMissing { missing });
    scene.heartbeats(3, &[2]).after(4000);
}

/// Nobody says that there is no leader, or that it was lost, but node 1.
fn assert_node_3_leads(scene: &Scene) {
    let text = scene.text();
    assert!(text.contains("NODE 3 LEADS"), "{text}");
    let stopwatch = text.lines().nth(3).expect("below the bar");
    assert!(stopwatch.starts_with(" started"), "{stopwatch}");
    assert_eq!(scene.model.cluster.leadership.running, None);
    let now = scene.now();
    for election in scene.model.cluster.elections.newest() {
        let said = words::election(now, election);
        assert!(!said.contains("no leader"), "{said}");
    }
}

#[test]
fn a_cut_from_the_leader_to_one_worker_loses_no_leader() {
    let mut scene = Scene::led(160, 45);
    inflict(&mut scene, &[Fault::Cut(Between::Way(node(3), node(1)))]);
    node_1_is_mistaken(&mut scene);
    assert_node_3_leads(&scene);
    let newest = scene.model.cluster.elections.newest().next().expect("one");
    let said = words::election(scene.now(), newest);
    assert!(
        said.starts_with("node 1 alone suspects node 3: the leader stays"),
        "{said}"
    );
    assert!(scene.text().contains("NO QUORUM"), "node 1 says what it believes");
}

#[test]
fn a_cut_between_two_workers_loses_no_leader() {
    let mut scene = Scene::led(160, 45);
    inflict(&mut scene, &[Fault::Cut(Between::Pair(node(1), node(2)))]);
    scene.after(8000);
    assert_node_3_leads(&scene);
}

#[test]
fn a_worker_that_was_mistaken_is_no_reason_for_what_comes_later() {
    let mut scene = Scene::led(160, 45);
    inflict(&mut scene, &[Fault::Cut(Between::Pair(node(1), node(3)))]);
    node_1_is_mistaken(&mut scene);
    let killed = scene.now();
    scene.kill(3).suspect(2, 3).elect(2, 2, &[1, 2]);
    let last = scene.model.cluster.leadership.last().expect("it ended");
    assert_eq!((last.cause, last.began), (Cause::Killed(node(3)), killed));
}

#[test]
fn a_partition_is_timed_from_the_cut_in_every_place() {
    let mut scene = Scene::led(160, 45);
    let cut = scene.now();
    inflict(&mut scene, &[Fault::Partition(vec![vec![node(3)]])]);
    scene.after(1000);
    let text = scene.text();
    assert!(text.contains("NODE 3 CUT OFF  1.0 s"), "{text}");
    scene.after(4000);
    let ballot = ballot_of(1, node(3));
    scene.tell(3, Fact::ServingStopped { ballot });
    let reason = StepDownReason::QuorumLost;
    scene.tell(3, Fact::SteppedDown { ballot, reason }).after(1000);
    scene.suspect_silent(2, 3).elect(2, 2, &[1, 2]);
    let cluster = &scene.model.cluster;
    let last = cluster.leadership.last().expect("it ended");
    assert_eq!((last.cause, last.began), (Cause::CutOff(node(3)), cut));
    assert_eq!(last.suspected, Some(Duration::from_secs(6)));
    let newest = cluster.elections.newest().next().expect("one");
    let said = words::election(scene.now(), newest);
    assert!(
        said.starts_with("node 3 cut off: node 2 leads in epoch 2 after 6.00 s"),
        "{said}"
    );
}

#[test]
fn a_minority_without_a_quorum_does_not_speak_for_the_others() {
    let mut scene = Scene::led(160, 45);
    inflict(&mut scene, &[Fault::Partition(vec![vec![node(3)]])]);
    scene.after(5000);
    let ballot = ballot_of(1, node(3));
    scene.tell(3, Fact::ServingStopped { ballot });
    let missing = vec![node(1), node(2)];
    scene.tell(3, Fact::QuorumMissing { missing });
    scene.suspect_silent(2, 3).suspect_silent(1, 3).after(100);
    let text = scene.text();
    assert!(text.contains("NO LEADER: electing"), "{text}");
}

#[test]
fn followers_that_stand_still_leave_their_leader_alone() {
    let mut scene = Scene::led(160, 45);
    let signal = ProcessSignal::Freeze;
    scene.process(1, ProcessFact::Signalled { signal }).after(500);
    assert!(scene.text().contains("NODE 3 LEADS"), "{}", scene.text());
    let alone = scene.now();
    scene.process(2, ProcessFact::Signalled { signal }).after(500);
    assert!(scene.text().contains("NODE 3 LEFT ALONE"), "{}", scene.text());
    let ballot = ballot_of(1, node(3));
    scene.tell(3, Fact::ServingStopped { ballot });
    let running = scene.model.cluster.leadership.running.expect("nobody serves");
    assert_eq!((running.cause, running.began), (Cause::LeftAlone(node(3)), alone));
}

#[test]
fn a_clock_that_stands_still_is_seen_on_its_node_and_in_the_matrix() {
    let mut scene = Scene::led(160, 45);
    scene.tell(1, Fact::ClockStalled { for_ms: 2000 }).after(500);
    assert!(scene.text().contains("clock stalled"), "{}", scene.text());
    scene.press('1');
    scene.press('f');
    let text = scene.text();
    assert!(text.contains("stands still for 1.5 s"), "{text}");
    scene.after(1600);
    let text = scene.text();
    assert!(
        !text.contains("clock stalled") && !text.contains("its clock"),
        "{text}"
    );
}

#[test]
fn late_and_lossy_links_and_slow_disks_are_named_on_their_nodes() {
    let mut scene = Scene::led(160, 45);
    let delay = Duration::from_millis(200);
    let late = Fault::Delay {
        between: Between::Pair(node(1), node(2)),
        delay,
        jitter: Duration::ZERO,
    };
    let lossy = Fault::Lose {
        between: Between::Way(node(2), node(3)),
        percent: 30,
    };
    inflict(
        &mut scene,
        &[late, lossy, Fault::SlowDisk { node: node(3), delay }],
    );
    let text = scene.text();
    for said in ["late ↔2", "late ↔1", "lossy →3", "lossy ←2", "slow disk"] {
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
    assert_node_3_leads(&scene);
}

#[test]
fn who_is_cut_is_not_said_to_reach_everybody() {
    let mut scene = Scene::led(160, 45);
    for (number, peer) in [(1, 2), (1, 3)] {
        scene.tell(number, Fact::LinkUp { peer: node(peer) });
    }
    let why = |scene: &mut Scene| {
        scene.press('1');
        scene.press('w');
        let text = scene.text();
        scene.press('w');
        text
    };
    assert!(why(&mut scene).contains("It reaches every other node."));
    inflict(&mut scene, &[Fault::Cut(Between::Way(node(3), node(1)))]);
    let text = why(&mut scene);
    assert!(!text.contains("reaches every"), "{text}");
    assert!(text.contains("Its link from node 3 is cut"), "{text}");
}

#[test]
fn nobody_is_at_work_once_clients_are_gone() {
    let mut scene = Scene::led(160, 45);
    for worker in [1, 2] {
        scene.request_begins(
            crate::event::RequestKind::Upload,
            worker,
            crate::dashboard::testing::image(u64::from(worker)),
        );
    }
    assert!(scene.text().contains("at work"), "{}", scene.text());
    scene.after(5000);
    assert!(!scene.text().contains("at work"), "{}", scene.text());
    scene.upload_begins(3, 1, 1, "large.png");
    scene.after(60_000);
    assert!(scene.text().contains("at work"), "a large one takes long");
}
