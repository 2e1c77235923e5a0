//! A run of real processes that is recorded, shown again, and made into files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use heirloom::dashboard::theme::{Charset, Palette, Theme};
use heirloom::dashboard::transport::{Motion, Playback, Speed};
use heirloom::dashboard::{Message, Model, update, view};
use heirloom::lab::recording::{Recording, What};
use heirloom::lab::replay::Player;
use heirloom::time::Time;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Program, TestCluster, image_of, told};
use crate::terminal::pane::{Pane, is_normal};

const FAST: &str = "timing = \"fast\"";
const HEIRLOOM: &str = env!("CARGO_BIN_EXE_heirloom");
const SIZE: Size = Size::new(120, 40);

/// A cluster that uploaded an image, lost its leader to kill -9, and was stopped; all of it recorded.
fn recorded(image: &[u8]) -> (TestCluster, PathBuf) {
    let cluster = TestCluster::new(3, FAST);
    let mut command = cluster.command(HEIRLOOM);
    command.args(["--no-tui", "--record", "run.jsonl"]);
    let mut supervisor = Program::start(command.stderr(Stdio::null()));
    let mark = supervisor.out.wait_for(0, "Node 3: I am the LEADER");
    cluster.file("portrait.png", image);
    let upload = cluster.heirloom(&["upload", "portrait.png", "--user", "alice"]);
    assert!(upload.status.success(), "{}", told(&upload));
    let pid = i32::try_from(cluster.status(3).pid).expect("a process id");
    let pid = Pid::from_raw(pid).expect("not zero");
    kill_process(pid, Signal::KILL).expect("it runs");
    supervisor.out.wait_for(mark, "Node 2: I am the LEADER");
    supervisor.signal(Signal::TERM);
    assert_eq!(supervisor.wait().code(), Some(0), "{}", supervisor.out.text());
    let path = cluster.path().join("run.jsonl");
    (cluster, path)
}

fn model_of(header: &heirloom::lab::recording::Header) -> Model {
    Model::new(header.setup(SIZE, Theme::new(Palette::Dark, Charset::Unicode)))
}

fn drawn(model: &Model) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).expect("in memory");
    terminal.draw(|frame| view(model, frame)).expect("in memory");
    terminal.backend().buffer().clone()
}

/// What a dashboard shows that is told every message when it was told.
fn folded(path: &Path) -> Buffer {
    let mut recording = Recording::open(path).expect("a recording");
    let mut model = model_of(recording.header());
    while let Ok(entry) = recording.read().expect("readable") {
        if let What::Message(message) = entry.what {
            update(&mut model, entry.at, message);
        }
    }
    update(&mut model, recording.last_at(), Message::Beat);
    drawn(&model)
}

/// What a replay shows at its end, after a person did this.
fn replayed(path: &Path, route: &[Playback]) -> Buffer {
    let mut player = Player::open(path, Speed::ONE, Time::ZERO).expect("a recording");
    let mut model = model_of(player.header());
    let mut wall = Time::ZERO;
    for asked in route {
        wall = wall + Duration::from_millis(700);
        player.ask(wall, *asked);
        while let Some((at, message)) = player.poll(wall) {
            update(&mut model, at, message);
            player.folded(wall, &model.cluster);
        }
    }
    assert_eq!(player.transport().motion, Motion::Ended);
    drawn(&model)
}

#[test]
fn a_run_of_real_processes_is_shown_again_and_holds_no_image() {
    let image = image_of(100_000, 7);
    let (cluster, path) = recorded(&image);
    let kept = fs::read(&path).expect("recorded");
    let text = String::from_utf8(kept.clone()).expect("text");
    assert!(
        text.contains("portrait.png") && text.contains("\"user\":\"alice\""),
        "{text}"
    );
    assert!(text.ends_with("\"ended\":true}\n"), "{text}");
    for bytes in [&image[..], &fs::read(&cluster.saved()[0]).expect("saved")[16..]] {
        for part in bytes.chunks_exact(12) {
            assert!(
                !kept.windows(12).any(|window| window == part),
                "it holds a part of an image"
            );
        }
    }

    is_replayed_to_the_same_screen(&path);
    exported(&cluster);
}

/// However a person comes to the end of a recording, the screen is the one of whoever was told all of it.
pub(crate) fn is_replayed_to_the_same_screen(path: &Path) -> Buffer {
    let shown = folded(path);
    let routes: [&[Playback]; 3] = [
        &[Playback::ToEnd],
        &[
            Playback::ToEnd,
            Playback::PreviousElection,
            Playback::SkipBack,
            Playback::Step,
            Playback::ToEnd,
        ],
        &[
            Playback::NextElection,
            Playback::NextElection,
            Playback::ToStart,
            Playback::ToEnd,
        ],
    ];
    for route in routes {
        assert_eq!(replayed(path, route), shown, "{route:?}");
    }
    shown
}

