//! Following, scrolling, filtering, and stepping from match to match.

use super::*;
use crate::dashboard::cluster::logs::{LineKind, Topic};
use crate::id::NodeId;

const PAGE: usize = 4;

fn node(number: u16) -> NodeId {
    NodeId::new(number).expect("not zero")
}

fn push(logs: &mut Logs, number: u16, text: &str) {
    logs.push(node(number), 0, LineKind::Event, Topic::Rest, text);
}

/// Ten lines of two nodes in turn: `1: line 0`, `2: line 1` …
fn ten() -> Logs {
    let mut logs = Logs::default();
    for index in 0..10 {
        push(&mut logs, index % 2 + 1, &format!("line {index}"));
    }
    logs
}

fn shown(view: &LogView, logs: &Logs) -> Vec<String> {
    let lines = view.lines(logs, PAGE).into_iter();
    lines.map(|line| line.text.replace("line ", "")).collect()
}

fn filtered(text: &str) -> LogView {
    let mut view = LogView::default();
    view.begin_typing();
    for letter in text.chars() {
        view.type_in(InputRequest::InsertChar(letter));
    }
    view.apply();
    view
}

#[test]
fn it_follows_until_somebody_goes_back_and_again_at_the_end() {
    let (mut logs, mut view) = (ten(), LogView::default());
    assert_eq!(shown(&view, &logs), ["6", "7", "8", "9"]);
    view.back(&logs, 2, PAGE);
    assert_eq!(shown(&view, &logs), ["4", "5", "6", "7"]);
    push(&mut logs, 1, "line 10");
    assert_eq!(
        shown(&view, &logs),
        ["4", "5", "6", "7"],
        "a new line moves nothing"
    );
    assert_eq!(view.newer(&logs), 3);
    view.forward(&logs, 2);
    assert!(!view.follows());
    view.forward(&logs, 1);
    assert!(view.follows());
    assert_eq!(shown(&view, &logs), ["7", "8", "9", "10"]);
}

#[test]
fn the_oldest_page_is_full() {
    let (logs, mut view) = (ten(), LogView::default());
    view.first(&logs, PAGE);
    assert_eq!(shown(&view, &logs), ["0", "1", "2", "3"]);
    view.back(&logs, 5, PAGE);
    assert_eq!(shown(&view, &logs), ["0", "1", "2", "3"]);
}

#[test]
fn lines_that_were_forgotten_while_they_were_read_give_way_to_the_oldest() {
    let (mut logs, mut view) = (ten(), LogView::default());
    view.first(&logs, PAGE);
    for index in 0..crate::dashboard::cluster::logs::LINES_MAX {
        push(&mut logs, 1, &format!("new {index}"));
        push(&mut logs, 2, &format!("new {index}"));
    }
    assert_eq!(shown(&view, &logs), ["new 0", "new 0", "new 1", "new 1"]);
}

#[test]
fn one_node_can_be_looked_at_alone() {
    let (logs, mut view) = (ten(), LogView::default());
    view.back(&logs, 1, PAGE);
    view.look_at(LogSource::Node(node(2)));
    assert_eq!(shown(&view, &logs), ["3", "5", "7", "9"]);
    assert!(view.follows());
}

#[test]
fn a_filter_hides_what_does_not_hold_it_and_works_while_it_is_typed() {
    let logs = ten();
    let mut view = LogView::default();
    view.begin_typing();
    for letter in "LINE 3".chars() {
        view.type_in(InputRequest::InsertChar(letter));
    }
    assert_eq!(shown(&view, &logs), ["3"]);
    view.type_in(InputRequest::DeletePrevChar);
    assert_eq!(shown(&view, &logs), ["6", "7", "8", "9"]);
}

#[test]
fn a_filter_takes_no_more_letters_than_it_can_hold() {
    let view = filtered(&"a".repeat(FILTER_CHARS_MAX * 2));
    assert_eq!(view.filter().len(), FILTER_CHARS_MAX);
}

