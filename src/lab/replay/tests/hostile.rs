//! Recordings as nobody records them: numbers that no cluster tells, in every place that takes one.

use std::fs;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// How many recordings are tried; each is played whole, and drawn some dozen times.
const CASES: u32 = 48;

/// What a counter holds only where somebody means harm.
const EXTREMES: [u64; 6] = [0, 1, 1 << 32, i64::MAX as u64, u64::MAX - 1, u64::MAX];

/// The keys that open what shows numbers.
const VIEWS: &str = "wletfFz";

/// The lines of a life in which everything is told that holds numbers, the header first.
fn lines() -> Vec<Value> {
    let (_folder, path, scene) = recorded(a_life);
    let text = fs::read_to_string(&path).expect("written");
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let at = scene.now().as_nanos();
    let lane = json!({
        "clients": 2, "acknowledged": 7, "retried": 1, "failed": 1, "longest_ns": 9, "without_ns": 9,
        "since": at, "checked": {"acknowledged": 7, "lost": 0},
    });
    let stage = json!({"title": "t", "caption": "c", "news": null, "lane": lane, "waits": false});
    let end = lines.pop().expect("an end");
    for told in [json!({"stage": stage}), report(), json!({"dropped": 3})] {
        for _ in 0..2 {
            let mut again = told.clone();
            again["at_ns"] = json!(at);
            lines.push(again);
        }
    }
    // What is counted on top of what a report said.
    let later = lines
        .iter()
        .rfind(|line| line["node"]["event"] == "assigned")
        .cloned();
    lines.extend(later);
    lines.push(end);
    lines
}

/// What came of watching a leader that has given turns.
fn report() -> Value {
    let turn = json!({
        "node": 1, "state": "active", "assigned": 5, "in_flight": 1, "done": 3, "failed": 1,
        "redispatched": 1, "next": true,
    });
    let mut other = turn.clone();
    other["node"] = json!(2);
    let reached = json!({
        "node": 3, "generation": 1, "cluster": "heirloom", "program": "0.1.0", "pid": 4713,
        "uptime_ms": 5000, "role": "leading", "ballot": {"epoch": 3, "id": 3}, "serving": true, "epoch": 3,
        "quorum": {"policy": "live", "needed": 2, "reachable": 3, "missing": []},
        "peers": [], "rotation": [turn, other], "images": 12, "transfers": 1,
    });
    json!({"contact": {"node": 3, "reached": reached}})
}

/// Puts extremes in the place of numbers, of each `one_in`th or so.
fn spoil(value: &mut Value, one_in: u32, random: &mut fastrand::Rng) {
    match value {
        Value::Number(number) if random.u32(..one_in) == 0 => {
            *number = EXTREMES[random.usize(..EXTREMES.len())].into();
        }
        Value::Array(values) => {
            for value in values {
                spoil(value, one_in, random);
            }
        }
        Value::Object(fields) => {
            for (_, value) in fields.iter_mut() {
                spoil(value, one_in, random);
            }
        }
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Writes a recording of these lines.
fn written(lines: &[Value]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("hostile.jsonl");
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n") + "\n").expect("written");
    (folder, path)
}

/// Plays a recording by several routes, and looks at every view.
fn played(path: &Path) {
    // A header may name no cluster any more, which is said.
    let Ok(player) = Player::open(path, Speed::ONE, Time::ZERO) else {
        return;
    };
    let model = Model::new(player.header().setup(SIZE, theme()));
    let mut viewer = Viewer {
        player,
        model,
        wall: Time::ZERO,
    };
    viewer.after(500).ask(Playback::SkipForward).drawn();
    viewer.ask(Playback::NextElection).ask(Playback::Step).drawn();
    viewer.ask(Playback::ToEnd);
    for key in VIEWS.chars() {
        for code in [KeyCode::Char(key), KeyCode::Esc] {
            let pressed = Message::Key(KeyEvent::new(code, KeyModifiers::NONE));
            let now = viewer.player.now(viewer.wall);
            update(&mut viewer.model, now, pressed);
            viewer.drawn();
        }
    }
    viewer.model.transport = Some(viewer.player.transport());
    viewer.drawn();
    viewer
        .ask(Playback::PreviousElection)
        .ask(Playback::ToStart)
        .drawn();
}

#[test]
fn more_missing_lines_than_can_be_counted_are_as_many_as_can_be() {
    let mut lines = lines();
    lines.truncate(1);
    let dropped = json!({"at_ns": 1, "dropped": u64::MAX});
    lines.extend([dropped.clone(), dropped, json!({"at_ns": 1, "from_tomorrow": 1})]);
    let (_folder, path) = written(&lines);
    let mut viewer = Viewer::open(&path);
    viewer.ask(Playback::ToEnd);
    let said = viewer.player.gaps.words().expect("some lack");
    assert_eq!(said, format!("{} lines are missing or left out", u64::MAX));
}

#[test]
fn much_that_tells_nothing_leaves_keys_their_turn() {
    let mut lines = lines();
    let end = lines.pop().expect("an end");
    let told = lines.split_off(1);
    let of_tomorrow = json!({"at_ns": 1, "from_tomorrow": "words that only a newer program knows"});
    lines.extend(std::iter::repeat_n(of_tomorrow, 50_000));
    lines.extend(told);
    lines.push(end);
    let (_folder, path) = written(&lines);
    let mut viewer = Viewer::open(&path);
    viewer.player.ask(viewer.wall, Playback::ToEnd);
    let (mut silent, mut before) = (0, viewer.player.recording.place());
    while viewer.player.poll(viewer.wall).is_none() {
        let place = viewer.player.recording.place();
        let read = place.bytes_from(before);
        assert!(read < SILENT_BYTES * 2, "{read} bytes at once");
        assert_eq!(
            viewer.player.wait(viewer.wall),
            Some(Duration::ZERO),
            "there is more"
        );
        (silent, before) = (silent + 1, place);
    }
    assert!(silent > 1, "it was asked {silent} times");
    viewer.settle();
    assert_eq!(viewer.motion(), Motion::Ended);
    assert!(
        viewer
            .player
            .remark()
            .is_some_and(|said| said.contains("left out"))
    );
}

#[test]
fn every_number_at_its_end_is_shown() {
    for extreme in EXTREMES {
        let mut lines = lines();
        // The header stays, and ids, without which a line is not known.
        for line in &mut lines[1..] {
            let kept = line.clone();
            set(line, extreme);
            let at = if extreme == 0 {
                json!(0)
            } else {
                kept["at_ns"].clone()
            };
            line["at_ns"] = at;
        }
        let (_folder, path) = written(&lines);
        played(&path);
    }
}

/// Sets every number that is no id of a node.
fn set(value: &mut Value, to: u64) {
    match value {
        Value::Number(number) => *number = to.into(),
        Value::Array(values) => values.iter_mut().for_each(|value| set(value, to)),
        Value::Object(fields) => {
            let ids = [
                "node", "id", "peer", "from", "worker", "leader", "next", "clients", "pid",
            ];
            for (name, value) in fields.iter_mut() {
                let is_id = ids.contains(&name.as_str()) && value.is_number();
                if !is_id && name != "version" && name != "grants" {
                    set(value, to);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_stops_the_viewer(seed in any::<u64>(), one_in in prop::sample::select(vec![3_u32, 30, 300])) {
        let mut lines = lines();
        let mut random = fastrand::Rng::with_seed(seed);
        for line in &mut lines {
            spoil(line, one_in, &mut random);
        }
        let (_folder, path) = written(&lines);
        played(&path);
    }
}
