//! The policy, by everything that it says: whole lists of actions, and any order of events.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn child(number: u16, life: u64) -> ChildId {
    ChildId {
        node: node(number),
        life: Life(life),
    }
}

fn at(ms: u64) -> Time {
    Time::ZERO + Duration::from_millis(ms)
}

fn signal(number: u16, life: u64, signal: ProcessSignal) -> Action {
    Action::Signal(child(number, life), signal)
}

/// What a process is told to stop in order.
fn stopped(number: u16, life: u64) -> Action {
    signal(number, life, ProcessSignal::Terminate)
}

fn told_exit(number: u16, life: u64, ending: Ending) -> Action {
    Action::Tell(child(number, life), ProcessFact::Exited { ending })
}

fn restarting(number: u16, life: u64, after_ms: u64, crashes: u32) -> Action {
    Action::Tell(child(number, life), ProcessFact::Restarting { after_ms, crashes })
}

const KILLED: Ending = Ending::Signal(9);

impl Policy {
    fn wish(&mut self, ms: u64, wish: Wish) -> Vec<Action> {
        self.handle(at(ms), Input::Wished(wish))
    }

    fn exit(&mut self, ms: u64, id: ChildId, ending: Ending) -> Vec<Action> {
        self.handle(at(ms), Input::Exited(id, ending))
    }

    fn tick(&mut self, ms: u64) -> Vec<Action> {
        self.handle(at(ms), Input::Tick)
    }
}

/// A cluster whose nodes 1 to `count` run their first life.
fn running(count: u16) -> Policy {
    let mut policy = Policy::new((1..=count).map(node));
    for number in 1..=count {
        let actions = policy.wish(0, Wish::Start(node(number)));
        assert_eq!(actions, [Action::Spawn(child(number, 1))]);
    }
    policy
}

#[test]
fn a_crash_is_answered_by_the_next_life_after_a_backoff() {
    let mut policy = running(1);
    let crash = policy.exit(1000, child(1, 1), KILLED);
    assert_eq!(crash, [told_exit(1, 1, KILLED), restarting(1, 1, 200, 1)]);
    assert_eq!(policy.poll_timeout(), Some(at(1200)));
    assert_eq!(policy.tick(1199), []);
    assert_eq!(policy.tick(1200), [Action::Spawn(child(1, 2))]);
    assert_eq!(policy.poll_timeout(), None);
}

#[test]
fn five_crashes_in_ten_seconds_are_given_up_after_doubling_backoffs() {
    let mut policy = running(1);
    let mut now = 0;
    for (crashes, after_ms) in (1..).zip([200, 400, 800, 1600]) {
        let life = u64::from(crashes);
        let ending = Ending::Code(1);
        assert_eq!(
            policy.exit(now, child(1, life), ending.clone()),
            [told_exit(1, life, ending), restarting(1, life, after_ms, crashes)]
        );
        now += after_ms;
        assert_eq!(policy.tick(now), [Action::Spawn(child(1, life + 1))]);
    }
    let given_up = Action::Tell(child(1, 5), ProcessFact::GaveUp { crashes: 5 });
    let unstarted = Ending::Unstarted("no memory".to_owned());
    assert_eq!(
        policy.exit(now, child(1, 5), unstarted.clone()),
        [told_exit(1, 5, unstarted.clone()), given_up]
    );
    assert!(policy.is_idle());
    let fate = Fate {
        id: child(1, 5),
        restarts: 4,
        last: Some(unstarted),
        given_up: true,
    };
    assert_eq!(policy.fates().collect::<Vec<_>>(), [fate]);
}

#[test]
fn a_person_who_starts_a_node_that_was_given_up_forgives_its_crashes() {
    let mut policy = running(1);
    for life in 1..=5 {
        policy.exit(life, child(1, life), KILLED);
        policy.tick(life + 2000);
    }
    assert!(policy.is_idle());
    let started = policy.wish(9000, Wish::Start(node(1)));
    assert_eq!(started, [Action::Spawn(child(1, 6))]);
    let crash = policy.exit(9001, child(1, 6), KILLED);
    assert_eq!(crash[1], restarting(1, 6, 200, 1));
}

#[test]
fn crashes_of_long_ago_count_no_more() {
    let mut policy = running(1);
    for life in 1..=20 {
        let now = life * 10_000;
        let crash = policy.exit(now, child(1, life), KILLED);
        assert_eq!(crash[1], restarting(1, life, 200, 1));
        policy.tick(now + 200);
    }
}

