//! A run that is recorded and played again, by every route there is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use tempfile::TempDir;

use super::*;
use crate::dashboard::testing::{self, Scene};
use crate::dashboard::theme::{Charset, Palette, Theme};
use crate::dashboard::transport::{Motion, Playback};
use crate::dashboard::{Control, Model, update};
use crate::lab::recording::{Existing, Recorder, RecordingFile, Told};

mod hostile;

const SIZE: Size = Size::new(160, 48);

const fn theme() -> Theme {
    Theme::new(Palette::Dark, Charset::Unicode)
}

/// Records whatever `tell` tells, and returns the folder, the file, and the scene at the end.
fn recorded(tell: impl FnOnce(&mut Scene)) -> (TempDir, PathBuf, Scene) {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("run.jsonl");
    let mut scene = Scene::unstarted(SIZE.width, SIZE.height);
    scene.keep();
    tell(&mut scene);
    let mut recorder = recorder(&path);
    for (at, message) in scene.kept() {
        recorder.keep(*at, Told::of(message).expect("a scene tells of its cluster"));
    }
    recorder.close(scene.now()).expect("written");
    (folder, path, scene)
}

fn recorder(path: &Path) -> Recorder {
    let file = RecordingFile::create(path, Existing::Keep).expect("made");
    let header = Header::of(&testing::setup(SIZE, theme()), Time::ZERO, 7);
    file.begin(&header).expect("a thread")
}

/// The recording of a run in which nothing happened.
pub(super) fn of_nothing() -> Recording {
    let (_folder, path, _) = recorded(|_| {});
    Recording::open(&path).expect("a recording")
}

/// A life with everything in it: an election, uploads, deaths, a frozen node, a return.
fn a_life(scene: &mut Scene) {
    scene.lead();
    scene.upload(3, 1, 1, "portrait.png").after(700);
    scene.kill(3);
    scene.after(1).suspect(2, 3).elect(2, 2, &[1, 2]);
    scene.heartbeats(2, &[1]).after(1500);
    scene.upload(2, 2, 1, "castle.jpg").after(9000);
    scene.start(3).elect(3, 3, &[1, 2, 3]).after(2000);
    scene.upload_fails(3, 3, 2, "broken.gif", "no room").after(50_123);
}

/// A dashboard that shows a recording; the time on its wall is what the test says.
struct Viewer {
    player: Player,
    model: Model,
    wall: Time,
}

impl Viewer {
    fn open(path: &Path) -> Self {
        let player = Player::open(path, Speed::ONE, Time::ZERO).expect("a recording");
        let model = Model::new(player.header().setup(SIZE, theme()));
        Self {
            player,
            model,
            wall: Time::ZERO,
        }
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
    }

    fn ask(&mut self, asked: Playback) -> &mut Self {
        self.player.ask(self.wall, asked);
        self.settle();
        self
    }

    /// Lets time pass on the wall.
    fn after(&mut self, ms: u64) -> &mut Self {
        self.wall = self.wall + Duration::from_millis(ms);
        self.settle();
        self
    }

    fn motion(&self) -> Motion {
        self.player.transport().motion
    }

    fn position(&self) -> Duration {
        self.player.transport().position
    }

    fn drawn(&self) -> Buffer {
        testing::draw(&self.model)
    }
}

#[test]
fn a_replay_ends_with_the_screen_that_was_live_by_whatever_route() {
    let (_folder, path, scene) = recorded(a_life);
    let live = scene.drawn();
    let played = |route: &dyn Fn(&mut Viewer)| {
        let mut viewer = Viewer::open(&path);
        route(&mut viewer);
        assert_eq!(viewer.motion(), Motion::Ended);
        assert_eq!(viewer.drawn(), live);
    };
    played(&|viewer| {
        while viewer.motion() != Motion::Ended {
            viewer.after(33);
        }
    });
    played(&|viewer| {
        viewer.ask(Playback::Faster).ask(Playback::Faster).after(100_000);
    });
    played(&|viewer| {
        viewer.ask(Playback::ToEnd);
    });
    played(&|viewer| {
        while viewer.motion() != Motion::Ended {
            viewer.ask(Playback::Step);
        }
    });
    played(&|viewer| {
        viewer
            .ask(Playback::ToEnd)
            .ask(Playback::SkipBack)
            .ask(Playback::SkipBack);
        viewer.ask(Playback::PreviousElection).ask(Playback::SkipForward);
        viewer
            .ask(Playback::ToStart)
            .after(3000)
            .ask(Playback::NextElection);
        viewer.ask(Playback::ToEnd).ask(Playback::PauseOrPlay).after(4000);
        viewer.ask(Playback::ToEnd);
    });
}

