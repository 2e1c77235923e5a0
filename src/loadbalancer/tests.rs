//! The rotation, and what changes it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn id(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

/// A rotation over nodes 1 to `nodes`, all active.
fn active(nodes: u16) -> RoundRobin {
    let mut rotation = RoundRobin::new((1..=nodes).map(id));
    for node in (1..=nodes).rev() {
        assert!(rotation.set_state(id(node), WorkerState::Active));
    }
    rotation
}

fn assigned(rotation: &mut RoundRobin, requests: usize) -> Vec<u16> {
    let mut assign = || rotation.assign(None).map_or(0, NodeId::number);
    (0..requests).map(|_| assign()).collect()
}

#[test]
fn nobody_is_assigned_before_somebody_is_active() {
    let mut rotation = RoundRobin::new([id(1), id(2)]);
    assert_eq!(rotation.assign(None), None);
    assert_eq!(rotation.next(), None);
    rotation.set_state(id(2), WorkerState::Suspect);
    assert_eq!(rotation.assign(None), None);
}

#[test]
fn who_catches_up_takes_what_comes_only_while_nobody_is_active() {
    let mut rotation = active(3);
    rotation.set_state(id(2), WorkerState::CatchingUp);
    assert_eq!(assigned(&mut rotation, 2), [1, 3]);
    for node in [1, 3] {
        rotation.set_state(id(node), WorkerState::CatchingUp);
    }
    assert_eq!(rotation.next(), Some(id(2)), "it has the least to do");
    assert_eq!(assigned(&mut rotation, 4), [2, 1, 2, 3]);
    assert_eq!(rotation.assign(Some(id(1))), Some(id(2)));
    rotation.set_state(id(3), WorkerState::Active);
    assert_eq!(assigned(&mut rotation, 2), [3, 3]);
}

#[test]
fn turns_go_round_in_the_order_of_ids() {
    let mut rotation = active(3);
    assert_eq!(assigned(&mut rotation, 7), [1, 2, 3, 1, 2, 3, 1]);
}

#[test]
fn the_heir_of_a_dead_node_gets_no_double_share() {
    let mut rotation = active(3);
    rotation.set_state(id(2), WorkerState::Down);
    assert_eq!(assigned(&mut rotation, 6), [1, 3, 1, 3, 1, 3]);
}

#[test]
fn whose_turn_is_next_survives_a_change_of_the_list() {
    let mut rotation = active(4);
    assert_eq!(assigned(&mut rotation, 2), [1, 2]);
    rotation.set_state(id(1), WorkerState::Down);
    assert_eq!(rotation.next(), Some(id(3)));
    rotation.set_state(id(1), WorkerState::Active);
    assert_eq!(rotation.next(), Some(id(3)));
    assert_eq!(assigned(&mut rotation, 6), [3, 4, 1, 2, 3, 4]);
}

#[test]
fn a_returning_node_waits_behind_its_lower_neighbour() {
    let mut rotation = active(3);
    rotation.set_state(id(3), WorkerState::Suspect);
    assert_eq!(assigned(&mut rotation, 3), [1, 2, 1]);
    rotation.set_state(id(3), WorkerState::Active);
    assert_eq!(assigned(&mut rotation, 4), [2, 3, 1, 2]);
}

#[test]
fn a_redispatched_request_avoids_who_failed_it_and_costs_nobody_a_turn() {
    let mut rotation = active(3);
    assert_eq!(rotation.assign(None), Some(id(1)));
    assert_eq!(rotation.assign(Some(id(2))), Some(id(3)));
    assert_eq!(assigned(&mut rotation, 4), [2, 1, 3, 2]);
    assert_eq!(rotation.assign(Some(id(9))), Some(id(1)));
    let redispatched: Vec<u64> = rotation.rotation().iter().map(|n| n.redispatched).collect();
    assert_eq!(redispatched, [1, 0, 1]);
}

#[test]
fn the_only_active_node_takes_even_what_it_failed() {
    let mut rotation = active(1);
    assert_eq!(rotation.assign(Some(id(1))), Some(id(1)));
    assert_eq!(rotation.rotation()[0].redispatched, 0);
}