#[test]
fn stepping_marks_matches_and_pauses_until_it_is_past_the_newest() {
    let (logs, mut view) = (ten(), filtered("line"));
    assert_eq!(view.older_match(&logs, PAGE), Stepped::To);
    assert!(!view.follows(), "what is read must not move");
    let marked = |view: &LogView| {
        let lines = view.lines(&logs, PAGE);
        lines.iter().position(|line| view.is_current(line.id))
    };
    assert_eq!(marked(&view), Some(3));
    for _ in 0..5 {
        view.older_match(&logs, PAGE);
    }
    assert_eq!(
        shown(&view, &logs),
        ["4", "5", "6", "7"],
        "the page moves with the mark"
    );
    assert_eq!(marked(&view), Some(0));
    for _ in 0..5 {
        assert_eq!(view.newer_match(&logs, PAGE), Stepped::To);
    }
    assert_eq!(marked(&view), Some(3));
    assert_eq!(view.newer_match(&logs, PAGE), Stepped::Nowhere);
    assert!(view.follows());
    assert_eq!(marked(&view), None);
}

#[test]
fn there_is_nothing_to_step_to_without_a_filter_or_without_a_match() {
    let (logs, mut view) = (ten(), LogView::default());
    assert_eq!(view.older_match(&logs, PAGE), Stepped::Unfiltered);
    assert_eq!(filtered("nothing").older_match(&logs, PAGE), Stepped::Nowhere);
}

#[test]
fn clearing_the_filter_shows_the_match_among_its_neighbours() {
    let (logs, mut view) = (ten(), filtered("line 5"));
    view.older_match(&logs, PAGE);
    view.clear(&logs, PAGE);
    assert_eq!(shown(&view, &logs), ["3", "4", "5", "6"]);
}

/// Pushes a line of an upload, as one of so many a second.
fn push_upload(logs: &mut Logs, number: u16, wall_ms: u64) {
    let text = format!("{number}: upload at {wall_ms}");
    logs.push(node(number), wall_ms, LineKind::Event, Topic::Requests, &text);
}

#[test]
fn a_flood_of_uploads_hides_no_election_and_a_filter_finds_them() {
    let mut logs = Logs::default();
    push(&mut logs, 2, "2: I am the new leader!");
    for number in 0..4000 {
        push_upload(&mut logs, 1, number * 10);
        push_upload(&mut logs, 2, number * 10);
    }
    let view = LogView::default();
    let shown: Vec<&str> = view.lines(&logs, PAGE).iter().map(|line| &*line.text).collect();
    assert_eq!(
        shown,
        [
            "2: I am the new leader!",
            "1: upload at 39990",
            "2: upload at 39990"
        ]
    );
    let folds: Vec<u64> = view.lines(&logs, 2).iter().map(|line| line.folds).collect();
    assert_eq!(folds, [3999, 3999]);
    let mut filtered = LogView::default();
    filtered.begin_typing();
    for letter in "upload".chars() {
        filtered.type_in(InputRequest::InsertChar(letter));
    }
    assert_eq!(filtered.lines(&logs, 100).len(), 100);
}

#[test]
fn uploads_by_hand_are_told_line_by_line() {
    let mut logs = Logs::default();
    for number in 0..6 {
        push_upload(&mut logs, 1, number * 400);
    }
    assert_eq!(LogView::default().lines(&logs, 100).len(), 6);
}

#[test]
fn what_is_being_read_is_not_folded_away() {
    let mut logs = Logs::default();
    for number in 0..6 {
        push_upload(&mut logs, 1, number * 10);
    }
    let mut view = LogView::default();
    view.back(&logs, 1, PAGE);
    let before: Vec<String> = view
        .lines(&logs, PAGE)
        .iter()
        .map(|line| line.text.to_string())
        .collect();
    for number in 6..50 {
        push_upload(&mut logs, 1, number * 10);
    }
    let after: Vec<String> = view
        .lines(&logs, PAGE)
        .iter()
        .map(|line| line.text.to_string())
        .collect();
    assert_eq!(before, after);
}
