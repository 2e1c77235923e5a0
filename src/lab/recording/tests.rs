//! Files as disks, editors and other programs leave them, and disks that stand still.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use ratatui::layout::Size;
use tempfile::TempDir;

use super::*;
use crate::dashboard::testing::{node, setup};
use crate::dashboard::theme::{Charset, Palette, Theme};
use crate::event::{EVENT_VERSION, Fact};
use crate::id::Generation;

fn header() -> Header {
    let theme = Theme::new(Palette::Dark, Charset::Unicode);
    Header::of(&setup(Size::new(80, 24), theme), Time::ZERO, 1_730_721_600_000)
}

fn event(sequence: u64) -> Event {
    Event {
        version: EVENT_VERSION,
        node: node(2),
        generation: Generation(5),
        sequence,
        monotonic_ns: Time::from_nanos(sequence),
        wall_ms: 8,
        fact: Fact::Holding { images: sequence },
    }
}

/// A recording of so many events, a millisecond apart.
fn recorded(events: u64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("run.jsonl");
    let file = RecordingFile::create(&path, Existing::Keep).expect("made");
    let mut recorder = file.begin(&header()).expect("a thread");
    for number in 1..=events {
        recorder.keep(at(number), Told::Node(&event(number)));
    }
    recorder.close(at(events + 1)).expect("written");
    (folder, path)
}

const fn at(ms: u64) -> Time {
    Time::from_nanos(ms * 1_000_000)
}

/// Reads a recording to its end; returns how many messages it holds, and how it ends.
fn read(path: &Path) -> Result<(usize, End), RecordingError> {
    let mut recording = Recording::open(path)?;
    let mut messages = 0;
    loop {
        match recording.read()? {
            Ok(Entry {
                what: What::Message(_),
                ..
            }) => messages += 1,
            Ok(_) => {}
            Err(end) => return Ok((messages, end)),
        }
    }
}

/// Writes a file of these lines behind a good header.
fn written(lines: &str) -> (TempDir, PathBuf) {
    let (folder, path) = recorded(0);
    let text = fs::read_to_string(&path).expect("written");
    let header = text.lines().next().expect("a header");
    fs::write(&path, format!("{header}\n{lines}")).expect("written");
    (folder, path)
}

#[test]
fn what_was_kept_is_read_back_with_its_times() {
    let (_folder, path) = recorded(3);
    let mut recording = Recording::open(&path).expect("a recording");
    assert_eq!(recording.last_at(), at(4));
    for number in 1..=3 {
        let entry = recording.read().expect("readable").expect("an entry");
        assert_eq!(entry.at, at(number));
        let What::Message(Message::Node(told)) = entry.what else {
            panic!("{:?}", entry.what)
        };
        assert_eq!(*told, event(number));
    }
    assert!(matches!(recording.read(), Ok(Err(End::Whole))));
}

#[test]
fn a_line_is_exactly_so() {
    let (_folder, path) = recorded(1);
    let text = fs::read_to_string(path).expect("written");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(r#"{"format":"heirloom-recording","version":1,"program":""#)
            && lines[0].contains("a user's name is the key"),
        "{text}"
    );
    assert_eq!(
        lines[1..],
        [
            r#"{"at_ns":1000000,"node":{"v":1,"node":2,"generation":5,"sequence":1,"monotonic_ns":1,"wall_ms":8,"fact":"holding","images":1}}"#,
            r#"{"at_ns":2000000,"ended":true}"#
        ]
    );
}

#[test]
fn a_file_is_not_replaced_unless_it_may_be() {
    let (_folder, path) = recorded(1);
    let refused = RecordingFile::create(&path, Existing::Keep).expect_err("it exists");
    assert!(
        refused.to_string().ends_with("pass --force to replace it"),
        "{refused}"
    );
    assert_eq!(read(&path).expect("untouched"), (1, End::Whole));
    RecordingFile::create(&path, Existing::Replace).expect("replaced");
    assert_eq!(fs::metadata(&path).expect("it is there").len(), 0);
    let folder = path.parent().expect("a folder");
    assert!(RecordingFile::create(folder, Existing::Replace).is_err());
}

#[test]
fn a_file_cut_off_anywhere_is_read_up_to_there() {
    let (_folder, path) = recorded(3);
    let whole = fs::read(&path).expect("written");
    let header = whole.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    for length in header..whole.len() {
        fs::write(&path, &whole[..length]).expect("written");
        let lines = whole[header..length].split(|byte| *byte == b'\n').count() - 1;
        let (messages, end) = read(&path).expect("readable");
        match end {
            End::Torn(line) => assert_eq!(line, u64::try_from(lines + 2).expect("few")),
            // Without its last byte the last line is whole all the same.
            End::Open => assert!(messages == lines || messages == lines + 1, "{length}"),
            End::Whole => assert_eq!(length, whole.len() - 1),
        }
        assert!(messages >= lines.min(3), "{length}");
    }
}

#[test]
fn words_of_a_newer_program_are_passed_over_and_damage_is_told() {
    let newer = r#"{"at_ns":1,"node":{"v":1,"node":2,"generation":5,"sequence":1,"monotonic_ns":1,"wall_ms":8,"fact":"flew"}}
{"at_ns":2,"weather":"fine"}
{"at_ns":3,"ended":true}
"#;
    let (_folder, path) = written(newer);
    assert_eq!(read(&path).expect("readable"), (0, End::Whole));
    let (_folder, path) = written("{\"at_ns\":1,\"dropped\":3}\nnonsense\n{\"at_ns\":3,\"ended\":true}\n");
    let damaged = read(&path).expect_err("a line is damaged");
    assert!(damaged.to_string().starts_with("line 3 of "), "{damaged}");
    let (_folder, path) = written(&"x".repeat(LINE_BYTES_MAX + 10));
    assert!(matches!(
        read(&path),
        Err(RecordingError::LongLine { line: 2, .. })
    ));
}