#[test]
fn a_late_exit_of_an_old_life_changes_nothing() {
    let mut policy = running(1);
    policy.exit(0, child(1, 1), KILLED);
    policy.tick(200);
    assert_eq!(policy.exit(300, child(1, 1), KILLED), []);
    assert_eq!(policy.exit(300, child(7, 1), KILLED), []);
    assert_eq!(policy.poll_timeout(), None);
    assert!(!policy.is_idle());
}

#[test]
fn what_a_person_stopped_or_killed_stays_down() {
    let mut policy = running(2);
    assert_eq!(policy.wish(0, Wish::Stop(node(1))), [stopped(1, 1)]);
    let killed = signal(2, 1, ProcessSignal::Kill);
    assert_eq!(policy.wish(0, Wish::Kill(node(2))), [killed]);
    let code = Ending::Code(0);
    assert_eq!(
        policy.exit(10, child(1, 1), code.clone()),
        [told_exit(1, 1, code)]
    );
    assert_eq!(policy.exit(10, child(2, 1), KILLED), [told_exit(2, 1, KILLED)]);
    assert_eq!(policy.poll_timeout(), None);
    assert!(policy.is_idle());
}

#[test]
fn what_somebody_else_stopped_in_order_stays_down() {
    let mut policy = running(1);
    let code = Ending::Code(0);
    assert_eq!(
        policy.exit(10, child(1, 1), code.clone()),
        [told_exit(1, 1, code)]
    );
    assert!(policy.is_idle());
}

#[test]
fn a_person_can_call_off_a_restart() {
    for wish in [Wish::Stop(node(1)), Wish::Kill(node(1)), Wish::StopAll] {
        let mut policy = running(1);
        policy.exit(0, child(1, 1), KILLED);
        assert_eq!(policy.wish(100, wish), []);
        assert_eq!(policy.tick(200), []);
        assert!(policy.is_idle());
    }
}

#[test]
fn what_does_not_stop_in_time_is_killed() {
    let mut policy = running(1);
    policy.wish(1000, Wish::Stop(node(1)));
    assert_eq!(policy.poll_timeout(), Some(at(5000)));
    assert_eq!(policy.tick(4999), []);
    assert_eq!(policy.tick(5000), [signal(1, 1, ProcessSignal::Kill)]);
    assert_eq!(policy.tick(9000), [], "it is killed once");
}

#[test]
fn a_frozen_node_can_be_stopped() {
    let mut policy = running(1);
    let frozen = policy.wish(0, Wish::Freeze(node(1)));
    assert_eq!(frozen, [signal(1, 1, ProcessSignal::Freeze)]);
    assert_eq!(policy.wish(0, Wish::Freeze(node(1))), [], "it is frozen once");
    assert_eq!(policy.wish(5, Wish::Stop(node(1))), [stopped(1, 1)]);
}

#[test]
fn a_node_that_somebody_else_froze_is_told_of_once_and_thaws() {
    let mut policy = running(1);
    let id = ChildId {
        node: node(1),
        life: Life(1),
    };
    let told = |signal| Action::Tell(id, ProcessFact::Signalled { signal });
    let mut see = |posture| policy.handle(Time::ZERO, Input::Seen(id, posture));
    assert_eq!(see(Posture::Runs), []);
    assert_eq!(see(Posture::StandsStill), [told(ProcessSignal::Freeze)]);
    assert_eq!(see(Posture::StandsStill), []);
    assert_eq!(
        see(Posture::Runs),
        [told(ProcessSignal::Thaw)],
        "by somebody else, too"
    );
    see(Posture::StandsStill);
    let thawed = policy.wish(0, Wish::Thaw(node(1)));
    assert_eq!(thawed, [signal(1, 1, ProcessSignal::Thaw)]);
}

#[test]
fn a_frozen_node_is_not_told_of_again_when_it_is_seen() {
    let mut policy = running(1);
    policy.wish(0, Wish::Freeze(node(1)));
    let id = ChildId {
        node: node(1),
        life: Life(1),
    };
    for posture in [Posture::Runs, Posture::StandsStill] {
        let told = policy.handle(Time::ZERO, Input::Seen(id, posture));
        assert_eq!(told, [], "our signal may still be on its way");
    }
}

