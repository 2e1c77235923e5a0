//! What a node is and lacks, as it and others tell.

use super::*;
use crate::dashboard::Message;
use crate::dashboard::testing::Scene;
use crate::dashboard::testing::{ballot_of, image, node};
use crate::event::Fact;
use crate::protocol::Contact;

fn state(scene: &Scene, number: u16) -> NodeState {
    scene.model.cluster.nodes[&node(number)].state()
}

fn holdings(scene: &Scene, number: u16) -> Holdings {
    scene.model.cluster.nodes[&node(number)].holdings
}

fn missed(scene: &mut Scene, number: u64, peer: u16) {
    let (image, peer) = (image(number), node(peer));
    scene.tell(1, Fact::CopyMissed { image, peer });
}

#[test]
fn a_node_catches_up_until_it_is_in_sync_and_the_leader_gives_it_work() {
    let mut scene = Scene::led(80, 24);
    scene.catch_up(2, 12);
    assert_eq!(
        (state(&scene, 2), holdings(&scene, 2).missing),
        (NodeState::CatchingUp, 12)
    );
    scene.tell(2, Fact::CatchingUp { missing: 6 });
    assert_eq!(holdings(&scene, 2).missing, 6);
    let ballot = ballot_of(1, node(3));
    scene.tell(2, Fact::InSync { ballot });
    assert_eq!(
        (state(&scene, 2), holdings(&scene, 2).missing),
        (NodeState::CatchingUp, 0)
    );
    scene.rotates(2, WorkerState::Active);
    assert_eq!(state(&scene, 2), NodeState::Following);
}

#[test]
fn a_node_that_gets_work_again_lacks_nothing() {
    let mut scene = Scene::led(80, 24);
    scene.catch_up(2, 12).rotates(2, WorkerState::Active);
    assert_eq!(
        (state(&scene, 2), holdings(&scene, 2).missing),
        (NodeState::Following, 0)
    );
}

#[test]
fn a_node_that_lacks_a_little_while_it_works_does_not_catch_up() {
    let mut scene = Scene::led(80, 24);
    scene.tell(2, Fact::CatchingUp { missing: 3 });
    assert_eq!(
        (state(&scene, 2), holdings(&scene, 2).missing),
        (NodeState::Following, 3)
    );
}

#[test]
fn missed_copies_add_up_over_a_death_until_the_node_is_in_sync() {
    let mut scene = Scene::led(80, 24);
    missed(&mut scene, 1, 2);
    scene.kill(2);
    missed(&mut scene, 2, 2);
    missed(&mut scene, 3, 4);
    scene.after(10).start(2);
    assert_eq!(holdings(&scene, 2).missing, 2);
    let ballot = ballot_of(1, node(3));
    scene.tell(2, Fact::Following { ballot });
    assert_eq!(
        state(&scene, 2),
        NodeState::CatchingUp,
        "before the leader says anything"
    );
    scene.tell(2, Fact::InSync { ballot });
    assert_eq!(
        (state(&scene, 2), holdings(&scene, 2).missing),
        (NodeState::Following, 0)
    );
}

#[test]
fn what_comes_or_goes_while_something_is_missing_is_taken_for_it() {
    let mut scene = Scene::led(80, 24);
    missed(&mut scene, 1, 2);
    scene.tell(2, Fact::Holding { images: 13 });
    assert_eq!(holdings(&scene, 2).missing, 0);
    scene.catch_up(2, 4).tell(2, Fact::Holding { images: 15 });
    scene.tell(2, Fact::Holding { images: 14 });
    assert_eq!(holdings(&scene, 2).missing, 1);
}

#[test]
fn a_disk_that_was_lost_brings_nothing_that_is_missing() {
    let mut scene = Scene::led(80, 24);
    scene.tell(2, Fact::Holding { images: 99 }).kill(2);
    missed(&mut scene, 1, 2);
    scene.start(2);
    assert_eq!(
        (holdings(&scene, 2).images, holdings(&scene, 2).missing),
        (Some(12), 1)
    );
}

#[test]
fn a_damaged_record_is_counted_until_it_is_repaired_or_nothing_is_missing() {
    let mut scene = Scene::led(80, 24);
    scene.damage(1, 1).damage(1, 2).repair(1, 2);
    let counts = |scene: &Scene| (holdings(scene, 1).damaged, holdings(scene, 1).repaired);
    assert_eq!(counts(&scene), (1, 1));
    let ballot = ballot_of(1, node(3));
    scene.tell(1, Fact::InSync { ballot });
    assert_eq!(counts(&scene), (0, 1), "the other one was deleted meanwhile");
    scene.kill(1).after(10).start(1);
    assert_eq!(counts(&scene), (0, 0), "a new life counts anew");
}

#[test]
fn what_is_stored_while_a_node_is_dead_is_missing_there_though_nobody_says_so() {
    let mut scene = Scene::led(80, 24);
    scene.upload(3, 1, 1, "before.png");
    scene.kill(2);
    scene.upload(3, 1, 1, "without node 2.png");
    assert_eq!(holdings(&scene, 2).missing, 1);
    let image = crate::id::ImageId::from_bytes([0x77; 16]);
    scene.delete(1, image, 2);
    assert_eq!(holdings(&scene, 2).missing, 2);
    scene.tell(1, Fact::CopyMissed { image, peer: node(2) });
    assert_eq!(holdings(&scene, 2).missing, 2, "told twice, it is missing once");
}

#[test]
fn a_node_that_died_after_it_kept_an_image_does_not_lack_it() {
    let mut scene = Scene::led(80, 24);
    let image = crate::id::ImageId::from_bytes([0x77; 16]);
    scene.tell(1, Fact::CopyMissed { image, peer: node(3) });
    scene.kill(2);
    scene.delete(1, image, 2);
    assert_eq!(
        holdings(&scene, 2).missing,
        0,
        "one copy is missing, and it is known where"
    );
}

/// What node 1 of three answers to whoever has just come, without a leader: it reaches so many, itself
/// included, where two are needed.
fn electing(reachable: usize, missing: &[u16]) -> StatusReport {
    let missing: Vec<NodeId> = missing.iter().map(|&number| node(number)).collect();
    let report = serde_json::json!({
        "node": 1, "generation": 1, "cluster": "heirloom", "program": "0.1.0", "pid": 4711, "uptime_ms": 9000,
        "role": "electing", "ballot": null, "serving": false, "epoch": 1,
        "quorum": {"policy": "majority", "needed": 2, "reachable": reachable, "missing": missing},
        "peers": [], "rotation": [], "images": 12, "transfers": 0
    });
    serde_json::from_value(report).expect("a report")
}

#[test]
fn a_minority_that_is_found_says_that_it_has_no_quorum() {
    let mut scene = Scene::unstarted(80, 24);
    let mut found = |report| {
        scene.send(Message::Contact(node(1), Contact::Reached(Box::new(report))));
        state(&scene, 1)
    };
    assert_eq!(found(electing(1, &[2, 3])), NodeState::CutOff);
    assert_eq!(found(electing(2, &[3])), NodeState::Electing, "two can elect");
    found(electing(1, &[2, 3]));
    let missing = vec![node(2), node(3)];
    assert_eq!(
        scene.model.cluster.nodes[&node(1)].belief,
        Belief::NoQuorum { missing }
    );
}