#[test]
fn times_never_go_back() {
    let (_folder, path) = written("{\"at_ns\":9,\"dropped\":1}\n{\"at_ns\":3,\"dropped\":1}\n");
    let mut recording = Recording::open(&path).expect("a recording");
    for _ in 0..2 {
        let entry = recording.read().expect("readable").expect("an entry");
        assert_eq!(entry.at, Time::from_nanos(9));
    }
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("file");
    let refusal = |content: &[u8]| {
        fs::write(&path, content).expect("written");
        let refused = Recording::open(&path).expect_err("refused").to_string();
        refused.replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(
        refusal(b""),
        "FILE is empty; whoever recorded it ended before anything was written"
    );
    let none = "FILE is no recording of heirloom; `heirloom --record FILE` makes one";
    assert_eq!(refusal(b"\x89PNG\r\n\x1a\n"), none);
    assert_eq!(refusal(b"{\"format\":\"asciicast\",\"version\":1}\n"), none);
    assert_eq!(refusal(&vec![0; 3 << 20]), none);
    assert_eq!(
        refusal(b"{\"format\":\"heirloom-recording\",\"version\":2,\"program\":\"9.9.9\"}\n"),
        "FILE was recorded by heirloom 9.9.9 in format 2, and this one reads format 1; use heirloom 9.9.9"
    );
    let missing = Recording::open(&folder.path().join("none")).expect_err("refused");
    assert!(missing.to_string().starts_with("could not read "), "{missing}");
    let refused = Recording::open(folder.path()).expect_err("refused");
    assert!(refused.to_string().contains("no regular file"), "{refused}");
}

#[test]
fn what_a_disk_has_no_time_for_is_counted_and_never_waited_for() {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("pipe");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    );
    made.expect("a pipe");
    // A pipe that nobody reads stands still as a dead disk does; it can be opened both ways at once.
    let disk = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .expect("open");
    let reader = disk.try_clone().expect("another handle");
    let mut recorder = RecordingFile::of(disk, "run.jsonl")
        .begin(&header())
        .expect("a thread");
    let handed = 200_000;
    for number in 1..=handed {
        recorder.keep(at(number), Told::Node(&event(number)));
    }
    let kept = std::thread::spawn(move || recorder.close(at(handed + 1)));
    let mut lines = io::BufRead::lines(io::BufReader::new(reader));
    let (mut messages, mut dropped) = (0, 0);
    loop {
        let line = lines.next().expect("more").expect("text");
        match line::read(line.as_bytes()) {
            Some(Entry {
                what: What::Message(_),
                ..
            }) => messages += 1,
            Some(Entry {
                what: What::Dropped(lines),
                ..
            }) => dropped += lines,
            Some(Entry {
                what: What::Ended, ..
            }) => break,
            _ => assert!(line.contains("heirloom-recording"), "{line}"),
        }
    }
    let kept = kept.join().expect("no panic").expect("written");
    assert!(dropped > 0, "a pipe takes no {handed} lines");
    assert_eq!((messages + dropped, kept.dropped), (handed, dropped));
}

#[test]
fn a_recorder_that_is_never_closed_leaves_whole_lines() {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("run.jsonl");
    let file = RecordingFile::create(&path, Existing::Keep).expect("made");
    let mut recorder = file.begin(&header()).expect("a thread");
    recorder.keep(at(1), Told::Node(&event(1)));
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    // Nobody ends it; what was told is there all the same, soon.
    while !matches!(read(&path), Ok((1, End::Open))) {
        assert!(std::time::Instant::now() < deadline, "never written");
        std::thread::yield_now();
    }
}

/// A disk that is full from the start.
fn full() -> fs::File {
    fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("every Linux has it")
}

#[test]
fn a_full_disk_is_told_once_and_named_again_at_the_end() {
    let mut recorder = RecordingFile::of(full(), "run.jsonl")
        .begin(&header())
        .expect("a thread");
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let first = loop {
        recorder.keep(at(1), Told::Node(&event(1)));
        if let Some(trouble) = recorder.trouble() {
            break trouble.to_string();
        }
        assert!(std::time::Instant::now() < deadline, "never told");
        std::thread::yield_now();
    };
    assert!(
        first.contains("could not write run.jsonl: No space left"),
        "{first}"
    );
    assert!(recorder.trouble().is_none(), "nobody wants it every second");
    let last = recorder.close(at(2)).expect_err("the disk is full").to_string();
    assert_eq!(last, first, "not that the disk takes too long");
}

#[test]
fn a_recording_that_was_asked_for_and_is_not_whole_is_a_failure() {
    let theme = Theme::new(Palette::Dark, Charset::Unicode);
    let setup = setup(Size::new(80, 24), theme);
    let closed = |file| {
        let mut taping = Taping::begin(Some(file), &setup, Time::ZERO).expect("a thread");
        taping.keep(at(1), Told::Node(&event(1)));
        taping.close(at(2))
    };
    let broken = closed(RecordingFile::of(full(), "run.jsonl"));
    assert!(broken.is_broken(), "{broken:?}");
    assert!(
        broken.said().is_some_and(|said| said.contains("No space left")),
        "{broken:?}"
    );
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("run.jsonl");
    let whole = closed(RecordingFile::create(&path, Existing::Keep).expect("made"));
    assert!(!whole.is_broken(), "{whole:?}");
    assert!(
        whole.said().is_some_and(|said| said.starts_with("Recorded in ")),
        "{whole:?}"
    );
}