#[test]
fn a_place_looks_the_same_from_before_and_from_behind() {
    let (_folder, path, _) = recorded(a_life);
    let mut forward = Viewer::open(&path);
    let mut places = Vec::new();
    forward.ask(Playback::PauseOrPlay);
    while forward.motion() != Motion::Ended {
        forward.ask(Playback::SkipForward);
        places.push((forward.position(), forward.drawn()));
    }
    let (last, others) = places.split_last().expect("some places");
    let step = Duration::from_secs(5);
    let mut back = Viewer::open(&path);
    back.ask(Playback::ToEnd);
    assert_eq!((back.position(), back.drawn()), *last);
    // From the end, five seconds back stand elsewhere than five seconds on from the beginning.
    back.ask(Playback::ToStart);
    for (position, drawn) in others {
        back.ask(Playback::ToEnd).ask(Playback::ToStart);
        for _ in 0..position.as_secs() / step.as_secs() {
            back.ask(Playback::SkipForward);
        }
        assert_eq!((back.position(), back.drawn()), (*position, drawn.clone()));
    }
}

#[test]
fn an_election_is_gone_to_from_before_and_from_behind() {
    let (_folder, path, _) = recorded(a_life);
    let mut viewer = Viewer::open(&path);
    viewer.ask(Playback::PauseOrPlay);
    let mut found = Vec::new();
    loop {
        viewer.ask(Playback::NextElection);
        if viewer.motion() == Motion::Ended {
            break;
        }
        found.push(viewer.position());
    }
    assert_eq!(found.len(), 3, "one of each leader: {found:?}");
    for began in found.iter().rev() {
        viewer.ask(Playback::PreviousElection);
        assert_eq!(viewer.position(), *began);
    }
    let mut hasty = Viewer::open(&path);
    hasty.ask(Playback::PauseOrPlay);
    hasty.player.ask(hasty.wall, Playback::NextElection);
    hasty.ask(Playback::NextElection);
    assert_eq!(hasty.position(), found[1], "two keys at once go to the second");
}

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
fn a_recording_that_is_paused_stands_still_and_waits_for_nothing() {
    let (_folder, path, _) = recorded(a_life);
    let mut viewer = Viewer::open(&path);
    viewer.after(2000).ask(Playback::PauseOrPlay);
    let (position, drawn) = (viewer.position(), viewer.drawn());
    assert_eq!(position, Duration::from_secs(2));
    assert_eq!(viewer.player.wait(viewer.wall), None);
    viewer.after(60_000);
    assert_eq!((viewer.position(), viewer.drawn()), (position, drawn));
    viewer.ask(Playback::PauseOrPlay).after(1000);
    assert_eq!(viewer.position(), Duration::from_secs(3));
}

#[test]
fn a_step_goes_to_the_next_thing_that_can_be_seen() {
    let (_folder, path, _) = recorded(a_life);
    let mut viewer = Viewer::open(&path);
    viewer.ask(Playback::Step);
    assert_eq!(viewer.motion(), Motion::Paused);
    let before = viewer.player.told;
    viewer.ask(Playback::Step).ask(Playback::Step);
    assert_eq!(
        viewer.player.told,
        before + 2,
        "the start of node 1, event by event"
    );
    viewer.ask(Playback::Step);
    assert_eq!(
        viewer.player.told,
        before + 2 + 40 + 1,
        "not what its process uses"
    );
}

#[test]
fn seeking_in_a_long_recording_goes_by_checkpoints_and_forgets_none_of_it() {
    let (_folder, path, scene) = recorded(|scene| {
        scene.lead();
        for round in 0..4_000 {
            scene.heartbeats(3, &[1, 2]).after(10);
            if round % 100 == 0 {
                scene.upload(3, 1, 1, "again.png");
            }
        }
    });
    let mut viewer = Viewer::open(&path);
    viewer.ask(Playback::ToEnd);
    assert!(viewer.player.checkpoints.before(scene.now()).is_some());
    assert_eq!(viewer.drawn(), scene.drawn());
    viewer.ask(Playback::SkipBack);
    let near_the_end = viewer.drawn();
    viewer
        .ask(Playback::ToStart)
        .ask(Playback::ToEnd)
        .ask(Playback::SkipBack);
    assert_eq!(viewer.drawn(), near_the_end);
}

#[test]
fn what_was_attached_is_shown_as_such() {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("attached.jsonl");
    let setup = crate::dashboard::Setup {
        control: Control::Attached,
        ..testing::setup(SIZE, theme())
    };
    let began = Time::from_nanos(5_000_000_000_000);
    let file = RecordingFile::create(&path, Existing::Keep).expect("made");
    let mut recorder = file.begin(&Header::of(&setup, began, 7)).expect("a thread");
    let two = testing::node(2);
    let refused = crate::protocol::Contact::Refused;
    let lost = crate::protocol::Contact::Lost("no answer\u{1b}[2J".to_owned());
    recorder.keep(began + Duration::from_secs(1), Told::Contact(two, &refused));
    recorder.keep(began + Duration::from_secs(2), Told::Contact(two, &lost));
    recorder.close(began + Duration::from_secs(3)).expect("written");
    let mut viewer = Viewer::open(&path);
    viewer.after(5000);
    assert_eq!(viewer.player.transport().length, Duration::from_secs(3));
    let shown = testing::text(&viewer.drawn());
    assert!(shown.contains("attached"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}