#[test]
fn a_frozen_node_thaws_and_only_a_frozen_one() {
    let mut policy = running(1);
    assert_eq!(policy.wish(0, Wish::Thaw(node(1))), []);
    policy.wish(0, Wish::Freeze(node(1)));
    let thawed = policy.wish(0, Wish::Thaw(node(1)));
    assert_eq!(thawed, [signal(1, 1, ProcessSignal::Thaw)]);
}

#[test]
fn a_restart_is_a_stop_and_then_a_start() {
    let mut policy = running(1);
    assert_eq!(policy.wish(0, Wish::Restart(node(1))), [stopped(1, 1)]);
    let code = Ending::Code(0);
    assert_eq!(
        policy.exit(10, child(1, 1), code.clone()),
        [told_exit(1, 1, code), Action::Spawn(child(1, 2))]
    );
    policy.wish(20, Wish::Kill(node(1)));
    policy.exit(20, child(1, 2), KILLED);
    let started = policy.wish(30, Wish::Restart(node(1)));
    assert_eq!(started, [Action::Spawn(child(1, 3))], "what is down is started");
}

#[test]
fn workers_stop_before_the_leader() {
    let mut policy = running(3);
    policy.handle(at(0), Input::Leads(Some(node(2))));
    let workers = [stopped(1, 1), stopped(3, 1)];
    assert_eq!(policy.wish(0, Wish::StopAll), workers);
    let code = Ending::Code(0);
    assert_eq!(
        policy.exit(10, child(3, 1), code.clone()),
        [told_exit(3, 1, code.clone())]
    );
    assert_eq!(policy.tick(4000), [signal(1, 1, ProcessSignal::Kill)]);
    assert_eq!(
        policy.exit(4010, child(1, 1), KILLED),
        [told_exit(1, 1, KILLED), stopped(2, 1)]
    );
    assert_eq!(
        policy.exit(4020, child(2, 1), code.clone()),
        [told_exit(2, 1, code)]
    );
    assert!(policy.is_idle());
}

#[test]
fn without_a_leader_everything_stops_at_once() {
    let mut policy = running(2);
    let everything = [stopped(1, 1), stopped(2, 1)];
    assert_eq!(policy.wish(0, Wish::StopAll), everything);
    assert_eq!(policy.wish(1, Wish::StopAll), [], "it is told once");
}

#[test]
fn nothing_is_started_while_everything_stops() {
    let mut policy = running(2);
    policy.wish(0, Wish::Restart(node(1)));
    policy.handle(at(0), Input::Leads(Some(node(2))));
    assert_eq!(policy.wish(0, Wish::StopAll), []);
    assert_eq!(policy.wish(0, Wish::Start(node(1))), []);
    let crash = policy.exit(1, child(2, 1), KILLED);
    assert_eq!(crash, [told_exit(2, 1, KILLED)], "a crash is no reason either");
    let code = Ending::Code(0);
    assert_eq!(policy.exit(2, child(1, 1), code.clone()), [told_exit(1, 1, code)]);
    assert!(policy.is_idle());
}

#[test]
fn whoever_cannot_wait_kills_everything() {
    let mut policy = running(2);
    policy.wish(0, Wish::StopAll);
    assert_eq!(
        policy.wish(1, Wish::KillAll),
        [1, 2].map(|number| signal(number, 1, ProcessSignal::Kill))
    );
}

/// A step of a made-up run; exits choose among all processes there have ever been.
#[derive(Debug, Clone)]
enum Step {
    Wish(Wish),
    Exit {
        which: prop::sample::Index,
        ending: Ending,
    },
    Leads(Option<NodeId>),
    Pass(u64),
}

fn wishes(with_the_end: bool) -> impl Strategy<Value = Wish> {
    let kinds = if with_the_end { 8_u8 } else { 6 };
    (0..kinds, 1..=4_u16).prop_map(|(kind, number)| {
        let node = node(number);
        match kind {
            0 => Wish::Start(node),
            1 => Wish::Stop(node),
            2 => Wish::Kill(node),
            3 => Wish::Freeze(node),
            4 => Wish::Thaw(node),
            5 => Wish::Restart(node),
            6 => Wish::StopAll,
            _ => Wish::KillAll,
        }
    })
}