/// Makes every file of the recording, twice.
fn exported(cluster: &TestCluster) {
    let all = [
        "export",
        "run.jsonl",
        "--cast",
        "run.cast",
        "--svg",
        "run.svg",
        "--film",
        "film.svg",
    ];
    let made = cluster.heirloom(&all);
    assert!(made.status.success(), "{}", told(&made));
    let read =
        || ["run.cast", "run.svg", "film.svg"].map(|name| fs::read(cluster.path().join(name)).expect(name));
    let first = read();
    let refused = cluster.heirloom(&all);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    let itself = cluster.heirloom(&["export", "run.jsonl", "--cast", "./run.jsonl", "--force"]);
    assert_eq!(itself.status.code(), Some(2), "{}", told(&itself));
    assert!(
        told(&itself).contains("is the recording itself"),
        "{}",
        told(&itself)
    );
    let again = cluster.heirloom(&[&all[..], &["--force"]].concat());
    assert!(again.status.success(), "{}", told(&again));
    assert_eq!(read(), first, "the same recording makes the same bytes");
    let [cast, diagram, film] = first.map(|bytes| String::from_utf8(bytes).expect("text"));
    for (index, line) in cast.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line.is_object(), index == 0);
    }
    assert!(
        diagram.contains("node 2 leads in epoch") && diagram.contains(">claim<"),
        "{diagram}"
    );
    for picture in [&diagram, &film] {
        assert_eq!(crate::pictures::xml::well_formed(picture), Ok(()));
    }
    assert!(film.len() < 1 << 20, "{} bytes", film.len());
    nothing_to_show(cluster);
    let none = cluster.heirloom(&["export", "run.jsonl", "--svg", "other.svg", "--election", "99"]);
    assert_eq!(none.status.code(), Some(1), "{}", told(&none));
}

/// What would make an empty film, or two files of one name, is refused before anything is made.
fn nothing_to_show(cluster: &TestCluster) {
    for (more, says) in [
        (&["--cast", "-"][..], "--cast makes a file; name one"),
        (
            &["--cast", "a", "--film", "./a"],
            "--cast and --film both name ./a",
        ),
        (
            &["--cast", "a", "--from", "2s", "--to", "1s"],
            "--to 1s is not after --from 2s",
        ),
        (
            &["--cast", "a", "--from", "2h"],
            "--from 2h is not before the end: the recording is ",
        ),
    ] {
        let refused = cluster.heirloom(&[&["export", "run.jsonl"][..], more].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
        assert!(told(&refused).contains(says), "{}", told(&refused));
        assert!(!cluster.path().join("a").exists() && !cluster.path().join("-").exists());
    }
}

#[test]
fn a_dashboard_records_and_a_replay_of_it_is_paused_stepped_and_left() {
    let cluster = TestCluster::new(3, FAST);
    let mut command = cluster.command(HEIRLOOM);
    command.args(["--record", "run.jsonl"]);
    let mut pane = Pane::open(command, 40, 120);
    pane.wait_for("NODE 3 LEADS");
    // Far enough apart to be two elections, and long enough to be paused in.
    pane.wait_for("up 2 s");
    pane.type_in(b"!");
    pane.wait_for("NODE 2 LEADS");
    pane.type_in(b"qy");
    assert!(pane.wait().success());
    pane.wait_for("Recorded in run.jsonl");

    let mut command = cluster.command(HEIRLOOM);
    command.args(["replay", "run.jsonl", "--speed", "0.1"]);
    let mut pane = Pane::open(command, 40, 120);
    pane.wait_for("0.1x");
    pane.type_in(b" ");
    pane.wait_for("paused");
    pane.type_in(b"}}");
    pane.wait_for("NODE 3");
    pane.type_in(b"!");
    pane.wait_for("this is a recording");
    pane.type_in(b"+");
    pane.wait_for("0.25x");
    pane.resize(20, 70);
    pane.type_in(b"\x1b[F");
    pane.wait_for("ended");
    pane.wait_for("NO NODE IS UP");
    pane.type_in(b"q");
    assert!(pane.wait().success());
    pane.wait_until("normal", is_normal);
}

#[test]
fn a_clean_up_before_an_audience_is_recorded_too() {
    let cluster = TestCluster::new(3, FAST);
    let mut command = cluster.command(HEIRLOOM);
    command.args(["--record", "run.jsonl", "--present"]);
    let mut pane = Pane::open(command, 40, 120);
    // The banner is drawn in large letters.
    pane.wait_for("epoch 1  for");
    pane.type_in(b"!");
    pane.wait_for("epoch 2  for");
    pane.type_in(b"R");
    pane.wait_for("all healed and started");
    pane.type_in(b"Pqy");
    assert!(pane.wait().success(), "{}", pane.text());
    let mut recording = Recording::open(&cluster.path().join("run.jsonl")).expect("a recording");
    let mut model = model_of(recording.header());
    let mut counted = Vec::new();
    while let Ok(entry) = recording.read().expect("readable") {
        let What::Message(message) = entry.what else {
            continue;
        };
        let forgets = matches!(message, Message::Forget);
        let before = model.cluster.elections.count();
        update(&mut model, entry.at, message);
        if forgets {
            counted.push((before, model.cluster.elections.count()));
        }
    }
    assert!(
        matches!(counted[..], [(1.., 0)]),
        "elections before and after: {counted:?}"
    );
}

#[test]
fn what_cannot_be_recorded_or_replayed_is_refused_with_the_reason() {
    let cluster = TestCluster::new(1, FAST);
    cluster.file("run.jsonl", b"something dear");
    let refused = |arguments: &[&str], code: i32, reason: &str| {
        let output = cluster.heirloom(arguments);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(reason), "{said}");
    };
    refused(
        &["--no-tui", "--record", "run.jsonl"],
        2,
        "run.jsonl exists; name another file, or pass --force",
    );
    refused(
        &["replay", "run.jsonl"],
        1,
        "run.jsonl is no recording of heirloom",
    );
    refused(&["replay", "none.jsonl"], 1, "could not read none.jsonl");
    refused(
        &["replay", "run.jsonl", "--speed", "0"],
        2,
        "give a number from 0.1 to 100",
    );
    refused(&["export", "run.jsonl"], 2, "--cast");
    refused(
        &["export", "run.jsonl", "--cast", "a", "--size", "1x1"],
        2,
        "from 60x16 to 500x500",
    );
    assert_eq!(
        fs::read(cluster.path().join("run.jsonl")).expect("kept"),
        b"something dear"
    );
}
