//! What scenarios read and refuse.

use proptest::prelude::*;

use super::action::{CLIENTS_MAX, IMAGE_BYTES_MAX};
use super::check::check;
use super::parse::{LINES_MAX, TEXT_CHARS_MAX};
use super::print::{Size, Span};
use super::words::SPAN_MAX;
use super::{Instruction, Scenario, parse};
use crate::config::NODES_MAX;
use crate::id::NodeId;

mod builtin;

fn members(count: u16) -> Vec<NodeId> {
    (1..=count).filter_map(NodeId::new).collect()
}

/// A scenario of these lines, the first of which is line 2.
fn scenario(lines: &str) -> Scenario {
    parse(&format!("title t\n{lines}")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What is wrong with these lines, the first of which is line 2.
fn wrong(lines: &str) -> Vec<String> {
    let mistakes = parse(&format!("title t\n{lines}")).expect_err("refused").0;
    let told = mistakes
        .iter()
        .map(|mistake| format!("{}:{}: {mistake}", mistake.line, mistake.column));
    told.collect()
}

fn complaints(lines: &str) -> Vec<String> {
    complaints_of(3, lines)
}

/// The same in a cluster of so many nodes.
fn complaints_of(nodes: u16, lines: &str) -> Vec<String> {
    check(&scenario(lines), &members(nodes))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_instruction_prints_as_it_is_written() {
    let text = "title Everything there is\nnodes 5\ntiming seed\nquorum majority\ntakeover-after 500ms\n\
        say What is said.\nkill node 1\nstop leader\nfreeze heir\nthaw all\nstart all\nrestart node 2\n\
        cut everything\ncut around leader\ncut between node 1 and heir\ncut from leader to node 2\n\
        partition leader | node 1, node 2\ndelay 50ms around node 1\ndelay 1s jitter 20ms everything\n\
        lose 30 percent everything\nslow-disk node 1 by 40ms\nstall-clock leader for 2s\n\
        heal around node 1\nheal everything\nload on with 1 client of 20KiB\nload on with 8 clients of 1MiB\n\
        load off\nwait 1m\nwait until a leader within 10s\nexpect a new leader within 1 detection time\n\
        expect no leader within 1.3 detection times\nexpect node 1 leads within 2s\n\
        expect node 1 leads nobody for 2s\nexpect node 1 follows within 2s\n\
        expect node 1 follows node 3 within 2s\nexpect node 1 has no quorum within 2s\n\
        expect node 1 is up within 2s\nexpect node 1 is down within 2s\nexpect node 1 is frozen for 2s\n\
        expect everybody agrees within 2s\nexpect everybody agrees on node 3 within 2s\n\
        expect everybody is up within 2s\nexpect everybody is in sync within 2s\nexpect an upload within 2s\n\
        expect no upload for 2s\nexpect no failed request\nexpect no acknowledged upload lost\n";
    assert_eq!(parse(text).expect("valid").to_string(), text);
}

#[test]
fn as_much_is_said_at_once_as_a_stage_holds() {
    let said = |letters: usize| parse(&format!("title t\nsay {}\n", "x".repeat(letters)));
    assert!(said(TEXT_CHARS_MAX).is_ok());
    let mistakes = said(TEXT_CHARS_MAX + 1).expect_err("too long");
    let told = mistakes.to_string();
    assert!(
        told.contains("at most 280 characters in one `say`; say the rest in another"),
        "{told}"
    );
}

#[test]
fn an_indented_line_goes_on_with_what_is_said_and_remarks_are_skipped() {
    let read = scenario("say One.\n  Two.  Three.\n  # not this\n# nor this\n\nkill leader # or this\n");
    assert_eq!(
        read.steps[0].what,
        Instruction::Say("One. Two. Three.".to_owned())
    );
    assert_eq!(
        (read.steps[1].line, read.steps[1].what.to_string()),
        (7, "kill leader".to_owned())
    );
    assert_eq!(read.steps.len(), 2);
}

#[test]
fn a_mistake_tells_where_it_is_what_was_expected_and_what_was_meant() {
    for (line, told) in [
        (
            "kil leader",
            "2:1: expected `say`, `wait`, `expect` or an action such as `kill`, found `kil`; did you mean `kill`?",
        ),
        (
            "kill laeder",
            "2:6: expected `leader`, `heir`, `all` or `node N`, found `laeder`; did you mean `leader`?",
        ),
        (
            "kill",
            "2:6: expected `leader`, `heir`, `all` or `node N`, found nothing more",
        ),
        (
            "kill node 0",
            "2:11: expected the number of a node, from 1, found `0`",
        ),
        (
            "kill leader now",
            "2:13: expected the end of the line, found `now`",
        ),
        (
            "wait 5",
            "2:6: expected `until` or a span such as `500ms` or `2s`, found `5`",
        ),
        (
            "wait until a leader",
            "2:21: expected `within`, found nothing more",
        ),
        (
            "expect a new leader in 2s",
            "2:21: expected `within` or `for`, found `in`",
        ),
        (
            "expect a new leader within 2 detection tmes",
            "2:40: expected `times`, found `tmes`; did you mean `times`?",
        ),
        (
            "expect a new leader within 2",
            "2:28: expected a span such as `500ms` or `2s`, or `N detection times`, found `2`",
        ),
        ("nodes 10", "2:7: expected a number of nodes, 1 to 9, found `10`"),
        ("say", "2:4: expected what to say after `say`, found nothing more"),
        ("title again", "2:1: expected each setting once, found `title`"),
        (
            "say a\u{1b}[2J",
            "2:6: expected text that can be printed, found `\\u{1b}`",
        ),
    ] {
        assert_eq!(wrong(line), [told], "{line}");
    }
}

#[test]
fn every_wrong_line_is_told_at_once() {
    let told = wrong("kil leader\nkill leader\nload up\nnodes 3\n");
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[2].starts_with("5:1: expected the settings before everything else"),
        "{told:?}"
    );
}

#[test]
fn a_mistake_is_shown_below_its_line() {
    let text = "title t\nkill laeder";
    let mistakes = parse(text).expect_err("refused");
    assert_eq!(
        mistakes.shown("x.scenario", text),
        "x.scenario:2:6: expected `leader`, `heir`, `all` or `node N`, found `laeder`; did you mean `leader`?\n \
         2 | kill laeder\n   |      ^"
    );
}

#[test]
fn without_a_title_or_anything_to_happen_there_is_no_scenario() {
    for text in ["", "title t", "kill leader", "# nothing\n"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn whoever_asks_for_too_much_is_told_the_limit_that_holds() {
    let many = "wait 1ms\n".repeat(LINES_MAX);
    let long = format!("say {}", "x".repeat(TEXT_CHARS_MAX + 1));
    for (lines, limit) in [
        (many, LINES_MAX.to_string()),
        (long, TEXT_CHARS_MAX.to_string()),
        ("nodes 99".to_owned(), NODES_MAX.to_string()),
        ("load on with 999 clients".to_owned(), CLIENTS_MAX.to_string()),
        (
            "load on of 99999MiB".to_owned(),
            format!("`{}`", Size(IMAGE_BYTES_MAX)),
        ),
        ("wait 99m".to_owned(), format!("`{}`", Span(SPAN_MAX))),
    ] {
        let wrong = wrong(&lines);
        let (expected, _) = wrong[0].split_once(", found").expect("what was expected");
        assert!(expected.contains(&limit), "{limit}: {expected}");
    }
}

#[test]
fn what_cannot_be_is_found_without_running_it() {
    for (lines, why) in [
        (
            "kill node 4",
            "line 2: there is no node 4; the cluster has nodes 1, 2 and 3",
        ),
        (
            "cut between node 1 and node 9",
            "line 2: there is no node 9; the cluster has nodes 1, 2 and 3",
        ),
        (
            "cut between node 1 and node 1",
            "line 2: node 1 has no link to itself; name two nodes",
        ),
        (
            "partition node 1 | node 1, node 2",
            "line 2: node 1 cannot be on two sides; name it once",
        ),
        (
            "partition leader | heir, leader",
            "line 2: leader cannot be on two sides; name it once",
        ),
        (
            "cut between leader and leader",
            "line 2: leader has no link to itself; name two nodes",
        ),
        (
            "lose 5 percent from heir to heir",
            "line 2: heir has no link to itself; name two nodes",
        ),
        (
            "delay 40s jitter 30s around leader",
            "line 2: 70 s is too long a delay; give at most 60 s, or cut the link",
        ),
        (
            "slow-disk heir by 2m",
            "line 2: 120 s is too long a delay; give at most 60 s, or cut the link",
        ),
        (
            "kill node 3\nstall-clock node 3 for 1s",
            "line 3: node 3 has no clock to stall after `kill node 3`; start it before",
        ),
        (
            "expect node 7 leads within 1s",
            "line 2: there is no node 7; the cluster has nodes 1, 2 and 3",
        ),
        (
            "kill node 3\nexpect node 3 leads within 1s",
            "line 3: it cannot be that node 3 leads: nothing has undone `kill node 3` by then",
        ),
        (
            "freeze node 3\nstart node 3",
            "line 3: node 3 cannot be told to start after `freeze node 3`; thaw it before",
        ),
        (
            "kill all\nwait until a leader within 1s",
            "line 3: every node is down or frozen by then, so nobody can lead",
        ),
        (
            "expect no acknowledged upload lost",
            "line 2: nothing was uploaded, so nothing can be lost; say `load on` before",
        ),
        ("load off", "line 2: no load is on; say `load on` before"),
        (
            "expect a new leader within 1s",
            "line 2: nothing was done to the leader, so none is new; wait for `a leader`",
        ),
    ] {
        assert_eq!(complaints(lines), [why], "{lines}");
    }
}

#[test]
fn what_may_be_is_let_be() {
    for lines in [
        "kill node 3\nstart node 3\nexpect node 3 leads within 1s",
        "freeze leader\nthaw all\nexpect everybody is up within 1s",
        "kill node 3\nexpect node 3 leads nobody for 1s",
        "cut between leader and heir\ndelay 60s from heir to leader\npartition leader | node 1",
        "freeze node 3\nstall-clock node 3 for 1s",
        "stop node 3\nstart node 3\nstall-clock node 3 for 1s",
        "load on\nload off\nexpect no acknowledged upload lost",
    ] {
        assert_eq!(complaints(lines), [""; 0], "{lines}");
    }
}

#[test]
fn whoever_certainly_is_not_there_cannot_be_meant() {
    for (nodes, lines, why) in [
        (1, "kill heir", "line 2: a cluster of one node has no heir"),
        (
            1,
            "cut between leader and heir",
            "line 2: a cluster of one node has no heir",
        ),
        (1, "partition leader", "line 2: everybody is on one side"),
        (2, "partition leader, heir", "line 2: everybody is on one side"),
        (
            3,
            "kill all\nkill leader",
            "line 3: every node is down or frozen by then, so there is no leader",
        ),
        (
            2,
            "kill leader\nkill heir\nkill leader",
            "line 4: every node is down or frozen by then",
        ),
        (
            1,
            "kill leader\nexpect a new leader within 1s",
            "line 3: every node is down or frozen by then",
        ),
        (
            1,
            "load on\nkill leader\nexpect an upload within 1s",
            "line 4: every node is down or frozen by then",
        ),
    ] {
        let found = complaints_of(nodes, lines);
        assert!(
            found.len() == 1 && found[0].starts_with(why),
            "{nodes}, {lines}: {found:?}"
        );
    }
    for (nodes, lines) in [
        (3, "kill leader\nkill heir\nkill leader"),
        (2, "kill leader\nstart all\nkill leader\nstart all\nkill leader"),
        (2, "kill leader\nkill node 2\nkill heir"),
        (2, "kill leader\nstart node 2\nkill leader"),
        (2, "freeze node 2\nkill leader\nkill leader"),
        (2, "partition leader"),
        (3, "partition leader, heir"),
    ] {
        assert_eq!(complaints_of(nodes, lines), [""; 0], "{nodes}, {lines}");
    }
}

/// Lines made of words that mean something, often in an order that means nothing.
fn lines() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "title",
        "nodes",
        "timing",
        "fast",
        "say",
        "  ",
        "kill",
        "node",
        "1",
        "3",
        "leader",
        "heir",
        "all",
        "cut",
        "around",
        "everything",
        "between",
        "and",
        "from",
        "to",
        "partition",
        "|",
        ",",
        "delay",
        "50ms",
        "jitter",
        "lose",
        "percent",
        "heal",
        "load",
        "on",
        "off",
        "with",
        "clients",
        "of",
        "20KiB",
        "wait",
        "until",
        "a",
        "new",
        "no",
        "within",
        "for",
        "2s",
        "2",
        "1.3",
        "detection",
        "times",
        "expect",
        "everybody",
        "agrees",
        "is",
        "up",
        "acknowledged",
        "upload",
        "lost",
        "#",
        "\t",
        "é",
        "\u{1b}",
    ]);
    let line = prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 0..12).prop_map(|lines| format!("title t\n{}", lines.join("\n")))
}

/// What is printed parses back the same, and checking it does not panic.
fn survives(text: &str) {
    match parse(text) {
        Ok(read) => {
            let again = parse(&read.to_string()).expect("what is printed is valid");
            assert_eq!((&again.title, again.wants), (&read.title, read.wants));
            let what = |scenario: &Scenario| -> Vec<Instruction> {
                scenario.steps.iter().map(|step| step.what.clone()).collect()
            };
            assert_eq!(what(&again), what(&read));
            let _ = check(&read, &members(3));
        }
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty());
            let _ = mistakes.shown("x", text);
        }
    }
}

proptest! {
    #[test]
    fn whatever_text_there_is_nothing_panics(text in any::<String>()) {
        survives(&text);
        survives(&format!("title t\n{text}"));
    }

    #[test]
    fn whatever_words_come_what_is_printed_parses_back_the_same(text in lines()) {
        survives(&text);
    }

    #[test]
    fn whatever_is_said_is_said_again(text in "\\PC{1,80}") {
        survives(&format!("title t\nsay {text}\n  {text}"));
    }
}