fn steps(with_the_end: bool) -> impl Strategy<Value = Vec<Step>> {
    let ending = prop_oneof![
        Just(Ending::Code(0)),
        Just(Ending::Code(1)),
        Just(KILLED),
        Just(Ending::Unstarted("no".to_owned()))
    ];
    let step = prop_oneof![
        wishes(with_the_end).prop_map(Step::Wish),
        (any::<prop::sample::Index>(), ending).prop_map(|(which, ending)| Step::Exit { which, ending }),
        prop::option::of(1..=3_u16).prop_map(|leader| Step::Leads(leader.map(node))),
        (0..6000_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..120)
}

/// The processes as the system would see them.
#[derive(Debug, Default)]
struct World {
    now: u64,
    ever: Vec<ChildId>,
    alive: BTreeMap<NodeId, ChildId>,
}

impl World {
    fn step(&mut self, policy: &mut Policy, step: Step) -> Vec<Action> {
        let input = match step {
            Step::Wish(wish) => Input::Wished(wish),
            Step::Leads(leader) => Input::Leads(leader),
            Step::Pass(ms) => {
                self.now += ms;
                Input::Tick
            }
            Step::Exit { .. } if self.ever.is_empty() => Input::Tick,
            Step::Exit { which, ending } => {
                let id = *which.get(&self.ever);
                if self.alive.get(&id.node) == Some(&id) {
                    self.alive.remove(&id.node);
                }
                Input::Exited(id, ending)
            }
        };
        let actions = policy.handle(at(self.now), input);
        for action in &actions {
            match action {
                Action::Spawn(id) => {
                    let before = self.ever.iter().filter(|old| old.node == id.node).count() as u64;
                    assert_eq!(id.life, Life(before + 1), "lives are counted without gaps");
                    assert_eq!(self.alive.insert(id.node, *id), None, "one process a node");
                    self.ever.push(*id);
                }
                Action::Signal(id, _) => {
                    assert_eq!(
                        self.alive.get(&id.node),
                        Some(id),
                        "only a live process is signalled"
                    );
                }
                Action::Tell(id, _) => assert!(self.ever.contains(id)),
            }
        }
        actions
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_node_has_one_process_and_what_a_person_took_down_stays_down(steps in steps(false)) {
        let mut policy = running(3);
        let mut world = World::default();
        for number in 1..=3 {
            world.ever.push(child(number, 1));
            world.alive.insert(node(number), child(number, 1));
        }
        let mut taken_down: BTreeMap<NodeId, bool> = BTreeMap::new();
        for step in steps {
            if let Step::Wish(wish) = &step {
                match *wish {
                    Wish::Stop(node) | Wish::Kill(node) => taken_down.insert(node, true),
                    Wish::Start(node) | Wish::Restart(node) => taken_down.insert(node, false),
                    Wish::Freeze(_) | Wish::Thaw(_) | Wish::StopAll | Wish::KillAll => None,
                };
            }
            for action in world.step(&mut policy, step) {
                if let Action::Spawn(id) = action {
                    prop_assert!(!taken_down.get(&id.node).copied().unwrap_or(false), "{:?}", id);
                }
            }
        }
    }

    #[test]
    fn stopping_everything_ends_whatever_happened_before(steps in steps(true)) {
        let mut policy = Policy::new((1..=3).map(node));
        let mut world = World::default();
        for step in steps {
            world.step(&mut policy, step);
        }
        world.step(&mut policy, Step::Wish(Wish::StopAll));
        // Every process is so stubborn that it has to be killed.
        while let Some(due) = policy.poll_timeout() {
            let wait = due.since(at(world.now)).as_nanos().div_ceil(1_000_000);
            for action in world.step(&mut policy, Step::Pass(u64::try_from(wait).expect("short"))) {
                if let Action::Signal(id, ProcessSignal::Kill) = action {
                    world.alive.remove(&id.node);
                    let actions = policy.handle(at(world.now), Input::Exited(id, KILLED));
                    let spawned = actions.iter().any(|action| matches!(action, Action::Spawn(_)));
                    prop_assert!(!spawned, "nothing starts any more");
                }
            }
        }
        // Those that had been killed before die, too, and then the leader's turn comes.
        let left: Vec<ChildId> = world.alive.values().copied().collect();
        for id in left {
            policy.handle(at(world.now), Input::Exited(id, KILLED));
        }
        prop_assert!(policy.is_idle(), "{:?}", policy);
    }
}
