//! Runs as they are shown, from fixed seeds.

use super::*;
use crate::config::{QuorumPolicy, Timing};
use crate::dashboard::transport::{Motion, Pace, Playback, Speed};
use crate::dashboard::{Message, Model, testing, update};
use crate::lab::replay::Player;
use crate::simulation::{Aim, BrokenRule, FaultKind, Mix, run};
use std::time::Duration;

const LARGE: Size = Size::new(160, 45);
const CLASSIC: Size = Size::new(80, 24);

fn config(nodes: u16, mix: Mix) -> SimulationConfig {
    SimulationConfig {
        nodes,
        policy: QuorumPolicy::Live,
        timing: Timing::SEED,
        seed: 7,
        chaos: Duration::from_mins(1),
        faults: 8,
        mix,
        aim: Aim::Leader,
        broken: None,
        trace: false,
    }
}

/// A dashboard that shows a simulation; the time on its wall is what the test says.
struct Viewer {
    player: Player,
    model: Model,
    wall: Time,
}

impl Viewer {
    fn of(config: &SimulationConfig, size: Size) -> Self {
        let shown = simulated(config, "SIMULATION  seed 7").expect("few nodes");
        let player = Player::new(shown.recording, Speed::ONE, Time::ZERO);
        let theme = Theme::new(Palette::Dark, Charset::Unicode);
        let mut viewer = Self {
            model: Model::new(player.header().setup(size, theme)),
            player,
            wall: Time::ZERO,
        };
        viewer.settle();
        viewer
    }

    /// Tells everything that is due.
    fn settle(&mut self) {
        loop {
            while let Some((at, message)) = self.player.poll(self.wall) {
                update(&mut self.model, at, message);
                self.player.folded(self.wall, &self.model.cluster);
            }
            if self.player.wait(self.wall) != Some(Duration::ZERO) {
                break;
            }
        }
        let now = self.player.now(self.wall);
        update(&mut self.model, now, Message::Beat);
        self.model.transport = Some(self.player.transport());
    }

    fn ask(&mut self, asked: Playback) -> &mut Self {
        self.player.ask(self.wall, asked);
        self.settle();
        self
    }

    /// Lets time pass on the wall.
    fn after(&mut self, span: Duration) -> &mut Self {
        self.wall = self.wall + span;
        self.settle();
        self
    }

    fn drawn(&self) -> String {
        testing::text(&testing::draw(&self.model))
    }
}

/// The first failover of a run in which leaders die: as it goes on, and the end of the run.
fn scenes(size: Size) -> String {
    let mut viewer = Viewer::of(&config(5, Mix::of([FaultKind::Crash, FaultKind::Cut])), size);
    viewer.ask(Playback::PauseOrPlay);
    viewer.ask(Playback::NextElection).ask(Playback::NextElection);
    for _ in 0..16 {
        viewer.ask(Playback::Step);
    }
    let election = viewer.drawn();
    format!("{election}\n\n{}", viewer.ask(Playback::ToEnd).drawn())
}

#[test]
fn a_seed_is_drawn_the_same_each_time() {
    insta::assert_snapshot!("simulated_160x45", scenes(LARGE));
    insta::assert_snapshot!("simulated_80x24", scenes(CLASSIC));
}

#[test]
fn who_watches_gets_the_report_of_any_other_run() {
    let config = config(5, Mix::all());
    let shown = simulated(&config, "").expect("few nodes");
    assert_eq!(format!("{:?}", shown.report), format!("{:?}", run(&config)));
}

#[test]
fn an_election_is_slowed_down_and_the_time_between_two_is_not() {
    let mut viewer = Viewer::of(&config(5, Mix::of([])), LARGE);
    let mut slow = Duration::ZERO;
    let frame = Duration::from_millis(16);
    while viewer.model.cluster.leader().is_none() {
        viewer.after(frame);
        slow += frame;
    }
    let elected = viewer.player.transport().position;
    assert!(slow > Duration::from_secs(2), "{slow:?} for {elected:?}");
    // Nothing but heartbeats follows.
    viewer.after(Duration::from_secs(2));
    assert_eq!(viewer.player.transport().pace, Pace::AsAsked);
    let (before, span) = (viewer.player.transport().position, Duration::from_secs(8));
    for _ in 0..500 {
        viewer.after(frame);
    }
    let went = viewer.player.transport().position.saturating_sub(before);
    assert!(went > span.mul_f64(0.9) && went <= span, "{went:?} of {span:?}");
}

#[test]
fn what_is_wrong_with_links_is_seen_while_it_is_and_no_longer() {
    let mut viewer = Viewer::of(&config(5, Mix::of([FaultKind::Cut, FaultKind::Partition])), LARGE);
    viewer.ask(Playback::PauseOrPlay);
    let mut cut = false;
    while viewer.player.transport().motion != Motion::Ended {
        viewer.ask(Playback::Step);
        let nodes = viewer.model.cluster.nodes.values();
        cut |= nodes
            .into_iter()
            .any(|node| node.faults.sends.values().any(|way| way.cut));
    }
    assert!(cut, "a cut is told");
    let cluster = &viewer.model.cluster;
    assert!(
        cluster.nodes.values().all(|node| node.faults.is_sound()),
        "all is healed"
    );
    assert!(
        viewer.drawn().contains("over, no violation: 8 invariants held"),
        "{}",
        viewer.drawn()
    );
}

#[test]
fn a_violation_is_what_is_seen_at_the_end() {
    let broken = |seed| SimulationConfig {
        seed,
        policy: QuorumPolicy::Majority,
        timing: Timing::FAST,
        faults: 36,
        broken: Some(BrokenRule::NoQuorum),
        ..config(3, Mix::all())
    };
    let violates = |seed: &u64| run(&broken(*seed)).violation.is_some();
    let seed = (1..100).find(violates).expect("broken rules are caught");
    for size in [LARGE, CLASSIC] {
        let mut viewer = Viewer::of(&broken(seed), size);
        let shown = viewer.ask(Playback::ToEnd).drawn();
        assert!(shown.contains("VIOLATED: "), "{shown}");
    }
}

#[test]
fn more_nodes_than_a_dashboard_draws_are_refused() {
    let error = simulated(&config(10, Mix::of([])), "")
        .expect_err("refused")
        .to_string();
    assert_eq!(error, "10 nodes are no cluster; give 1 to 9");
}