#[test]
fn only_a_change_of_a_known_node_is_a_change() {
    let mut rotation = active(1);
    assert!(!rotation.set_state(id(1), WorkerState::Active));
    assert!(rotation.set_state(id(1), WorkerState::Draining));
    assert!(!rotation.set_state(id(1), WorkerState::Draining));
    assert!(!rotation.set_state(id(7), WorkerState::Active));
    assert_eq!(rotation.next(), None);
}

#[test]
fn the_report_counts_every_request_and_marks_the_next_turn() {
    let mut rotation = active(2);
    assert_eq!(assigned(&mut rotation, 3), [1, 2, 1]);
    rotation.finish(id(1), RequestOutcome::Done);
    rotation.finish(id(2), RequestOutcome::Failed);
    rotation.finish(id(9), RequestOutcome::Done);
    rotation.set_state(id(2), WorkerState::Down);
    let status = |node, state, assigned, in_flight, done, failed, next| RotationStatus {
        node: id(node),
        state,
        assigned,
        in_flight,
        done,
        failed,
        redispatched: 0,
        next,
    };
    assert_eq!(
        rotation.rotation(),
        [
            status(1, WorkerState::Active, 2, 1, 1, 0, true),
            status(2, WorkerState::Down, 1, 0, 0, 1, false),
        ]
    );
}

#[derive(Debug, Clone)]
enum Step {
    Set(u16, WorkerState),
    Assign,
    Redispatch(u16),
}

fn step(nodes: u16) -> impl Strategy<Value = Step> {
    let state = prop::sample::select(vec![
        WorkerState::Active,
        WorkerState::Active,
        WorkerState::Draining,
        WorkerState::CatchingUp,
        WorkerState::Suspect,
        WorkerState::Down,
    ]);
    prop_oneof![
        1 => (1..=nodes, state).prop_map(|(node, state)| Step::Set(node, state)),
        6 => Just(Step::Assign),
        1 => (1..=nodes).prop_map(Step::Redispatch),
    ]
}

fn restart(stretch: &mut BTreeMap<NodeId, u64>) {
    for count in stretch.values_mut() {
        *count = 0;
    }
}

proptest! {
    #[test]
    fn who_is_active_is_assigned_and_counts_stay_within_one(
        steps in prop::collection::vec(step(5), 0..200),
    ) {
        let mut rotation = RoundRobin::new((1..=5).map(id));
        let mut catching_up: BTreeSet<NodeId> = BTreeSet::new();
        // What each active node was given since the active set last changed, or since a
        // request was redispatched, which may take a node out of turn.
        let mut stretch: BTreeMap<NodeId, u64> = BTreeMap::new();
        for step in steps {
            let next = rotation.next();
            match step {
                Step::Set(node, state) => {
                    let was_active = stretch.contains_key(&id(node));
                    rotation.set_state(id(node), state);
                    let is_active = state == WorkerState::Active;
                    if state == WorkerState::CatchingUp {
                        catching_up.insert(id(node));
                    } else {
                        catching_up.remove(&id(node));
                    }
                    if is_active && !was_active {
                        stretch.insert(id(node), 0);
                    } else if was_active && !is_active {
                        stretch.remove(&id(node));
                    }
                    if is_active != was_active {
                        restart(&mut stretch);
                    }
                }
                Step::Assign => {
                    let node = rotation.assign(None);
                    prop_assert_eq!(node, next);
                    prop_assert_eq!(node.is_none(), stretch.is_empty() && catching_up.is_empty());
                    if let Some(count) = node.and_then(|node| stretch.get_mut(&node)) {
                        *count += 1;
                    } else if let Some(node) = node {
                        prop_assert!(stretch.is_empty() && catching_up.contains(&node));
                    }
                }
                Step::Redispatch(failed) => {
                    let node = rotation.assign(Some(id(failed)));
                    prop_assert_eq!(node.is_none(), stretch.is_empty() && catching_up.is_empty());
                    if let Some(node) = node {
                        let asked = if stretch.is_empty() { catching_up.len() } else { stretch.len() };
                        prop_assert!(stretch.contains_key(&node) || stretch.is_empty());
                        prop_assert!(node != id(failed) || asked == 1);
                    }
                    restart(&mut stretch);
                }
            }
            let most = stretch.values().max().copied().unwrap_or(0);
            let fewest = stretch.values().min().copied().unwrap_or(0);
            prop_assert!(most - fewest <= 1, "{:?}", stretch);
        }
    }
}
